// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/lapic/apic_bus.hpp"

#include "devices/lapic/lapic.hpp"

namespace windsor::devices::lapic {

void ApicBus::attach(Lapic& lapic)
{
    lapics_.push_back(&lapic);
}

void ApicBus::detach(Lapic& lapic)
{
    std::erase(lapics_, &lapic);
}

bool ApicBus::deliver(const Message& message)
{
    if (message.mode == DeliveryMode::LowestPriority) {
        return deliver_lowest(message, nullptr);
    }
    bool taken = false;
    for (Lapic* lapic : lapics_) {
        if (lapic->is_destination(message)) {
            taken = lapic->accept(message) || taken;
        }
    }
    return taken;
}

bool ApicBus::deliver_lowest(const Message& message, const Lapic* excluded)
{
    const std::size_t count = lapics_.size();
    Lapic* best = nullptr;
    std::size_t best_place = 0;
    for (std::size_t step = 1; step <= count; ++step) {
        const std::size_t place = (state_.last_lowest + step) % count;
        Lapic* lapic = lapics_[place];
        const bool candidate = lapic != excluded && lapic->software_enabled() && lapic->is_destination(message);
        if (candidate && (best == nullptr || lapic->processor_priority() < best->processor_priority())) {
            best = lapic;
            best_place = place;
        }
    }
    if (best == nullptr) {
        return false;
    }
    state_.last_lowest = static_cast<std::uint32_t>(best_place);
    return best->accept(message);
}

void ApicBus::send(const Message& message, Shorthand shorthand, Lapic& source)
{
    Message everyone = message;
    everyone.destination = kEveryone;
    everyone.destination_mode = DestinationMode::Physical;
    switch (shorthand) {
    case Shorthand::None: deliver(message); break;
    case Shorthand::Self: source.accept(message); break;
    case Shorthand::AllIncludingSelf: deliver(everyone); break;
    case Shorthand::AllButSelf:
        if (message.mode == DeliveryMode::LowestPriority) {
            deliver_lowest(everyone, &source);
            break;
        }
        for (Lapic* lapic : lapics_) {
            if (lapic != &source) {
                lapic->accept(everyone);
            }
        }
        break;
    }
}

void ApicBus::end_of_interrupt(std::uint8_t vector)
{
    if (listener_) {
        listener_(vector);
    }
}

} // namespace windsor::devices::lapic
