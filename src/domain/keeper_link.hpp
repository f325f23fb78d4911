// SPDX-License-Identifier: GPL-2.0-or-later
// How a domain's process asks its keeper for what it cannot do itself. Requests and answers have a fixed size, so that
// the keeper has nothing to parse.
#pragma once

#include "base/fd.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "domain/keeper_services.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace windsor::domain {

enum class KeeperAsk : std::uint32_t {
    StopHelpers = 1, // ends the processes that serve VNC and networks, and gives their ports back
    Restart = 2,     // starts a fresh domain of the same configuration, under `name`
    Ending = 3,      // the domain ends now: kill its process if that takes too long. Has no answer.
    Rename = 4,      // gives its place in the registry this `name`; EEXIST: a domain has it; EAGAIN: not now
    OpenImage = 5, // opens the image of the configuration's disk in slot `number`; a descriptor comes with the answer
};

struct KeeperRequest {
    std::uint32_t kind{0}; // a KeeperAsk
    std::uint32_t number{0};
    std::array<char, 68> name{}; // ends with a zero byte
};
static_assert(sizeof(KeeperRequest) == 76 && std::is_trivially_copyable_v<KeeperRequest>);

struct KeeperAnswer {
    std::int32_t error{0}; // an errno value; 0 if it has been done
};

// What the keeper tells of its own accord, on another socket: it has made anew what somebody had removed from the
// domain's folder in the registry. A descriptor comes with each.
enum class KeeperNews : std::uint32_t {
    Lock = 1,    // the folder's, which the domain holds together with its keeper
    Log = 2,     // for reading and appending
    Control = 3, // the control socket, bound
};

struct KeeperNotice {
    std::uint32_t kind{0};   // a KeeperNews
    std::uint32_t number{0}; // the domain's now
    std::array<char, 68> name{}; // the domain's now; ends with a zero byte
};
static_assert(sizeof(KeeperNotice) == 76 && std::is_trivially_copyable_v<KeeperNotice>);

// Nothing if `name` is too long.
base::Result<KeeperRequest> keeper_request(KeeperAsk kind, std::string_view name = {});

// The domain's end. Thread-safe; one request at a time.
class KeeperLink final : public KeeperServices {
public:
    // The end of a socket of type SOCK_SEQPACKET.
    explicit KeeperLink(base::Fd socket) : socket_{std::move(socket)} {}

    // Waits for the answer. Fails with what the keeper says, if it is gone, or if it does not answer in time.
    base::Status ask(const KeeperRequest& request, std::chrono::milliseconds patience);
    // The same, with what the keeper says and, in `descriptor`, what comes with it.
    base::Result<KeeperAnswer> exchange(const KeeperRequest& request, std::chrono::milliseconds patience,
                                        base::Fd& descriptor);
    base::Result<bool> rename(const std::string& name) override;
    base::Result<base::Fd> open_image(unsigned slot) override;
    base::Status restart(const std::string& name) override;
    base::Status stop_helpers() override;
    void ending() override;
    // Sends it and goes on.
    void tell(const KeeperRequest& request);

private:
    base::Mutex mutex_;
    base::Fd socket_ WINDSOR_GUARDED_BY(mutex_);
};

} // namespace windsor::domain
