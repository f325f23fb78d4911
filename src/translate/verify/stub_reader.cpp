// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/verify/stub_reader.hpp"

#include <algorithm>
#include <utility>

namespace windsor::translate::verify {

namespace {

// The System V ABI says that functions preserve these registers.
constexpr auto kPreserved = std::to_array<std::uint8_t>({3, 5, 12, 13, 14, 15}); // RBX, RBP, R12 to R15
constexpr std::uint32_t kAll = 0xffff;

std::uint8_t general(const ZydisDecodedOperand& operand)
{
    const bool is =
        operand.type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_GPR64;
    return is ? static_cast<std::uint8_t>(ZydisRegisterGetId(operand.reg.value)) : kNoRegister;
}

std::uint8_t vector_register(const ZydisDecodedOperand& operand, ZydisRegisterClass wanted)
{
    const bool is = operand.type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(operand.reg.value) == wanted;
    return is ? static_cast<std::uint8_t>(ZydisRegisterGetId(operand.reg.value)) : kNoRegister;
}

// This describes a memory operand at a constant distance from a register.
struct Place {
    std::uint8_t base{kNoRegister};
    std::int32_t at{0};
    unsigned bytes{0};
};

std::optional<Place> place_of(const ZydisDecodedOperand& operand)
{
    const auto& mem = operand.mem;
    const bool simple = operand.type == ZYDIS_OPERAND_TYPE_MEMORY && mem.type == ZYDIS_MEMOP_TYPE_MEM &&
                        mem.index == ZYDIS_REGISTER_NONE && ZydisRegisterGetClass(mem.base) == ZYDIS_REGCLASS_GPR64 &&
                        (mem.segment == ZYDIS_REGISTER_DS || mem.segment == ZYDIS_REGISTER_SS);
    if (!simple) {
        return std::nullopt;
    }
    return Place{.base = static_cast<std::uint8_t>(ZydisRegisterGetId(mem.base)),
                 .at = static_cast<std::int32_t>(mem.disp.has_displacement ? mem.disp.value : 0),
                 .bytes = operand.size / 8u};
}

// Returns the guest register that a host register holds, if it holds one.
constexpr unsigned guest_of(unsigned host)
{
    return host == kR15 ? unsigned{kRsp} : host;
}
constexpr bool holds_guest(unsigned host)
{
    return host != kRsp && host != kR10 && host != kR11;
}

std::uint8_t index_of(const std::array<std::int32_t, kRegisters>& fields, std::int32_t at)
{
    const auto found = std::ranges::find(fields, at);
    return found == fields.end() ? kNoRegister : static_cast<std::uint8_t>(found - fields.begin());
}

} // namespace

StubReader::StubReader(const StubFields& fields) : fields_{fields}
{
    static_cast<void>(ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
}

StubReader::Registers StubReader::entered(From from) const
{
    Registers r;
    if (from == From::Host) {
        for (const std::uint8_t reg : kPreserved) {
            r.values[reg] = {Kind::Host, reg};
        }
        r.values[kRdi] = {Kind::Frame};
        r.values[kRsi] = {Kind::Target};
        r.values[kRsp] = {Kind::Stack};
        r.host_mxcsr = true;
        r.sse = r.avx = Live::No;
        return r;
    }
    for (unsigned reg = 0; reg < kRegisters; ++reg) {
        if (holds_guest(reg)) {
            r.values[reg] = {Kind::Guest, static_cast<std::uint8_t>(guest_of(reg))};
        }
    }
    if (stubs_.windowed) {
        r.values[kR14] = {Kind::Window};
    }
    r.values[kRsp] = {Kind::Frame};
    r.values[kR10] = {Kind::Rip};
    r.values[kR11] = {Kind::Number};
    r.owes = true;
    return r;
}

std::optional<Violation> StubReader::verify(const StubsView& stubs)
{
    stubs_ = stubs;
    violation_ = {};
    host_stack_.clear();
    Registers given_up;
    given_up.values[kRsp] = {Kind::Frame};
    given_up.ymm_stored = kAll; // the guest's registers are given up, so they need not be stored
    Registers helped = entered(From::Block);
    helped.rip_stored = true; // C++ finds RIP by the number of the side exit
    const bool fine = follow(stubs.enter, entered(From::Host)) && follow(stubs.leave, entered(From::Block)) &&
                      follow(stubs.cross, entered(From::Block)) && follow(stubs.help, helped) &&
                      follow(stubs.give_up, given_up);
    return fine ? std::nullopt : std::optional{violation_};
}

bool StubReader::follow(std::uint32_t offset, Registers r)
{
    for (;;) {
        Decoded d;
        violation_.offset = offset;
        if (offset >= stubs_.code.size() ||
            ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder_, stubs_.code.data() + offset, stubs_.code.size() - offset,
                                               &d.i, d.operands.data()))) {
            return refuse("bytes that are no instruction");
        }
        switch (step(d, offset, r)) {
        case Next::Failed: return false;
        case Next::End: return true;
        case Next::On: break;
        }
        offset += d.i.length;
    }
}

StubReader::Next StubReader::step(const Decoded& d, std::uint32_t offset, Registers& r)
{
    const auto on = [](bool fine) { return fine ? Next::On : Next::Failed; };
    const auto* compared = std::exchange(r.compared, nullptr);
    const Known tested = std::exchange(r.tested, {});
    if (d.i.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
        return on(refuse("an instruction that no stub may hold"));
    }
    switch (d.i.mnemonic) {
    case ZYDIS_MNEMONIC_MOV: return on(move(d, r));
    case ZYDIS_MNEMONIC_PUSH:
    case ZYDIS_MNEMONIC_POP:
    case ZYDIS_MNEMONIC_SUB:
        r.flags = 0;
        return on(stack(d, r));
    case ZYDIS_MNEMONIC_ADD: return on(general(d.operands[0]) == kRsp ? stack(d, r) : flags(d, r));
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_VEXTRACTF128:
    case ZYDIS_MNEMONIC_VINSERTF128:
    case ZYDIS_MNEMONIC_LDMXCSR:
    case ZYDIS_MNEMONIC_STMXCSR:
    case ZYDIS_MNEMONIC_VZEROUPPER: return on(vector(d, r));
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_TEST:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_SAHF: return on(flags(d, r));
    case ZYDIS_MNEMONIC_JZ:
        r.compared = compared;
        r.tested = tested;
        return branch(d, offset, r);
    case ZYDIS_MNEMONIC_JMP: return jump(d, offset, r);
    case ZYDIS_MNEMONIC_CALL: return on(call(d, r));
    case ZYDIS_MNEMONIC_RET: {
        constexpr std::uint8_t kWithoutOperand = 0xc3;
        const bool plain = d.i.opcode == kWithoutOperand || refuse("an instruction that no stub may hold");
        return plain && returns(r) ? Next::End : Next::Failed;
    }
    default: return on(refuse("an instruction that no stub may hold"));
    }
}

bool StubReader::load(std::uint8_t to, std::int32_t from, Registers& r)
{
    Known value;
    if (const std::uint8_t guest = index_of(fields_.gpr, from); guest != kNoRegister) {
        value = {Kind::Guest, guest};
    } else if (from == fields_.host_rsp) {
        value = {Kind::Stack};
        r.stack = host_stack_;
    } else if (from == fields_.self) {
        value = {Kind::Self};
    } else if (from == fields_.window) {
        value = {Kind::Window};
    } else if (from == fields_.kept) {
        value = {Kind::Kept};
    } else {
        return refuse("a stub loads what it may not");
    }
    if ((to == kRsp) != (value.kind == Kind::Stack)) {
        return refuse("a stub makes something else its stack, or the stack something else");
    }
    r.values[to] = value;
    return true;
}

bool StubReader::store(std::int32_t to, const Known& value, Registers& r)
{
    const std::uint8_t guest = index_of(fields_.gpr, to);
    if (guest != kNoRegister) {
        r.stored |= 1u << guest;
        return value == Known{Kind::Guest, guest} || refuse("a stub stores something else than the guest's register");
    }
    if (to == fields_.rip) {
        r.rip_stored = true;
        return value.kind == Kind::Rip || refuse("a stub stores something else than the guest's RIP");
    }
    if (to == fields_.target) {
        r.target_stored = true;
        return value.kind == Kind::Target || value.kind == Kind::Result ||
               refuse("a stub goes on elsewhere than it was told to");
    }
    if (to == fields_.host_rsp) {
        host_stack_ = r.stack;
        return value.kind == Kind::Stack || refuse("a stub stores something else than the host's stack pointer");
    }
    return refuse("a stub stores to what is not its own");
}

bool StubReader::move(const Decoded& d, Registers& r)
{
    const std::uint8_t to = general(d.operands[0]);
    const std::uint8_t from = general(d.operands[1]);
    if (to != kNoRegister && from != kNoRegister) {
        const Kind kind = r.values[from].kind;
        if (kind == Kind::Stack || kind == Kind::Number || (to == kRsp) > (kind == Kind::Frame)) {
            return refuse("a stub makes something else its stack, or the stack something else");
        }
        r.values[to] = r.values[from];
        return true;
    }
    if (d.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER && d.operands[0].reg.value == ZYDIS_REGISTER_ESI) {
        const bool number =
            d.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER && d.operands[1].reg.value == ZYDIS_REGISTER_R11D;
        r.values[kRsi] = r.values[kR11];
        return number || refuse("a stub hands on something else than the number that it was given");
    }
    const auto place = place_of(d.operands[to == kNoRegister ? 0 : 1]);
    if (!place || r.values[place->base].kind != Kind::Frame) {
        return refuse("a stub uses memory that is not the frame's");
    }
    if (to != kNoRegister) {
        return load(to, place->at, r);
    }
    if (from != kNoRegister) {
        return store(place->at, r.values[from], r);
    }
    const bool zero =
        place->bytes == 1 && d.operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && d.operands[1].imm.value.u == 0;
    r.cleared_sse = r.cleared_sse || place->at == fields_.sse_live;
    r.cleared_avx = r.cleared_avx || place->at == fields_.avx_live;
    return (zero && (place->at == fields_.sse_live || place->at == fields_.avx_live)) ||
           refuse("a stub stores to what is not its own");
}

// Follows what is done to the host's stack. Only whole words are pushed and popped.
bool StubReader::stack(const Decoded& d, Registers& r)
{
    constexpr std::uint64_t kWord = 8;
    const std::uint8_t reg = general(d.operands[0]);
    if (r.values[kRsp].kind != Kind::Stack || reg == kNoRegister) {
        return refuse("a stub uses a stack that is not the host's");
    }
    const bool pushes = d.i.mnemonic == ZYDIS_MNEMONIC_PUSH || d.i.mnemonic == ZYDIS_MNEMONIC_SUB;
    const bool moves = d.i.mnemonic == ZYDIS_MNEMONIC_ADD || d.i.mnemonic == ZYDIS_MNEMONIC_SUB;
    const bool one = !moves || (reg == kRsp && d.operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
                                d.operands[1].imm.value.u == kWord);
    if (!one || (!moves && reg == kRsp) || (!pushes && r.stack.empty())) {
        return refuse("a stub moves the host's stack pointer in a way that is not allowed");
    }
    if (pushes) {
        r.stack.push_back(moves ? Known{} : r.values[reg]);
        return true;
    }
    if (!moves) {
        r.values[reg] = r.stack.back();
    }
    r.stack.pop_back();
    return true;
}

// Follows loads and stores of vector registers and MXCSR. Each is moved as a whole, and between the host's register and
// the guest's place for it alone.
bool StubReader::vector(const Decoded& d, Registers& r)
{
    if (d.i.mnemonic == ZYDIS_MNEMONIC_VZEROUPPER) {
        r.upper_clear = true;
        return r.avx != Live::Yes || r.ymm_stored == kAll || refuse("a stub loses the guest's registers");
    }
    const auto place = place_of(d.operands[d.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY ? 0
                                           : d.i.operand_count_visible > 2                 ? 2
                                                                                           : 1]);
    const auto control = place_of(d.operands[0]);
    const bool mxcsr = d.i.mnemonic == ZYDIS_MNEMONIC_LDMXCSR || d.i.mnemonic == ZYDIS_MNEMONIC_STMXCSR;
    const auto& used = mxcsr ? control : place;
    if (!used || used->base != kRsp || r.values[kRsp].kind != Kind::Frame) {
        return refuse("a stub uses memory that is not the frame's");
    }
    if (d.i.mnemonic == ZYDIS_MNEMONIC_STMXCSR) {
        r.mxcsr_stored = true;
        return (used->at == fields_.mxcsr && r.sse == Live::Yes && !r.host_mxcsr) ||
               refuse("a stub stores something else than the guest's MXCSR");
    }
    if (mxcsr) {
        r.host_mxcsr = used->at == fields_.host_mxcsr;
        return r.host_mxcsr || (used->at == fields_.mxcsr && r.sse == Live::Yes) ||
               refuse("a stub loads an MXCSR that is nobody's");
    }
    const bool high = d.i.mnemonic != ZYDIS_MNEMONIC_MOVUPS;
    const bool stores = d.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
    const std::uint8_t reg =
        vector_register(d.operands[stores ? 1 : 0], high ? ZYDIS_REGCLASS_YMM : ZYDIS_REGCLASS_XMM);
    const bool whole = !high || (d.operands[stores ? 2 : 3].imm.value.u == 1 && // 1 chooses the upper half
                                 (stores || vector_register(d.operands[1], ZYDIS_REGCLASS_YMM) == reg));
    const bool own = reg != kNoRegister && (high ? fields_.ymm_high : fields_.xmm)[reg] == used->at;
    if (!whole || !own || (high ? r.avx : r.sse) != Live::Yes) {
        return refuse("a stub moves a vector register elsewhere than to its own place");
    }
    r.upper_clear = r.upper_clear && (!high || stores);
    (high ? stores ? r.ymm_stored : r.ymm_loaded : stores ? r.xmm_stored : r.xmm_loaded) |= 1u << reg;
    return true;
}

// Follows the comparisons in front of conditional jumps, and the loading of the guest's flags by way of RAX.
bool StubReader::flags(const Decoded& d, Registers& r)
{
    constexpr std::uint64_t kOverflows = 0x7f;
    const ZydisDecodedOperand& to = d.operands[0];
    const ZydisDecodedOperand& from = d.operands[1];
    if (d.i.mnemonic == ZYDIS_MNEMONIC_CMP || d.i.mnemonic == ZYDIS_MNEMONIC_TEST) {
        r.flags = 0;
    }
    switch (d.i.mnemonic) {
    case ZYDIS_MNEMONIC_CMP: {
        const auto place = place_of(to);
        const bool zero = from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && from.imm.value.u == 0;
        if (!place || place->base != kRsp || r.values[kRsp].kind != Kind::Frame || place->bytes != 1 || !zero) {
            break;
        }
        r.compared = place->at == fields_.sse_live   ? &fields_.sse_live
                     : place->at == fields_.avx_live ? &fields_.avx_live
                                                     : nullptr;
        return r.compared != nullptr || refuse("a stub compares what it may not");
    }
    case ZYDIS_MNEMONIC_TEST:
        r.tested = general(to) != kNoRegister && general(to) == general(from) ? r.values[general(to)] : Known{};
        return r.tested.kind == Kind::Result || refuse("a stub compares what it may not");
    case ZYDIS_MNEMONIC_MOVZX: {
        const auto place = place_of(from);
        r.values[kRax] = {};
        r.flags = 1;
        return (to.reg.value == ZYDIS_REGISTER_EAX && place && place->base == kRsp &&
                r.values[kRsp].kind == Kind::Frame && place->bytes == 2 && place->at == fields_.flags) ||
               refuse("a stub loads what it may not");
    }
    case ZYDIS_MNEMONIC_ADD:
        r.values[kRax] = {};
        r.flags = r.flags == 1 ? 2 : 0;
        return (to.type == ZYDIS_OPERAND_TYPE_REGISTER && to.reg.value == ZYDIS_REGISTER_AL &&
                from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && from.imm.value.u == kOverflows) ||
               refuse("a stub makes other flags");
    default: // this is SAHF
        r.flags = r.flags == 2 ? 3 : 0;
        return true;
    }
    return refuse("a stub compares what it may not");
}

StubReader::Next StubReader::branch(const Decoded& d, std::uint32_t offset, Registers& r)
{
    const std::int64_t target = std::int64_t{offset} + d.i.length + d.operands[0].imm.value.s;
    if (d.operands[0].imm.value.s < 0 || target >= static_cast<std::int64_t>(stubs_.code.size())) {
        static_cast<void>(refuse("a stub jumps backwards, or out of the stubs"));
        return Next::Failed;
    }
    Registers taken = r;
    if (r.compared == &fields_.sse_live) {
        taken.sse = taken.avx = Live::No; // the upper halves are never the guest's unless the lower ones are
        taken.host_mxcsr = true;
        r.sse = Live::Yes;
    } else if (r.compared == &fields_.avx_live) {
        taken.avx = Live::No;
        r.avx = Live::Yes;
    } else if (r.tested.kind == Kind::Result) {
        taken.values[kRax] = {};
        taken.stopped = true;
    } else {
        static_cast<void>(refuse("the ways of a stub part for no reason"));
        return Next::Failed;
    }
    r.compared = nullptr;
    r.tested = {};
    return follow(static_cast<std::uint32_t>(target), std::move(taken)) ? Next::On : Next::Failed;
}

StubReader::Next StubReader::jump(const Decoded& d, std::uint32_t offset, Registers& r)
{
    const auto place = place_of(d.operands[0]);
    violation_.offset = offset;
    if (!place || place->base != kRsp || place->at != fields_.target || r.values[kRsp].kind != Kind::Frame) {
        static_cast<void>(refuse("a stub jumps elsewhere than to its target"));
        return Next::Failed;
    }
    return goes_to_guest(r) ? Next::End : Next::Failed;
}

bool StubReader::goes_to_guest(const Registers& r)
{
    if (!r.target_stored) {
        return refuse("a stub goes on elsewhere than it was told to");
    }
    for (unsigned reg = 0; reg < kRegisters; ++reg) {
        const Known wanted =
            reg == kR14 ? Known{Kind::Window} : Known{Kind::Guest, static_cast<std::uint8_t>(guest_of(reg))};
        if (holds_guest(reg) && r.values[reg] != wanted) {
            return refuse("a stub goes on without one of the guest's registers");
        }
    }
    constexpr std::uint8_t kThere = 3;
    if (r.called && (r.flags != kThere || r.values[kR10].kind != Kind::Kept)) {
        return refuse("a stub goes on without the guest's flags, or without what was kept");
    }
    const bool vectors = r.sse == Live::No || (r.sse == Live::Yes && r.xmm_loaded == kAll && !r.host_mxcsr);
    const bool upper = r.avx == Live::No || (r.avx == Live::Yes && r.ymm_loaded == kAll);
    return (vectors && upper) || refuse("a stub goes on without the guest's vector registers");
}

// Checks the vector state where a stub returns to C++ or calls it.
bool StubReader::goes_to_host(const Registers& r)
{
    const bool vectors = r.sse == Live::No || r.host_mxcsr;
    const bool upper = r.avx == Live::No || r.upper_clear;
    return (vectors && upper) || refuse("C++ is left with the guest's vector state");
}

bool StubReader::has_stored(const Registers& r) const
{
    Mask wanted = 0;
    for (unsigned reg = 0; reg < kRegisters; ++reg) {
        wanted |= holds_guest(reg) && !(reg == kR14 && stubs_.windowed) ? 1u << guest_of(reg) : 0;
    }
    return r.stored == wanted && r.rip_stored && (r.sse != Live::Yes || (r.xmm_stored == kAll && r.mxcsr_stored)) &&
           (r.avx != Live::Yes || r.ymm_stored == kAll);
}

bool StubReader::call(const Decoded& d, Registers& r)
{
    const auto place = place_of(d.operands[0]);
    if (!place || r.values[place->base].kind != Kind::Frame || place->base == kRsp || place->at != fields_.helper ||
        std::ranges::find(kPreserved, place->base) == kPreserved.end()) {
        return refuse("a stub calls something else than its helper");
    }
    if (!has_stored(r)) {
        return refuse("C++ is called while registers of the guest are not stored");
    }
    // The stack is aligned if its depth is odd, because the return address is one word more.
    const bool ready = r.values[kRdi].kind == Kind::Self && r.values[kRsi].kind == Kind::Number &&
                       r.values[kRsp].kind == Kind::Stack && r.stack.size() % 2 == 1;
    if (!ready || !goes_to_host(r)) {
        return ready ? false : refuse("C++ is called with other arguments, or a stack that is not aligned");
    }
    Registers after;
    // C++ preserves these registers, but those that hold the guest's are out of date if it has changed them in memory.
    for (const std::uint8_t reg : kPreserved) {
        after.values[reg] = r.values[reg].kind == Kind::Frame ? r.values[reg] : Known{};
    }
    after.called = true;
    after.values[kRsp] = r.values[kRsp];
    after.values[kRax] = {Kind::Result};
    after.stack = r.stack;
    after.host_mxcsr = true;
    after.upper_clear = true;
    r = std::move(after);
    return true;
}

bool StubReader::returns(const Registers& r)
{
    if (r.values[kRsp].kind != Kind::Stack || !r.stack.empty()) {
        return refuse("a stub returns elsewhere than to who has called");
    }
    const auto kept = [&](std::uint8_t reg) { return r.values[reg] == Known{Kind::Host, reg}; };
    if (!std::ranges::all_of(kPreserved, kept)) {
        return refuse("a stub returns with other registers than the host's");
    }
    if (r.owes && !has_stored(r)) {
        return refuse("a stub returns while registers of the guest are not stored");
    }
    if (r.called && !r.stopped) {
        return refuse("a stub returns though C++ has said where to go on");
    }
    if (!r.cleared_sse || !r.cleared_avx) {
        return refuse("a stub returns while it is said that vector registers are the guest's");
    }
    return goes_to_host(r);
}

} // namespace windsor::translate::verify
