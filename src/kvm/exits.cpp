// SPDX-License-Identifier: GPL-2.0-or-later
// What the guest asks of the world outside its processor. KVM API, section 5.
#include "vcpu/kept_msrs.hpp"
#include "kvm/engine.hpp"
#include "x86/msr.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <sched.h>

namespace windsor::kvm {

using base::GuestPhysical;
using vcpu::Activity;
using vcpu::HaltReason;

namespace {

constexpr std::uint64_t kLine20 = 1 << 20;

} // namespace

// KVM_RUN. Not 0: it was interrupted, or failure_ says what is wrong.
int Engine::enter()
{
    kvm_run& run = vcpu_->run();
    if (!apic_) {
        if (priority_stale_) {
            priority_stale_ = false;
            priority_ = parts_.io.task_priority();
        }
        run.cr8 = priority_;
    }
    const int result = kick_.run(vcpu_->fd());
    const int error = result < 0 ? errno : 0;
    ++exits_;
    completing_ = false;
    if (const auto priority = static_cast<std::uint8_t>(run.cr8 & 15); !apic_ && priority != priority_) {
        priority_ = priority;
        parts_.io.set_task_priority(priority);
    }
    if (error == EINTR) {
        ++kicks_;
    } else if (error == EAGAIN) {
        ::sched_yield();
    } else if (error != 0) {
        static_cast<void>(fail(fmt::format("KVM cannot run the processor: {}", base::errno_text(error))));
    }
    return result;
}

Engine::Ended Engine::handle_exit()
{
    const kvm_run& run = vcpu_->run();
    switch (run.exit_reason) {
    case KVM_EXIT_IO: port_exit(); break;
    case KVM_EXIT_MMIO: mmio_exit(); break;
    case KVM_EXIT_X86_RDMSR: msr_exit(false); break;
    case KVM_EXIT_X86_WRMSR: msr_exit(true); break;
    case KVM_EXIT_IOAPIC_EOI:
        ++ends_;
        vm_->messages()->ended(run.eoi.vector);
        break;
    case KVM_EXIT_HLT: kept_.activity = Activity::Halted; break;
    case KVM_EXIT_SHUTDOWN: kept_.activity = Activity::Shutdown; break;
    case KVM_EXIT_INTR:
    case KVM_EXIT_IRQ_WINDOW_OPEN:
    case KVM_EXIT_SET_TPR: break;
    case KVM_EXIT_FAIL_ENTRY:
        return fail(fmt::format("the host's processor refuses the guest's state (hardware reason {:#x})",
                                run.fail_entry.hardware_entry_failure_reason));
    case KVM_EXIT_INTERNAL_ERROR: return internal_error();
    default: return fail(fmt::format("KVM gives an exit that was not asked for, number {}", run.exit_reason));
    }
    return std::nullopt;
}

Engine::Ended Engine::internal_error()
{
    const kvm_run& run = vcpu_->run();
    const vcpu::CpuState now = state();
    if (run.internal.suberror == KVM_INTERNAL_ERROR_EMULATION) {
        return fail(fmt::format("KVM cannot execute the guest's instruction at {:#x}:{:#x}; engine = 'translate' can",
                                now.segment(x86::Seg::Cs).selector, now.rip));
    }
    return fail(fmt::format("KVM has given up at {:#x}:{:#x} (internal error {})", now.segment(x86::Seg::Cs).selector,
                            now.rip, run.internal.suberror));
}

void Engine::port_exit()
{
    const auto& io = vcpu_->run().io;
    const std::span data = vcpu_->shared(io.data_offset, std::uint64_t{io.size} * io.count);
    const base::Port port{io.port};
    statistics_.port_accesses += io.count;
    completing_ = true;
    const bool in = io.direction == KVM_EXIT_IO_IN;
    if (io.count != 1) {
        in ? parts_.io.port_read_run(port, io.size, data) : parts_.io.port_write_run(port, io.size, data);
        return;
    }
    std::uint32_t value = 0;
    if (in) {
        value = parts_.io.port_read(port, io.size);
        std::memcpy(data.data(), &value, std::min(data.size(), sizeof value));
    } else {
        std::memcpy(&value, data.data(), std::min(data.size(), sizeof value));
        parts_.io.port_write(port, io.size, value);
    }
}

// In pieces of a size that buses know.
void Engine::mmio_exit()
{
    auto& mmio = vcpu_->run().mmio;
    const bool open = vm_->slots().a20() == A20::Open;
    const std::uint64_t address = open ? mmio.phys_addr : mmio.phys_addr & ~kLine20;
    const auto length = std::min<unsigned>(mmio.len, sizeof mmio.data);
    ++statistics_.mmio_accesses;
    for (unsigned at = 0; at < length;) {
        const unsigned size = std::bit_floor(length - at);
        mmio_access(address + at, mmio.data + at, size, mmio.is_write != 0);
        at += size;
    }
    completing_ = true;
    priority_stale_ = true;
}

// A slot that is being replaced for another processor's sake is still memory.
void Engine::mmio_access(std::uint64_t address, std::uint8_t* data, unsigned size, bool write)
{
    const GuestPhysical at{address};
    const memory::Page page = vm_->memory().lookup(at);
    std::uint64_t value = 0;
    if (write) {
        if (page.writable() && vm_->memory().write(at, {data, size})) {
            return;
        }
        std::memcpy(&value, data, size);
        parts_.io.mmio_write(at, size, value);
    } else {
        if (page.readable() && vm_->memory().read(at, {data, size})) {
            return;
        }
        value = parts_.io.mmio_read(at, size);
        std::memcpy(data, &value, size);
    }
}

void Engine::msr_exit(bool write)
{
    auto& access = vcpu_->run().msr;
    const vcpu::KeptMsrs msrs{.state = kept_, .model = parts_.model, .io = parts_.io, .policy = parts_.msr_policy};
    bool done = true;
    if (write) {
        done = write_tsc(access.index, access.data) || vcpu::write_kept_msr(msrs, access.index, access.data);
    } else if (const auto value = vcpu::read_kept_msr(msrs, access.index)) {
        access.data = *value;
    } else {
        done = false;
    }
    access.error = done ? 0 : 1;
    completing_ = true;
    priority_stale_ = true;
}

// False: another register.
bool Engine::write_tsc(std::uint32_t number, std::uint64_t value)
{
    if (number != x86::msr::kTsc) {
        return false;
    }
    const std::uint64_t before = machine_ticks(vcpu_->tsc_khz()) + own_tsc_offset();
    kept_.tsc_offset += value - before;
    kept_.tsc_adjust += value - before;
    return vcpu_->set_tsc(value).has_value();
}

} // namespace windsor::kvm
