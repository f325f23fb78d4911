// SPDX-License-Identifier: GPL-2.0-or-later
// A small machine for conformance programs: RAM, descriptor tables, handlers that halt, and any engine.
#pragma once

#include "base/clock.hpp"
#include "conformance/engine_kind.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/cpu_model.hpp"
#include "vcpu/engine.hpp"
#include "x86/exception.hpp"

#include <asmjit/x86.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace windsor::conformance {

// --- Where things lie in guest memory; linear and physical addresses are equal unless a test maps otherwise ---
constexpr std::uint32_t kGdt = 0x1000;
constexpr std::uint32_t kIdt = 0x2000;
constexpr std::uint32_t kTss = 0x3000;
constexpr std::uint32_t kOtherTss = 0x3800;
constexpr std::uint32_t kLdt = 0x5000;
constexpr std::uint32_t kHandlers = 0x8000; // kHandlerSize bytes a vector, each a HLT
constexpr std::uint32_t kHandlerSize = 4;
constexpr std::uint32_t kCode = 0x10000;
constexpr std::uint32_t kUserCode = 0x18000;
constexpr std::uint32_t kData = 0x20000;
constexpr std::uint32_t kStack = 0x30000;     // tops
constexpr std::uint32_t kUserStack = 0x40000;
constexpr std::uint32_t kIstStack = 0x48000;
constexpr std::uint32_t kTables = 0x50000;    // page tables
constexpr std::uint32_t kRealHandlers = 0x7000; // kHandlerSize bytes a vector, each a HLT
constexpr std::uint64_t kRam = 16 << 20;
constexpr std::uint8_t kNumericError = 0x75; // the interrupt that FERR# requests

// --- Selectors of the GDT as make_protected() and make_long() fill it ---
constexpr std::uint16_t kCode0 = 0x08;
constexpr std::uint16_t kData0 = 0x10;
constexpr std::uint16_t kCode3 = 0x1b;
constexpr std::uint16_t kData3 = 0x23;
constexpr std::uint16_t kTssSelector = 0x28; // two slots in long mode
constexpr std::uint16_t kLong0 = 0x38;
constexpr std::uint16_t kLong3 = 0x43;
constexpr std::uint16_t kFree = 0x50;        // from here on the tests' own

struct Raw {
    std::uint32_t base{0};
    std::uint32_t limit{0xffff'ffff}; // in bytes
    std::uint8_t type{0};
    bool s{true};
    std::uint8_t dpl{0};
    bool p{true};
    bool l{false};
    bool db{true};

    std::uint64_t descriptor() const;
};
std::uint64_t gate(std::uint16_t selector, std::uint32_t offset, std::uint8_t type, std::uint8_t dpl,
                   std::uint8_t parameters = 0);

constexpr std::uint8_t kTypeData = 3;       // writable, accessed
constexpr std::uint8_t kTypeDownData = 7;   // expand-down
constexpr std::uint8_t kTypeReadOnly = 1;
constexpr std::uint8_t kTypeCode = 11;      // readable
constexpr std::uint8_t kTypeConforming = 15;
constexpr std::uint8_t kInterruptGate = 14;
constexpr std::uint8_t kTrapGate = 15;
constexpr std::uint8_t kCallGate = 12;
constexpr std::uint8_t kTaskGate = 5;

using Bytes = std::vector<std::uint8_t>;
using Writer = std::function<void(asmjit::x86::Assembler& a)>;

Bytes assemble32(std::uint64_t address, const Writer& write);
Bytes assemble64(std::uint64_t address, const Writer& write);

// The standard model with AVX, AVX2, FMA and F16C in its CPUID, whatever the host has.
vcpu::CpuModel model_with_avx();

// The frame of the handler that has halted, as it lies on its stack.
struct Frame {
    unsigned vector{0};
    std::optional<std::uint32_t> error_code;
    std::uint64_t rip{0};
    std::uint16_t cs{0};
    std::uint64_t flags{0};
    // These are there if the program ran at an outer level, and in long mode always.
    std::uint64_t rsp{0};
    std::uint16_t ss{0};
};

class Guest final : public vcpu::CpuIo {
public:
    explicit Guest(const EngineKind& kind, vcpu::CpuModel model = vcpu::CpuModel::standard());
    // Another processor on the same memory.
    Guest(const EngineKind& kind, const Guest& beside);
    ~Guest() override;

    // --- Memory ---
    void put(std::uint64_t address, const Bytes& bytes);
    template <typename T> void poke(std::uint64_t address, T value)
    {
        Bytes bytes(sizeof value);
        std::memcpy(bytes.data(), &value, sizeof value);
        put(address, bytes);
    }
    template <typename T> T peek(std::uint64_t address) const
    {
        T value{};
        std::memcpy(&value, ram_->block->data() + address, sizeof value);
        return value;
    }
    void code32(std::uint64_t address, const Writer& write) { put(address, assemble32(address, write)); }
    void code64(std::uint64_t address, const Writer& write) { put(address, assemble64(address, write)); }
    void set_gdt(std::uint16_t selector, std::uint64_t descriptor) { poke(kGdt + (selector & 0xfff8u), descriptor); }
    void set_idt(unsigned vector, std::uint64_t descriptor) { poke(kIdt + vector * 8u, descriptor); }

    // --- Ready-made states ---
    // Real mode: CS:IP 1000:0000, DS = ES = 2000h, SS:SP 2000:FFFC, every vector to a HLT.
    void make_real();
    // Flat 32-bit protected mode at ring 0 and kCode; interrupt gates to HLTs, a TSS with SS0:ESP0 at kStack.
    void make_protected();
    // The same at ring 3 and kUserCode.
    void make_user();
    // V86 mode at 1800:0000 with SS:SP 3000:FFFC, DS = ES = 2000h. `iopl` of RFLAGS.
    void make_v86(unsigned iopl);
    // 64-bit mode at ring 0 and kCode, with 4-level tables that map kRam one to one for everyone.
    void make_long();
    void make_long_user();
    // Compatibility mode at ring 3 and kUserCode.
    void make_compatibility();
    // Legacy paging as `identity_*` builds it. Each maps kRam one to one with user pages of 4 KiB.
    void enable_two_level();
    void enable_pae();
    // Where the last-level entry of a linear address lies, for the tables in use.
    std::uint64_t entry_address(std::uint64_t linear) const;

    // --- Running ---
    vcpu::CpuState& s() { return state_; }
    const vcpu::CpuState& s() const { return state_; }
    // Runs from s() until HLT, shutdown or a stop; s() is then the result.
    vcpu::HaltReason run();
    // The same for a program that has to end in a handler's HLT.
    Frame run_to_handler();
    // Run 64-bit code at kCode, which has to come to its end, or to a fault, whose vector is given.
    void run_to_end(const Writer& write);
    unsigned run_to_fault(const Writer& write);
    std::uint64_t& reg(x86::Gpr gpr) { return state_.gpr[gpr]; }
    vcpu::Engine& engine() { return *engine_; }
    base::ManualClock& clock() { return clock_; }
    memory::GuestMemory& memory() { return ram_->memory; }
    memory::Block& ram() { return *ram_->block; }

    // --- What the program sees of the outside ---
    std::map<std::uint16_t, std::uint32_t> ports;     // last value written
    std::deque<std::uint8_t> interrupts;              // acknowledged in order; the line is high while any is left
    std::uint8_t priority{0};
    std::function<void(std::uint16_t port)> on_port;  // called at every port write
    std::uint64_t apic_base{0xfee00900};              // IA32_APIC_BASE
    bool ferr{false}; // FERR#, which the program's x87 exceptions raise with CR0.NE clear
    bool ignne{false};                                // IGNNE#
    std::function<void()> on_msr;                     // at every read of an MSR that lives outside the processor

    // Queues an interrupt and raises the line.
    void request(std::uint8_t vector);

    std::uint32_t port_read(base::Port port, unsigned size) override;
    void port_write(base::Port port, unsigned size, std::uint32_t value) override;
    std::uint64_t mmio_read(base::GuestPhysical, unsigned) override { return ~std::uint64_t{0}; }
    void mmio_write(base::GuestPhysical, unsigned, std::uint64_t) override {}
    std::optional<base::Vector> acknowledge_interrupt() override;
    std::uint8_t task_priority() override { return priority; }
    void set_task_priority(std::uint8_t value) override { priority = value; }
    bool raise_numeric_error() override;
    void clear_numeric_error() override { ferr = false; }
    std::optional<std::uint64_t> read_msr(std::uint32_t number) override;
    bool write_msr(std::uint32_t number, std::uint64_t value) override;

private:
    void fill_gdt();
    void fill_idt();
    void fill_tss();
    x86::Segment from_gdt(std::uint16_t selector) const;
    void enter(std::uint16_t cs, std::uint16_t ss, std::uint64_t rip, std::uint64_t rsp);

    struct Ram {
        memory::GuestMemory memory;
        std::unique_ptr<memory::Block> block;
    };
    Guest(const EngineKind& kind, vcpu::CpuModel model, std::shared_ptr<Ram> ram);

    std::shared_ptr<Ram> ram_;
    base::ManualClock clock_;
    vcpu::CpuModel model_;
    vcpu::Signals signals_;
    std::unique_ptr<vcpu::Engine> engine_;
    vcpu::CpuState state_;
};

// Why the test that runs may fail on this engine; empty: it may not.
std::string excuse(const EngineKind& kind);

inline std::string engine_name(const testing::TestParamInfo<EngineKind>& kind)
{
    return kind.param.name;
}

// Skips the test that is about to run if its engine has an excuse.
#define WINDSOR_MAY_BE_EXCUSED(kind)                                                                                   \
    void SetUp() override                                                                                              \
    {                                                                                                                  \
        if (const std::string why = excuse(kind); !why.empty()) {                                                      \
            GTEST_SKIP() << why;                                                                                       \
        }                                                                                                              \
    }

// The fixture of all conformance tests.
#define WINDSOR_CONFORMANCE(fixture)                                                                                   \
    class fixture : public testing::TestWithParam<EngineKind> {                                                        \
    protected:                                                                                                         \
        WINDSOR_MAY_BE_EXCUSED(GetParam())                                                                             \
        Guest guest{GetParam()};                                                                                       \
    };                                                                                                                 \
    INSTANTIATE_TEST_SUITE_P(Engines, fixture, testing::ValuesIn(engine_kinds()), engine_name)

} // namespace windsor::conformance
