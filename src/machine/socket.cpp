// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/socket.hpp"

#include "firmware/acpi_tables.hpp"
#include "machine/apic_exchange.hpp"

namespace windsor::machine {

namespace lapic = devices::lapic;

Socket::Socket(unsigned number, const Parts& parts)
    : host_{parts.host}, signals_{parts.host.signals(number)}, clock_{parts.clock}, registers_{"local APIC", parts.log},
      lapic_{parts.clock, parts.timers, parts.bus, *this,
             lapic::Lapic::Options{.id = firmware::local_apic_id(number),
                                   .boot_processor = number == 0,
                                   .x2apic = false,
                                   .on_page_moved = [this](std::optional<std::uint64_t> page) {
                                       host_.lock().assert_held();
                                       place(page ? std::optional{base::GuestPhysical{*page}} : std::nullopt);
                                   }}}
{
    place(base::GuestPhysical{lapic::kDefaultBase});
}

void Socket::hand_out(vcpu::LocalApic& engine)
{
    lapic::Lapic::State state = lapic_.state();
    engine.give(to_engine(state, lapic_.id(), clock_.now()));
    pic_output_ = state.lint[0];
    state.timer = {};
    lapic_.load(state);
    engine_ = &engine;
    drive();
}

void Socket::take_back()
{
    const vcpu::LocalApicState taken = engine_->take();
    engine_ = nullptr;
    lapic::Lapic::State state = lapic_.state();
    from_engine(taken, state);
    state.lint[0] = pic_output_;
    lapic_.load(state);
    if (taken.nmi_pending) {
        nmi();
    }
    drive();
}

void Socket::drive()
{
    handed_out() ? set_interrupt(pic_output_) : lapic_.drive();
}

void Socket::set_pic_output(bool level)
{
    if (handed_out()) {
        pic_output_ = level;
        set_interrupt(level);
    } else {
        lapic_.set_lint(0, level);
    }
}

void Socket::place(std::optional<base::GuestPhysical> page)
{
    claim_ = page ? registers_.claim(*page, lapic::kPageSize, lapic_, "lapic") : bus::Claim{};
    page_ = page;
}

} // namespace windsor::machine
