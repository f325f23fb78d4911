// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/comparison/comparison.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Zydis/Zydis.h>

namespace windsor::conformance::comparison {

namespace {

constexpr auto kGprNames = std::to_array<const char*>(
    {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"});
constexpr std::uint64_t kComparedFlags = x86::rflags::kArithmetic | x86::rflags::kDf;

// Collects the differences, with the value before the run where that helps.
class Report {
public:
    void check(std::string_view what, std::uint64_t before, std::uint64_t expected, std::uint64_t got)
    {
        if (expected != got) {
            fmt::format_to(std::back_inserter(text_), "  {}: {:#x} expected, {:#x} got (before: {:#x})\n", what,
                           expected, got, before);
        }
    }
    template <std::size_t kSize> void check_bytes(std::string_view what, const std::array<std::uint8_t, kSize>& before,
                                                  const std::array<std::uint8_t, kSize>& expected,
                                                  const std::array<std::uint8_t, kSize>& got, std::size_t size = kSize)
    {
        if (std::memcmp(expected.data(), got.data(), size) != 0) {
            fmt::format_to(std::back_inserter(text_), "  {}: {} expected, {} got (before: {})\n", what,
                           hex(expected, size), hex(got, size), hex(before, size));
        }
    }
    const std::string& text() const { return text_; }

private:
    // Most significant byte first.
    template <std::size_t kSize> static std::string hex(const std::array<std::uint8_t, kSize>& bytes, std::size_t size)
    {
        std::string text;
        for (std::size_t i = size; i > 0; --i) {
            fmt::format_to(std::back_inserter(text), "{:02x}", bytes[i - 1]);
        }
        return text;
    }

    std::string text_;
};

void compare_gpr(const TestCase& test, const Ending& expected, const Ending& got, Report& report)
{
    const bool wide = test.mode == CodeMode::Long64;
    for (unsigned i = 0; i < (wide ? x86::kGprCount : 8); ++i) {
        const std::uint64_t mask = wide ? ~std::uint64_t{0} : 0xffffffff;
        report.check(kGprNames[i], test.registers.gpr[i], expected.registers.gpr[i] & mask,
                     got.registers.gpr[i] & mask);
    }
    const std::uint64_t flags = kComparedFlags & ~test.ignored_flags;
    report.check("rflags", test.registers.rflags, expected.registers.rflags & flags, got.registers.rflags & flags);
}

// The bits of MXCSR that have to agree.
std::uint32_t compared_mxcsr(const TestCase& test, const Ending& expected)
{
    constexpr std::uint32_t kFlags = 0x3f;
    constexpr std::uint32_t kPe = 0x20;
    if (expected.vector == 19 && test.loose_exceptions) {
        return ~kFlags;
    }
    // With unmasked overflow or underflow, PE tells whether the result would have been inexact with an unbounded
    // exponent, which the interpreter does not compute.
    const std::uint32_t value = expected.registers.fx.mxcsr;
    const std::uint32_t unmasked = value & ~(value >> 7) & 0x18;
    return unmasked != 0 ? ~kPe : ~0u;
}

void compare_fx(const x86::FxArea& before, const x86::FxArea& expected, const x86::FxArea& got, Report& report)
{
    constexpr std::size_t kExtendedBytes = 10;
    report.check("fcw", before.fcw, expected.fcw, got.fcw);
    report.check("fsw", before.fsw, expected.fsw, got.fsw);
    report.check("ftw", before.ftw, expected.ftw, got.ftw);
    for (unsigned i = 0; i < expected.st.size(); ++i) {
        report.check_bytes(fmt::format("st{}", i), before.st[i], expected.st[i], got.st[i], kExtendedBytes);
    }
    for (unsigned i = 0; i < expected.xmm.size(); ++i) {
        report.check_bytes(fmt::format("xmm{}", i), before.xmm[i], expected.xmm[i], got.xmm[i]);
    }
}

bool is_ignored(const TestCase& test, std::uint64_t address)
{
    return std::any_of(test.ignored.begin(), test.ignored.end(), [address](const Ignored& range) {
        return address >= range.address && address < range.address + range.size;
    });
}

void compare_window(const TestCase& test, const Ending& expected, const Ending& got, Report& report)
{
    if (expected.window == got.window) {
        return;
    }
    for (std::size_t i = 0; i < expected.window.size(); ++i) {
        if (expected.window[i] != got.window[i] && !is_ignored(test, kWindow + i)) {
            report.check(fmt::format("[{:#x}]", kWindow + i), test.window[i], expected.window[i], got.window[i]);
        }
    }
}

// Whether only the place of an access's fault is compared. The engine may also fault where the host has an unmasked x87
// exception pending instead, which keeps some processors from making the store.
bool ends_loosely(const TestCase& test, const Ending& expected, const Ending& got)
{
    constexpr std::uint16_t kErrorSummary = 0x80;
    constexpr unsigned kGeneralProtection = 13;
    constexpr unsigned kPageFault = 14;
    return test.loose_faults && (got.vector == kPageFault || got.vector == kGeneralProtection) &&
           (expected.vector == got.vector || (expected.registers.fx.fsw & kErrorSummary) != 0);
}

std::optional<std::string> difference_of_places(const Ending& expected, const Ending& got)
{
    constexpr std::uint64_t kPage = ~std::uint64_t{0xfff};
    Report report;
    if (expected.vector == got.vector) {
        report.check("error code", 0, expected.error_code, got.error_code);
        report.check("page of cr2", 0, expected.cr2 & kPage, got.cr2 & kPage);
        report.check("rip", kCodeStart, expected.rip, got.rip);
    }
    return report.text().empty() ? std::nullopt : std::optional{report.text()};
}

} // namespace

std::optional<std::string> difference(const TestCase& test, const Ending& expected, const Ending& got)
{
    if (ends_loosely(test, expected, got)) {
        return difference_of_places(expected, got);
    }
    Report report;
    report.check("vector", 0, expected.vector, got.vector);
    if (expected.vector == got.vector) {
        report.check("error code", 0, expected.error_code, got.error_code);
        const std::uint64_t address = test.page_of_cr2 ? ~std::uint64_t{0xfff} : ~std::uint64_t{0};
        report.check("cr2", 0, expected.cr2 & address, got.cr2 & address);
    }
    report.check("rip", kCodeStart, expected.rip, got.rip);
    compare_gpr(test, expected, got, report);
    compare_fx(test.registers.fx, expected.registers.fx, got.registers.fx, report);
    for (unsigned i = 0; i < expected.registers.ymm_high.size(); ++i) {
        report.check_bytes(fmt::format("ymm{} 255:128", i), test.registers.ymm_high[i], expected.registers.ymm_high[i],
                           got.registers.ymm_high[i]);
    }
    const std::uint32_t mxcsr = compared_mxcsr(test, expected);
    report.check("mxcsr", test.registers.fx.mxcsr, expected.registers.fx.mxcsr & mxcsr, got.registers.fx.mxcsr & mxcsr);
    compare_window(test, expected, got, report);
    if (report.text().empty()) {
        return std::nullopt;
    }
    return report.text();
}

std::string disassembly(const TestCase& test)
{
    const bool wide = test.mode == CodeMode::Long64;
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, wide ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LONG_COMPAT_32,
                     wide ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    std::string text;
    for (std::size_t at = 0; at < test.code.size();) {
        ZydisDecodedInstruction instruction;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
        std::array<char, 128> line{};
        if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, test.code.data() + at, test.code.size() - at, &instruction,
                                               operands.data()))) {
            break;
        }
        ZydisFormatterFormatInstruction(&formatter, &instruction, operands.data(), instruction.operand_count_visible,
                                        line.data(), line.size(), kCodeStart + at, nullptr);
        const auto first = test.code.begin() + static_cast<std::ptrdiff_t>(at);
        fmt::format_to(std::back_inserter(text), "{}  ; {:02x}\n", line.data(),
                       fmt::join(first, first + instruction.length, " "));
        at += instruction.length;
    }
    return text;
}

} // namespace windsor::conformance::comparison
