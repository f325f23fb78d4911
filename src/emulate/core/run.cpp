// SPDX-License-Identifier: GPL-2.0-or-later
// The run loop: blocks one after the other, and what comes between instructions. SDM volume 3A, section 6.9.
#include "emulate/core/accelerator.hpp"
#include "emulate/core/block_cache.hpp"
#include "emulate/core/cpu.hpp"
#include "emulate/core/decoder.hpp"
#include "emulate/core/trace.hpp"
#include "emulate/memory/shootdowns.hpp"
#include "emulate/memory/physical_map.hpp"
#include "emulate/system/system.hpp"
#include "x86/address.hpp"

#include <atomic>

namespace windsor::emulate {

namespace rflags = x86::rflags;
using vcpu::Activity;
using vcpu::HaltReason;
using vcpu::Signal;
using x86::Seg;

std::string_view mnemonic_name(const Insn& insn)
{
    const char* name = ZydisMnemonicGetString(static_cast<ZydisMnemonic>(insn.mnemonic));
    return name != nullptr ? name : "?";
}

// What is known of the page that code is fetched from; null: a fault is noted.
const Cpu::FetchSlot* Cpu::fetch_slot(x86::Linear linear)
{
    const x86::Linear page = linear.aligned_down(memory::kPageSize);
    const bool user = cpl_ == 3;
    FetchSlot& slot = fetch_slot_of(linear);
    if (slot.page == page && slot.user == user && slot.epoch == (slot.global ? global_epoch_ : local_epoch_)) {
        return &slot;
    }
    WalkResult found;
    if (!walk_pages(linear, Purpose::Fetch, user ? TlbSet::User : TlbSet::Supervisor, found)) {
        return nullptr;
    }
    slot = {.page = page,
            .epoch = found.global ? global_epoch_ : local_epoch_,
            .physical = found.physical.aligned_down(memory::kPageSize),
            .user = user,
            .global = found.global,
            .size = found.size};
    fetched_large_.note(page, slot.size);
    return &slot;
}

bool Cpu::fetch_physical(x86::Linear linear, base::GuestPhysical& physical)
{
    const FetchSlot* slot = fetch_slot(linear);
    if (slot == nullptr) {
        return false;
    }
    physical = slot->physical + linear.offset_in(memory::kPageSize);
    return true;
}

// The block at CS:RIP; null with a fault noted.
const Block* Cpu::find_block()
{
    const x86::Linear linear = (code_base_ + s.rip) & linear_mask_;
    const Block* known = blocks_->quick(linear, fetch_context_);
    if (known != nullptr && s.rip + known->length - 1 <= code_limit_) [[likely]] {
        return known;
    }
    const bool canonical = static_cast<std::uint64_t>(static_cast<std::int64_t>(s.rip << 16) >> 16) == s.rip;
    if (mode_ == Mode::Long ? !canonical : s.rip > code_limit_) {
        raise(x86::Exception::Gp, 0);
        return nullptr;
    }
    blocks_->bury();
    const Block* block = decoder_->block(*this, linear);
    if (block != nullptr && block->host != nullptr) {
        blocks_->remember(linear, fetch_context_, block);
    }
    return block;
}

bool Cpu::shut_down()
{
    s.activity = Activity::Shutdown;
    return false;
}

// Delivers the fault that is noted. Debug traps that were pending for the instruction are lost. False: the processor
// stops running.
bool Cpu::take_fault()
{
    ++statistics_.exceptions;
    pending_debug = 0;
    const bool alive = deliver_fault(*this) || shut_down();
    update_special();
    return alive;
}

// Does what the outcome of an instruction asks for. False: the processor stops running.
bool Cpu::finish(Outcome outcome, const Insn& insn)
{
    bool alive = true;
    switch (outcome) {
    case Outcome::Next: s.rip = (s.rip + insn.length) & code_mask(); break;
    case Outcome::Fault:
        if (fault_.waits) {
            s.activity = Activity::Halted;
            alive = false;
            break;
        }
        alive = take_fault();
        break;
    case Outcome::Halt:
        s.activity = Activity::Halted;
        alive = false;
        break;
    case Outcome::Jump:
    case Outcome::Repeat:
    case Outcome::Exit: break;
    }
    update_special();
    return alive;
}

// Runs a block. False: the processor stops running.
bool Cpu::execute(const Block& block)
{
    const Insn* insn = block.insns.data();
    const Insn* const end = insn + block.insns.size();
    leave_ = false;
    for (;;) {
        const Outcome outcome = insn->handler(*this, *insn);
        if (outcome == Outcome::Next) [[likely]] {
            s.rip += insn->length;
            ++insn;
            if (insn != end && !leave_) [[likely]] {
                continue;
            }
            statistics_.instructions += static_cast<std::uint64_t>(insn - block.insns.data());
            s.rip &= code_mask();
            update_special();
            return true;
        }
        if (outcome == Outcome::Jump) {
            statistics_.instructions += static_cast<std::uint64_t>(insn - block.insns.data()) + 1;
            if (leave_) [[unlikely]] {
                update_special();
            }
            return true;
        }
        if (outcome == Outcome::Repeat && parts_.signals.pending() == 0 && !leave_) {
            continue;
        }
        statistics_.instructions += static_cast<std::uint64_t>(insn - block.insns.data()) +
                                    (outcome == Outcome::Repeat || outcome == Outcome::Fault ? 0 : 1);
        return finish(outcome, *insn);
    }
}

bool Cpu::interpret(const Insn& insn)
{
    leave_ = false;
    for (;;) {
        const Outcome outcome = insn.handler(*this, insn);
        if (outcome == Outcome::Repeat && parts_.signals.pending() == 0 && !leave_) {
            continue;
        }
        statistics_.instructions += outcome == Outcome::Repeat || outcome == Outcome::Fault ? 0 : 1;
        if (outcome == Outcome::Next && !leave_ && !insn.ends_block) {
            s.rip = (s.rip + insn.length) & code_mask();
            return true;
        }
        static_cast<void>(finish(outcome, insn));
        return false;
    }
}

// Interrupt instructions clear TF and take their step trap with it. SDM volume 3B, section 17.3.1.4.
static bool drops_step(const Insn& insn)
{
    switch (insn.mnemonic) {
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_INTO:
    case ZYDIS_MNEMONIC_SYSCALL: return true;
    default: return false;
    }
}

// Runs one instruction and looks after all that goes with it: interrupt shadows, breakpoints, single steps, the trace.
bool Cpu::step(HaltReason&)
{
    const bool only_traced = !stepped_;
    const bool blocks_traps_before = s.mov_ss_shadow;
    s.sti_shadow = false;
    s.mov_ss_shadow = false;
    if (!blocks_traps_before && meets_instruction_breakpoint(*this)) {
        return take_fault();
    }
    const Block* block = find_block();
    if (block == nullptr) {
        return take_fault();
    }
    s.rflags &= ~rflags::kRf;
    bool was_stepping = (s.rflags & rflags::kTf) != 0;
    const Insn insn = block->insns.front();
    if (trace_ != nullptr) {
        trace_->instruction(s, insn);
        if (only_traced && accelerator_ != nullptr && accelerator_->accelerate()) {
            return true;
        }
    }
    leave_ = false;
    const Outcome outcome = insn.handler(*this, insn);
    if (outcome != Outcome::Fault && outcome != Outcome::Repeat) {
        ++statistics_.instructions;
    }
    bool alive = finish(outcome, insn);
    was_stepping = was_stepping && ((s.rflags & rflags::kTf) != 0 || !drops_step(insn));
    const bool due = (was_stepping || pending_debug != 0) && !s.mov_ss_shadow && outcome != Outcome::Fault;
    if (due && s.activity != Activity::Shutdown) {
        alive = deliver_debug_traps(*this, was_stepping ? SingleStep::Yes : SingleStep::No) || shut_down();
        if (alive && s.activity == Activity::Halted) {
            s.activity = Activity::Running;
        }
        pending_debug = 0;
        update_special();
    }
    return alive;
}

// Requests from outside, by priority. False: leave run() with `reason`.
bool Cpu::service_signals(HaltReason& reason)
{
    if (parts_.signals.test(Signal::Attention)) {
        serve_shootdowns();
    }
    if (parts_.signals.test(Signal::Stop)) {
        parts_.signals.lower(Signal::Stop);
        reason = HaltReason::Stopped;
        return false;
    }
    if (parts_.signals.test(Signal::Init)) {
        parts_.signals.lower(Signal::Init);
        vcpu::CpuState state = s;
        vcpu::apply_init(state, parts_.model.signature());
        // The bootstrap processor begins at the reset vector, the others wait. SDM volume 3A, section 8.4.
        state.activity = parts_.apic_id == 0 ? Activity::Running : Activity::WaitForSipi;
        load_state(state);
    }
    if (s.activity == Activity::WaitForSipi && parts_.signals.take(Signal::Sipi)) {
        vcpu::CpuState state = s;
        vcpu::apply_sipi(state, parts_.signals.sipi_vector());
        load_state(state);
    }
    if (s.activity == Activity::WaitForSipi || s.activity == Activity::Shutdown || s.mov_ss_shadow) {
        return true;
    }
    parts_.signals.ignore_sipi();
    Event event{
        .kind = Event::Kind::External, .vector = 2, .has_error_code = false, .error_code = 0, .return_rip = s.rip};
    if (parts_.signals.test(Signal::Nmi) && !s.nmi_blocked) {
        parts_.signals.lower(Signal::Nmi);
        s.nmi_blocked = true;
    } else if (parts_.signals.test(Signal::Interrupt) && (s.rflags & rflags::kIf) != 0 && !s.sti_shadow) {
        const auto vector = parts_.io.acknowledge_interrupt();
        if (!vector) {
            return true;
        }
        event.vector = vector->raw();
    } else {
        return true;
    }
    s.activity = Activity::Running;
    ++statistics_.interrupts;
    if (!deliver(*this, event)) {
        shut_down();
    }
    update_special();
    return true;
}

HaltReason Cpu::run()
{
    shootdowns_->begin();
    const HaltReason reason = run_on();
    std::atomic_thread_fence(std::memory_order_seq_cst); // a processor that asks later sees all these stores
    if (parts_.signals.test(Signal::Attention)) {
        serve_shootdowns();
    }
    shootdowns_->end();
    if (reason == HaltReason::Halted) {
        parts_.signals.set_masked(vcpu::masked_signals(s.activity, (s.rflags & rflags::kIf) != 0, s.nmi_blocked));
    }
    return reason;
}

HaltReason Cpu::run_on()
{
    update_special();
    HaltReason reason = HaltReason::Stopped;
    // What was cached may be outdated since the last run, so this comes before any store. It does not ask for the
    // signal first, which another engine may have lowered in between.
    serve_shootdowns();
    for (;;) {
        if (pending_debug != 0 && !s.mov_ss_shadow) [[unlikely]] {
            // Breakpoints were met outside step(), or there was a task switch with the T bit, or SYSRET with TF.
            const bool delivered = deliver_debug_traps(*this, SingleStep::No) || shut_down();
            if (delivered && s.activity == Activity::Halted) {
                s.activity = Activity::Running;
            }
            update_special();
        }
        if (parts_.signals.pending() != 0 && !service_signals(reason)) [[unlikely]] {
            return reason;
        }
        if (s.activity != Activity::Running) [[unlikely]] {
            return s.activity == Activity::Shutdown ? HaltReason::Shutdown : HaltReason::Halted;
        }
        if (special_) [[unlikely]] {
            static_cast<void>(step(reason));
            continue;
        }
        s.rflags &= ~rflags::kRf; // it only suppresses breakpoints, of which there are none
        if (accelerator_ != nullptr && accelerator_->accelerate()) {
            continue;
        }
        const Block* block = find_block();
        if (block == nullptr) [[unlikely]] {
            static_cast<void>(take_fault());
            continue;
        }
        static_cast<void>(execute(*block));
    }
}

} // namespace windsor::emulate
