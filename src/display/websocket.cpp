// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/websocket.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

namespace windsor::display {

namespace {

constexpr std::string_view kEndOfRequest = "\r\n\r\n";
constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // section 1.3
constexpr std::size_t kLongestControlPayload = 125;                            // section 5.5
constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kMasked = 0x80;

std::string lower(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The value of a header field of a request.
std::optional<std::string> field(std::string_view request, std::string_view name)
{
    std::size_t at = request.find("\r\n");
    while (at != std::string_view::npos && at + 2 < request.size()) {
        const std::size_t end = request.find("\r\n", at + 2);
        const std::string_view line = request.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && lower(line.substr(0, colon)) == name) {
            return std::string{trimmed(line.substr(colon + 1))};
        }
        at = end;
    }
    return std::nullopt;
}

// Whether a list that is separated by commas has the word.
bool has_word(std::string_view list, std::string_view word)
{
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        if (lower(trimmed(list.substr(0, comma))) == word) {
            return true;
        }
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return false;
}

// Without a scheme, a path and a port, in lower case.
std::string host_in(std::string_view text)
{
    if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
        text.remove_prefix(scheme + 3);
    }
    text = text.substr(0, text.find('/'));
    const std::size_t bracket = text.rfind(']'); // around an IPv6 address
    const std::size_t port = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    return lower(text.substr(0, port));
}

bool is_address(const std::string& host)
{
    return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string::npos;
}

base::Result<std::string> accept_key(const std::string& key)
{
    const std::string text = key + std::string{kKeySuffix};
    std::array<unsigned char, 20> digest{};
    gnutls_datum_t encoded{};
    const gnutls_datum_t raw{.data = digest.data(), .size = digest.size()};
    if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text.data(), text.size(), digest.data()) != 0 ||
        gnutls_base64_encode2(&raw, &encoded) != 0) {
        return base::fail("cannot compute the answer to a WebSocket handshake");
    }
    const std::string result{encoded.data, encoded.data + encoded.size};
    gnutls_free(encoded.data);
    return result;
}

} // namespace

std::size_t request_length(std::string_view received)
{
    const std::size_t end = received.find(kEndOfRequest);
    return end == std::string_view::npos ? 0 : end + kEndOfRequest.size();
}

base::Result<std::string> websocket_answer(std::string_view request)
{
    const auto key = field(request, "sec-websocket-key");
    if (!request.starts_with("GET ") || !has_word(field(request, "upgrade").value_or(""), "websocket") || !key ||
        field(request, "sec-websocket-version").value_or("") != "13") {
        return base::fail("asks for something else than a WebSocket");
    }
    const auto protocols = field(request, "sec-websocket-protocol");
    if (protocols && !has_word(*protocols, "binary")) {
        return base::fail("asks for a WebSocket protocol other than \"binary\"");
    }
    return fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: {}\r\n{}\r\n",
                       WINDSOR_TRY(accept_key(*key)), protocols ? "Sec-WebSocket-Protocol: binary\r\n" : "");
}

bool from_another_site(std::string_view request)
{
    const auto origin = field(request, "origin");
    if (!origin) {
        return false;
    }
    const std::string page = host_in(*origin);
    return page != host_in(field(request, "host").value_or("")) || page.empty() ||
           (page != "localhost" && !is_address(page));
}

void append_websocket_message(std::span<const std::uint8_t> payload, std::vector<std::uint8_t>& to)
{
    to.push_back(kFinal | 2); // binary
    const std::uint64_t length = payload.size();
    int bytes = 0; // of an extended length
    if (length < 126) {
        to.push_back(static_cast<std::uint8_t>(length));
    } else if (length < 0x10000) {
        to.push_back(126);
        bytes = 2;
    } else {
        to.push_back(127);
        bytes = 8;
    }
    for (int byte = bytes - 1; byte >= 0; --byte) {
        to.push_back(static_cast<std::uint8_t>(length >> (8 * byte)));
    }
    to.insert(to.end(), payload.begin(), payload.end());
}

// Of the frame whose first two bytes are there (section 5.2), with the mask.
std::size_t WebSocketReader::head_length() const
{
    constexpr std::size_t kShort = 2 + 4;
    const unsigned length = head_[1] & 0x7fU;
    return length == 126 ? kShort + 2 : length == 127 ? kShort + 8 : kShort;
}

base::Status WebSocketReader::begin_frame()
{
    const std::uint8_t first = head_[0];
    const std::size_t length_bytes = head_length() - 6;
    opcode_ = static_cast<Opcode>(first & 0xf);
    left_ = length_bytes == 0 ? head_[1] & 0x7fU : 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        left_ = (left_ << 8) | head_[2 + i];
    }
    std::copy_n(head_.end() - 4, 4, mask_.begin());
    const bool control = (first & 8) != 0;
    if ((first & kReserved) != 0 || (head_[1] & kMasked) == 0 ||
        (control && (left_ > kLongestControlPayload || (first & kFinal) == 0))) {
        return base::fail("breaks the rules of WebSockets");
    }
    switch (opcode_) {
    case Opcode::Continuation:
    case Opcode::Binary:
    case Opcode::Ping:
    case Opcode::Pong: break;
    case Opcode::Close: return base::fail("has closed its WebSocket");
    case Opcode::Text:
    default: return base::fail("sends WebSocket messages that are not binary");
    }
    head_.clear();
    control_.clear();
    mask_at_ = 0;
    in_frame_ = true;
    return {};
}

base::Status WebSocketReader::take(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& payload,
                                   std::vector<std::uint8_t>& answers)
{
    while (!bytes.empty() || (in_frame_ && left_ == 0)) {
        if (!in_frame_) {
            head_.push_back(bytes.front());
            bytes = bytes.subspan(1);
            if (head_.size() >= 2 && head_.size() == head_length()) {
                WINDSOR_TRY(begin_frame());
            }
            continue;
        }
        const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        const bool control = opcode_ == Opcode::Ping || opcode_ == Opcode::Pong;
        std::vector<std::uint8_t>& to = control ? control_ : payload;
        for (const std::uint8_t byte : bytes.first(count)) {
            to.push_back(static_cast<std::uint8_t>(byte ^ mask_[mask_at_++ % mask_.size()]));
        }
        bytes = bytes.subspan(count);
        left_ -= count;
        if (left_ == 0) {
            in_frame_ = false;
            if (opcode_ == Opcode::Ping) {
                answers.push_back(kFinal | static_cast<std::uint8_t>(Opcode::Pong));
                answers.push_back(static_cast<std::uint8_t>(control_.size()));
                answers.insert(answers.end(), control_.begin(), control_.end());
            }
        }
    }
    return {};
}

} // namespace windsor::display
