// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/cpu_list.hpp"

#include <gmock/gmock.h>

namespace windsor::domain {

namespace {

using testing::HasSubstr;

std::string read(std::string_view words)
{
    const auto cpus = parse_cpu_list(words, {.count = 8});
    return cpus ? format_cpu_list(*cpus) : cpus.error().message();
}

TEST(CpuList, ReadsNumbersRangesAndExceptions)
{
    EXPECT_EQ(read("all"), "all");
    EXPECT_EQ(read("0-7"), "all");
    EXPECT_EQ(read("0"), "0");
    EXPECT_EQ(read("1,3-5,7"), "1,3-5,7");
    EXPECT_EQ(read("0-3,^2"), "0-1,3");
    EXPECT_EQ(read("all,^0"), "1-7");
}

TEST(CpuList, RefusesWhatItCannotMean)
{
    for (const char* words : {"two", "1-", "3-1", "-1", "1;2", "1 2", "^x"}) {
        EXPECT_THAT(read(words), HasSubstr("is no list of processors")) << words;
    }
    EXPECT_THAT(read("8"), HasSubstr("there is no processor 8: the host has 8"));
    EXPECT_EQ(parse_cpu_list("5", {.count = 1, .owner = "domain 'x'", .kind = "virtual processor"}).error().message(),
              "there is no virtual processor 5: domain 'x' has one, number 0");
    EXPECT_THAT(read("^0"), HasSubstr("leaves no processor"));
    EXPECT_THAT(read(""), HasSubstr("leaves no processor"));
}

} // namespace

} // namespace windsor::domain
