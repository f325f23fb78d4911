// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/share_helper.hpp"

#include "share/attendant.hpp"

#include <cstdint>
#include <unistd.h>

namespace windsor::keeper {

namespace {

// Of each of smbd's processes, of which a connection has three.
constexpr std::uint64_t kMostData = std::uint64_t{256} << 20;
constexpr std::uint64_t kMostProcesses = 64;

class ShareHelper final : public Helper {
public:
    ShareHelper(ShareParts parts, sandbox::Mode walls)
        : parts_{std::move(parts)}, walls_{walls},
          attendant_{{parts_.server.string(), "-s", parts_.configuration().string(), "-d", "0"},
                     std::move(parts_.arrivals)}
    {
    }

    std::string name() const override { return "share"; }
    std::vector<int> descriptors() const override { return {attendant_.descriptor()}; }
    // A program of the distribution's needs its libraries, and names of users. Beside the folders there is nothing of
    // the host's that an ordinary user of another host could not read.
    sandbox::Plan plan() const override
    {
        using Use = sandbox::Reach::Use;
        sandbox::Plan plan{.role = sandbox::Role::Share,
                           .mode = walls_,
                           .limits = {.data_bytes = kMostData, .threads = kMostProcesses},
                           .variables = {},
                           .user = parts_.user,
                           .reach = {{"/usr", Use::Execute},
                                     {"/lib", Use::Execute},
                                     {"/lib64", Use::Execute},
                                     {"/etc/ld.so.cache", Use::Read},
                                     {"/etc/nsswitch.conf", Use::Read},
                                     {"/etc/passwd", Use::Read},
                                     {"/etc/group", Use::Read},
                                     {"/etc/localtime", Use::Read},
                                     {"/dev/null", Use::Write},
                                     {"/dev/urandom", Use::Read},
                                     {parts_.state.string(), Use::Write}}};
        for (const share::Folder& folder : parts_.folders) {
            plan.reach.push_back({folder.path, folder.access == share::Access::ReadWrite ? Use::Write : Use::Read});
        }
        return plan;
    }
    int serve(base::Fd life, const std::function<void()>& beat) override
    {
        if (::access(parts_.configuration().c_str(), R_OK) != 0) { // out of reach for the user that root has become
            return kCannotServe;
        }
        attendant_.serve(life, beat);
        return kFinished;
    }

private:
    ShareParts parts_;
    sandbox::Mode walls_;
    share::Attendant attendant_;
};

} // namespace

std::unique_ptr<Helper> share_helper(ShareParts parts, sandbox::Mode walls)
{
    return std::make_unique<ShareHelper>(std::move(parts), walls);
}

} // namespace windsor::keeper
