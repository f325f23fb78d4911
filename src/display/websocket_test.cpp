// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/websocket.hpp"

#include <gmock/gmock.h>

namespace windsor::display {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Bytes = std::vector<std::uint8_t>;

std::string request(const std::string& more = "")
{
    return "GET /websockify HTTP/1.1\r\nHost: server.example.com\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
           more + "\r\n";
}

TEST(WebSocketTest, AnswersTheHandshakeOfTheStandard)
{
    // RFC 6455, section 1.3.
    const auto answer = websocket_answer(request());
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_THAT(*answer, HasSubstr("HTTP/1.1 101 "));
    EXPECT_THAT(*answer, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    EXPECT_THAT(*answer, Not(HasSubstr("Protocol:")));
    EXPECT_TRUE(answer->ends_with("\r\n\r\n"));
    EXPECT_THAT(*websocket_answer(request("Sec-WebSocket-Protocol: base64, binary\r\n")),
                HasSubstr("Sec-WebSocket-Protocol: binary\r\n"));
}

TEST(WebSocketTest, RefusesWhatIsNoSuchHandshake)
{
    EXPECT_FALSE(websocket_answer(request("Sec-WebSocket-Protocol: base64\r\n")));
    EXPECT_FALSE(websocket_answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_FALSE(websocket_answer("POST" + request().substr(3)));
    std::string old = request();
    old.replace(old.find("13"), 2, "8 ");
    EXPECT_FALSE(websocket_answer(old));
}

TEST(WebSocketTest, KnowsPagesOfOtherSites)
{
    const auto asks = [](const std::string& host, const std::string& origin) {
        return from_another_site("GET / HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + origin + "\r\n\r\n");
    };
    EXPECT_FALSE(from_another_site("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_FALSE(asks("127.0.0.1:5900", "http://127.0.0.1:8000"));
    EXPECT_FALSE(asks("localhost:5900", "https://LocalHost"));
    EXPECT_FALSE(asks("[::1]:5900", "http://[::1]"));
    EXPECT_TRUE(asks("127.0.0.1:5900", "https://example.com"));
    EXPECT_TRUE(asks("127.0.0.1:5900", "null"));
    EXPECT_TRUE(asks("127.0.0.1:5900", "http://localhost"));
    EXPECT_TRUE(asks("example.com:5900", "http://example.com:5900")) << "a name that leads to this host for a while";
    EXPECT_TRUE(asks("[::1]:5900", "http://[::2]"));
    EXPECT_TRUE(asks("", ""));
}

TEST(WebSocketTest, FindsTheEndOfARequest)
{
    EXPECT_EQ(request_length("GET / HTTP/1.1\r\n"), 0U);
    EXPECT_EQ(request_length(request() + "more"), request().size());
}

// A frame as a client sends it.
Bytes frame(std::uint8_t first, const Bytes& payload, std::size_t length_bytes = 0)
{
    Bytes bytes{first};
    bytes.push_back(static_cast<std::uint8_t>(0x80 | (length_bytes == 8   ? 127
                                                      : length_bytes == 2 ? 126
                                                                          : payload.size())));
    for (std::size_t byte = length_bytes; byte-- > 0;) {
        bytes.push_back(static_cast<std::uint8_t>(std::uint64_t{payload.size()} >> (8 * byte)));
    }
    const Bytes mask{0x37, 0xfa, 0x21, 0x3d};
    bytes.insert(bytes.end(), mask.begin(), mask.end());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        bytes.push_back(static_cast<std::uint8_t>(payload[i] ^ mask[i % 4]));
    }
    return bytes;
}

struct Read {
    Bytes payload{};
    Bytes answers{};
    std::string fault{};
};

Read read(const Bytes& bytes, std::size_t piece)
{
    WebSocketReader reader;
    Read result;
    for (std::size_t at = 0; at < bytes.size() && result.fault.empty(); at += piece) {
        const auto part = std::span{bytes}.subspan(at, std::min(piece, bytes.size() - at));
        const base::Status taken = reader.take(part, result.payload, result.answers);
        result.fault = taken ? "" : taken.error().message();
    }
    return result;
}

TEST(WebSocketTest, TakesFramesApartWhateverPiecesTheyComeIn)
{
    const Bytes longer(300, 7);
    Bytes bytes;
    Bytes expected;
    for (const Bytes& next : {frame(0x02, {1, 2}), frame(0x80, {3}), frame(0x89, {9, 9}), frame(0x82, {}),
                              frame(0x82, longer, 2), frame(0x82, {4}, 8), frame(0x8a, {})}) {
        bytes.insert(bytes.end(), next.begin(), next.end());
    }
    expected = {1, 2, 3};
    expected.insert(expected.end(), longer.begin(), longer.end());
    expected.push_back(4);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, bytes.size()}) {
        const Read result = read(bytes, piece);
        EXPECT_EQ(result.fault, "");
        EXPECT_EQ(result.payload, expected);
        EXPECT_EQ(result.answers, (Bytes{0x8a, 2, 9, 9})) << "a ping has its pong";
    }
}

TEST(WebSocketTest, EndsWithWhatBreaksTheRules)
{
    EXPECT_THAT(read(frame(0x88, {}), 1).fault, HasSubstr("closed"));
    EXPECT_THAT(read(frame(0x81, {'x'}), 1).fault, HasSubstr("not binary"));
    EXPECT_NE(read(frame(0xc2, {1}), 1).fault, "");              // a reserved bit
    EXPECT_NE(read({0x82, 1, 2, 3, 4, 5, 6}, 1).fault, "");      // no mask
    EXPECT_NE(read(frame(0x89, Bytes(126), 2), 1).fault, "");    // a long ping
    EXPECT_NE(read(frame(0x09, {1}), 1).fault, "");              // a ping in parts
    EXPECT_NE(read(frame(0x83, {1}), 1).fault, "");              // a kind that there is not
    const Read endless = read({0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 5}, 1);
    EXPECT_EQ(endless.payload, Bytes{5}) << "a frame is passed on as it comes, whatever it claims to have";
}

TEST(WebSocketTest, FramesWhatTheServerSays)
{
    Bytes framed;
    append_websocket_message(Bytes{1, 2}, framed);
    EXPECT_EQ(framed, (Bytes{0x82, 2, 1, 2}));
    framed.clear();
    append_websocket_message(Bytes(300), framed);
    EXPECT_EQ(Bytes(framed.begin(), framed.begin() + 4), (Bytes{0x82, 126, 1, 44}));
    framed.clear();
    append_websocket_message(Bytes(70'000), framed);
    EXPECT_EQ(Bytes(framed.begin(), framed.begin() + 10), (Bytes{0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70}));
}

} // namespace
} // namespace windsor::display
