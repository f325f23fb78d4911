// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter's processor: architectural state, the mode it implies, faults, and access to memory.
// Instruction handlers are free functions over this class; only what all of them need lives here.
#pragma once

#include "base/clock.hpp"
#include "emulate/core/host_stub.hpp"
#include "emulate/core/insn.hpp"
#include "emulate/memory/tlb.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/cpu_model.hpp"
#include "vcpu/engine.hpp"
#include "vcpu/engine_parts.hpp"
#include "x86/address.hpp"
#include "x86/exception.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace windsor::emulate {

class Accelerator;
class BlockCache;
class Decoder;
class Shootdowns;
class TraceSink;
class PhysicalMap;
struct Block;

enum class Mode : std::uint8_t { Real, Virtual8086, Protected, Compatibility, Long };

struct Fault {
    x86::Exception exception{};
    std::uint32_t error_code{0};
    bool waits{false}; // no exception: the processor sleeps until an interrupt, and the instruction runs again
};

// In whose name memory is accessed: the running program, or the processor itself, which is always
// supervisor (descriptor tables, TSS, stacks during delivery). SDM volume 3A, section 4.6.
enum class As : std::uint8_t { Program, Processor };
enum class Intent : std::uint8_t { Read, Write, ReadForWrite };

class Cpu {
public:
    explicit Cpu(const vcpu::EngineParts& parts);
    ~Cpu();
    Cpu(const Cpu&) = delete;
    Cpu& operator=(const Cpu&) = delete;

    // The architectural state. Whoever changes what the mode depends on (CR0, CR4, EFER, CS, SS, RFLAGS.VM)
    // calls mode_changed(); whoever changes a segment register calls segment_changed() (mode_changed() includes it).
    // RFLAGS.AC, RFLAGS.TF, DR0-DR7 and the shadows are looked at again after an instruction that ends its block.
    vcpu::CpuState s;
    // DR6 bits of breakpoints on data and ports met by the current instruction, for deliver_debug_traps().
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
        fault_ = {.exception = exception, .error_code = error_code};
        return Outcome::Fault;
    }
    // raise() for functions whose result `false` means a fault.
    [[nodiscard]] bool refuse(x86::Exception exception, std::uint32_t error_code = 0)
    {
        fault_ = {.exception = exception, .error_code = error_code};
        return false;
    }
    // The instruction does not fault but waits, see Fault::waits.
    [[nodiscard]] bool wait_for_interrupt()
    {
        fault_ = {.waits = true};
        return false;
    }
    const Fault& fault() const { return fault_; }

    // --- Registers ---
    template <typename T> T reg(unsigned number) const { return static_cast<T>(s.gpr[number]); }
    // 32-bit writes clear the upper half; 8- and 16-bit writes keep the rest. SDM volume 1, section 3.4.1.1.
    template <typename T> void set_reg(unsigned number, T value);
    // Byte registers: without REX, 4 to 7 are AH, CH, DH, BH.
    std::uint8_t reg8(unsigned number, bool rex) const;
    // Jumps within the code segment; checks the limit or canonical form (#GP) and gives Jump or Fault.
    Outcome jump(std::uint64_t rip);
    // The address of the next instruction.
    std::uint64_t next_rip(const Insn& insn) const { return (s.rip + insn.length) & code_mask(); }

    // --- Memory by segment: limits, types, canonical form, paging. T is an unsigned integer up to 8 bytes ---
    std::uint64_t effective_address(const Insn& insn) const; // offset within insn.segment
    template <typename T> [[nodiscard]] bool read(x86::Seg seg, std::uint64_t offset, T& value);
    template <typename T> [[nodiscard]] bool write(x86::Seg seg, std::uint64_t offset, T value);
    // Reads with the checks of a write as well, so that the write() that follows cannot fault.
    template <typename T> [[nodiscard]] bool read_for_write(x86::Seg seg, std::uint64_t offset, T& value);
    // Any number of bytes up to a page (16-byte operands, FXSAVE images); nothing is written if any byte faults.
    [[nodiscard]] bool read_bytes(x86::Seg seg, std::uint64_t offset, std::span<std::uint8_t> into);
    [[nodiscard]] bool read_bytes_for_write(x86::Seg seg, std::uint64_t offset, std::span<std::uint8_t> into);
    [[nodiscard]] bool write_bytes(x86::Seg seg, std::uint64_t offset, std::span<const std::uint8_t> from);

    // --- Memory by linear address ---
    template <typename T> [[nodiscard]] bool read_linear(x86::Linear linear, T& value, As as);
    template <typename T> [[nodiscard]] bool write_linear(x86::Linear linear, T value, As as);
    template <typename T> [[nodiscard]] bool read_linear_for_write(x86::Linear linear, T& value, As as);
    // Checks that an access would not fault, without making it.
    [[nodiscard]] bool probe_linear(x86::Linear linear, unsigned size, Intent intent, As as);

    // --- Memory by physical address (page tables, PDPTEs); absent memory reads all ones ---
    std::uint64_t read_physical(base::GuestPhysical address, unsigned size);
    void write_physical(base::GuestPhysical address, unsigned size, std::uint64_t value);

    // --- The stack, by the current stack size ---
    template <typename T> [[nodiscard]] bool push(T value);
    template <typename T> [[nodiscard]] bool pop(T& value);

    // --- The TLB ---
    void flush_tlb(Flush what);
    void invalidate_page(x86::Linear linear);
    // Stores that take the fast path, straight to host memory by an entry of the TLB, are told to nobody. If another
    // processor has begun to hold a page meanwhile, this tells it that such stores may have gone there. It has to be
    // called before entries of the TLB are dropped: they alone say where such stores can have gone.
    void tell_fast_stores();
    // An accelerator's block may store to a page that the TLB has dropped while it ran. Here none runs, so that such
    // pages need not be kept in mind any longer.
    void forget_evicted();

    // --- The rest of the world ---
    vcpu::CpuIo& io() { return parts_.io; }
    const vcpu::CpuModel& model() const { return parts_.model; }
    vcpu::Signals& signals() { return parts_.signals; }
    std::uint32_t apic_id() const { return parts_.apic_id; }
    vcpu::MsrPolicy* msr_policy() { return parts_.msr_policy; }
    std::uint64_t tsc() const;        // the guest's time-stamp counter
    void set_tsc(std::uint64_t value); // by adjusting s.tsc_offset
    vcpu::Statistics& statistics() { return statistics_; }
    void set_a20(bool open);
    HostStubs& stubs() { return stubs_; } // for Decoded::stubs

    // Replaces the whole state. What is derived from it is derived again, and what was cached is forgotten.
    void load_state(const vcpu::CpuState& state);

    // Where a read-modify-write operand may be changed in place: host memory if the T at the address lies in one
    // ordinary page, null if read_for_write() and write() must be used. False: a fault is noted.
    template <typename T> [[nodiscard]] bool locate_for_write(x86::Seg seg, std::uint64_t offset, std::uint8_t*& host);

    // The same for instructions with LOCK where locate_for_write() gives null. Whoever changes that memory calls
    // changed() afterwards. `host` is null if the operand does not lie in one page of memory.
    struct LockedPlace {
        std::uint8_t* host{nullptr};
        base::GuestPhysical physical{};
        unsigned size{0};
    };
    [[nodiscard]] bool locate_locked(x86::Seg seg, std::uint64_t offset, unsigned size, LockedPlace& place);
    void changed(const LockedPlace& place);

    // A stretch of host memory behind an address, for string instructions: how many bytes from there on may be
    // read or written directly (0: none; use read() and write(), which also tell of faults).
    struct Run {
        std::uint8_t* host{nullptr};
        std::uint64_t bytes{0};
    };
    Run direct_run(x86::Seg seg, std::uint64_t offset, Intent intent) const;
    // Checks an access against its segment and gives its linear address. Faults are noted.
    [[nodiscard]] bool linearize(x86::Seg seg, std::uint64_t offset, std::uint64_t size, Intent intent,
                                 x86::Linear& linear);
    // The bits that linear addresses have: 32 outside 64-bit mode.
    std::uint64_t linear_mask() const { return linear_mask_; }

    // Makes the run loop leave the current block after the running instruction.
    void leave_block() { leave_ = true; }
    // Drops the code of pages that some processor may still store to without telling, as it has not heard yet that
    // they are held. Stores to all other pages are told, and Signal::Attention says so.
    void serialize();
    bool leaving() const { return leave_; }

    // --- The run loop, see run.cpp ---
    vcpu::HaltReason run();
    // Sets who is told of every instruction before it runs; null for nobody. With a trace, an accelerator has to
    // return after each instruction.
    void set_trace(TraceSink* sink);

    // --- For an engine that runs code itself, see accelerator.hpp ---
    void set_accelerator(Accelerator* accelerator) { accelerator_ = accelerator; }
    // Runs one instruction, which lies at CS:RIP. True: the instruction behind it is next, and signals, traps and the
    // mode need not be looked at before.
    [[nodiscard]] bool interpret(const Insn& insn);
    // Where code at a linear address lies; false: a fault is noted.
    struct CodePlace {
        memory::Page page;
        base::GuestPhysical physical{};
        bool global{false};
        PageSize size{PageSize::Small};
    };
    [[nodiscard]] bool locate_code(x86::Linear linear, CodePlace& place);
    // What the page tables say of a linear address for accesses in user mode. Looking at them sets no accessed or dirty
    // flag.
    struct PageView {
        struct Entry {
            base::GuestPhysical address; // of the entry
            std::uint64_t value;

            bool operator==(const Entry&) const = default;
        };
        std::array<Entry, 4> entries{}; // from the top
        unsigned levels{0};
        unsigned entry_size{8};    // bytes
        unsigned page_shift{12};   // the page's size as a power of two
        base::GuestPhysical physical{}; // of the page
        bool writable{false};      // the page may be written, and its dirty flag is set already

        bool operator==(const PageView&) const = default;
    };
    // False: a read in user mode would fault, or would have to set an accessed flag.
    [[nodiscard]] bool view_page(x86::Linear linear, PageView& view);
    memory::Page physical_page(base::GuestPhysical physical);
    bool a20_open() const { return a20_mask_ == ~std::uint64_t{0}; }
    std::uint64_t now() const { return parts_.clock.now(); } // nanoseconds
    // Whether there are other processors.
    bool has_company() const;
    // Begins to hold a page: this processor keeps decoded or translated code of it, or what it says as a page table,
    // and is told of every store to it from now on. What was read of the page before may be outdated.
    void hold_page(const memory::Page& page, base::GuestPhysical physical);
    const Decoder& decoder() const { return *decoder_; }
    Tlb& tlb() { return tlb_; }
    // The TLB's set for the running program, and its entries.
    struct ProgramSet {
        TlbSet set{TlbSet::Supervisor};
        TlbEntries* entries{nullptr};
    };
    const ProgramSet& program() const { return program_; }
    TlbSet program_set() const { return program_.set; }
    // Whether the segment begins at 0 and may be read and written up to 4 GiB, so that 32-bit offsets in it are linear
    // addresses.
    bool flat(x86::Seg seg) const;
    struct SegmentWindow {
        x86::Linear base{};
        std::uint64_t read_end{0};  // bytes from the base that may be read without more checks
        std::uint64_t write_end{0};
    };
    const SegmentWindow& window(x86::Seg seg) const { return windows_[static_cast<unsigned>(seg)]; }
    x86::Linear code_base() const { return code_base_; }
    std::uint64_t code_limit() const { return code_limit_; }
    bool special() const { return special_; }

private:
    friend class Decoder;
    friend class Interpreter;

    // The part of a checked access that lies in one page.
    struct Located {
        std::uint8_t* host{nullptr}; // of the first byte; null for MMIO
        base::GuestPhysical physical{};
        std::atomic<std::uint8_t>* flags{nullptr};
        unsigned size{0};
    };
    struct WalkResult {
        base::GuestPhysical physical{};
        bool global{false};
        PageSize size{PageSize::Small};
    };
    enum class Purpose : std::uint8_t { Read, Write, Fetch };
    struct PageWalk;

    // paging.cpp
    [[nodiscard]] bool walk_pages(x86::Linear linear, Purpose purpose, TlbSet set, WalkResult& result);
    [[nodiscard]] bool walk_legacy(PageWalk& walk);
    [[nodiscard]] bool walk_wide(PageWalk& walk);
    [[nodiscard]] bool grant(PageWalk& walk);
    [[nodiscard]] bool page_fault(const PageWalk& walk, std::uint32_t bits);
    [[nodiscard]] bool mark_accessed(const PageView::Entry& entry, std::uint64_t bits, unsigned size);

    // memory.cpp
    TlbSet set_for(As as) const { return as == As::Program ? program_.set : TlbSet::Supervisor; }
    [[nodiscard]] bool locate(x86::Linear linear, unsigned size, Intent intent, TlbSet set, Located& result);
    [[nodiscard]] bool locate_all(x86::Linear linear, unsigned size, Intent intent, TlbSet set,
                                  std::array<Located, 2>& parts);
    void fill(x86::Linear linear, const WalkResult& found, Purpose purpose, TlbSet set);
    void evict(TlbEntries& entries, std::size_t at);
    [[nodiscard]] bool read_slow(x86::Linear linear, void* into, unsigned size, Intent intent, TlbSet set);
    [[nodiscard]] bool write_slow(x86::Linear linear, const void* from, unsigned size, TlbSet set);
    void read_located(const Located& at, std::uint8_t* into);
    void write_located(const Located& at, const std::uint8_t* from);
    // Who has written: page walks set accessed and dirty flags, which change nothing that is held of a page table.
    enum class Writer : std::uint8_t { Anyone, Walker };
    void code_page_written(const Located& at, Writer writer = Writer::Anyone);
    // Stores to the page take the slow path from now on. True: they may have taken the fast one until now.
    bool code_page_held(const std::uint8_t* host_page);
    [[nodiscard]] bool spares_flag(const std::uint8_t* host_page);
    bool watches_data(x86::Linear linear) const;

    // cpu.cpp, run.cpp
    void update_special();
    [[nodiscard]] bool update_breakpoints();
    void update_fetch_context();
    void keep_visible_blocks();
    void drop_code();
    void drop_written(const std::uint8_t* host_page, unsigned offset, unsigned size);
    void serve_shootdowns();
    void hear_of_holds();
    [[nodiscard]] vcpu::HaltReason run_on();
    [[nodiscard]] bool service_signals(vcpu::HaltReason& reason);
    [[nodiscard]] bool step(vcpu::HaltReason& reason);
    [[nodiscard]] bool execute(const Block& block);
    [[nodiscard]] bool finish(Outcome outcome, const Insn& insn);
    const Block* find_block();
    [[nodiscard]] bool fetch_physical(x86::Linear linear, base::GuestPhysical& physical);
    // The result of the page walk for a page that instructions were fetched from. It is valid for one epoch.
    struct FetchSlot {
        x86::Linear page{};
        std::uint64_t epoch{0}; // 0: none; else of global_epoch_ or local_epoch_
        base::GuestPhysical physical{};
        bool user{false};
        bool global{false};
        PageSize size{PageSize::Small};
    };
    const FetchSlot* fetch_slot(x86::Linear linear);
    FetchSlot& fetch_slot_of(x86::Linear linear) { return fetch_slots_[(linear.raw() >> 12) % fetch_slots_.size()]; }
    bool shut_down();
    bool take_fault();

    vcpu::EngineParts parts_;
    ProgramSet program_;
    std::array<SegmentWindow, x86::kSegCount> windows_{};
    std::uint64_t linear_mask_{0xffffffff};
    x86::Linear code_base_{}; // zero in 64-bit mode
    std::uint64_t code_limit_{0xffff};  // all ones in 64-bit mode
    std::uint64_t fetch_context_{0};    // what besides the address decides which block runs: mode, code size, user
    bool leave_{false};
    bool special_{true};  // step() runs each instruction: there is a trace, or stepped_
    bool stepped_{true};  // single steps, breakpoints or an interrupt shadow are looked at between instructions
    unsigned physical_bits_{36};
    bool gigabyte_pages_{false};
    std::array<std::uint64_t, 5> watched_{}; // DR0-DR3 and DR7 that the TLB was filled under
    TraceSink* trace_{nullptr};
    Accelerator* accelerator_{nullptr};
    // A flush counts an epoch on, which outdates the fetch slots of global pages, or of the others.
    std::uint64_t global_epoch_{1};
    std::uint64_t local_epoch_{1};
    std::array<FetchSlot, 256> fetch_slots_{};
    LargePages fetched_large_;
    Mode mode_{Mode::Real};
    unsigned cpl_{0};
    unsigned code_size_{2};
    unsigned stack_size_{2};
    Fault fault_{};
    vcpu::Statistics statistics_;
    std::uint64_t a20_mask_{~std::uint64_t{0}};
    static constexpr unsigned kTscShift = 60;
    std::uint64_t tsc_ticks_{0}; // ticks of the TSC in a nanosecond, times 2^kTscShift
    Tlb tlb_;
    std::unique_ptr<PhysicalMap> physical_;
    std::unique_ptr<BlockCache> blocks_;
    std::unique_ptr<Decoder> decoder_;
    std::unique_ptr<Shootdowns> shootdowns_;
    HostStubs stubs_;
    std::array<std::uint8_t, 256> foreign_writes_{}; // stores to pages that only others may hold, see spares_flag()
    std::vector<const std::uint8_t*> evicted_; // host pages that an accelerator's block may still store to
};

} // namespace windsor::emulate

#include "emulate/memory/memory_access.hpp" // IWYU pragma: export
