// SPDX-License-Identifier: GPL-2.0-or-later
// The host's end of the guest's serial line: a pseudo-terminal, as xm console knows it.
#pragma once

#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"
#include "backend/character.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace windsor::domain {

// Guest output that nobody reads is kept up to 64 KiB, the oldest dropped first. Made and destroyed on the
// loop's thread; transmit() and input_wanted() may be called from any.
class Pty final : public backend::CharacterSink {
public:
    // The loop outlives the terminal.
    static base::Result<std::unique_ptr<Pty>> create(base::EventLoop& loop);
    ~Pty() override;
    Pty(const Pty&) = delete;
    Pty& operator=(const Pty&) = delete;

    // The terminal device that clients open.
    const std::string& path() const { return path_; }

    // Where typed bytes go: gives how many were taken; the rest is offered again after input_wanted().
    void on_input(std::function<std::size_t(std::span<const std::uint8_t>)> input) { input_ = std::move(input); }

    void transmit(std::uint8_t byte) override;
    void input_wanted() override;

private:
    Pty(base::EventLoop& loop, base::Fd master, base::Fd slave, std::string path);
    void handle(std::uint32_t events);
    void read_input();
    void write_output();
    void offer();
    void watch();

    base::EventLoop& loop_;
    base::Fd master_;
    base::Fd slave_; // kept open, so that a leaving client does not hang up the line
    std::string path_;
    std::function<std::size_t(std::span<const std::uint8_t>)> input_;
    std::vector<std::uint8_t> typed_;
    std::shared_ptr<base::Guarded<std::deque<std::uint8_t>>> output_;
};

} // namespace windsor::domain
