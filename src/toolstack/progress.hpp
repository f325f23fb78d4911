// SPDX-License-Identifier: GPL-2.0-or-later
// For commands that take their time: how far they are.
#pragma once

#include "toolstack/command.hpp"

#include <cstdint>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace windsor::toolstack {

// One line on a terminal that is written over and over.
class ProgressLine {
public:
    ProgressLine(Context& context, std::string what)
        : context_{context}, what_{std::move(what)}, terminal_{::isatty(STDERR_FILENO) != 0}
    {
    }
    ~ProgressLine()
    {
        if (shown_) {
            context_.err << '\n' << std::flush;
        }
    }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    // So much of so much.
    void show(std::uint64_t done, std::uint64_t total)
    {
        if (terminal_ && total != 0) {
            context_.err << fmt::format("\r{}: {:3} %", what_, done * 100 / total) << std::flush;
            shown_ = true;
        }
    }
    void rename(std::string what) { what_ = std::move(what); }

private:
    Context& context_;
    std::string what_;
    bool terminal_;
    bool shown_{false};
};

} // namespace windsor::toolstack
