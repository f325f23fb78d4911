// SPDX-License-Identifier: GPL-2.0-or-later
// A machine for tests of an engine: some memory, a recording CpuIo, and states to start from.
#pragma once

#include "conformance/engine_kind.hpp"
#include "x86/paging.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <asmjit/x86.h>

namespace windsor::conformance {

// Where things lie in guest-physical memory, all identity-mapped.
constexpr std::uint64_t kGdt = 0x1000;
constexpr std::uint64_t kIdt = 0x2000;
constexpr std::uint64_t kHandlers = 0x4000; // one HLT every 4 bytes, one a vector
constexpr std::uint64_t kTables = 0x10000;  // page tables: PML4 or directory first
constexpr std::uint64_t kCode = 0x20000;
constexpr std::uint64_t kData = 0x30000;
constexpr std::uint64_t kStack = 0x80000;
constexpr std::uint64_t kRam = 0x400000;
constexpr std::uint64_t kMmio = 0xe0000000;

class FakeIo final : public vcpu::CpuIo {
public:
    std::uint32_t port_read(base::Port port, unsigned size) override { return on_port_read(port.raw(), size); }
    void port_write(base::Port port, unsigned size, std::uint32_t value) override
    {
        on_port_write(port.raw(), size, value);
    }
    void port_read_run(base::Port port, unsigned size, std::span<std::uint8_t> data) override
    {
        ++runs;
        CpuIo::port_read_run(port, size, data);
    }
    void port_write_run(base::Port port, unsigned size, std::span<const std::uint8_t> data) override
    {
        ++runs;
        CpuIo::port_write_run(port, size, data);
    }
    std::uint64_t mmio_read(base::GuestPhysical address, unsigned size) override
    {
        mmio.push_back({address.raw(), size, false});
        on_mmio();
        return 0x1122334455667788;
    }
    void mmio_write(base::GuestPhysical address, unsigned size, std::uint64_t value) override
    {
        mmio.push_back({address.raw(), size, true});
        written.push_back(value);
        on_mmio();
    }
    std::optional<base::Vector> acknowledge_interrupt() override { return std::exchange(interrupt, std::nullopt); }
    std::uint8_t task_priority() override { return 0; }
    void set_task_priority(std::uint8_t) override {}
    std::optional<std::uint64_t> read_msr(std::uint32_t) override { return std::nullopt; }
    bool write_msr(std::uint32_t, std::uint64_t) override { return false; }

    struct Access {
        std::uint64_t address;
        unsigned size;
        bool write;
        bool operator==(const Access&) const = default;
    };
    std::function<std::uint32_t(std::uint16_t, unsigned)> on_port_read = [](std::uint16_t, unsigned) { return ~0u; };
    std::function<void(std::uint16_t, unsigned, std::uint32_t)> on_port_write = [](std::uint16_t, unsigned,
                                                                                   std::uint32_t) {};
    std::function<void()> on_mmio = [] {};
    std::optional<base::Vector> interrupt;
    int runs{0}; // of port accesses
    std::vector<Access> mmio;
    std::vector<std::uint64_t> written;
};

// A machine with any engine.
class Machine {
public:
    explicit Machine(const EngineFactory& factory)
        : engine{factory({.memory = memory, .io = io, .model = model, .clock = clock, .signals = signals})}
    {
        memory.map({.start = base::GuestPhysical{0}, .size = kRam, .block = ram.get()});
        reset();
    }

    // Puts memory back as it was at the start, and takes back requests to the processor.
    void reset()
    {
        std::memset(ram->data(), 0, kStack + 0x10000);
        for (unsigned i = 0; i < 256; ++i) {
            ram->data()[kHandlers + 4 * i] = 0xf4;
        }
        for (const auto signal : {vcpu::Signal::Stop, vcpu::Signal::Interrupt, vcpu::Signal::Nmi, vcpu::Signal::Init}) {
            signals.lower(signal);
        }
        engine->set_a20(true);
        io.mmio.clear();
        io.written.clear();
    }

    std::uint8_t* at(std::uint64_t address) { return ram->data() + address; }
    template <typename T> T get(std::uint64_t address)
    {
        T value;
        std::memcpy(&value, at(address), sizeof value);
        return value;
    }
    template <typename T> void put(std::uint64_t address, T value) { std::memcpy(at(address), &value, sizeof value); }
    void code(std::uint64_t address, std::initializer_list<int> bytes) { code(address, std::vector<int>{bytes}); }
    void code(std::uint64_t address, const std::vector<int>& bytes)
    {
        for (const int byte : bytes) {
            const std::array one{static_cast<std::uint8_t>(byte)};
            static_cast<void>(memory.write(base::GuestPhysical{address++}, one));
        }
    }
    // Assembles with AsmJit for 64-bit or 32-bit mode.
    void assemble(std::uint64_t address, bool wide, const std::function<void(asmjit::x86::Assembler&)>& write)
    {
        asmjit::CodeHolder holder;
        holder.init(asmjit::Environment(wide ? asmjit::Arch::kX64 : asmjit::Arch::kX86), address);
        asmjit::x86::Assembler assembler{&holder};
        write(assembler);
        holder.flatten();
        holder.resolveUnresolvedLinks();
        holder.relocateToBase(address);
        holder.copyFlattenedData(at(address), holder.codeSize());
        memory.written(base::GuestPhysical{address});
    }

    // 16-bit real mode, CS base zero, interrupt table at zero leads to the handlers.
    vcpu::CpuState real()
    {
        vcpu::CpuState state = vcpu::reset_state(model.signature());
        state.segment(x86::Seg::Cs).selector = 0;
        state.segment(x86::Seg::Cs).base = 0;
        state.rip = 0x5000;
        state.gpr[x86::kRsp] = 0x8000;
        for (unsigned i = 0; i < 256; ++i) {
            put<std::uint32_t>(4 * i, static_cast<std::uint32_t>(kHandlers + 4 * i));
        }
        return state;
    }
    // 32-bit protected mode, ring 0, flat segments, no paging.
    vcpu::CpuState flat32()
    {
        vcpu::CpuState state = vcpu::reset_state(model.signature());
        put<std::uint64_t>(kGdt + 8, 0x00cf9b000000ffff);
        put<std::uint64_t>(kGdt + 16, 0x00cf93000000ffff);
        for (unsigned i = 0; i < 256; ++i) {
            put<std::uint64_t>(kIdt + 8 * i, (kHandlers + 4 * i) | 0x80000 | 0x8e0000000000);
        }
        set_flat(state, 0xc09b);
        state.cr0 |= x86::cr0::kPe;
        return state;
    }
    // 64-bit mode, ring 0, the first 4 MiB identity-mapped by 4 KiB pages.
    vcpu::CpuState flat64()
    {
        vcpu::CpuState state = vcpu::reset_state(model.signature());
        put<std::uint64_t>(kGdt + 8, 0x00af9b000000ffff);
        put<std::uint64_t>(kGdt + 16, 0x00cf93000000ffff);
        for (unsigned i = 0; i < 256; ++i) {
            put<std::uint64_t>(kIdt + 16 * i, (kHandlers + 4 * i) | 0x80000 | 0x8e0000000000);
            put<std::uint64_t>(kIdt + 16 * i + 8, 0);
        }
        put<std::uint64_t>(kTables, (kTables + 0x1000) | 7);
        put<std::uint64_t>(kTables + 0x1000, (kTables + 0x2000) | 7);
        put<std::uint64_t>(kTables + 0x2000, (kTables + 0x3000) | 7);
        put<std::uint64_t>(kTables + 0x2008, (kTables + 0x4000) | 7);
        for (std::uint64_t page = 0; page < 1024; ++page) {
            put<std::uint64_t>(kTables + 0x3000 + 8 * page, (page << 12) | 7);
        }
        set_flat(state, 0xa09b);
        state.cr3 = kTables;
        state.cr4 = x86::cr4::kPae;
        state.efer = x86::efer::kLme | x86::efer::kLma | x86::efer::kNxe;
        state.cr0 |= x86::cr0::kPe | x86::cr0::kPg | x86::cr0::kWp;
        return state;
    }
    // The entry of the 4 KiB page at `linear` in flat64()'s tables.
    static std::uint64_t pte(std::uint64_t linear) { return kTables + 0x3000 + 8 * (linear >> 12); }

    // Runs from a state until HLT, or until the engine stops for another reason.
    vcpu::HaltReason run(const vcpu::CpuState& state)
    {
        engine->set_state(state);
        return engine->run();
    }
    // Which handler the processor stopped in.
    unsigned vector() const { return static_cast<unsigned>((engine->state().rip - kHandlers) / 4); }

    std::unique_ptr<memory::Block> ram = memory::Block::create(kRam, memory::Sharing::Shared).value();
    memory::GuestMemory memory;
    FakeIo io;
    base::ManualClock clock;
    vcpu::CpuModel model = vcpu::CpuModel::standard();
    vcpu::Signals signals;
    std::unique_ptr<vcpu::Engine> engine;

private:
    static void set_flat(vcpu::CpuState& state, std::uint16_t code_attributes)
    {
        for (x86::Segment& segment : state.segments) {
            segment = {
                .selector = 16, .base = 0, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc093)};
        }
        state.segment(x86::Seg::Cs) = {
            .selector = 8, .base = 0, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(code_attributes)};
        state.gdtr = {.base = kGdt, .limit = 0xff};
        state.idtr = {.base = kIdt, .limit = 0xfff};
        state.rip = kCode;
        state.gpr[x86::kRsp] = kStack;
    }
};

} // namespace windsor::conformance
