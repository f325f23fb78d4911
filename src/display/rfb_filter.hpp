// SPDX-License-Identifier: GPL-2.0-or-later
// What of a viewer's messages (RFC 6143, section 7.5) the VNC library gets to see.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::display {

// The library knows many more messages than Windsor offers (scaling, file transfer, chat, xvp …): they end the
// connection here, as do values that it would stumble over. Clipboards are passed over, however long they are. The
// library gets whole messages only, so that it never waits for a viewer that stops in the middle of one.
class RfbFilter {
public:
    // A viewer that names more encodings than that is none.
    static constexpr std::size_t kMostEncodings = 1024;

    // Takes what comes after the security handshake, in pieces of any size: ClientInit (section 7.3.1) and messages.
    // Appends what is let through. Fails with what the viewer has done.
    base::Status take(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& allowed);

private:
    base::Result<std::size_t> length() const;
    base::Status pass(std::vector<std::uint8_t>& allowed);
    void pass_encodings(std::vector<std::uint8_t>& allowed) const;

    bool initialised_{false};
    std::vector<std::uint8_t> message_{}; // as far as it has come
    std::uint64_t skip_{0};               // bytes of a clipboard
};

} // namespace windsor::display
