// SPDX-License-Identifier: GPL-2.0-or-later
// The connection of a live migration: messages in both directions, over a socket or a pair of pipes.
//
//     the receiver greets with one line, kGreeting
//     source    Data*      the head of a saved state: the domain, and what the machine needs
//     receiver  GoOn       or Refused, with a sentence
//     source    Data*      memory, over and over, and after each time Mark, which the receiver gives back when it has
//                          dealt with all before it
//     source    Data* End  all the rest; the source stands still and holds no image any more
//     receiver  Ready      all has been checked, and the images are held; or Refused
//     source    TakeOver   the source will not run again; how the domain is to start
//     receiver  Running    it takes over now; or Refused: it does not, and will not
//
// A message: kind u8, length u32, contents. Integers are little-endian. The receiver of a message believes nothing of
// it.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "state/stream.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::domain {

constexpr std::string_view kGreeting = "windsor migrate-receive, protocol 1\n";

class Channel {
public:
    enum class Kind : std::uint8_t { Data = 1, Mark, End, GoOn, Ready, TakeOver, Running, Refused };
    struct Message {
        Kind kind{};
        std::vector<std::uint8_t> contents{};
    };
    static constexpr std::size_t kLongest = 1u << 20;

    // Both ends of the conversation in one socket, or one each. `other` is how messages name who is at the other end.
    Channel(base::Fd in, base::Fd out, std::string other);

    // Asked a few times a second while waiting; an error ends the wait with it.
    void give_up_when(std::function<base::Status()> asked) { asked_ = std::move(asked); }
    // For how long the other end may be silent, or take nothing.
    void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

    base::Status write(std::string_view text); // before any message
    base::Status send(Kind kind, std::span<const std::uint8_t> contents = {});
    // The next message. Refused is an error with its sentence.
    base::Result<Message> receive();
    // Whether the other end has refused.
    bool was_refused() const { return refused_; }
    // The same, which must be of this kind.
    base::Result<Message> expect(Kind kind);
    // Sends the sentence, and gives the other end a moment to read it before the connection ends.
    void refuse(std::string_view sentence);
    // Of this process; nothing can be said any more.
    void close();

private:
    enum class Want : std::uint8_t { Read, Write };
    // Returns when something can be done.
    base::Status wait(Want want);
    base::Status read_more();
    base::Result<std::optional<Message>> take();
    base::Status put(std::span<const std::uint8_t> bytes);
    base::Status last_words();
    int in() const { return in_.get(); }
    int out() const { return out_ ? out_.get() : in_.get(); }
    std::unexpected<base::Error> broken() const;

    base::Fd in_;
    base::Fd out_; // none: the same
    std::string other_;
    std::function<base::Status()> asked_;
    std::chrono::milliseconds patience_{std::chrono::seconds{180}};
    std::vector<std::uint8_t> received_;
    bool refused_{false};
};

// A saved state as Data messages, and End after the last.
class ChannelOutput final : public state::Output {
public:
    explicit ChannelOutput(Channel& channel) : channel_{channel} {}

    base::Status write(std::span<const std::uint8_t> bytes) override;
    base::Status flush();
    base::Status finish();
    std::uint64_t bytes() const { return bytes_; }

private:
    Channel& channel_;
    std::vector<std::uint8_t> buffer_;
    std::uint64_t bytes_{0};
};

// Gives marks back.
class ChannelInput final : public state::Input {
public:
    explicit ChannelInput(Channel& channel) : channel_{channel} {}

    base::Result<std::size_t> read(std::span<std::uint8_t> into) override;

private:
    Channel& channel_;
    std::vector<std::uint8_t> buffer_;
    std::size_t position_{0};
    bool ended_{false};
};

} // namespace windsor::domain
