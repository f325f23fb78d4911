// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/vnc_connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace windsor::display {

namespace {

constexpr std::size_t kReadAtOnce = 65'536;
// So much may wait in each direction before the other side is not read any more.
constexpr std::size_t kMostToViewer = 262'144;
constexpr std::size_t kMostToLibrary = 16'384;
// Beyond what the library may say there are only answers to a viewer that asks (WebSocket pings) and does not read.
constexpr std::size_t kMostAnswers = kMostToViewer + 2 * kReadAtOnce;

// The library is told that the viewer speaks RFB 3.8 and needs no password; its answers are its version, one security
// type, and the result: RFC 6143, sections 7.1.1 to 7.1.3.
constexpr std::string_view kLibraryHandshake = "RFB 003.008\n\1";
constexpr std::size_t kLibraryAnswers = 12 + 2 + 4;

const std::uint8_t* bytes_of(std::string_view text)
{
    return static_cast<const std::uint8_t*>(static_cast<const void*>(text.data()));
}

std::unexpected<base::Error> gone()
{
    return std::unexpected{base::Error{""}};
}

// Sends what is there; fails if nobody takes it any more.
base::Status flush(const base::Fd& to, std::vector<std::uint8_t>& bytes)
{
    if (bytes.empty() || !to) {
        return {};
    }
    const ssize_t sent = ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
        bytes.erase(bytes.begin(), bytes.begin() + sent);
        return {};
    }
    return errno == EAGAIN || errno == EINTR ? base::Status{} : gone();
}

} // namespace

VncConnection::VncConnection(base::Fd socket, std::string peer, const std::optional<std::string>& password,
                             const Challenge& challenge, Clock::time_point now, PasswordGate gate)
    : viewer_{std::move(socket)}, peer_{std::move(peer)}, since_{now}, open_to_all_{!password},
      greeter_{password, challenge, std::move(gate)}, swallow_{kLibraryAnswers}
{
}

pollfd VncConnection::viewer_wait() const
{
    const bool reads = to_library_.size() < kMostToLibrary && to_viewer_.size() < kMostAnswers && !wants_session();
    return {.fd = viewer_.get(),
            .events = static_cast<short>((reads ? POLLIN : 0) | (to_viewer_.empty() ? 0 : POLLOUT)),
            .revents = 0};
}

pollfd VncConnection::library_wait() const
{
    const bool reads = to_viewer_.size() < kMostToViewer;
    return {.fd = library_.get(),
            .events = static_cast<short>((reads ? POLLIN : 0) | (to_library_.empty() ? 0 : POLLOUT)),
            .revents = 0};
}

std::optional<VncConnection::Clock::time_point> VncConnection::deadline() const
{
    switch (stage_) {
    case Stage::Silent: return since_ + kBrowserTime;
    case Stage::Http:
    case Stage::Greeting:
    case Stage::Admitted: return since_ + kHandshakeTime;
    case Stage::Viewing: break;
    }
    return std::nullopt;
}

base::Result<base::Fd> VncConnection::begin_session()
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        return base::fail("cannot be connected: {}", base::errno_text(errno));
    }
    library_.reset(ends[0]);
    base::Fd other{ends[1]};
    to_library_.insert(to_library_.begin(), kLibraryHandshake.begin(), kLibraryHandshake.end());
    stage_ = Stage::Viewing;
    WINDSOR_TRY(flush_library());
    return other;
}

base::Status VncConnection::move(const pollfd& viewer, const pollfd& library, Clock::time_point now)
{
    if (const auto end = deadline(); end && now >= *end) {
        if (stage_ != Stage::Silent) {
            return base::fail("did not log in in time");
        }
        greet();
    }
    if ((viewer.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        const base::Status read = read_viewer();
        if (!read) {
            static_cast<void>(flush_viewer()); // the reason why it is refused
            return read;
        }
    }
    if ((library.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        WINDSOR_TRY(read_library());
    }
    WINDSOR_TRY(flush_viewer());
    return flush_library();
}

base::Status VncConnection::read_viewer()
{
    std::array<std::uint8_t, kReadAtOnce> bytes;
    const ssize_t got = ::recv(viewer_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return {};
    }
    if (got <= 0) {
        return gone();
    }
    spoken_ = true;
    return take(std::span{bytes}.first(static_cast<std::size_t>(got)));
}

base::Status VncConnection::take(std::span<const std::uint8_t> bytes)
{
    if (stage_ == Stage::Silent) {
        if (bytes.front() == 'G') { // of GET: nothing that speaks RFB begins with that
            stage_ = Stage::Http;
        } else {
            greet();
        }
    }
    if (stage_ == Stage::Http) {
        return take_http(bytes);
    }
    if (!frames_) {
        return take_plain(bytes);
    }
    std::vector<std::uint8_t> payload;
    WINDSOR_TRY(frames_->take(bytes, payload, to_viewer_));
    return take_plain(payload);
}

base::Status VncConnection::take_http(std::span<const std::uint8_t> bytes)
{
    request_.append(bytes.begin(), bytes.end());
    const std::size_t length = request_length(request_);
    if (length == 0) {
        return request_.size() <= kLongestRequest ? base::Status{} : base::fail("sends too long an HTTP request");
    }
    const std::string_view request = std::string_view{request_}.substr(0, length);
    const base::Result<std::string> answer =
        open_to_all_ && from_another_site(request)
            ? base::fail("asks for a web page that comes from elsewhere; such pages need a console with a password")
            : websocket_answer(request);
    if (!answer) {
        constexpr std::string_view kRefusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
        to_viewer_.insert(to_viewer_.end(), kRefusal.begin(), kRefusal.end());
        return std::unexpected{answer.error()};
    }
    to_viewer_.insert(to_viewer_.end(), answer->begin(), answer->end());
    frames_.emplace();
    greet();
    const std::string rest = request_.substr(length);
    request_.clear();
    return rest.empty() ? base::Status{} : take({bytes_of(rest), rest.size()});
}

base::Status VncConnection::take_plain(std::span<const std::uint8_t> bytes)
{
    if (stage_ == Stage::Greeting) {
        std::vector<std::uint8_t> answer;
        const base::Status taken = greeter_.take(bytes, answer);
        say(answer);
        WINDSOR_TRY(taken);
        stage_ = greeter_.done() ? Stage::Admitted : Stage::Greeting;
    }
    return bytes.empty() ? base::Status{} : filter_.take(bytes, to_library_);
}

void VncConnection::greet()
{
    stage_ = Stage::Greeting;
    say({bytes_of(kRfbVersion), kRfbVersion.size()});
}

void VncConnection::say(std::span<const std::uint8_t> bytes)
{
    if (bytes.empty()) {
        return;
    }
    if (frames_) {
        append_websocket_message(bytes, to_viewer_);
    } else {
        to_viewer_.insert(to_viewer_.end(), bytes.begin(), bytes.end());
    }
}

base::Status VncConnection::read_library()
{
    std::array<std::uint8_t, kReadAtOnce> bytes;
    const ssize_t got = ::recv(library_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return {};
    }
    if (got <= 0) {
        static_cast<void>(flush_viewer());
        return gone();
    }
    const std::size_t swallowed = std::min(swallow_, static_cast<std::size_t>(got));
    swallow_ -= swallowed;
    say(std::span{bytes}.first(static_cast<std::size_t>(got)).subspan(swallowed));
    return {};
}

base::Status VncConnection::flush_viewer()
{
    return flush(viewer_, to_viewer_);
}

base::Status VncConnection::flush_library()
{
    return flush(library_, to_library_);
}

} // namespace windsor::display
