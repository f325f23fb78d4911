// SPDX-License-Identifier: GPL-2.0-or-later
// The host's end of one of the guest's serial lines: characters between the machine and a file descriptor.
#pragma once

#include "backend/character.hpp"
#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/guarded.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace windsor::domain {

// Guest output that nobody reads is kept up to 64 KiB, the oldest dropped first. Made and destroyed on the loop's
// thread; transmit() and input_wanted() may be called from any.
class SerialLine : public backend::CharacterSink {
public:
    ~SerialLine() override;
    SerialLine(const SerialLine&) = delete;
    SerialLine& operator=(const SerialLine&) = delete;

    // Where typed bytes go: gives how many were taken; the rest is offered again after input_wanted().
    void on_input(std::function<std::size_t(std::span<const std::uint8_t>)> input) { input_ = std::move(input); }
    // The terminal device that clients open; empty if it is none.
    virtual std::string terminal() const { return {}; }

    void transmit(std::uint8_t byte) override;
    void input_wanted() override;

protected:
    // `fd` does not wait (O_NONBLOCK). The loop outlives the line.
    SerialLine(base::EventLoop& loop, base::Fd fd);
    // Once, when the object is whole.
    base::Status begin();

    int fd() const { return fd_.get(); }
    void type(std::span<const std::uint8_t> bytes) { typed_.insert(typed_.end(), bytes.begin(), bytes.end()); }
    // What has come is typed. False if nothing more will ever come.
    virtual bool receive() = 0;
    // Gives how many bytes from the front were taken; 0: none at present.
    virtual std::size_t send(std::span<const std::uint8_t> bytes) = 0;
    // Takes what can be sent without waiting; for the end.
    void flush() { write_output(); }

private:
    void handle(std::uint32_t events);
    void write_output();
    void offer();
    void watch();

    base::EventLoop& loop_;
    base::Fd fd_;
    bool watched_{false};
    std::function<std::size_t(std::span<const std::uint8_t>)> input_;
    std::vector<std::uint8_t> typed_;
    std::shared_ptr<base::Guarded<std::deque<std::uint8_t>>> output_;
};

} // namespace windsor::domain
