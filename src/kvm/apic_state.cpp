// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/apic_state.hpp"

#include <cstring>

namespace windsor::kvm {

namespace {

// Register numbers, and bits in them. SDM volume 3A, chapter "Advanced Programmable Interrupt Controller (APIC)".
constexpr unsigned kId = 0x02;
constexpr unsigned kLvtTimer = 0x32;
constexpr unsigned kInitialCount = 0x38;
constexpr unsigned kCurrentCount = 0x39;
constexpr std::uint32_t kTimerModes = 3 << 17;
constexpr std::uint32_t kOneShot = 0;
constexpr std::uint64_t kX2ApicMode = 1 << 10;
constexpr unsigned kIdShift = 24;
constexpr unsigned kSpacing = 16;

std::uint32_t get(const kvm_lapic_state& lapic, unsigned number)
{
    std::uint32_t value = 0;
    std::memcpy(&value, lapic.regs + std::size_t{number} * kSpacing, sizeof value);
    return value;
}

void put(kvm_lapic_state& lapic, unsigned number, std::uint32_t value)
{
    std::memcpy(lapic.regs + std::size_t{number} * kSpacing, &value, sizeof value);
}

static_assert(sizeof(kvm_lapic_state::regs) == vcpu::LocalApicState::kRegisters * kSpacing);

} // namespace

// A timer that stands is given without its initial count, which the guest then reads as 0: KVM would take it for one
// that has just come to its end or begins anew, and the guest would get an interrupt that it has had.
kvm_lapic_state to_lapic(const vcpu::LocalApicState& state)
{
    kvm_lapic_state lapic{};
    for (unsigned number = 0; number < vcpu::LocalApicState::kRegisters; ++number) {
        put(lapic, number, state.registers[number]);
    }
    if ((state.base & kX2ApicMode) != 0) {
        put(lapic, kId, state.registers[kId] << kIdShift);
    }
    return state.registers[kCurrentCount] == 0 ? without_timer(lapic) : lapic;
}

vcpu::LocalApicState from_lapic(const kvm_lapic_state& lapic, std::uint64_t base, base::Nanoseconds now)
{
    vcpu::LocalApicState state{.base = base, .counted_at = now};
    for (unsigned number = 0; number < vcpu::LocalApicState::kRegisters; ++number) {
        state.registers[number] = get(lapic, number);
    }
    if ((base & kX2ApicMode) != 0) {
        state.registers[kId] >>= kIdShift;
    }
    return state;
}

bool expired(const kvm_lapic_state& lapic)
{
    return (get(lapic, kLvtTimer) & kTimerModes) == kOneShot && get(lapic, kCurrentCount) == 0;
}

kvm_lapic_state without_timer(kvm_lapic_state lapic)
{
    put(lapic, kInitialCount, 0);
    put(lapic, kCurrentCount, 0);
    return lapic;
}

void copy_timer(const vcpu::LocalApicState& before, vcpu::LocalApicState& state)
{
    if (state.registers[kInitialCount] == before.registers[kInitialCount]) {
        state.registers[kCurrentCount] = before.registers[kCurrentCount];
        state.counted_at = before.counted_at;
    }
}

kvm_msi to_msi(const vcpu::ApicMessage& message)
{
    kvm_msi msi{};
    msi.address_lo = message.address;
    msi.data = message.data;
    return msi;
}

std::vector<kvm_irq_routing_entry> to_routes(std::span<const vcpu::ApicMessage> messages)
{
    std::vector<kvm_irq_routing_entry> routes;
    for (const vcpu::ApicMessage& message : messages) {
        kvm_irq_routing_entry route{};
        route.gsi = static_cast<std::uint32_t>(routes.size());
        route.type = KVM_IRQ_ROUTING_MSI;
        route.u.msi.address_lo = message.address;
        route.u.msi.data = message.data;
        routes.push_back(route);
    }
    return routes;
}

} // namespace windsor::kvm
