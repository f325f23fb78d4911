// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <system_error>
#include <thread>
#include <utility>

namespace windsor::domain {

// Has `thread` run `work`. Fails if the host has no thread to give: a domain can do without what the thread is for.
template <typename Work> base::Status start_thread(std::thread& thread, Work work)
{
    try {
        thread = std::thread{std::move(work)};
    } catch (const std::system_error& error) {
        return base::fail("the host has no thread to give ({}); try again later", error.code().message());
    }
    return {};
}

} // namespace windsor::domain
