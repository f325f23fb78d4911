// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/comparison/generator.hpp"

#include "conformance/comparison/forms.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::conformance::comparison {

namespace {

constexpr unsigned kLongest = 15;
// In blocks of several instructions this register addresses memory, and none of them writes it.
constexpr ZydisRegister kBlockBase = ZYDIS_REGISTER_RBX;

// Instructions that move the stack pointer, load flags that change how the host goes on, access memory far from their
// operand, or leave bytes or flags that need not agree.
bool is_unfit_for_blocks(const ZydisDecodedInstruction& instruction)
{
    if (leaves_overflow_undefined(instruction)) {
        return true;
    }
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_ENTER:
    case ZYDIS_MNEMONIC_LEAVE:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTS:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FNSAVE:
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
    case ZYDIS_MNEMONIC_LDMXCSR:
    case ZYDIS_MNEMONIC_VLDMXCSR: return true;
    default: return false;
    }
}

// BT and its like with a bit offset that is also part of the address would reach far beyond the window.
bool offset_is_address(const ZydisDecodedInstruction& instruction, std::span<const ZydisDecodedOperand> operands)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTS:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTC: break;
    default: return false;
    }
    if (operands[0].type != ZYDIS_OPERAND_TYPE_MEMORY || operands[1].type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return false;
    }
    const auto whole = [](ZydisRegister reg) {
        return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    };
    const ZydisRegister offset = whole(operands[1].reg.value);
    return offset == whole(operands[0].mem.base) || offset == whole(operands[0].mem.index);
}

bool is_stack_pointer(ZydisRegister reg)
{
    return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg) == ZYDIS_REGISTER_RSP;
}

} // namespace

Generator::Generator(const GeneratorOptions& options) : options_{options}, random_{options.seed}
{
    if (options_.mode == CodeMode::Long64) {
        ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    } else {
        ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_COMPAT_32, ZYDIS_STACK_WIDTH_32);
    }
}

void Generator::append_prefixes(std::vector<std::uint8_t>& bytes)
{
    static constexpr auto kMandatory = std::to_array<std::uint8_t>({0x66, 0xf2, 0xf3});
    static constexpr auto kSegments = std::to_array<std::uint8_t>({0x26, 0x2e, 0x36, 0x3e});
    if (random_.one_in(24)) {
        bytes.push_back(random_.pick(kSegments));
    }
    if (options_.mode == CodeMode::Long64 && random_.one_in(16)) {
        bytes.push_back(0x67);
    }
    if (options_.family == Family::Integer && random_.one_in(12)) {
        bytes.push_back(0xf0);
    }
    if (options_.family == Family::Avx || options_.family == Family::Bmi) {
        return; // the others are part of VEX
    }
    const unsigned rarity = options_.family == Family::Sse || options_.family == Family::Mmx ? 1 : 3;
    if (random_.below(rarity + 1) <= 0 || (rarity == 1 && random_.one_in(2))) {
        bytes.push_back(random_.pick(kMandatory));
    }
    if (options_.mode == CodeMode::Long64 && random_.one_in(2)) {
        bytes.push_back(static_cast<std::uint8_t>(0x40 | random_.below(16)));
    }
}

// SDM volume 2A, section 2.3.5. Most instructions without a second source want VEX.vvvv as ones.
void Generator::append_vex(std::vector<std::uint8_t>& bytes)
{
    const bool wide = options_.mode == CodeMode::Long64;
    const std::uint64_t last = random_.bits() | (random_.one_in(3) ? 0x78 : 0) | (wide ? 0 : 0x40);
    if (random_.one_in(4)) {
        bytes.push_back(0xc5);
        bytes.push_back(static_cast<std::uint8_t>(wide ? last : last | 0x80));
    } else {
        bytes.push_back(0xc4);
        bytes.push_back(static_cast<std::uint8_t>((wide ? random_.bits() & 0xe0 : 0xe0) | (1 + random_.below(3))));
        bytes.push_back(static_cast<std::uint8_t>(last));
    }
    bytes.push_back(static_cast<std::uint8_t>(random_.bits()));
}

// The opcodes of BMI1 and BMI2, SDM volume 2D, appendix A, tables. They are so few of all VEX encodings
// that chance would hardly find them.
void Generator::append_bmi(std::vector<std::uint8_t>& bytes)
{
    static constexpr auto kOpcodes = std::to_array<std::uint8_t>({0xf2, 0xf3, 0xf5, 0xf6, 0xf7}); // map 0F 38
    constexpr std::uint8_t kRotate = 0xf0;                                                        // map 0F 3A
    const bool wide = options_.mode == CodeMode::Long64;
    const bool rotate = random_.one_in(8);
    bytes.push_back(0xc4);
    bytes.push_back(static_cast<std::uint8_t>((wide ? random_.bits() & 0xe0 : 0xe0) | (rotate ? 3 : 2)));
    // Bit 2 is VEX.L, with which all of them are invalid; RORX wants VEX.vvvv as ones.
    const std::uint64_t last = random_.bits() & (random_.one_in(16) ? 0xff : 0xfb);
    bytes.push_back(static_cast<std::uint8_t>(last | (rotate ? 0x78 : 0) | (wide ? 0 : 0x40)));
    bytes.push_back(rotate ? kRotate : random_.pick(kOpcodes));
}

void Generator::append_opcode(std::vector<std::uint8_t>& bytes)
{
    const std::uint64_t draw = random_.below(20);
    switch (options_.family) {
    case Family::X87:
        bytes.push_back(static_cast<std::uint8_t>(random_.one_in(64) ? 0x9b : 0xd8 + random_.below(8)));
        return;
    case Family::Integer:
        if (draw < 8) {
            bytes.push_back(0x0f);
        }
        if (draw < 1) {
            bytes.push_back(0x38);
        }
        break;
    case Family::Avx: append_vex(bytes); return;
    case Family::Bmi: append_bmi(bytes); return;
    case Family::Mmx:
    case Family::Sse:
        bytes.push_back(0x0f);
        if (draw < 5) {
            bytes.push_back(0x38);
        } else if (draw < 8) {
            bytes.push_back(0x3a);
        }
        break;
    }
    bytes.push_back(static_cast<std::uint8_t>(random_.bits()));
}

std::vector<std::uint8_t> Generator::random_bytes()
{
    std::vector<std::uint8_t> bytes;
    append_prefixes(bytes);
    append_opcode(bytes);
    const std::size_t modrm = bytes.size();
    while (bytes.size() < kLongest + 6) {
        bytes.push_back(static_cast<std::uint8_t>(random_.bits()));
    }
    if (options_.block_length > 1 && (bytes[modrm] >> 6) != 3) {
        const unsigned mod = random_.one_in(2) ? 1 : 2;
        bytes[modrm] = static_cast<std::uint8_t>((bytes[modrm] & 0x38) | mod << 6 | 3); // [RBX + displacement]
    }
    return bytes;
}

std::optional<Generator::Made> Generator::decode(std::vector<std::uint8_t> bytes) const
{
    Made made;
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder_, bytes.data(), std::min<std::size_t>(bytes.size(), kLongest),
                                           &made.instruction, made.operands.data()))) {
        return std::nullopt;
    }
    bytes.resize(made.instruction.length);
    made.bytes = std::move(bytes);
    return made;
}

bool Generator::acceptable(const Made& made) const
{
    if (offset_is_address(made.instruction, made.all())) {
        return false;
    }
    return belongs(options_.family, made.instruction, made.all()) && comparable(made.instruction, made.all());
}

// Whether another instruction may follow: it falls through, and the base register and the stack pointer still lead to
// memory.
bool Generator::fits_block(const Made& made) const
{
    if (is_near_branch(made.instruction) || is_unfit_for_blocks(made.instruction)) {
        return false;
    }
    for (const ZydisDecodedOperand& operand : made.all()) {
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
            return false;
        }
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_MEM) {
            const bool stack = operand.encoding == ZYDIS_OPERAND_ENCODING_NONE && is_stack_pointer(operand.mem.base);
            const bool based =
                ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, operand.mem.base) == kBlockBase &&
                operand.mem.index == ZYDIS_REGISTER_NONE;
            const bool absolute = operand.mem.base == ZYDIS_REGISTER_NONE && operand.mem.index == ZYDIS_REGISTER_NONE;
            if (!stack && !based && !absolute && operand.mem.base != ZYDIS_REGISTER_RIP) {
                return false;
            }
        }
        const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && written) {
            const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, operand.reg.value);
            const bool hidden = operand.visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
            if (whole == kBlockBase || (whole == ZYDIS_REGISTER_RSP && !hidden)) {
                return false;
            }
        }
    }
    return true;
}

std::uint64_t Generator::code_target(std::uint64_t avoid_from, std::uint64_t avoid_to)
{
    for (;;) {
        const std::uint64_t target = kCodePage + random_.below(kCodeSize);
        if (target < avoid_from || target >= avoid_to) {
            return target;
        }
    }
}

// A target is mostly well inside the window and often aligned, and now and then crosses its end.
std::uint64_t Generator::choose_target(unsigned size)
{
    if (random_.one_in(40)) {
        return kWindow + kWindowSize - random_.below(size + 1);
    }
    if (random_.one_in(40)) {
        return kWindow + 0x1000 - random_.below(size + 1); // across a page
    }
    const std::uint64_t target = kWindow + 0x200 + random_.below(kWindowSize - 0x800);
    const std::uint64_t alignment = options_.family == Family::Avx ? 32 : 16;
    return random_.one_in(8) ? target : target & ~(alignment - 1);
}

Generator::Made Generator::make(std::uint64_t address, TestCase& test, bool last)
{
    for (;;) {
        std::optional<Made> made = decode(random_bytes());
        if (made && acceptable(*made) && (last || fits_block(*made))) {
            arrange(*made, address, test);
            return std::move(*made);
        }
    }
}

TestCase Generator::next()
{
    TestCase test;
    test.mode = options_.mode;
    fill_registers(test.registers);
    fill_window(test.window);
    std::uint64_t address = kCodeStart;
    for (unsigned i = 0; i < options_.block_length; ++i) {
        const Made made = make(address, test, i + 1 == options_.block_length && options_.block_length == 1);
        test.code.insert(test.code.end(), made.bytes.begin(), made.bytes.end());
        address += made.bytes.size();
    }
    if (options_.mode == CodeMode::Compat32) {
        for (unsigned i = 0; i < x86::kGprCount; ++i) {
            test.registers.gpr[i] = i < 8 ? test.registers.gpr[i] & 0xffffffff : 0;
        }
    }
    return test;
}

} // namespace windsor::conformance::comparison
