// SPDX-License-Identifier: GPL-2.0-or-later
// The machine of the conformance programs, and a test of itself.
#include "conformance/guest.hpp"

#include "x86/paging.hpp"

#include <fmt/format.h>

#include <gtest/gtest.h>

namespace windsor::conformance {

using x86::Seg;
namespace fl = x86::rflags;

std::uint64_t Raw::descriptor() const
{
    const bool pages = limit > 0xfffff;
    const std::uint32_t units = pages ? limit >> 12 : limit;
    const x86::Attributes attributes{.type = type, .s = s, .dpl = dpl, .p = p, .l = l, .db = db && !l, .g = pages};
    const std::uint64_t high =
        (base & 0xff000000u) | (units & 0xf0000u) | (std::uint64_t{attributes.word()} << 8) | ((base >> 16) & 0xff);
    return (high << 32) | ((base & 0xffffu) << 16) | (units & 0xffffu);
}

std::uint64_t gate(std::uint16_t selector, std::uint32_t offset, std::uint8_t type, std::uint8_t dpl,
                   std::uint8_t parameters)
{
    const std::uint64_t high =
        (offset & 0xffff0000u) | 0x8000u | (std::uint32_t{dpl} << 13) | (std::uint32_t{type} << 8) | parameters;
    return (high << 32) | (std::uint32_t{selector} << 16) | (offset & 0xffffu);
}

namespace {

Bytes assemble(asmjit::Arch arch, std::uint64_t address, const Writer& write)
{
    asmjit::CodeHolder code;
    code.init(asmjit::Environment{arch}, address);
    asmjit::x86::Assembler assembler{&code};
    write(assembler);
    code.flatten();
    code.resolveUnresolvedLinks();
    code.relocateToBase(address);
    Bytes bytes(code.codeSize());
    EXPECT_EQ(code.copyFlattenedData(bytes.data(), bytes.size()), asmjit::kErrorOk);
    return bytes;
}

} // namespace

Bytes assemble32(std::uint64_t address, const Writer& write)
{
    return assemble(asmjit::Arch::kX86, address, write);
}

Bytes assemble64(std::uint64_t address, const Writer& write)
{
    return assemble(asmjit::Arch::kX64, address, write);
}

vcpu::CpuModel model_with_avx()
{
    constexpr unsigned kEbx = 1, kEcx = 2;
    vcpu::CpuModel model = vcpu::CpuModel::standard();
    for (const unsigned bit : {12u, 28u, 29u}) {
        model.override_bit(1, 0, kEcx, bit, true);
    }
    model.override_bit(7, 0, kEbx, 5, true);
    return model;
}

std::string excuse(const EngineKind& kind)
{
    if (!kind.excuse) {
        return {};
    }
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    const std::string_view suite = test.test_suite_name(); // Engines/Suite
    const std::string_view name = test.name();             // Name/kvm
    return kind.excuse(fmt::format("{}.{}", suite.substr(suite.find('/') + 1), name.substr(0, name.find('/'))));
}

Guest::Guest(const EngineKind& kind, vcpu::CpuModel model) : Guest{kind, std::move(model), std::make_shared<Ram>()} {}

Guest::Guest(const EngineKind& kind, const Guest& beside) : Guest{kind, beside.model_, beside.ram_} {}

Guest::Guest(const EngineKind& kind, vcpu::CpuModel model, std::shared_ptr<Ram> ram)
    : ram_{std::move(ram)}, model_{std::move(model)}
{
    if (ram_->block == nullptr) {
        ram_->block = std::move(memory::Block::create(kRam, memory::Sharing::Shared).value());
        ram_->memory.map({.size = kRam, .block = ram_->block.get()});
    }
    state_ = vcpu::reset_state(model_.signature());
    engine_ = kind.make({.memory = ram_->memory, .io = *this, .model = model_, .clock = clock_, .signals = signals_});
}

Guest::~Guest() = default;

void Guest::put(std::uint64_t address, const Bytes& bytes)
{
    ASSERT_TRUE(ram_->memory.write(base::GuestPhysical{address}, bytes));
    ram_->memory.written(base::GuestPhysical{address});
}

// --- States ---

void Guest::make_real()
{
    for (unsigned vector = 0; vector < 256; ++vector) {
        put(kRealHandlers + vector * kHandlerSize, {0xf4});
        poke(vector * 4u, std::uint32_t{kRealHandlers + vector * kHandlerSize});
    }
    state_ = vcpu::reset_state(model_.signature());
    const auto set = [this](Seg seg, std::uint16_t selector) {
        state_.segment(seg).selector = selector;
        state_.segment(seg).base = std::uint64_t{selector} << 4;
    };
    set(Seg::Cs, 0x1000);
    set(Seg::Ds, 0x2000);
    set(Seg::Es, 0x2000);
    set(Seg::Ss, 0x2000);
    state_.idtr.limit = 0x3ff;
    state_.gpr[x86::kRsp] = 0xfffc;
    state_.rip = 0;
}

void Guest::fill_gdt()
{
    set_gdt(0, 0);
    set_gdt(kCode0, Raw{.type = kTypeCode}.descriptor());
    set_gdt(kData0, Raw{.type = kTypeData}.descriptor());
    set_gdt(kCode3, Raw{.type = kTypeCode, .dpl = 3}.descriptor());
    set_gdt(kData3, Raw{.type = kTypeData, .dpl = 3}.descriptor());
    set_gdt(kTssSelector, Raw{.base = kTss, .limit = 0x187, .type = 11, .s = false, .db = false}.descriptor());
    set_gdt(kTssSelector + 8, 0);
    set_gdt(kLong0, Raw{.type = kTypeCode, .l = true}.descriptor());
    set_gdt(kLong3, Raw{.type = kTypeCode, .dpl = 3, .l = true}.descriptor());
    for (std::uint16_t selector = kFree; selector < 0x100; selector = static_cast<std::uint16_t>(selector + 8)) {
        set_gdt(selector, 0);
    }
    state_.gdtr = {.base = kGdt, .limit = 0xff};
}

void Guest::fill_idt()
{
    for (unsigned vector = 0; vector < 256; ++vector) {
        put(kHandlers + vector * kHandlerSize, {0xf4});
        const std::uint8_t dpl = vector == 3 || vector == 4 || vector == 0x80 ? 3 : 0;
        if ((state_.efer & x86::efer::kLma) != 0) {
            poke(kIdt + vector * 16u, gate(kLong0, kHandlers + vector * kHandlerSize, kInterruptGate, dpl));
            poke(kIdt + vector * 16u + 8, std::uint64_t{0});
        } else {
            set_idt(vector, gate(kCode0, kHandlers + vector * kHandlerSize, kInterruptGate, dpl));
        }
    }
    state_.idtr = {.base = kIdt, .limit = 0xfff};
}

void Guest::fill_tss()
{
    poke(kTss + 4, kStack);
    poke(kTss + 8, std::uint32_t{kData0});
    poke(kTss + 0x66, std::uint16_t{0x68 + 32}); // the I/O map, behind the redirection bitmap
    state_.tr = from_gdt(kTssSelector);
    state_.ldtr = {.unusable = true};
}

x86::Segment Guest::from_gdt(std::uint16_t selector) const
{
    const x86::Descriptor descriptor{peek<std::uint64_t>(kGdt + (selector & 0xfff8u))};
    return {.selector = selector,
            .base = descriptor.base(),
            .limit = descriptor.limit(),
            .attributes = descriptor.attributes()};
}

void Guest::enter(std::uint16_t cs, std::uint16_t ss, std::uint64_t rip, std::uint64_t rsp)
{
    state_.segment(Seg::Cs) = from_gdt(cs);
    for (const Seg seg : {Seg::Ss, Seg::Ds, Seg::Es, Seg::Fs, Seg::Gs}) {
        state_.segment(seg) = from_gdt(ss);
    }
    state_.rip = rip;
    state_.gpr[x86::kRsp] = rsp;
}

void Guest::make_protected()
{
    state_ = vcpu::reset_state(model_.signature());
    state_.cr0 = x86::cr0::kPe | x86::cr0::kEt | x86::cr0::kNe;
    fill_gdt();
    fill_idt();
    fill_tss();
    enter(kCode0, kData0, kCode, kStack);
}

void Guest::make_user()
{
    make_protected();
    enter(kCode3, kData3, kUserCode, kUserStack);
}

void Guest::make_v86(unsigned iopl)
{
    make_protected();
    state_.rflags |= fl::kVm | (std::uint64_t{iopl} << fl::kIoplShift);
    const auto set = [this](Seg seg, std::uint16_t selector, std::uint8_t type) {
        state_.segment(seg) = {.selector = selector,
                               .base = std::uint64_t{selector} << 4,
                               .limit = 0xffff,
                               .attributes = {.type = type, .s = true, .dpl = 3, .p = true}};
    };
    set(Seg::Cs, kUserCode >> 4, kTypeCode);
    set(Seg::Ds, kData >> 4, kTypeData);
    set(Seg::Es, kData >> 4, kTypeData);
    set(Seg::Fs, 0x1111, kTypeData);
    set(Seg::Gs, 0x2222, kTypeData);
    set(Seg::Ss, 0x3000, kTypeData);
    state_.rip = 0;
    state_.gpr[x86::kRsp] = 0xfffc;
    for (unsigned vector = 0; vector < 256; ++vector) {
        put(kRealHandlers + vector * kHandlerSize, {0x0f, 0x0b}); // a HLT would fault here; UD2 names itself
        poke(vector * 4u, std::uint32_t{kRealHandlers + vector * kHandlerSize});
    }
}

namespace {

constexpr std::uint64_t kEntry = x86::pte::kP | x86::pte::kRw | x86::pte::kUs;

} // namespace

void Guest::enable_two_level()
{
    constexpr std::uint32_t kPageTables = kTables + 0x1000;
    for (std::uint32_t table = 0; table < kRam >> 22; ++table) {
        poke(kTables + table * 4, static_cast<std::uint32_t>((kPageTables + table * 0x1000) | kEntry));
    }
    for (std::uint32_t page = 0; page < kRam >> 12; ++page) {
        poke(kPageTables + page * 4, static_cast<std::uint32_t>((page << 12) | kEntry));
    }
    state_.cr3 = kTables;
    state_.cr0 |= x86::cr0::kPg;
}

void Guest::enable_pae()
{
    constexpr std::uint32_t kDirectory = kTables + 0x1000;
    constexpr std::uint32_t kPageTables = kTables + 0x2000;
    poke(kTables, std::uint64_t{kDirectory | 1});
    for (std::uint32_t i = 1; i < 4; ++i) {
        poke(kTables + i * 8, std::uint64_t{0});
    }
    for (std::uint32_t table = 0; table < kRam >> 21; ++table) {
        poke(kDirectory + table * 8, std::uint64_t{(kPageTables + table * 0x1000) | kEntry});
    }
    for (std::uint32_t page = 0; page < kRam >> 12; ++page) {
        poke(kPageTables + page * 8, std::uint64_t{(page << 12) | kEntry});
    }
    state_.cr3 = kTables;
    state_.pdptes = {kDirectory | 1, 0, 0, 0};
    state_.cr4 |= x86::cr4::kPae;
    state_.efer |= x86::efer::kNxe;
    state_.cr0 |= x86::cr0::kPg;
}

std::uint64_t Guest::entry_address(std::uint64_t linear) const
{
    const std::uint64_t page = linear >> 12;
    if ((state_.cr4 & x86::cr4::kPae) == 0) {
        return kTables + 0x1000 + page * 4;
    }
    return kTables + ((state_.efer & x86::efer::kLma) != 0 ? 0x3000 : 0x2000) + page * 8;
}

void Guest::make_long()
{
    state_ = vcpu::reset_state(model_.signature());
    constexpr std::uint32_t kPdpt = kTables + 0x1000;
    constexpr std::uint32_t kDirectory = kTables + 0x2000;
    constexpr std::uint32_t kPageTables = kTables + 0x3000;
    poke(kTables, std::uint64_t{kPdpt | kEntry});
    poke(kPdpt, std::uint64_t{kDirectory | kEntry});
    for (std::uint32_t table = 0; table < kRam >> 21; ++table) {
        poke(kDirectory + table * 8, std::uint64_t{(kPageTables + table * 0x1000) | kEntry});
    }
    for (std::uint32_t page = 0; page < kRam >> 12; ++page) {
        poke(kPageTables + page * 8, std::uint64_t{(page << 12) | kEntry});
    }
    state_.cr0 = x86::cr0::kPe | x86::cr0::kEt | x86::cr0::kNe | x86::cr0::kPg;
    state_.cr3 = kTables;
    state_.cr4 = x86::cr4::kPae;
    state_.efer = x86::efer::kLme | x86::efer::kLma | x86::efer::kNxe | x86::efer::kSce;
    fill_gdt();
    fill_idt();
    poke(kTss + 4, std::uint64_t{kStack});
    poke(kTss + 0x24, std::uint64_t{kIstStack}); // IST1
    poke(kTss + 0x66, std::uint16_t{0x68});
    state_.tr = from_gdt(kTssSelector);
    state_.ldtr = {.unusable = true};
    enter(kLong0, kData0, kCode, kStack);
}

void Guest::make_long_user()
{
    make_long();
    enter(kLong3, kData3, kUserCode, kUserStack);
}

void Guest::make_compatibility()
{
    make_long();
    enter(kCode3, kData3, kUserCode, kUserStack);
}

// --- Running ---

vcpu::HaltReason Guest::run()
{
    state_.activity = vcpu::Activity::Running;
    engine_->set_state(state_);
    const vcpu::HaltReason reason = engine_->run();
    state_ = engine_->state();
    EXPECT_NE(reason, vcpu::HaltReason::Failed) << engine_->failure();
    return reason;
}

void Guest::run_to_end(const Writer& write)
{
    code64(kCode, [&](asmjit::x86::Assembler& a) {
        write(a);
        a.hlt();
    });
    ASSERT_EQ(run(), vcpu::HaltReason::Halted);
    ASSERT_LT(state_.rip - kCode, 64u) << "a fault";
}

unsigned Guest::run_to_fault(const Writer& write)
{
    code64(kCode, write);
    return run_to_handler().vector;
}

Frame Guest::run_to_handler()
{
    const vcpu::HaltReason reason = run();
    EXPECT_EQ(reason, vcpu::HaltReason::Halted);
    const bool long_mode = (state_.efer & x86::efer::kLma) != 0;
    const std::uint64_t offset = state_.rip - 1 - kHandlers;
    if (reason != vcpu::HaltReason::Halted || offset >= 256 * kHandlerSize || offset % kHandlerSize != 0) {
        ADD_FAILURE() << "halted at " << std::hex << state_.rip << ", which is no handler";
        return {};
    }
    Frame frame;
    frame.vector = static_cast<unsigned>(offset / kHandlerSize);
    std::uint64_t at = state_.gpr[x86::kRsp] + state_.segment(Seg::Ss).base;
    const auto next = [&] {
        const std::uint64_t value = long_mode ? peek<std::uint64_t>(at) : peek<std::uint32_t>(at);
        at += long_mode ? 8 : 4;
        return value;
    };
    if (frame.vector < 32 && x86::has_error_code(static_cast<x86::Exception>(frame.vector))) {
        frame.error_code = static_cast<std::uint32_t>(next());
    }
    frame.rip = next();
    frame.cs = static_cast<std::uint16_t>(next());
    frame.flags = next();
    frame.rsp = next();
    frame.ss = static_cast<std::uint16_t>(next());
    return frame;
}

// --- The outside ---

void Guest::request(std::uint8_t vector)
{
    interrupts.push_back(vector);
    engine_->signals().raise(vcpu::Signal::Interrupt);
}

std::uint32_t Guest::port_read(base::Port port, unsigned)
{
    const auto found = ports.find(port.raw());
    return found == ports.end() ? 0xffff'ffff : found->second;
}

void Guest::port_write(base::Port port, unsigned, std::uint32_t value)
{
    ports[port.raw()] = value;
    if (on_port) {
        on_port(port.raw());
    }
}

std::optional<base::Vector> Guest::acknowledge_interrupt()
{
    if (interrupts.empty()) {
        return std::nullopt;
    }
    const base::Vector vector{interrupts.front()};
    interrupts.pop_front();
    if (interrupts.empty()) {
        engine_->signals().lower(vcpu::Signal::Interrupt);
    }
    return vector;
}

std::optional<std::uint64_t> Guest::read_msr(std::uint32_t number)
{
    if (on_msr) {
        on_msr();
    }
    return number == 0x1b ? std::optional<std::uint64_t>{apic_base} : std::nullopt;
}

// As a board does it: FERR# becomes an interrupt.
bool Guest::raise_numeric_error()
{
    if (!ferr && !ignne) {
        request(kNumericError);
    }
    ferr = true;
    return ignne;
}

bool Guest::write_msr(std::uint32_t number, std::uint64_t)
{
    return number == 0x1b;
}

namespace {

WINDSOR_CONFORMANCE(Machine);

TEST_P(Machine, RunsInEveryMode)
{
    guest.make_real();
    guest.put(kCode, {0xb8, 0x34, 0x12, 0xf4}); // mov ax, 1234h; hlt
    EXPECT_EQ(guest.run(), vcpu::HaltReason::Halted);
    EXPECT_EQ(guest.reg(x86::kRax), 0x1234u);

    guest.make_protected();
    guest.code32(kCode, [](asmjit::x86::Assembler& a) {
        a.mov(asmjit::x86::eax, 0x12345678);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), vcpu::HaltReason::Halted);
    EXPECT_EQ(guest.reg(x86::kRax), 0x12345678u);

    guest.make_long();
    guest.code64(kCode, [](asmjit::x86::Assembler& a) {
        a.mov(asmjit::x86::rax, 0x1122334455667788);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), vcpu::HaltReason::Halted);
    EXPECT_EQ(guest.reg(x86::kRax), 0x1122334455667788u);
}

} // namespace

} // namespace windsor::conformance
