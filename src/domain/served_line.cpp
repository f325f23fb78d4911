// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/served_line.hpp"

#include "serial/link.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace windsor::domain {

base::Result<std::unique_ptr<ServedLine>> ServedLine::create(base::EventLoop& loop, base::Fd link, std::string name,
                                                             base::Log& log)
{
    std::unique_ptr<ServedLine> line{new ServedLine{loop, std::move(link), std::move(name), log}};
    WINDSOR_TRY(line->begin());
    return line;
}

// The guest's last words.
ServedLine::~ServedLine()
{
    flush();
}

bool ServedLine::receive()
{
    std::array<std::uint8_t, serial::kLongestMessage> message{};
    const ssize_t count = ::recv(fd(), message.data(), message.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (count <= 0) {
        give_up();
        return false;
    }
    const std::span<const std::uint8_t> words{message.data() + 1, static_cast<std::size_t>(count) - 1};
    switch (static_cast<serial::Message>(message[0])) {
    case serial::Message::Characters: type(words); break;
    case serial::Message::Note:
        if (const char* const sentence = words.empty() ? nullptr : serial::sentence_for(words[0])) {
            log_.guest(name_, "{}", sentence);
        }
        break;
    }
    return true;
}

std::size_t ServedLine::send(std::span<const std::uint8_t> bytes)
{
    if (gone_) {
        return bytes.size();
    }
    const ssize_t count = ::send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) {
        // Of one who only receives no more poll(2) says nothing but that there is room, over and over.
        give_up();
        return bytes.size();
    }
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void ServedLine::give_up()
{
    if (!std::exchange(gone_, true)) {
        log_.guest(name_, "nobody serves the line any more");
    }
}

} // namespace windsor::domain
