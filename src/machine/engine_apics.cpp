// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/engine_apics.hpp"

#include "machine/apic_exchange.hpp"

#include <algorithm>

namespace windsor::machine {

namespace {

using namespace devices;

// The interval timer owes no more.
constexpr base::Nanoseconds kLongestWait = base::kSecond;

} // namespace

void TickWatch::sent(std::uint8_t vector, base::Nanoseconds now)
{
    last_ = {.vector = vector, .at = now};
}

void TickWatch::ended(std::uint8_t vector)
{
    told_.set(vector);
    if (last_ && last_->vector == vector) {
        last_.reset();
    }
}

bool TickWatch::pending(base::Nanoseconds now) const
{
    return last_ && told_.test(last_->vector) && now - last_->at < kLongestWait;
}

std::vector<vcpu::ApicMessage> reported_messages(const ioapic::IoApic& ioapic, unsigned timer_pin)
{
    std::vector<vcpu::ApicMessage> messages;
    for (unsigned pin = 0; pin < ioapic.pins(); ++pin) {
        const std::uint64_t entry = ioapic.state().entries[pin];
        const bool timer = pin == timer_pin && (entry & ioapic::kMasked) == 0;
        if ((entry & ioapic::kLevel) == 0 && !timer) {
            continue;
        }
        lapic::Message message = ioapic.message(pin);
        message.trigger = lapic::Trigger::Level; // of others KVM reports no ends
        if (const auto known = to_engine(message)) {
            messages.push_back(*known);
        }
    }
    return messages;
}

EngineApics::EngineApics(const std::vector<std::unique_ptr<Socket>>& sockets, ioapic::IoApic& ioapic,
                         unsigned timer_pin, const base::Clock& clock, base::Log& log)
    : sockets_{sockets}, ioapic_{ioapic}, timer_pin_{timer_pin}, clock_{clock}, log_{log}
{
}

// Routes first: an interrupt that is in service already may end at once.
void EngineApics::hand_out(std::span<vcpu::Engine* const> engines)
{
    if (std::ranges::any_of(engines, [](vcpu::Engine* engine) { return engine->local_apic() == nullptr; })) {
        return;
    }
    messages_ = &engines.front()->local_apic()->messages();
    reported_.clear();
    tick_.forget();
    entry_changed();
    for (std::size_t number = 0; number < engines.size(); ++number) {
        sockets_[number]->hand_out(*engines[number]->local_apic());
    }
}

void EngineApics::take_back()
{
    if (!in_charge()) {
        return;
    }
    messages_ = nullptr;
    for (const auto& socket : sockets_) {
        socket->take_back();
    }
}

bool EngineApics::deliver(const lapic::Message& message)
{
    const auto known = to_engine(message);
    const bool taken = known && messages_->deliver(*known);
    const auto timer = static_cast<std::uint8_t>(ioapic_.state().entries[timer_pin_]);
    if (taken && message.trigger == lapic::Trigger::Edge && message.vector == timer) {
        tick_.sent(message.vector, clock_.now());
    }
    return taken;
}

void EngineApics::entry_changed()
{
    if (!in_charge()) {
        return;
    }
    std::vector<vcpu::ApicMessage> wanted = reported_messages(ioapic_, timer_pin_);
    if (wanted == reported_) {
        return;
    }
    if (const auto set = messages_->report_ends(wanted); !set) {
        log_.guest("local APICs", "{}", set.error().message());
    }
    reported_ = std::move(wanted);
}

} // namespace windsor::machine
