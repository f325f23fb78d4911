// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/serial_helper.hpp"

#include <cstdint>

namespace windsor::keeper {

namespace {

constexpr std::uint64_t kMostData = std::uint64_t{64} << 20; // four lines have a quarter of a megabyte each

class SerialHelper final : public Helper {
public:
    SerialHelper(SerialParts parts, sandbox::Mode walls, uid_t user)
        : parts_{std::move(parts)}, walls_{walls}, user_{user}
    {
    }

    std::string name() const override { return "serial-line"; }
    std::vector<int> descriptors() const override
    {
        std::vector<int> all;
        for (const auto& relay : parts_.relays) {
            const std::vector<int> of_one = relay->descriptors();
            all.insert(all.end(), of_one.begin(), of_one.end());
        }
        return all;
    }
    // Who connects to nobody needs no sockets of his own: he has the walls of a console, which has been given all its
    // sockets, too.
    sandbox::Plan plan() const override
    {
        return {.role = parts_.connects ? sandbox::Role::Network : sandbox::Role::Console,
                .mode = walls_,
                .limits = {.data_bytes = kMostData, .file_bytes = serial::Limits{}.file_bytes},
                .variables = {},
                .user = user_};
    }
    int serve(base::Fd life, const std::function<void()>& beat) override
    {
        serial::serve(parts_.relays, life, beat);
        return kFinished;
    }
    // What the guest has sent at its end is to arrive.
    std::chrono::milliseconds last_words() const override { return std::chrono::milliseconds{500}; }

private:
    SerialParts parts_;
    sandbox::Mode walls_;
    uid_t user_;
};

} // namespace

std::unique_ptr<Helper> serial_helper(SerialParts parts, sandbox::Mode walls, uid_t user)
{
    return std::make_unique<SerialHelper>(std::move(parts), walls, user);
}

} // namespace windsor::keeper
