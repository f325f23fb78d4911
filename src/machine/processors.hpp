// SPDX-License-Identifier: GPL-2.0-or-later
// All virtual processors of one machine.
#pragma once

#include "engines/engines.hpp"
#include "machine/machine.hpp"
#include "machine/processor.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace windsor::machine {

// They count from 0, the bootstrap processor.
class Processors {
public:
    // Parked, and without engines: nothing but signals is asked of them before the first replace().
    Processors(std::size_t count, const Processor::Ended& ended);

    std::size_t count() const { return processors_.size(); }
    Processor& at(std::size_t number) { return *processors_[number]; }

    // See Processor.
    void resume();
    void pause();
    void request_pause();
    void set_a20(bool open);
    // Whether all wait in HLT, or to be started.
    bool asleep() const;

    // While parked.
    std::vector<vcpu::Engine*> engines() const;
    // Other engines instead, one for each, made with its signals; gives the old ones, if any.
    engines::Engines replace(engines::Engines engines);
    // Before what the engines use goes. While parked.
    void drop_engines();

    std::vector<ProcessorStatus> status() const;

    // Of all together; counters by name.
    vcpu::Statistics statistics() const;
    std::vector<vcpu::Counter> counters() const;

private:
    std::vector<std::unique_ptr<Processor>> processors_;
};

} // namespace windsor::machine
