// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/keeper_link.hpp"

#include "base/descriptor_message.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace windsor::domain {

namespace {

constexpr std::chrono::seconds kPatience{30};         // an image may lie on a slow network
constexpr std::chrono::seconds kRestartPatience{120}; // until a fresh domain runs
constexpr std::chrono::seconds kStopPatience{10};

} // namespace

base::Result<KeeperRequest> keeper_request(KeeperAsk kind, std::string_view name)
{
    KeeperRequest request{.kind = static_cast<std::uint32_t>(kind)};
    if (name.size() >= request.name.size()) {
        return base::fail("'{}' is too long a name", name);
    }
    std::ranges::copy(name, request.name.begin());
    return request;
}

base::Status KeeperLink::ask(const KeeperRequest& request, std::chrono::milliseconds patience)
{
    base::Fd none;
    const KeeperAnswer answer = WINDSOR_TRY(exchange(request, patience, none));
    if (answer.error != 0) {
        return base::fail("the domain's keeper could not do it: {}", base::errno_text(answer.error));
    }
    return {};
}

base::Result<KeeperAnswer> KeeperLink::exchange(const KeeperRequest& request, std::chrono::milliseconds patience,
                                                base::Fd& descriptor)
{
    const base::MutexLock lock{mutex_};
    if (::send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof request) {
        return base::fail("the domain's keeper cannot be reached: {}", base::errno_text(errno));
    }
    pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) {
        // A late answer would be taken for the next request's.
        socket_.reset();
        return base::fail("the domain's keeper does not answer");
    }
    KeeperAnswer answer{};
    if (base::receive_with_descriptor(socket_.get(), {static_cast<char*>(static_cast<void*>(&answer)), sizeof answer},
                                      descriptor, MSG_DONTWAIT) != sizeof answer) {
        return base::fail("the domain's keeper has ended");
    }
    return answer;
}

base::Result<bool> KeeperLink::rename(const std::string& name)
{
    base::Fd none;
    const KeeperRequest request = WINDSOR_TRY(keeper_request(KeeperAsk::Rename, name));
    const KeeperAnswer answer = WINDSOR_TRY(exchange(request, kPatience, none));
    switch (answer.error) {
    case 0: return true;
    case EEXIST: return false;
    case EAGAIN:
        return base::fail("cannot be called '{}' now: other commands use the list of domains; try again", name);
    default: return base::fail("cannot be called '{}': {}", name, base::errno_text(answer.error));
    }
}

base::Result<base::Fd> KeeperLink::open_image(unsigned slot)
{
    const KeeperRequest request{.kind = static_cast<std::uint32_t>(KeeperAsk::OpenImage), .number = slot};
    base::Fd image;
    const KeeperAnswer answer = WINDSOR_TRY(exchange(request, kPatience, image));
    if (answer.error != 0 || !image) {
        return base::fail("the image of drive {} cannot be opened: {}", slot,
                          base::errno_text(answer.error != 0 ? answer.error : EBADF));
    }
    return image;
}

base::Status KeeperLink::restart(const std::string& name)
{
    return ask(WINDSOR_TRY(keeper_request(KeeperAsk::Restart, name)), kRestartPatience);
}

base::Status KeeperLink::stop_helpers()
{
    return ask({.kind = static_cast<std::uint32_t>(KeeperAsk::StopHelpers)}, kStopPatience);
}

void KeeperLink::ending()
{
    tell({.kind = static_cast<std::uint32_t>(KeeperAsk::Ending)});
}

void KeeperLink::tell(const KeeperRequest& request)
{
    const base::MutexLock lock{mutex_};
    static_cast<void>(::send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT));
}

} // namespace windsor::domain
