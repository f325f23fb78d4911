// SPDX-License-Identifier: GPL-2.0-or-later
// For each row of the table of kinds, the example is of that kind, becomes as many host instructions as the row says,
// and is left to the interpreter by the kind's switch. The documentation shows the table.
#include "translate/kinds.hpp"

#include "translate/emit/host_code_testing.hpp"
#include "translate/emit/translation.hpp"

#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <string>

#include <fmt/format.h>

namespace windsor::translate {

static void PrintTo(const KindRow& row, std::ostream* out)
{
    *out << row.name;
}

} // namespace windsor::translate

namespace windsor::translate::testing {

namespace {

Write example_of(const KindRow& row)
{
    return [&row](asmjit::x86::Assembler& a) { a.embed(row.example.data(), row.example.size()); };
}

std::span<const std::uint8_t> bytes_of(std::string_view example)
{
    return {reinterpret_cast<const std::uint8_t*>(example.data()), example.size()};
}

// Returns a row's example in assembly language, as the Intel manuals write it. Direct targets are as if the example lay
// at address 0.
std::string text_of(const KindRow& row)
{
    ZydisDecoder decoder;
    row.bits == 64 ? ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)
                   : ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    std::string text;
    auto bytes = bytes_of(row.example);
    for (std::uint64_t at = 0; !bytes.empty();) {
        ZydisDecodedInstruction decoded;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
        std::array<char, 96> line{};
        if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &decoded, operands.data())) ||
            ZYAN_FAILED(ZydisFormatterFormatInstruction(&formatter, &decoded, operands.data(),
                                                        decoded.operand_count_visible, line.data(), line.size(), at,
                                                        ZYAN_NULL))) {
            return "no instruction";
        }
        text += (text.empty() ? "" : "; ") + std::string{line.data()};
        at += decoded.length;
        bytes = bytes.subspan(decoded.length);
    }
    return text;
}

std::string document()
{
    std::string text = "| switch | class | for instance | becomes | how |\n|---|---|---|---|---|\n";
    for (const KindRow& row : kind_rows()) {
        text += fmt::format("| `{}` | {} | `{}` | {} | {} |\n", row.name, row.of ? name_of(*row.of) : "–", text_of(row),
                            row.cost, row.how);
    }
    return text;
}

class TranslatorKind : public ::testing::TestWithParam<KindRow> {};

TEST_P(TranslatorKind, BecomesAsFewInstructionsAsItsRowSays)
{
    const KindRow& row = GetParam();
    // The code of an interpreted instruction ends with a jump to the call for help, so that it is counted as a whole.
    const bool whole = row.ending == Ending::EndsBlock || row.kind == Kind::Interpret;
    const Write example = example_of(row);
    const auto way = [&](unsigned times) {
        return count(row.bits == 64, example, times, Extraction::None, Jumps::Follow);
    };
    EXPECT_EQ(whole ? count(row.bits == 64, example, 1) : way(3) - way(2), row.cost);
}

TEST_P(TranslatorKind, HasAnExample)
{
    const KindRow& row = GetParam();
    emulate::HostStubs stubs;
    const emulate::Decoder decoder{vcpu::CpuModel::standard(), stubs};
    const Context context{.mode = row.bits == 64 ? emulate::DecodeMode::Long64 : emulate::DecodeMode::Legacy32};
    Kind last{};
    for (auto bytes = bytes_of(row.example); !bytes.empty();) {
        Instruction i;
        ASSERT_TRUE(read_instruction(decoder, context, {}, bytes, 0, i));
        last = i.kind;
        EXPECT_EQ(i.ends_block, row.ending == Ending::EndsBlock);
        bytes = bytes.subspan(i.decoded.length);
        if (row.kind == last) {
            break;
        }
    }
    EXPECT_EQ(last, row.kind);
}

TEST_P(TranslatorKind, IsLeftToTheInterpreterByItsSwitch)
{
    const KindRow& row = GetParam();
    const auto switches = parse_switches(row.name);
    ASSERT_TRUE(switches);
    constexpr unsigned kTimes = 3;
    const bool wide = row.bits == 64;
    TranslatorMachine natively;
    TranslatorMachine switched{{.code_bytes = kUsualCode, .interpreted = *switches}};
    run_times(natively, wide, example_of(row), row.ending == Ending::EndsBlock ? 1 : kTimes);
    run_times(switched, wide, example_of(row), row.ending == Ending::EndsBlock ? 1 : kTimes);
    EXPECT_EQ(switched.cpu.state(), natively.cpu.state());
    if (row.kind != Kind::Interpret) {
        EXPECT_GT(switched.counter("interpreted"), natively.counter("interpreted"));
    }
}

INSTANTIATE_TEST_SUITE_P(All, TranslatorKind, ::testing::ValuesIn(kind_rows().begin(), kind_rows().end()),
                         [](const auto& row) {
                             std::string name{row.param.name};
                             std::erase(name, '-');
                             return name;
                         });

TEST(TranslatorKinds, HaveNamesOfTheirOwn)
{
    std::set<std::string_view> names;
    for (const KindRow& row : kind_rows()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    }
}

TEST(TranslatorKinds, AreSwitchedOffByNameAndByClass)
{
    const auto switches = parse_switches("push,sse,divide");
    ASSERT_TRUE(switches);
    EXPECT_TRUE(switches->covers(Class::Stack, Kind::Push));
    EXPECT_FALSE(switches->covers(Class::Stack, Kind::Pop));
    EXPECT_TRUE(switches->covers(Class::Sse, Kind::Plain));
    EXPECT_FALSE(switches->covers(Class::Integer, Kind::Plain));
    EXPECT_TRUE(switches->covers(Class::Divide, Kind::Divide));
    EXPECT_FALSE(parse_switches("push,moves of the moon"));
    EXPECT_FALSE(parse_switches("push,,pop"));
    EXPECT_TRUE(parse_switches(""));
}

TEST(TranslatorKinds, StandInTheDocumentation)
{
    std::ifstream file{WINDSOR_DOCS "/how-translation-works.md"};
    const std::string page{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_NE(page.find(document()), std::string::npos) << "it should be\n" << document();
}

} // namespace

} // namespace windsor::translate::testing
