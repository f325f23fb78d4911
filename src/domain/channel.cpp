// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/channel.hpp"

#include "base/printable.hpp"
#include "state/bytes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windsor::domain {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{100};        // between two questions whether to give up
constexpr std::chrono::seconds kFarewell{10};          // for the other end to read why it was refused
constexpr std::size_t kHead = 5;                       // kind and length
constexpr std::size_t kPiece = 256u << 10;             // of a saved state, in one message
constexpr std::size_t kLongestSentence = 2000;

void make_nonblocking(int fd)
{
    if (fd >= 0) {
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
}

// Without a signal where there is a socket; who has pipes ignores SIGPIPE.
ssize_t write_some(int fd, std::span<const std::uint8_t> bytes)
{
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 && errno == ENOTSOCK ? ::write(fd, bytes.data(), bytes.size()) : sent;
}

// What the other end says goes to a terminal.
std::string printable(std::span<const std::uint8_t> text)
{
    const auto some = text.first(std::min(text.size(), kLongestSentence));
    return base::printable_line(std::string{some.begin(), some.end()});
}

} // namespace

Channel::Channel(base::Fd in, base::Fd out, std::string other)
    : in_{std::move(in)}, out_{std::move(out)}, other_{std::move(other)}
{
    make_nonblocking(in_.get());
    make_nonblocking(out_.get());
}

std::unexpected<base::Error> Channel::broken() const
{
    return base::fail("the connection to {} has broken", other_);
}

base::Status Channel::wait(Want want)
{
    const auto end = Clock::now() + patience_;
    for (;;) {
        // What comes while there is something to be sent is a refusal, or nothing that could not wait.
        const bool both = want == Want::Write && received_.size() < kLongest;
        std::array<pollfd, 2> waiting{
            pollfd{.fd = want == Want::Read || both ? in() : -1, .events = POLLIN, .revents = 0},
            pollfd{.fd = want == Want::Write ? out() : -1, .events = POLLOUT, .revents = 0}};
        const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(kLook.count()));
        if (ready > 0 && waiting[0].revents != 0) {
            return {}; // to be read first
        }
        if (ready > 0 && waiting[1].revents != 0) {
            return {};
        }
        if (asked_) {
            WINDSOR_TRY(asked_());
        }
        if (Clock::now() >= end) {
            return base::fail("{} has been silent for {} s", other_,
                              std::chrono::duration_cast<std::chrono::seconds>(patience_).count());
        }
    }
}

// What there is, without waiting.
base::Status Channel::read_more()
{
    std::array<std::uint8_t, 65536> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): to be read into
    const ssize_t count = ::read(in(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return {};
    }
    if (count < 0) {
        return base::fail("the connection to {} has broken: {}", other_, base::errno_text(errno));
    }
    if (count == 0) {
        return broken();
    }
    received_.insert(received_.end(), buffer.begin(), buffer.begin() + count);
    return {};
}

// A message that has come as a whole.
base::Result<std::optional<Channel::Message>> Channel::take()
{
    state::Cursor cursor{received_};
    const auto kind = cursor.take<std::uint8_t>();
    const auto length = cursor.take<std::uint32_t>();
    if (!kind || !length) {
        return std::nullopt;
    }
    if (*kind < static_cast<std::uint8_t>(Kind::Data) || *kind > static_cast<std::uint8_t>(Kind::Refused) ||
        *length > kLongest) {
        return base::fail("{} does not speak as Windsor does in a migration", other_);
    }
    const auto contents = cursor.take(*length);
    if (!contents) {
        return std::nullopt;
    }
    Message message{static_cast<Kind>(*kind), {contents->begin(), contents->end()}};
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(kHead + *length));
    if (message.kind == Kind::Refused) {
        refused_ = true;
        return base::fail("{}", printable(message.contents));
    }
    return message;
}

base::Status Channel::put(std::span<const std::uint8_t> bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = write_some(out(), bytes);
        if (written > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
            continue;
        }
        if (written < 0 && errno != EAGAIN && errno != EINTR) {
            return last_words();
        }
        WINDSOR_TRY(wait(Want::Write));
        if (received_.size() < kLongest) {
            WINDSOR_TRY(read_more());
        }
        if (!received_.empty() && received_[0] == static_cast<std::uint8_t>(Kind::Refused)) {
            static_cast<void>(WINDSOR_TRY(take()));
        }
    }
    return {};
}

// Nothing can be sent any more. Perhaps the other end has said why.
base::Status Channel::last_words()
{
    patience_ = kFarewell;
    static_cast<void>(read_more()); // a socket that was reset says so once, before what was sent
    while (read_more()) {
        static_cast<void>(WINDSOR_TRY(take()));
        WINDSOR_TRY(wait(Want::Read));
    }
    static_cast<void>(WINDSOR_TRY(take()));
    return broken();
}

base::Status Channel::write(std::string_view text)
{
    return put({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

base::Status Channel::send(Kind kind, std::span<const std::uint8_t> contents)
{
    std::vector<std::uint8_t> message;
    message.reserve(kHead + contents.size());
    state::put(message, static_cast<std::uint8_t>(kind));
    state::put(message, static_cast<std::uint32_t>(contents.size()));
    message.insert(message.end(), contents.begin(), contents.end());
    return put(message);
}

base::Result<Channel::Message> Channel::receive()
{
    for (;;) {
        if (asked_) { // also while there is always something to be read
            WINDSOR_TRY(asked_());
        }
        if (auto message = WINDSOR_TRY(take())) {
            return std::move(*message);
        }
        WINDSOR_TRY(wait(Want::Read));
        WINDSOR_TRY(read_more());
    }
}

base::Result<Channel::Message> Channel::expect(Kind kind)
{
    Message message = WINDSOR_TRY(receive());
    if (message.kind != kind) {
        return base::fail("{} does not keep to the order of a migration", other_);
    }
    return message;
}

void Channel::refuse(std::string_view sentence)
{
    patience_ = kFarewell;
    const std::string_view text = sentence.substr(0, kLongestSentence);
    received_.clear();
    if (!send(Kind::Refused, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) {
        return;
    }
    const auto end = Clock::now() + kFarewell;
    while (Clock::now() < end && wait(Want::Read) && read_more()) {
        received_.clear();
    }
}

void Channel::close()
{
    in_.reset();
    out_.reset();
}

base::Status ChannelOutput::write(std::span<const std::uint8_t> bytes)
{
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return buffer_.size() >= kPiece ? flush() : base::Status{};
}

base::Status ChannelOutput::flush()
{
    for (std::span<const std::uint8_t> left{buffer_}; !left.empty();) {
        const auto piece = left.first(std::min(left.size(), kPiece));
        WINDSOR_TRY(channel_.send(Channel::Kind::Data, piece));
        bytes_ += piece.size();
        left = left.subspan(piece.size());
    }
    buffer_.clear();
    return {};
}

base::Status ChannelOutput::finish()
{
    WINDSOR_TRY(flush());
    return channel_.send(Channel::Kind::End);
}

base::Result<std::size_t> ChannelInput::read(std::span<std::uint8_t> into)
{
    std::size_t done = 0;
    while (done < into.size() && !ended_) {
        if (position_ == buffer_.size()) {
            Channel::Message message = WINDSOR_TRY(channel_.receive());
            ended_ = message.kind == Channel::Kind::End;
            if (message.kind == Channel::Kind::Mark) {
                WINDSOR_TRY(channel_.send(Channel::Kind::Mark));
                continue;
            }
            if (!ended_ && message.kind != Channel::Kind::Data) {
                return base::fail("the source does not keep to the order of a migration");
            }
            buffer_ = std::move(message.contents);
            position_ = 0;
            continue;
        }
        const std::size_t step = std::min(into.size() - done, buffer_.size() - position_);
        std::memcpy(into.data() + done, buffer_.data() + position_, step);
        done += step;
        position_ += step;
    }
    return done;
}

} // namespace windsor::domain
