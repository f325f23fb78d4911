// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/uuid.hpp"

#include "domain/base64.hpp"

#include <gtest/gtest.h>

namespace windsor::domain {
namespace {

std::vector<std::uint8_t> bytes(std::string_view text)
{
    return {text.begin(), text.end()};
}

TEST(Uuid, ReadsAndWritesTheUsualForm)
{
    const std::string text = "00112233-4455-6677-8899-aabbccddeeff";
    const Uuid uuid = parse_uuid(text);
    EXPECT_EQ(uuid[0], 0x00);
    EXPECT_EQ(uuid[6], 0x66);
    EXPECT_EQ(uuid[15], 0xff);
    EXPECT_EQ(format_uuid(uuid), text);
    EXPECT_EQ(format_uuid(parse_uuid("00112233445566778899AABBCCDDEEFF")), text);
}

TEST(Uuid, IsZeroWhenTheTextIsNone)
{
    for (const char* wrong :
         {"", "0011", "00112233-4455-6677-8899-aabbccddeeffa", "0011223g-4455-6677-8899-aabbccddeeff"}) {
        EXPECT_EQ(parse_uuid(wrong), Uuid{}) << wrong;
    }
}

TEST(Uuid, IsRandomOfVersion4)
{
    const std::string one = format_uuid(random_uuid());
    EXPECT_EQ(one[14], '4');
    EXPECT_NE(std::string{"89ab"}.find(one[19]), std::string::npos);
    EXPECT_NE(one, format_uuid(random_uuid()));
}

// The vectors of RFC 4648, section 10.
TEST(Base64, AgreesWithTheStandard)
{
    const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : vectors) {
        EXPECT_EQ(to_base64(bytes(plain)), coded);
        EXPECT_EQ(from_base64(coded), bytes(plain));
    }
}

TEST(Base64, StopsAtWhatDoesNotBelong)
{
    EXPECT_EQ(from_base64("Zm9v*Zm9v"), bytes("foo"));
    EXPECT_EQ(from_base64("*"), bytes(""));
}

} // namespace
} // namespace windsor::domain
