// SPDX-License-Identifier: GPL-2.0-or-later
// The host's end of a serial line as a pseudo-terminal, as xm console knows it.
#pragma once

#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"
#include "domain/serial_line.hpp"

#include <memory>
#include <string>

namespace windsor::domain {

class Pty final : public SerialLine {
public:
    // The loop outlives the terminal.
    static base::Result<std::unique_ptr<Pty>> create(base::EventLoop& loop);

    std::string terminal() const override { return path_; }
    const std::string& path() const { return path_; }

private:
    Pty(base::EventLoop& loop, base::Fd master, base::Fd slave, std::string path);
    bool receive() override;
    std::size_t send(std::span<const std::uint8_t> bytes) override;

    base::Fd slave_; // kept open, so that a leaving client does not hang up the line
    std::string path_;
};

} // namespace windsor::domain
