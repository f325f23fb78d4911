// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/console_helper.hpp"

#include "display/console_server.hpp"

#include <cstdint>

namespace windsor::keeper {

namespace {

// For pictures of sixteen viewers at their largest, and as much again for the library.
constexpr std::uint64_t kMostData = std::uint64_t{3} << 30;

class ConsoleHelper final : public Helper {
public:
    explicit ConsoleHelper(ConsoleHelperParts parts) : parts_{std::move(parts)} {}

    std::string name() const override { return "console"; }
    std::vector<int> descriptors() const override
    {
        return {parts_.listener.socket.get(), parts_.frame.get(), parts_.events.get(), parts_.wake.get()};
    }
    sandbox::Plan plan() const override
    {
        return {.role = sandbox::Role::Console,
                .mode = parts_.walls,
                .limits = {.data_bytes = kMostData, .file_bytes = 0},
                .variables = {},
                .user = parts_.user};
    }
    int serve(base::Fd life, const std::function<void()>& beat) override
    {
        auto server = display::ConsoleServer::create({.listener = std::move(parts_.listener),
                                                      .options = parts_.options,
                                                      .frame = std::move(parts_.frame),
                                                      .events = std::move(parts_.events),
                                                      .wake = std::move(parts_.wake),
                                                      .life = std::move(life)});
        if (!server) {
            return kCannotServe;
        }
        (*server)->run(beat);
        return kHung; // a thread of it cannot be ended; or the keeper is gone, and nobody asks
    }

private:
    ConsoleHelperParts parts_;
};

} // namespace

std::unique_ptr<Helper> console_helper(ConsoleHelperParts parts)
{
    return std::make_unique<ConsoleHelper>(std::move(parts));
}

} // namespace windsor::keeper
