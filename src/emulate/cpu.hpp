// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter's processor: architectural state, the mode it implies, faults, and access to memory.
// Instruction handlers are free functions over this class; only what all of them need lives here.
#pragma once

#include "base/clock.hpp"
#include "emulate/host_stub.hpp"
#include "emulate/insn.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/cpu_model.hpp"
#include "vcpu/engine.hpp"
#include "x86/exception.hpp"

#include <cstdint>
#include <memory>

namespace windsor::emulate {

class Tlb;
class BlockCache;

enum class Mode : std::uint8_t { Real, Virtual8086, Protected, Compatibility, Long };

struct Fault {
    x86::Exception exception{};
    std::uint32_t error_code{0};
};

// In whose name memory is accessed: the running program, or the processor itself, which is always
// supervisor (descriptor tables, TSS, stacks during delivery). SDM volume 3A, section 4.6.
enum class As : std::uint8_t { Program, Processor };
enum class Intent : std::uint8_t { Read, Write, ReadForWrite };

class Cpu {
public:
    struct Parts {
        memory::GuestMemory& memory;
        vcpu::CpuIo& io;
        const vcpu::CpuModel& model;
        const base::Clock& clock;
        std::uint32_t apic_id{0};
    };

    explicit Cpu(const Parts& parts);
    ~Cpu();
    Cpu(const Cpu&) = delete;
    Cpu& operator=(const Cpu&) = delete;

    // The architectural state. Whoever changes what the mode depends on (CR0, CR4, EFER, CS, SS, RFLAGS.VM)
    // calls mode_changed(); whoever changes a segment register calls segment_changed() (mode_changed() includes it).
    vcpu::CpuState s;
    // DR6 bits of data breakpoints met by the current instruction, for deliver_debug_traps().
    std::uint64_t pending_debug{0};

    // --- Mode, derived from s ---
    Mode mode() const { return mode_; }
    bool protected_mode() const { return mode_ >= Mode::Protected; } // not V86
    bool long_mode() const { return mode_ >= Mode::Compatibility; }  // EFER.LMA
    bool long64() const { return mode_ == Mode::Long; }
    unsigned cpl() const { return cpl_; }
    unsigned iopl() const { return (s.rflags >> x86::rflags::kIoplShift) & 3; }
    unsigned code_size() const { return code_size_; }   // default operand width: 2, 4, or 8 in 64-bit mode
    unsigned stack_size() const { return stack_size_; } // width of the stack pointer: 2, 4, 8
    std::uint64_t code_mask() const;                    // what RIP wraps to
    std::uint64_t stack_mask() const;
    void mode_changed();
    void segment_changed(x86::Seg seg);
    // CPL is not always SS.DPL on the way through a transfer: the code that changes privilege says it.
    void set_cpl(unsigned cpl);

    // --- Faults ---
    // Notes the fault; the caller returns the Outcome (or false) at once. #PF also sets s.cr2.
    Outcome raise(x86::Exception exception, std::uint32_t error_code = 0)
    {
        fault_ = {exception, error_code};
        return Outcome::Fault;
    }
    // The same for functions that answer true or false.
    [[nodiscard]] bool refuse(x86::Exception exception, std::uint32_t error_code = 0)
    {
        fault_ = {exception, error_code};
        return false;
    }
    const Fault& fault() const { return fault_; }

    // --- Registers ---
    template <typename T> T reg(unsigned number) const { return static_cast<T>(s.gpr[number]); }
    // 32-bit writes clear the upper half; 8- and 16-bit writes keep the rest. SDM volume 1, section 3.4.1.1.
    template <typename T> void set_reg(unsigned number, T value);
    // Byte registers: without REX, 4 to 7 are AH, CH, DH, BH.
    std::uint8_t reg8(unsigned number, bool rex) const;
    void set_reg8(unsigned number, bool rex, std::uint8_t value);
    // Jumps within the code segment; checks the limit or canonical form (#GP) and gives Jump or Fault.
    Outcome jump(std::uint64_t rip);
    // The address of the next instruction.
    std::uint64_t next_rip(const Insn& insn) const { return (s.rip + insn.length) & code_mask(); }

    // --- Memory by segment: limits, types, canonical form, paging. T is an unsigned integer up to 8 bytes ---
    std::uint64_t effective_address(const Insn& insn) const; // offset within insn.segment
    template <typename T> [[nodiscard]] bool read(x86::Seg seg, std::uint64_t offset, T& value);
    template <typename T> [[nodiscard]] bool write(x86::Seg seg, std::uint64_t offset, T value);
    // Reads with the checks of a write, so that the write() that follows cannot fault.
    template <typename T> [[nodiscard]] bool read_for_write(x86::Seg seg, std::uint64_t offset, T& value);
    // Any number of bytes up to a page (16-byte operands, FXSAVE images); nothing is written if any byte faults.
    [[nodiscard]] bool read_bytes(x86::Seg seg, std::uint64_t offset, std::span<std::uint8_t> into);
    [[nodiscard]] bool write_bytes(x86::Seg seg, std::uint64_t offset, std::span<const std::uint8_t> from);

    // --- Memory by linear address ---
    template <typename T> [[nodiscard]] bool read_linear(std::uint64_t linear, T& value, As as);
    template <typename T> [[nodiscard]] bool write_linear(std::uint64_t linear, T value, As as);
    template <typename T> [[nodiscard]] bool read_linear_for_write(std::uint64_t linear, T& value, As as);
    // Checks that an access would not fault, without making it.
    [[nodiscard]] bool probe_linear(std::uint64_t linear, unsigned size, Intent intent, As as);

    // --- Memory by physical address (page tables, PDPTEs); absent memory reads all ones ---
    std::uint64_t read_physical(std::uint64_t address, unsigned size);
    void write_physical(std::uint64_t address, unsigned size, std::uint64_t value);

    // --- The stack, by the current stack size ---
    template <typename T> [[nodiscard]] bool push(T value);
    template <typename T> [[nodiscard]] bool pop(T& value);

    // --- Translation look-aside ---
    enum class Flush : std::uint8_t { NonGlobal, All };
    void flush_tlb(Flush what);
    void invalidate_page(std::uint64_t linear);

    // --- The rest of the world ---
    vcpu::CpuIo& io() { return parts_.io; }
    const vcpu::CpuModel& model() const { return parts_.model; }
    vcpu::Signals& signals() { return signals_; }
    std::uint32_t apic_id() const { return parts_.apic_id; }
    std::uint64_t tsc() const;        // the guest's time-stamp counter
    void set_tsc(std::uint64_t value); // by adjusting s.tsc_offset
    vcpu::Statistics& statistics() { return statistics_; }
    void set_a20(bool open);
    HostStubs& stubs() { return stubs_; } // for Decoded::stubs

    // --- The run loop, see interpreter.cpp ---
    vcpu::HaltReason run();

private:
    friend class Decoder;
    friend class Interpreter;

    Parts parts_;
    Mode mode_{Mode::Real};
    unsigned cpl_{0};
    unsigned code_size_{2};
    unsigned stack_size_{2};
    Fault fault_{};
    vcpu::Signals signals_;
    vcpu::Statistics statistics_;
    std::uint64_t a20_mask_{~std::uint64_t{0}};
    std::unique_ptr<Tlb> tlb_;
    std::unique_ptr<BlockCache> blocks_;
    HostStubs stubs_;
};

} // namespace windsor::emulate
