// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/cpuid_key.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"

namespace windsor::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned kEax = 0, kEbx = 1, kEcx = 2, kEdx = 3;

std::vector<CpuidBit> bits(const std::string& value, std::vector<std::string> overrides = {})
{
    Options options;
    options.overrides = std::move(overrides);
    const auto loaded = load_text(value.empty() ? "" : "cpuid = " + value, "test.cfg", options);
    EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().message());
    if (!loaded) {
        return {};
    }
    EXPECT_THAT(loaded->warnings, IsEmpty());
    return loaded->config.cpuid;
}

std::string error_of(const std::string& value)
{
    const auto loaded = load_text("cpuid = " + value, "test.cfg", {});
    EXPECT_FALSE(loaded.has_value()) << value;
    return loaded ? "" : loaded.error().message();
}

TEST(CpuidKey, XlNamesFeatures)
{
    EXPECT_THAT(bits("'host,avx=0,sse4.2=0,pni=x'"),
                ElementsAre(CpuidBit{1, 0, kEcx, 28, false}, CpuidBit{1, 0, kEcx, 20, false}));
    EXPECT_THAT(bits("'host, avx2 = 0, nx=1 ,xsaveopt=0,'"),
                ElementsAre(CpuidBit{7, 0, kEbx, 5, false}, CpuidBit{0x80000001, 0, kEdx, 20, true},
                            CpuidBit{0xd, 1, kEax, 0, false}));
    EXPECT_THAT(bits("'host'"), IsEmpty());
    EXPECT_THAT(bits("''"), IsEmpty());
    EXPECT_THAT(bits("[]"), IsEmpty());
    EXPECT_THAT(bits("None"), IsEmpty());
}

TEST(CpuidKey, TheLastWordOnABitCounts)
{
    EXPECT_THAT(bits("'host,avx=0,avx=1'"), ElementsAre(CpuidBit{1, 0, kEcx, 28, true}));
    EXPECT_THAT(bits("'host,pni=0,sse3=k'"), IsEmpty());
    EXPECT_THAT(bits("'host,osxsave=0,family=x'"), IsEmpty()) << "the guest sets OSXSAVE";
}

TEST(CpuidKey, XendGivesRowsOfBits)
{
    EXPECT_THAT(bits("['1:ecx=xxxxxxxxxxx00xxxxxxxxxxxxxxxxxxx,\\n     eax=xxxxxxxxxxxxxxxxxxxxxxxxksxxxxxx',"
                     " '7,0:ebx=xxxxxxxxxxx1xxxxxxxxxxxxxxxxxxxx']"),
                ElementsAre(CpuidBit{1, 0, kEcx, 20, false}, CpuidBit{1, 0, kEcx, 19, false},
                            CpuidBit{7, 0, kEbx, 20, true}));
    const auto all = bits("['0x80000001:edx=0x20000001']");
    ASSERT_EQ(all.size(), 32U);
    EXPECT_EQ(all[0], (CpuidBit{0x80000001, 0, kEdx, 0, true}));
    EXPECT_EQ(all[1], (CpuidBit{0x80000001, 0, kEdx, 1, false}));
    EXPECT_EQ(all[29], (CpuidBit{0x80000001, 0, kEdx, 29, true}));
    EXPECT_EQ(bits("['1:ecx=0x0']").size(), 31U) << "all but OSXSAVE";
    EXPECT_EQ(bits("['13,1:eax=0x0']")[5], (CpuidBit{0xd, 1, kEax, 5, false}));
}

TEST(CpuidKey, EitherFormMayComeInTheOthersContainer)
{
    EXPECT_THAT(bits("['host', 'avx=0', 'fma=0']"),
                ElementsAre(CpuidBit{1, 0, kEcx, 28, false}, CpuidBit{1, 0, kEcx, 12, false}));
    EXPECT_THAT(bits("['host,avx=0']"), ElementsAre(CpuidBit{1, 0, kEcx, 28, false}));
    EXPECT_EQ(bits("'7:ebx=0x0'").size(), 32U);
    EXPECT_THAT(bits("", {"cpuid=host,avx=0"}), ElementsAre(CpuidBit{1, 0, kEcx, 28, false}));
}

TEST(CpuidKey, ErrorsPointAtTheirPlace)
{
    EXPECT_EQ(error_of("'host,avxx=0'\n"),
              "test.cfg:1:9: 'avxx' in 'cpuid' is no feature of a processor; the nearest is 'avx'\n"
              "    cpuid = 'host,avxx=0'\n"
              "            ^");
    EXPECT_THAT(error_of("['1:ecx=0x0', '1:efx=0x0']"),
                AllOf(HasSubstr("test.cfg:1:23: "), HasSubstr("'efx' in 'cpuid' is no register of CPUID")));
}

TEST(CpuidKey, ErrorsOfNamesSayWhatToWrite)
{
    EXPECT_THAT(error_of("'avx=0'"), HasSubstr("begins with the word host, as in 'host,avx=0', not with 'avx=0'"));
    EXPECT_THAT(error_of("'host,avx'"), HasSubstr("'avx' in 'cpuid' has no value; write NAME=0"));
    EXPECT_THAT(error_of("'host,avx=2'"), HasSubstr("'2' is no value for 'avx' in 'cpuid'"));
    EXPECT_THAT(error_of("'host,avx='"), HasSubstr("'' is no value for 'avx' in 'cpuid'"));
    EXPECT_THAT(error_of("'host,qqqqqqqqqqqqq=0'"), HasSubstr("'qqqqqqqqqqqqq' in 'cpuid' is no feature"));
    for (const std::string name : {"family", "model", "stepping", "maxleaf", "clflush"}) {
        EXPECT_THAT(error_of("'host," + name + "=6'"),
                    HasSubstr("'" + name + "' in 'cpuid' is a number of several bits, and those cannot be set yet"));
    }
    EXPECT_THAT(error_of("1"), HasSubstr("'cpuid' must be a string or a list of strings, not an integer"));
    EXPECT_THAT(error_of("['host', 1]"), HasSubstr("'cpuid' must be a string or a list of strings"));
}

TEST(CpuidKey, ErrorsOfRowsSayWhatToWrite)
{
    EXPECT_THAT(error_of("['1:ecx=0x0', 'avx=0']"), HasSubstr("'avx=0' in 'cpuid' has no leaf"));
    EXPECT_THAT(error_of("['one:ecx=0x0']"), HasSubstr("'one' in 'cpuid' is no leaf of CPUID"));
    EXPECT_THAT(error_of("['7,:ebx=0x0']"), HasSubstr("'' in 'cpuid' is no subleaf of CPUID"));
    EXPECT_THAT(error_of("['1:']"), HasSubstr("leaf 0x1 in 'cpuid' names no register"));
    EXPECT_THAT(error_of("['1:ecx']"), HasSubstr("the register ecx in 'cpuid' has no value"));
    EXPECT_THAT(error_of("['1:ecx=xx0']"), HasSubstr("the bits of ecx in 'cpuid' are 3 characters; give 32"));
    EXPECT_THAT(error_of("['1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx2']"), HasSubstr("'2' among the bits of ecx"));
    EXPECT_THAT(error_of("['1:ecx=0x123456789']"), HasSubstr("'0x123456789' in 'cpuid' is no number of 32 bits"));
}

TEST(CpuidKey, DescriptionsHaveNameAndPlace)
{
    EXPECT_EQ(describe({7, 0, kEbx, 5, true}), "avx2 (CPUID leaf 0x7, EBX bit 5)");
    EXPECT_EQ(describe({0xd, 1, kEax, 9, true}), "CPUID leaf 0xd subleaf 0x1, EAX bit 9");
}

TEST(CpuidKey, TheTableHasEachNameOnce)
{
    std::set<std::string_view> names;
    for (const auto& feature : cpuid_features()) {
        EXPECT_TRUE(names.insert(feature.name).second) << feature.name;
        EXPECT_LT(feature.reg, 4U) << feature.name;
        EXPECT_LT(feature.bit, 32U) << feature.name;
    }
}

} // namespace
} // namespace windsor::config
