// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: saved states in memory.
#pragma once

#include "state/stream.hpp"

namespace windsor::state {

class MemoryOutput final : public Output {
public:
    base::Status write(std::span<const std::uint8_t> more) override
    {
        bytes.insert(bytes.end(), more.begin(), more.end());
        return {};
    }
    std::vector<std::uint8_t> bytes;
};

class MemoryInput final : public Input {
public:
    explicit MemoryInput(std::span<const std::uint8_t> bytes) : left_{bytes} {}
    base::Result<std::size_t> read(std::span<std::uint8_t> into) override
    {
        const std::size_t count = std::min(into.size(), left_.size());
        std::ranges::copy(left_.first(count), into.begin());
        left_ = left_.subspan(count);
        return count;
    }

private:
    std::span<const std::uint8_t> left_;
};

} // namespace windsor::state
