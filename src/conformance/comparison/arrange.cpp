// SPDX-License-Identifier: GPL-2.0-or-later
// Gives generated instructions operands that they can work with.
#include "conformance/comparison/forms.hpp"
#include "conformance/comparison/generator.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::conformance::comparison {

namespace {

constexpr std::uint64_t kBlockBaseValue = kWindow + 0x1000;
constexpr std::uint64_t kStack = kWindow + 0x1200;

unsigned gpr_number(ZydisRegister reg)
{
    const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return static_cast<unsigned>(ZydisRegisterGetId(whole)) & 15;
}

std::uint64_t width_mask(unsigned bits)
{
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

void put(Window& window, std::uint64_t address, std::uint64_t value, unsigned size)
{
    if (address >= kWindow && address + size <= kWindow + kWindowSize) {
        std::memcpy(window.data() + (address - kWindow), &value, size);
    }
}

bool is_explicit_memory(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.encoding != ZYDIS_OPERAND_ENCODING_NONE;
}

bool is_bit_test(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_BT || mnemonic == ZYDIS_MNEMONIC_BTS || mnemonic == ZYDIS_MNEMONIC_BTR ||
           mnemonic == ZYDIS_MNEMONIC_BTC;
}

void patch_displacement(std::vector<std::uint8_t>& bytes, const ZydisDecodedInstruction& instruction,
                        std::uint64_t value)
{
    std::memcpy(bytes.data() + instruction.raw.disp.offset, &value, instruction.raw.disp.size / 8u);
}

// Flags that the SDM leaves undefined and that no host instruction computes in 64-bit mode.
void ignore_flags(const ZydisDecodedInstruction& instruction, TestCase& test)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_AAA:
    case ZYDIS_MNEMONIC_AAS:
    case ZYDIS_MNEMONIC_AAD:
    case ZYDIS_MNEMONIC_AAM:
    case ZYDIS_MNEMONIC_DAA:
    case ZYDIS_MNEMONIC_DAS: test.ignored_flags |= instruction.cpu_flags->undefined; break;
    // These compute several times in a row, and an unmasked exception keeps the later computations from being made.
    case ZYDIS_MNEMONIC_DPPS:
    case ZYDIS_MNEMONIC_DPPD:
    case ZYDIS_MNEMONIC_VDPPS:
    case ZYDIS_MNEMONIC_VDPPD: test.loose_exceptions = true; break;
    default: break;
    }
    if (leaves_overflow_undefined(instruction)) {
        test.ignored_flags |= x86::rflags::kOf;
    }
}

// Processors run these instructions in several steps, and differ in which of them are done when a later one faults.
bool faults_in_pieces(const ZydisDecodedInstruction& instruction, std::span<const ZydisDecodedOperand> operands,
                      Family family)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_VCVTPS2PH:
    case ZYDIS_MNEMONIC_VMASKMOVPS:
    case ZYDIS_MNEMONIC_VMASKMOVPD:
    case ZYDIS_MNEMONIC_VPMASKMOVD:
    case ZYDIS_MNEMONIC_VPMASKMOVQ: return true;
    default: break;
    }
    return std::any_of(operands.begin(), operands.end(), [family](const ZydisDecodedOperand& operand) {
        const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        return operand.type == ZYDIS_OPERAND_TYPE_MEMORY &&
               (operand.mem.type == ZYDIS_MEMOP_TYPE_VSIB ||
                (written && (family == Family::X87 || family == Family::Mmx)));
    });
}

// A segment register fills half of its place on a stack of 32 bits; the other half may become zero or stay. SDM volume
// 2B, PUSH.
void ignore_upper_half(const ZydisDecodedInstruction& instruction, const ZydisDecodedOperand& first, TestCase& test)
{
    const bool selector = instruction.mnemonic == ZYDIS_MNEMONIC_PUSH && first.type == ZYDIS_OPERAND_TYPE_REGISTER &&
                          ZydisRegisterGetClass(first.reg.value) == ZYDIS_REGCLASS_SEGMENT;
    if (selector && instruction.operand_width == 32) {
        test.ignored.push_back({test.registers.gpr[x86::kRsp] - 2, 2});
    }
}

// The x87 instruction and operand pointers are only kept by some processors, or only after exceptions; the mask of
// MXCSR bits is a matter of the model.
void ignore_pointers(const ZydisDecodedInstruction& instruction, std::uint64_t target, TestCase& test)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_FLDENV:
    case ZYDIS_MNEMONIC_FRSTOR: test.page_of_cr2 = true; break;
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FNSAVE:
        test.page_of_cr2 = true;
        test.ignored.push_back(instruction.operand_width == 16 ? Ignored{target + 6, 8} : Ignored{target + 12, 16});
        break;
    case ZYDIS_MNEMONIC_FXSAVE:
    case ZYDIS_MNEMONIC_FXSAVE64:
        test.page_of_cr2 = true;
        test.ignored.push_back({target + 6, 18});
        test.ignored.push_back({target + 28, 4});
        break;
    default: break;
    }
}

} // namespace

// Registers that instructions use without naming them: stack, strings, XLAT, counts.
void Generator::arrange_implied(const Made& made, TestCase& test)
{
    auto& gpr = test.registers.gpr;
    for (const ZydisDecodedOperand& operand : made.all()) {
        const bool implied =
            operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.encoding == ZYDIS_OPERAND_ENCODING_NONE;
        if (implied && operand.mem.base != ZYDIS_REGISTER_NONE) {
            const unsigned base = gpr_number(operand.mem.base);
            if (base != x86::kRsp && base != x86::kRbp && options_.block_length == 1) {
                // Whether bytes that masked moves leave alone can fault is a matter of the model.
                gpr[base] = made.instruction.mnemonic == ZYDIS_MNEMONIC_MASKMOVQ ||
                                    made.instruction.mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU ||
                                    made.instruction.mnemonic == ZYDIS_MNEMONIC_VMASKMOVDQU
                                ? kWindow + 0x400 + random_.below(0x800)
                                : choose_target(operand.size / 8u);
            }
        }
    }
    constexpr ZydisInstructionAttributes kRepeats =
        ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
    if ((made.instruction.attributes & kRepeats) != 0) {
        gpr[x86::kRcx] = random_.below(24);
    }
    switch (made.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_RET: put(test.window, gpr[x86::kRsp], code_target(kCodeStart, kCodeStart + 15), 8); break;
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ: { // not TF, NT and AC, which change how the host goes on
        std::uint64_t image = 0;
        std::memcpy(&image, test.window.data() + (gpr[x86::kRsp] - kWindow), 8);
        put(test.window, gpr[x86::kRsp], image & ~std::uint64_t{0x4'4100}, 8);
        break;
    }
    default: break;
    }
}

void Generator::place_operand(const Made& made, std::uint64_t target, unsigned size, TestCase& test)
{
    if (made.instruction.mnemonic == ZYDIS_MNEMONIC_JMP || made.instruction.mnemonic == ZYDIS_MNEMONIC_CALL) {
        put(test.window, target, code_target(kCodeStart, kCodeStart + 15), size);
        return;
    }
    if (made.instruction.mnemonic == ZYDIS_MNEMONIC_LDMXCSR || made.instruction.mnemonic == ZYDIS_MNEMONIC_VLDMXCSR) {
        constexpr std::uint64_t kMm = 0x20000; // AMD's misaligned mode, which the guest is not offered
        put(test.window, target, random_.bits() & (random_.one_in(4) ? 0xffff'ffff & ~kMm : 0xffff), 4);
        return;
    }
    if (made.instruction.mnemonic == ZYDIS_MNEMONIC_FBLD) {
        for (unsigned i = 0; i < 9; ++i) {
            put(test.window, target + i, random_.below(10) << 4 | random_.below(10), 1);
        }
        put(test.window, target + 9, random_.bits() & 0x80, 1);
        return;
    }
    const bool integer = options_.family == Family::Integer || options_.family == Family::Mmx || random_.one_in(3);
    if (size == 10) {
        const Random::Extended value = random_.float80();
        put(test.window, target, value.mantissa, 8);
        put(test.window, target + 8, value.exponent, 2);
        return;
    }
    const bool singles = size == 4 || random_.one_in(2);
    for (unsigned at = 0; at < size && at < 64;) {
        const unsigned step = std::min(size - at, integer || !singles ? 8u : 4u);
        const std::uint64_t value = integer ? random_.integer() : singles ? random_.float32() : random_.float64();
        put(test.window, target + at, value, step);
        at += step;
    }
}

// The base points to the middle of the window, and the indices near it; now and then one leads out of the window.
void Generator::arrange_gather(Made& made, const ZydisDecodedOperand& operand, TestCase& test)
{
    constexpr std::uint64_t kMiddle = kWindow + kWindowSize / 2;
    const bool quadwords = (made.instruction.opcode & 1) != 0; // VGATHERQxx
    const auto index = static_cast<unsigned>(ZydisRegisterGetId(operand.mem.index));
    const auto choose = [this] { return random_.one_in(24) ? 0x4000 : random_.below(0x100) - 0x80; };
    for (auto* half : {&test.registers.fx.xmm[index], &test.registers.ymm_high[index]}) {
        for (unsigned at = 0; at < half->size(); at += quadwords ? 8 : 4) {
            const std::uint64_t value = choose();
            std::memcpy(half->data() + at, &value, quadwords ? 8 : 4);
        }
    }
    // At a fault some processors keep the bits of a mask that are not signs, and others do not.
    const auto mask = static_cast<unsigned>(ZydisRegisterGetId(made.operands[2].reg.value));
    for (auto* half : {&test.registers.fx.xmm[mask], &test.registers.ymm_high[mask]}) {
        for (unsigned at = 0; at < half->size(); at += 4) {
            const bool wide = (made.instruction.raw.vex.W != 0) && at % 8 != 0;
            std::fill_n(half->begin() + at, 4, wide ? (*half)[at - 1] : random_.one_in(4) ? 0 : 0xff);
        }
    }
    if (made.instruction.raw.disp.size == 32) {
        patch_displacement(made.bytes, made.instruction, operand.mem.base == ZYDIS_REGISTER_NONE ? kMiddle : 0x40);
    }
    if (operand.mem.base != ZYDIS_REGISTER_NONE) {
        test.registers.gpr[gpr_number(operand.mem.base)] = kMiddle;
    }
}

void Generator::arrange_memory(Made& made, std::uint64_t address, TestCase& test)
{
    for (const ZydisDecodedOperand& operand : made.all()) {
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
            arrange_gather(made, operand, test);
        }
        if (!is_explicit_memory(operand) || operand.mem.type != ZYDIS_MEMOP_TYPE_MEM) {
            continue;
        }
        const unsigned size = std::max(1u, operand.size / 8u);
        std::uint64_t target = choose_target(size);
        auto& gpr = test.registers.gpr;
        const std::uint64_t mask = width_mask(made.instruction.address_width);
        const auto displacement =
            operand.mem.disp.has_displacement ? static_cast<std::uint64_t>(operand.mem.disp.value) : 0;
        const bool based = operand.mem.base != ZYDIS_REGISTER_NONE;
        const bool indexed = operand.mem.index != ZYDIS_REGISTER_NONE;
        if (operand.mem.base == ZYDIS_REGISTER_RIP || operand.mem.base == ZYDIS_REGISTER_EIP) {
            patch_displacement(made.bytes, made.instruction, target - (address + made.bytes.size()));
        } else if (options_.block_length > 1 && based) {
            if (made.instruction.raw.disp.size == 8) {
                target = kBlockBaseValue + displacement;
            } else {
                patch_displacement(made.bytes, made.instruction, target - kBlockBaseValue);
            }
        } else if (based && indexed && operand.mem.base == operand.mem.index) {
            const std::uint64_t value = (target - displacement) / (1u + operand.mem.scale);
            gpr[gpr_number(operand.mem.base)] = value;
            target = value * (1u + operand.mem.scale) + displacement;
        } else if (based && gpr_number(operand.mem.base) == x86::kRsp) {
            // The stack pointer has to stay near the window, lest pushes reach the host's own memory.
            std::uint64_t offset = displacement;
            if (made.instruction.raw.disp.size == 32) {
                offset = random_.below(0x100);
                patch_displacement(made.bytes, made.instruction, offset);
            }
            offset += indexed ? (gpr[gpr_number(operand.mem.index)] &= 0xff) * operand.mem.scale : 0;
            gpr[x86::kRsp] = target - offset;
        } else if (based) {
            const std::uint64_t index = indexed ? gpr[gpr_number(operand.mem.index)] * operand.mem.scale : 0;
            std::uint64_t& base = gpr[gpr_number(operand.mem.base)];
            base = ((target - displacement - index) & mask) | (base & ~mask);
        } else {
            const std::uint64_t index = indexed ? gpr[gpr_number(operand.mem.index)] &= 0xff : 0;
            patch_displacement(made.bytes, made.instruction, target - index * operand.mem.scale);
        }
        ignore_pointers(made.instruction, target, test);
        const bool required = is_near_branch(made.instruction) || made.instruction.mnemonic == ZYDIS_MNEMONIC_LDMXCSR ||
                              made.instruction.mnemonic == ZYDIS_MNEMONIC_VLDMXCSR;
        if (required || !random_.one_in(4)) {
            place_operand(made, target, size, test);
        }
    }
}

// Gives a relative or indirect branch its target. All bytes of the code page but the case's own are breakpoints.
void Generator::arrange_branch(Made& made, TestCase& test)
{
    if (!is_near_branch(made.instruction)) {
        return;
    }
    const std::uint64_t end = kCodeStart + made.bytes.size();
    const auto& immediate = made.instruction.raw.imm[0];
    if (immediate.is_relative) {
        std::uint64_t target = 0;
        do {
            target = code_target(kCodeStart, end);
        } while (immediate.size == 8 &&
                 static_cast<std::int8_t>(target - end) != static_cast<std::int64_t>(target - end));
        const std::uint64_t distance = target - end;
        std::memcpy(made.bytes.data() + immediate.offset, &distance, immediate.size / 8u);
    } else if (made.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
               made.operands[0].visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
        test.registers.gpr[gpr_number(made.operands[0].reg.value)] = code_target(kCodeStart, end);
    }
}

void Generator::arrange(Made& made, std::uint64_t address, TestCase& test)
{
    if (address == kCodeStart) {
        test.registers.gpr[x86::kRsp] = kStack + (random_.one_in(4) ? random_.below(16) : 0);
        test.registers.gpr[x86::kRbp] = random_.one_in(2) ? kStack + 0x80 : test.registers.gpr[x86::kRbp];
        if (options_.block_length > 1) {
            test.registers.gpr[x86::kRbx] = kBlockBaseValue;
        }
    }
    if (made.instruction.mnemonic == ZYDIS_MNEMONIC_ENTER || made.instruction.mnemonic == ZYDIS_MNEMONIC_LEAVE) {
        test.registers.gpr[x86::kRbp] = kStack + 0x80;
    }
    if (is_bit_test(made.instruction.mnemonic) && made.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        options_.block_length == 1) {
        std::uint64_t& bit = test.registers.gpr[gpr_number(made.operands[1].reg.value)];
        bit = random_.below(0x1000) - 0x800;
    }
    ignore_flags(made.instruction, test);
    ignore_upper_half(made.instruction, made.operands[0], test);
    test.loose_faults = test.loose_faults || faults_in_pieces(made.instruction, made.all(), options_.family);
    arrange_implied(made, test);
    arrange_memory(made, address, test);
    arrange_branch(made, test);
}

} // namespace windsor::conformance::comparison
