// SPDX-License-Identifier: GPL-2.0-or-later
// An engine against the host's own processor, over random instructions and state.
#include "conformance/comparison/comparison.hpp"
#include "conformance/comparison/engine_run.hpp"
#include "conformance/comparison/generator.hpp"
#include "conformance/comparison/host_run.hpp"
#include "vcpu/host_features.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include <fmt/format.h>

namespace windsor::conformance::comparison {
namespace {

struct Plan {
    const char* name;
    Family family;
    CodeMode mode;
    unsigned cases;
    unsigned block_length{1};
};

// WINDSOR_COMPARE_CASES multiplies the number of cases, WINDSOR_COMPARE_SEED chooses others.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise)
{
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

// A busy virtual host has been seen to end programs by SIGILL while their RSP led nowhere: that counts if it happens
// again.
Ending host_ending(HostRunner& host, const TestCase& test)
{
    constexpr unsigned kUndefinedOpcode = 6;
    Ending ending = host.run(test);
    return ending.vector == kUndefinedOpcode ? host.run(test) : ending;
}

class HostCompare : public testing::TestWithParam<Plan> {};

bool host_has_avx()
{
    const vcpu::HostFeatures host = vcpu::host_features();
    return host.avx && host.avx2 && host.fma && host.f16c;
}

std::string first_word(const std::string& line)
{
    return line.substr(0, line.find_first_of(" \n"));
}

TEST_P(HostCompare, AgreesOnRandomInstructions)
{
    const Plan& plan = GetParam();
    if (plan.family == Family::Avx && !host_has_avx()) {
        GTEST_SKIP() << "this host has not all of AVX, AVX2, FMA and F16C";
    }
    if (plan.family == Family::Bmi && !vcpu::has_companions_of_avx2(vcpu::host_features())) {
        GTEST_SKIP() << "this host has not all of BMI1, BMI2, LZCNT and MOVBE";
    }
    if (!HostRunner::runs(plan.mode)) {
        GTEST_SKIP() << "this host has no code segment of that mode";
    }
    auto host = HostRunner::create();
    ASSERT_TRUE(host) << host.error().message();
    auto engine = EngineRunner::create(engine_kinds().front().make);
    ASSERT_TRUE(engine) << engine.error().message();
    const std::uint64_t cases = plan.cases * from_environment("WINDSOR_COMPARE_CASES", 1);
    Generator generator{{.family = plan.family,
                         .mode = plan.mode,
                         .block_length = plan.block_length,
                         .seed = from_environment("WINDSOR_COMPARE_SEED", 1)}};
    std::map<std::string, unsigned> failures;
    for (std::uint64_t i = 0; i < cases; ++i) {
        const TestCase test = generator.next();
        const Ending expected = host_ending(**host, test);
        const Ending got = (*engine)->run(test);
        const auto wrong = difference(test, expected, got);
        if (wrong && ++failures[first_word(disassembly(test))] <= 2) {
            ADD_FAILURE() << "case " << i << ": " << disassembly(test) << *wrong;
        }
    }
    for (const auto& [mnemonic, count] : failures) {
        ADD_FAILURE() << mnemonic << " differs in " << count << " cases";
    }
}

INSTANTIATE_TEST_SUITE_P(Families, HostCompare,
                         testing::Values(Plan{"Integer64", Family::Integer, CodeMode::Long64, 40000},
                                         Plan{"Integer32", Family::Integer, CodeMode::Compat32, 30000},
                                         Plan{"X87", Family::X87, CodeMode::Long64, 30000},
                                         Plan{"X87In32", Family::X87, CodeMode::Compat32, 8000},
                                         Plan{"Mmx", Family::Mmx, CodeMode::Long64, 20000},
                                         Plan{"Sse", Family::Sse, CodeMode::Long64, 40000},
                                         Plan{"SseIn32", Family::Sse, CodeMode::Compat32, 8000},
                                         Plan{"Avx", Family::Avx, CodeMode::Long64, 60000},
                                         Plan{"AvxIn32", Family::Avx, CodeMode::Compat32, 10000},
                                         Plan{"AvxBlocks", Family::Avx, CodeMode::Long64, 4000, 10},
                                         Plan{"Bmi", Family::Bmi, CodeMode::Long64, 20000},
                                         Plan{"BmiIn32", Family::Bmi, CodeMode::Compat32, 10000},
                                         Plan{"BmiBlocks", Family::Bmi, CodeMode::Long64, 4000, 10},
                                         Plan{"IntegerBlocks", Family::Integer, CodeMode::Long64, 6000, 10},
                                         Plan{"X87Blocks", Family::X87, CodeMode::Long64, 6000, 10},
                                         Plan{"SseBlocks", Family::Sse, CodeMode::Long64, 4000, 10}),
                         [](const auto& plan) { return std::string{plan.param.name}; });

} // namespace
} // namespace windsor::conformance::comparison
