// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/machine.hpp"

#include "machine/machine_parts.hpp"

namespace windsor::machine {

Machine::Machine(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}

Machine::~Machine() = default;

base::Result<std::unique_ptr<Machine>> Machine::create(const MachineSpec& spec, base::Log& log,
                                                       std::function<void(Event)> on_event)
{
    auto parts = std::make_unique<Parts>(log, std::move(on_event));
    WINDSOR_TRY(parts->build(spec));
    return std::unique_ptr<Machine>{new Machine{std::move(parts)}};
}

void Machine::resume()
{
    parts_->resume();
}

void Machine::pause()
{
    parts_->pause();
}

bool Machine::running() const
{
    return parts_->running();
}

void Machine::reset()
{
    parts_->reset();
}

base::Status Machine::change_engine(engines::Type type, int kvm)
{
    return parts_->change_engine(type, kvm);
}

base::Status Machine::save(state::StreamWriter& to, const state::Progress& progress)
{
    return parts_->save(to, progress);
}

base::Status Machine::save_needs(state::StreamWriter& to)
{
    return parts_->save_needs(to);
}

base::Status Machine::save_devices(state::StreamWriter& to)
{
    return parts_->save_devices(to);
}

std::unique_ptr<MemoryLog> Machine::log_memory()
{
    return parts_->log_memory();
}

base::Result<std::vector<std::string>> Machine::restore(const Needs& saved, state::StreamReader& from)
{
    return parts_->restore(saved, from);
}

std::uint64_t Machine::saved_bytes()
{
    return parts_->saved_bytes();
}

const std::vector<backend::RemovableDrive*>& Machine::removable_drives()
{
    return parts_->board().outlets().removable_drives;
}

base::Status Machine::change_medium(unsigned slot, const OpenMedia& open, backend::LockedMedium locked)
{
    return parts_->change_medium(slot, open, locked);
}

void Machine::release_media()
{
    pause();
    const bus::MachineGuard guard{parts_->lock()};
    parts_->board().release_world();
}

bool Machine::press_power_button()
{
    const bus::MachineGuard guard{parts_->lock()};
    const auto& buttons = parts_->board().outlets().power_buttons;
    return !buttons.empty() && buttons.front()->press();
}

bus::MachineLock& Machine::lock()
{
    return parts_->lock();
}

backend::Screen& Machine::screen()
{
    return parts_->screen();
}

backend::Keyboard& Machine::keyboard()
{
    return parts_->inputs().keyboard;
}

backend::Pointer& Machine::mouse()
{
    return parts_->inputs().mouse;
}

backend::AbsolutePointer& Machine::tablet()
{
    return parts_->inputs().tablet;
}

const std::vector<backend::UsbSocket*>& Machine::usb_sockets()
{
    return parts_->board().outlets().usb_sockets;
}

const std::vector<backend::NetworkCard*>& Machine::network_cards()
{
    return parts_->board().outlets().network_cards;
}

std::size_t Machine::receive_serial(std::size_t port, std::span<const std::uint8_t> bytes)
{
    const bus::MachineGuard guard{parts_->lock()};
    const auto& ports = parts_->board().outlets().serial_ports;
    return port < ports.size() ? ports[port]->receive(bytes) : bytes.size();
}

std::vector<vcpu::Counter> Machine::counters() const
{
    return parts_->counters();
}

vcpu::Statistics Machine::statistics() const
{
    return parts_->statistics();
}

const base::Clock& Machine::clock() const
{
    return parts_->clock();
}

std::int64_t Machine::guest_time() const
{
    const bus::MachineGuard guard{parts_->lock()};
    return parts_->board().outlets().clocks.front()->seconds();
}

std::vector<ProcessorStatus> Machine::processors() const
{
    return parts_->processors();
}

bool Machine::idle() const
{
    return parts_->idle();
}

} // namespace windsor::machine
