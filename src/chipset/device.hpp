// SPDX-License-Identifier: GPL-2.0-or-later
// What sits in a slot of a machine.
#pragma once

#include "base/result.hpp"
#include "bus/machine_lock.hpp"
#include "chipset/saved_records.hpp"
#include "memory/guest_memory.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windsor::chipset {

// A chip with its wiring, or several that belong together. Its interrupts, ports and memory come from its Site.
class Device {
public:
    // Memory that belongs to the saved state and is too large for a record.
    struct NamedMemory {
        std::string_view part; // of the device, as for a record; outlives the device
        memory::Block* block;
    };

    virtual ~Device() = default;

    // Power-on state.
    virtual void reset() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Brings the state up to the present, before it is saved; interrupts that are due come.
    virtual void settle() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Whether a request to the world is under way, so that the state cannot be saved yet.
    virtual bool busy() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Why the device can never be saved; nothing if it can.
    virtual std::optional<std::string> not_saveable() const { return std::nullopt; }
    virtual base::Status save(Saver& to) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Into a fresh device, with the clock as it was.
    virtual base::Status load(Loader& from) WINDSOR_REQUIRES(bus::kMachineLock) = 0;

    virtual std::vector<NamedMemory> memory() { return {}; }
    // Lets go of what belongs to the world, such as the media of drives. The guest does not run again.
    virtual void release_world() WINDSOR_REQUIRES(bus::kMachineLock) {}
};

// A device that is described by its parts: `Assembly::parts(visit)` calls `visit(name, chip)` for each of them in the
// order of loading, where the name is that of its record, and returns the first error. A chip has reset(), state() and
// load(State), and a state with a describe(). If it has settle() and busy(), these are asked, too.
template <typename Assembly> class DeviceOf : public Device {
public:
    void reset() override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        each([](std::string_view, auto& chip) { chip.reset(); });
    }
    void settle() override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        each([](std::string_view, auto& chip) {
            if constexpr (requires { chip.settle(); }) {
                chip.settle();
            }
        });
    }
    bool busy() override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        bool any = false;
        each([&any](std::string_view, auto& chip) {
            if constexpr (requires { chip.busy(); }) {
                any = any || chip.busy();
            }
        });
        return any;
    }
    base::Status save(Saver& to) override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        return self().parts([&to](std::string_view name, auto&& chip) { return to.put(name, chip); });
    }
    base::Status load(Loader& from) override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        return self().parts([&from](std::string_view name, auto&& chip) { return from.take(name, chip); });
    }

private:
    Assembly& self() { return static_cast<Assembly&>(*this); }
    template <typename Act> void each(Act act) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        static_cast<void>(self().parts([&act](std::string_view name, auto&& chip) {
            act(name, chip);
            return base::Status{};
        }));
    }
};

// A part that another part resets, or the bus that it sits on.
template <typename Chip> class ResetElsewhere {
public:
    explicit ResetElsewhere(Chip& chip) : chip_{chip} {}

    void reset() {}
    void settle()
        requires requires(Chip& chip) { chip.settle(); }
    {
        chip_.settle();
    }
    bool busy()
        requires requires(Chip& chip) { chip.busy(); }
    {
        return chip_.busy();
    }
    decltype(auto) state() const { return std::as_const(chip_).state(); }
    template <typename State> void load(const State& state) { chip_.load(state); }

private:
    Chip& chip_;
};

} // namespace windsor::chipset
