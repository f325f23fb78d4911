// SPDX-License-Identifier: GPL-2.0-or-later
// A machine that runs random programs has a few pages of memory, an engine, and a harness behind two ports. The harness
// decides what the kernel does, and makes whatever else happens that goes on in a machine.
#pragma once

#include "emulate/core/interpreter.hpp"
#include "emulate/core/trace.hpp"
#include "translate/fuzz/handlers.hpp"
#include "translate/fuzz/program.hpp"
#include "translate/run/translator.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace windsor::translate::fuzzing {

// The harness is what programs meet outside the processor. Everything that it does depends only on the program and on
// what the processor has done.
class Harness final : public vcpu::CpuIo {
public:
    static constexpr std::size_t kMostAccesses = 4096; // repeated instructions could make any number of accesses
    static constexpr unsigned kMostDispatches = 64;
    // All pieces run in turn, and then again, because accesses only fill the TLB and the window the first time.
    static constexpr std::size_t kRounds = 2;

    explicit Harness(memory::GuestMemory& memory) : memory_{memory} {}

    void begin(const Program& program, vcpu::Engine& engine)
    {
        program_ = &program;
        engine_ = &engine;
        next_ = 0;
        events_ = 0;
        dispatches_ = 0;
        priority_ = 0;
        interrupt_.reset();
        accesses.clear();
        count_ = 0;
        stale_ = false;
    }
    // Makes the program's next event happen, as by another processor, a bus master or a device.
    void event();

    // vcpu::CpuIo
    std::uint32_t port_read(base::Port, unsigned) override
    {
        count();
        return 0x5a5a5a5a;
    }
    void port_write(base::Port port, unsigned size, std::uint32_t value) override
    {
        switch (port.raw()) {
        case kDispatchPort:
            dispatch();
            break;
        case kEventPort:
            event();
            break;
        default:
            note(port.raw(), size, value);
            break;
        }
    }
    std::uint64_t mmio_read(base::GuestPhysical, unsigned) override
    {
        count();
        return 0x1122334455667788;
    }
    void mmio_write(base::GuestPhysical address, unsigned size, std::uint64_t value) override
    {
        note(address.raw(), size, value);
    }
    std::optional<base::Vector> acknowledge_interrupt() override
    {
        engine_->signals().lower(vcpu::Signal::Interrupt);
        return std::exchange(interrupt_, std::nullopt);
    }
    std::uint8_t task_priority() override { return priority_; }
    void set_task_priority(std::uint8_t priority) override { priority_ = priority; }
    std::optional<std::uint64_t> read_msr(std::uint32_t) override { return std::nullopt; }
    bool write_msr(std::uint32_t, std::uint64_t) override { return false; }

    struct Access {
        std::uint64_t address;
        std::uint64_t value;
        unsigned size;
        bool operator==(const Access&) const = default;
    };
    // These are writes only. How often an engine reads is up to it where page tables lie in no memory.
    std::vector<Access> accesses;
    bool flooded() const { return count_ >= kMostAccesses; }
    // Tells whether page tables have been changed without an invalidation. For how long a processor uses the old
    // entries is then up to it (SDM volume 3A, section 4.10.4), so that the engines may end differently.
    bool stale() const { return stale_; }

private:
    static constexpr std::uint64_t kArithmetic = x86::rflags::kArithmetic;

    template <typename T>
    void put(std::uint64_t at, T value)
    {
        const auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
        static_cast<void>(memory_.write(base::GuestPhysical{at}, bytes));
    }
    template <typename T>
    T get(std::uint64_t at)
    {
        std::array<std::uint8_t, sizeof(T)> bytes{};
        static_cast<void>(memory_.read(base::GuestPhysical{at}, bytes));
        return std::bit_cast<T>(bytes);
    }
    void note(std::uint64_t address, unsigned size, std::uint64_t value)
    {
        accesses.push_back({address, value, size});
        count();
    }
    void count()
    {
        ++count_;
        if (flooded()) {
            engine_->signals().raise(vcpu::Signal::Stop);
        }
    }
    // Returns the physical address of a linear one on a stack. The last page of the address space is one of the data,
    // and in all others the first MiB repeats.
    std::uint64_t physical(std::uint64_t linear) const
    {
        const std::uint64_t last = program_->world.kind == Kind::Long ? ~(kPage - 1) : 0xfffff000;
        const bool at_the_end = program_->world.paging != Paging::None && (linear & ~(kPage - 1)) == last;
        return at_the_end ? kData + kPage + (linear & (kPage - 1)) : linear & 0xfffff;
    }
    void changed_page_tables(std::uint8_t kind);
    void dispatch();
    bool resumes(unsigned vector);
    void forget_stale_flags(std::uint64_t frame, unsigned vector);
    void enter(const Piece& piece);
    void enter_long(const Piece& piece);
    void enter_protected(const Piece& piece);
    void enter_real(const Piece& piece);
    void exit_to(Exit exit) { put<std::uint64_t>(control::kExit, exit_at(exit)); }

    memory::GuestMemory& memory_;
    const Program* program_{nullptr};
    vcpu::Engine* engine_{nullptr};
    std::size_t next_{0};
    std::size_t events_{0};
    unsigned dispatches_{0};
    std::size_t count_{0}; // how many accesses there were
    bool stale_{false};
    std::uint8_t priority_{0};
    std::optional<base::Vector> interrupt_;
};

constexpr bool has_error_code(unsigned vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

inline void Harness::dispatch()
{
    const Kind kind = program_->world.kind;
    std::uint64_t saved = get<std::uint64_t>(control::kSaved);
    saved = kind == Kind::Long ? saved : kind == Kind::Protected ? saved & 0xffffffff : saved & 0xffff;
    // The handlers of 16 and 32 bits have pushed DS, behind which the frame lies.
    const std::uint64_t frame = saved + (kind == Kind::Long ? 0 : kind == Kind::Protected ? 4 : 2);
    const unsigned vector = get<std::uint8_t>(physical(frame));
    forget_stale_flags(physical(frame), vector);
    if (++dispatches_ <= kMostDispatches && resumes(vector)) {
        exit_to(has_error_code(vector) ? Exit::ResumeWithError : Exit::Resume);
        return;
    }
    const std::vector<Piece>& pieces = program_->pieces;
    if (next_ == kRounds * pieces.size() || dispatches_ > kMostDispatches) {
        put<std::uint64_t>(control::kExit, kEnd);
        return;
    }
    enter(pieces[next_++ % pieces.size()]);
}

// Tells whether the handler of a vector returns to where it came from: those of NMIs and interrupts do, and most of
// those of debug exceptions.
inline bool Harness::resumes(unsigned vector)
{
    return vector == 2 || (vector >= 0x40 && vector < 0x50) || (vector == 1 && (dispatches_ & 3) != 0);
}

// Clears the arithmetic flags in the frame of an interrupt or fault. Translated code is documented not to keep those
// that the program would not have read.
inline void Harness::forget_stale_flags(std::uint64_t frame, unsigned vector)
{
    const Kind kind = program_->world.kind;
    const std::uint64_t word = kind == Kind::Long ? 8 : kind == Kind::Protected ? 4 : 2;
    if (vector != kNoFrame) {
        const std::uint64_t at = frame + word * (has_error_code(vector) ? 4 : 3);
        put<std::uint16_t>(at, static_cast<std::uint16_t>(get<std::uint16_t>(at) & ~kArithmetic));
    }
    if (kind == Kind::Protected) {
        for (const std::uint64_t tss : kTss) {
            put<std::uint16_t>(tss + 0x24, static_cast<std::uint16_t>(get<std::uint16_t>(tss + 0x24) & ~kArithmetic));
        }
    }
}

inline void Harness::enter(const Piece& piece)
{
    put<std::uint64_t>(control::kFlags, piece.flags & ~(x86::rflags::kIf | x86::rflags::kTf));
    const std::uint16_t data = program_->world.kind == Kind::Real      ? std::uint16_t{0x2000}
                               : piece.context == Context::BasedUser32 ? selector::kBasedData | 3
                                                                       : selector::kUserData | 3;
    put<std::uint16_t>(control::kDs, data);
    put<std::uint16_t>(control::kEs, data);
    switch (program_->world.kind) {
    case Kind::Long:
        enter_long(piece);
        break;
    case Kind::Protected:
        enter_protected(piece);
        break;
    case Kind::Real:
        enter_real(piece);
        break;
    }
}

inline void Harness::enter_long(const Piece& piece)
{
    const bool user = is_user(piece.context);
    const bool wide = piece.context == Context::User64;
    const std::uint64_t stack = user ? kStack : kStack - 0x1000;
    const std::uint16_t code = code_selector(piece.context, Kind::Long);
    const std::uint16_t data = user ? selector::kUserData | 3 : selector::kKernelData;
    const bool flat = wide || piece.context == Context::User32;
    put<std::uint64_t>(control::kFrame, kFrames);
    put<std::uint64_t>(control::kRcx, piece.at);
    put<std::uint64_t>(control::kR11, piece.flags);
    Exit exit = Exit::Iret;
    if (flat && piece.exit == 4) {
        exit = wide ? Exit::SysRetLong : Exit::SysRet;
        put<std::uint64_t>(control::kFrame, stack);
    } else if (flat && piece.exit == 6) {
        exit = wide ? Exit::SysExitLong : Exit::SysExit;
        put<std::uint64_t>(control::kRcx, stack);
        put<std::uint64_t>(control::kRdx, piece.at);
    } else if (piece.exit == 5) {
        exit = Exit::FarReturn;
    }
    exit_to(exit);
    std::uint64_t at = kFrames;
    const auto push = [&](std::uint64_t value) {
        put(at, value);
        at += 8;
    };
    push(piece.at);
    push(code);
    if (exit != Exit::FarReturn) {
        push(piece.flags);
    }
    push(stack);
    push(data);
}

inline void Harness::enter_protected(const Piece& piece)
{
    namespace rflags = x86::rflags;
    const bool user = is_user(piece.context);
    const bool virtual8086 = piece.context == Context::Virtual8086;
    const std::uint64_t stack = user ? kStack : kStack - 0x1000;
    const std::uint64_t offset = virtual8086 ? piece.at & 0xfff : piece.at;
    const std::uint64_t code =
        virtual8086 ? (piece.at & ~0xfffull) >> 4 : code_selector(piece.context, Kind::Protected);
    const std::uint64_t flags = piece.flags | (virtual8086 ? rflags::kVm : 0);
    const bool far_return = piece.exit == 5 && !virtual8086;
    std::uint64_t at = user ? kFrames : stack - (far_return ? 8 : 12);
    put<std::uint32_t>(control::kFrame, static_cast<std::uint32_t>(at));
    put<std::uint16_t>(control::kFrame + 4, selector::kKernelData);
    put<std::uint64_t>(control::kRcx, stack);
    put<std::uint64_t>(control::kRdx, piece.at);
    const auto push = [&](std::uint64_t value) {
        put(at, static_cast<std::uint32_t>(value));
        at += 4;
    };
    push(offset);
    push(code);
    if (!far_return) {
        push(flags);
    }
    push(virtual8086 ? 0x8000 : stack);
    push(virtual8086 ? 0x2000 : selector::kUserData | 3);
    for (unsigned i = 0; virtual8086 && i < 4; ++i) {
        push(0x2000);
    }
    // A task switch must go to the task that does not run.
    const bool busy = (get<std::uint8_t>(kGdt + selector::kTss[0] + 5) & 2) != 0;
    const unsigned task = busy ? 1 : 0;
    const bool free = (get<std::uint8_t>(kGdt + selector::kTss[task] + 5) & 2) == 0;
    if (piece.exit == 7 && free) {
        const std::uint64_t tss = kTss[task];
        put<std::uint32_t>(tss + 0x1c, program_->world.paging == Paging::Pae ? kPaePdpt : kPd32);
        put<std::uint32_t>(tss + 0x20, static_cast<std::uint32_t>(offset));
        put<std::uint32_t>(tss + 0x24, static_cast<std::uint32_t>(flags));
        put<std::uint32_t>(tss + 0x38, static_cast<std::uint32_t>(stack));
        const std::uint16_t data = virtual8086 ? 0x2000 : user ? selector::kUserData | 3 : selector::kKernelData;
        for (unsigned i = 0; i < 6; ++i) {
            put<std::uint32_t>(tss + 0x48 + 4 * i, i == 1 ? static_cast<std::uint32_t>(code) : data);
        }
        put<std::uint32_t>(tss + 0x60, 0);
        exit_to(task == 0 ? Exit::TaskA : Exit::TaskB);
        return;
    }
    const bool flat = piece.context == Context::User32;
    exit_to(far_return ? Exit::FarReturn : flat && piece.exit == 6 ? Exit::SysExit : Exit::Iret);
}

inline void Harness::enter_real(const Piece& piece)
{
    constexpr std::uint64_t kRealStack = 0x7000;
    std::uint64_t at = kRealStack - 6;
    put<std::uint16_t>(control::kFrame, static_cast<std::uint16_t>(at));
    put<std::uint16_t>(control::kFrame + 2, 0);
    for (const std::uint64_t value :
         std::array<std::uint64_t, 3>{piece.at & 0xfff, (piece.at & ~0xfffull) >> 4, piece.flags}) {
        put<std::uint16_t>(at, static_cast<std::uint16_t>(value));
        at += 2;
    }
    exit_to(Exit::Iret);
}

// Returns an entry of a page table that does not map one of the handlers' pages. Faults in these would be delivered for
// ever, and nothing would count them.
constexpr std::uint64_t spare_handlers(std::uint64_t entry)
{
    constexpr std::uint64_t kFirst = kCode / kPage;
    return entry < kFirst ? entry + kFirst : entry;
}

inline void Harness::event()
{
    const Event event = program_->event(events_++);
    const std::uint64_t entry = event.place & 0xff;
    switch (event.kind & 7) {
    case 0:
    case 1:
        put<std::uint8_t>(kCode + event.place % (8 * kPage), event.value);
        break;
    case 2: { // an entry of a page table gets other rights or leads to another page
        const std::uint64_t at = kPt + 8 * spare_handlers(entry);
        const bool moves = (event.kind & 8) != 0;
        put<std::uint64_t>(at,
                           moves ? (kData + event.value % 8 * kPage) | 7 : get<std::uint64_t>(at) ^ (event.value & 7));
        changed_page_tables(event.kind);
        break;
    }
    case 3: {
        const std::uint64_t at = kPt32 + 4 * spare_handlers(entry);
        const bool moves = (event.kind & 8) != 0;
        put<std::uint32_t>(at, moves ? static_cast<std::uint32_t>((kData + event.value % 8 * kPage) | 7)
                                     : get<std::uint32_t>(at) ^ (event.value & 7));
        changed_page_tables(event.kind);
        break;
    }
    case 4:
        put<std::uint8_t>(kGdt + entry, event.value);
        break;
    case 5:
        if (!interrupt_) {
            interrupt_ = base::Vector{static_cast<std::uint8_t>(0x40 + event.value % 16)};
            engine_->signals().raise(vcpu::Signal::Interrupt);
        }
        break;
    case 6: engine_->signals().raise(vcpu::Signal::Nmi); break;
    default:
        put<std::uint8_t>(kData + event.place % (8 * kPage), event.value);
        break;
    }
}

// After half of these events all processors forget what they know of pages, because a piece of memory comes and goes.
inline void Harness::changed_page_tables(std::uint8_t kind)
{
    if ((kind & 16) == 0) {
        stale_ = true;
        return;
    }
    memory_.unmap(memory_.map({.start = base::GuestPhysical{0x1000'0000}, .size = kPage}));
}

// This is a machine with any engine.
class Machine {
public:
    using Factory = std::function<std::unique_ptr<vcpu::Engine>(const vcpu::EngineParts&)>;
    explicit Machine(const Factory& factory)
        : engine{factory({.memory = memory, .io = harness, .model = model, .clock = clock, .signals = signals})}
    {
        memory.map({.start = base::GuestPhysical{0}, .size = kRam, .block = ram.get()});
    }

    std::span<std::uint8_t> bytes() { return ram->bytes(); }
    // Sets memory and the processor up for a program. The engine must have forgotten all code before.
    void prepare(const Program& program, const Image& image)
    {
        signals.lower(vcpu::Signal::Stop);
        std::memcpy(ram->data(), image.bytes().data(), image.bytes().size());
        for (const Piece& piece : program.pieces) {
            std::ranges::copy(piece.code, ram->data() + piece.at);
        }
        begin_again(program);
    }
    // Sets the processor up for a program, but leaves memory as it is.
    void begin_again(const Program& program)
    {
        for (const auto signal : {vcpu::Signal::Interrupt, vcpu::Signal::Nmi, vcpu::Signal::Init}) {
            signals.lower(signal);
        }
        harness.begin(program, *engine);
        engine->set_state(first_state(program));
    }

    std::unique_ptr<memory::Block> ram = memory::Block::create(kRam, memory::Sharing::Shared).value();
    memory::GuestMemory memory;
    Harness harness{memory};
    base::ManualClock clock;
    vcpu::CpuModel model = vcpu::CpuModel::standard();
    vcpu::Signals signals;
    std::unique_ptr<vcpu::Engine> engine;

private:
    vcpu::CpuState first_state(const Program& program) const
    {
        namespace cr0 = x86::cr0;
        namespace cr4 = x86::cr4;
        vcpu::CpuState state = start_state(program.world, model);
        const std::uint64_t stack = state.gpr[x86::kRsp];
        state.gpr = program.gpr;
        state.gpr[x86::kRsp] = stack;
        const auto has = [&](std::uint8_t unit) { return (program.units & unit) != 0; };
        state.cr0 |= cr0::kNe | cr0::kMp | (has(units::kNoX87) ? cr0::kTs : 0) | (has(units::kAligned) ? cr0::kAm : 0);
        state.cr4 |= has(units::kNoSse) ? 0 : cr4::kOsfxsr | cr4::kOsxmmexcpt;
        if (has(units::kSmap) && program.world.tables == Tables::Guarded && program.world.kind != Kind::Real) {
            state.cr4 |= cr4::kSmap;
        }
        if (has(units::kAvx)) {
            state.cr4 |= cr4::kOsxsave;
            state.xcr0 = x86::xcr0::kX87 | x86::xcr0::kSse | x86::xcr0::kAvx;
        }
        state.fx.fcw = has(units::kUnmasked) ? 0x37b : 0x37f;
        state.fx.mxcsr = has(units::kUnmasked) ? 0x1d80 : 0x1f80;
        for (std::size_t i = 0; i < state.fx.xmm.size(); ++i) {
            std::memcpy(state.fx.xmm[i].data(), &program.gpr[i & ~std::size_t{1}], 8);
        }
        return state;
    }
};

} // namespace windsor::translate::fuzzing
