// SPDX-License-Identifier: GPL-2.0-or-later
// How a VNC session begins (RFC 6143, section 7.1): the protocol's version and the password.
#pragma once

#include "base/result.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::display {

using Challenge = std::array<std::uint8_t, 16>;

// The server's first words.
constexpr std::string_view kRfbVersion = "RFB 003.008\n";

// What has to be asked before a password is looked at, and told after it. Either may be none.
struct PasswordGate {
    // How long passwords of this client's network are not looked at yet; nothing if they are.
    std::function<std::optional<std::chrono::seconds>()> closed_for{};
    std::function<void(bool right)> tried{};
};

// Who has come through this may see the screen. Takes bytes in pieces of any size, and needs no memory for them.
class RfbGreeter {
public:
    // The challenge is random. Only the first eight characters of the password count (section 7.2.2).
    RfbGreeter(std::optional<std::string> password, const Challenge& challenge, PasswordGate gate = {});

    // Takes bytes from the front of `bytes` until it is done, and appends what has to be answered. Fails, after the
    // answer, with what the client has done wrong.
    base::Status take(std::span<const std::uint8_t>& bytes, std::vector<std::uint8_t>& answer);
    bool done() const { return stage_ == Stage::Done; }

private:
    enum class Stage { Version, Type, Password, Done };

    base::Status take_version(std::vector<std::uint8_t>& answer);
    base::Status take_type(std::vector<std::uint8_t>& answer);
    base::Status take_password(std::vector<std::uint8_t>& answer);
    void begin_type(std::vector<std::uint8_t>& answer);
    base::Status check_gate() const;
    void refuse_early(std::string_view reason, std::vector<std::uint8_t>& answer) const;
    void refuse(std::string_view reason, std::vector<std::uint8_t>& answer) const;
    std::size_t wanted() const;

    std::optional<std::string> password_;
    Challenge challenge_;
    PasswordGate gate_;
    Stage stage_{Stage::Version};
    unsigned minor_{3}; // of the protocol's version: 3, 7 or 8
    std::vector<std::uint8_t> got_{};
};

} // namespace windsor::display
