// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes from the other end of a live migration: as messages, and as the beginning of a domain that comes.
#include "domain/incoming.hpp"
#include "state/filler.hpp"
#include "state/testing.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace windsor;
using domain::Channel;

struct Ends {
    Ends()
    {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            std::abort();
        }
        here = base::Fd{ends[0]};
        there = base::Fd{ends[1]};
    }
    base::Fd here;
    base::Fd there;
};

// All that fits, then the end: what a stranger says is small.
void say(const base::Fd& fd, std::span<const std::uint8_t> bytes)
{
    static_cast<void>(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    ::shutdown(fd.get(), SHUT_WR);
}

// Messages are what was sent, up to the first that is none.
void read_messages(std::span<const std::uint8_t> bytes)
{
    Ends ends;
    say(ends.there, bytes);
    Channel channel{std::move(ends.here), base::Fd{}, "the fuzzer"};
    channel.set_patience(std::chrono::milliseconds{200});
    std::size_t taken = 0;
    for (auto message = channel.receive(); message; message = channel.receive()) {
        taken += 5 + message->contents.size();
        if (taken > bytes.size() || message->contents.size() > Channel::kLongest) {
            std::abort();
        }
    }
}

// The beginning of a saved state with arbitrary fields, in which the input changes some bytes.
std::vector<std::uint8_t> beginning(std::span<const std::uint8_t> input)
{
    std::uint64_t seed = 0;
    std::memcpy(&seed, input.data(), std::min(input.size(), sizeof seed));
    state::MemoryOutput output;
    state::StreamWriter writer{output};
    static_cast<void>(domain::begin_saved(writer, state::filled<domain::SavedDomain>(seed)));
    static_cast<void>(writer.object(machine::kNeedsRecord, state::filled<machine::Needs>(seed + 1)));
    for (std::size_t at = sizeof seed; at + 2 < input.size(); at += 3) {
        const std::size_t place = (input[at] | std::size_t{input[at + 1]} << 8) % output.bytes.size();
        output.bytes[place] ^= input[at + 2];
    }
    return output.bytes;
}

// As the messages that the bytes are, or as messages of `piece` bytes of a saved state.
void begin_incoming(std::span<const std::uint8_t> bytes, std::size_t piece)
{
    Ends ends;
    if (piece == 0) {
        say(ends.there, bytes);
    } else {
        Channel sender{base::Fd{::dup(ends.there.get())}, base::Fd{}, "the receiver"};
        sender.set_patience(std::chrono::milliseconds{200});
        const std::vector<std::uint8_t> stream = beginning(bytes);
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            const std::span message = std::span{stream}.subspan(at, std::min(piece, stream.size() - at));
            if (!sender.send(Channel::Kind::Data, message)) {
                break;
            }
        }
        static_cast<void>(sender.send(Channel::Kind::End));
        ::shutdown(ends.there.get(), SHUT_WR);
    }
    auto channel = std::make_shared<Channel>(std::move(ends.here), base::Fd{}, "the fuzzer");
    channel->set_patience(std::chrono::milliseconds{200});
    static_cast<void>(domain::receive_beginning(std::move(channel)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2 || size > 100'000) {
        return 0;
    }
    const std::span rest{data + 1, size - 1};
    switch (data[0] & 3) {
    case 0:
        read_messages(rest);
        break;
    case 1:
        begin_incoming(rest, 0);
        break;
    default:
        begin_incoming(rest, 64 + (std::size_t{data[0]} >> 2) * 64);
        break;
    }
    return 0;
}
