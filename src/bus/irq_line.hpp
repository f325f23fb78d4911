// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupt lines as handles.
#pragma once

#include <cstdint>

namespace windsor::bus {

// The input side of an interrupt controller, or of wiring that fans out to several.
class IrqSink {
public:
    virtual ~IrqSink() = default;
    virtual void set_irq(unsigned input, bool level) = 0;
};

// One device's end of an interrupt line. A default-constructed line leads nowhere. The sink outlives it.
class IrqLine {
public:
    IrqLine() = default;
    IrqLine(IrqSink& sink, unsigned input) : sink_{&sink}, input_{input} {}

    // Drives the line; the sink hears of changes only.
    void set_level(bool level)
    {
        if (level != level_) {
            level_ = level;
            if (sink_ != nullptr) {
                sink_->set_irq(input_, level);
            }
        }
    }

    bool level() const { return level_; }

    // Takes over a level from saved state without making an edge.
    void restore_level(bool level) { level_ = level; }

private:
    IrqSink* sink_{nullptr};
    unsigned input_{0};
    bool level_{false};
};

} // namespace windsor::bus
