// SPDX-License-Identifier: GPL-2.0-or-later
// Small pieces of host code that run one x87, MMX, SSE or AVX instruction on the host's own unit, see stub_recipe.hpp.
#pragma once

#include <memory>

namespace windsor::emulate {

struct HostStub;
struct StubRecipe;

// Owns stubs. Their code is never writable and executable at one address.
class HostStubs {
public:
    HostStubs();
    ~HostStubs();
    HostStubs(const HostStubs&) = delete;
    HostStubs& operator=(const HostStubs&) = delete;

    // Lives as long as this object. Null: the host gives no executable memory.
    const HostStub* find_or_make(const StubRecipe& recipe);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace windsor::emulate
