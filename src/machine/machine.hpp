// SPDX-License-Identifier: GPL-2.0-or-later
// The PC: a specification in, a wired machine out.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "bus/machine_lock.hpp"
#include "backend/keyboard.hpp"
#include "backend/pointer.hpp"
#include "backend/removable_drive.hpp"
#include "backend/usb_socket.hpp"
#include "backend/screen.hpp"
#include "machine/spec.hpp"
#include "state/pages.hpp"
#include "vcpu/engine.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windsor::machine {

// What the guest, or a failure, has done to the machine. It stands still then, and its owner decides.
enum class Event : std::uint8_t {
    PowerOff, // the guest entered S5
    Reset,    // a reset by keyboard controller, port 0xcf9, ACPI or triple fault
    Failed,   // the processor engine cannot go on; the log says why
};

struct ProcessorStatus {
    int host_processor{0}; // on which the thread has run last
    int thread{0};       // of the host, as the kernel numbers it; it lasts as long as the machine
    bool asleep{false};  // it waits in HLT, or to be started
    base::Nanoseconds time{0}; // of the host's processors that it has used
};

struct Needs;
class MemoryLog;

class Machine {
public:
    // Fails, with nothing left behind, if firmware or media cannot be opened or the host has too little
    // memory. `log` outlives the machine. `on_event` is called on a thread of the machine's own, which
    // must not be blocked; it may not call back into the machine.
    static base::Result<std::unique_ptr<Machine>> create(const MachineSpec& spec, base::Log& log,
                                                         std::function<void(Event)> on_event);
    ~Machine();
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // Life cycle. resume() goes clock first, processors last; pause() the other way round. All may be
    // called in any state, from one thread that holds no machine lock.
    void resume();
    void pause();
    bool running() const;
    // As the reset button: power-on state of every chip, RAM as it is. Keeps running or paused.
    void reset();

    // Goes on with another processor engine; the guest sees nothing of it. Keeps running or paused. Fails, with
    // nothing changed, where the host refuses the engine, or it lacks features that the guest has seen. `kvm` is as in
    // MachineSpec.
    base::Status change_engine(engines::Type type, int kvm = -1);

    // A machine that stands still into a saved state: its owner has begun the stream, and may have put records of its
    // own before. Waits until the drives have done what they were asked for. `progress` may stop it; the machine can
    // go on afterwards, whatever happens. Fails if the guest has just powered off or reset the machine.
    base::Status save(state::StreamWriter& to, const state::Progress& progress = {});
    // How many bytes `progress` counts to.
    std::uint64_t saved_bytes();
    // What is saved next, into a machine that was created for it and has never run. After a failure it must not run.
    // Gives the names of what was saved and is not needed.
    base::Result<std::vector<std::string>> restore(const Needs& saved, state::StreamReader& from);

    // For live migration, which sends memory while the guest runs: what is saved first, then the log that says which
    // memory has to be sent, then all but memory. Without `save_devices()`, and unless it is said otherwise, the
    // machine may run.
    base::Status save_needs(state::StreamWriter& to);
    // Of a machine that stands still. The log is taken down while it stands still, too.
    std::unique_ptr<MemoryLog> log_memory();
    // As save(): of a machine that stands still, and drives that come to rest; what these store is in the log
    // afterwards.
    base::Status save_devices(state::StreamWriter& to);

    // The drives whose medium people change, to be asked under the machine lock.
    const std::vector<backend::RemovableDrive*>& removable_drives();
    // Puts a medium into the drive of that slot (DriveSpec::slot), in place of the one that may be there; an empty
    // `open`: takes that out. What is saved from now on has it. Fails, with all as it was, if `open` does, if there is
    // no such drive, and as RemovableDrive::change() does.
    base::Status change_medium(unsigned slot, const OpenMedia& open, backend::LockedMedium locked);

    // Takes the media out of all drives and closes them. The guest must not run again.
    void release_media();

    // Presses the ACPI power button. False if no operating system listens to it.
    bool press_power_button();

    // The lock under which devices are used, and the devices that consoles use under it.
    bus::MachineLock& lock();
    backend::Screen& screen();
    backend::Keyboard& keyboard();
    backend::Pointer& mouse();
    backend::AbsolutePointer& tablet(); // not in use if there is none
    // The ports of the USB; empty if the machine has none.
    const std::vector<backend::UsbSocket*>& usb_sockets();
    // In the order of the specification. They may be given frames while the machine runs; when it does so again, their
    // links are told that input is wanted.
    const std::vector<backend::NetworkCard*>& network_cards();

    // Bytes for one of the serial ports that the machine has, counted from 0; gives how many were taken. Takes the
    // machine lock.
    std::size_t receive_serial(std::size_t port, std::span<const std::uint8_t> bytes);

    // Since the engine was last changed.
    vcpu::Statistics statistics() const;
    std::vector<vcpu::Counter> counters() const;
    // Machine time.
    const base::Clock& clock() const;
    // What the guest's real-time clock shows, in seconds since 1970 of the guest's zone. Takes the machine lock.
    std::int64_t guest_time() const;
    // All processors wait in HLT.
    bool idle() const;
    // By number.
    std::vector<ProcessorStatus> processors() const;

private:
    class Parts;
    explicit Machine(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

} // namespace windsor::machine
