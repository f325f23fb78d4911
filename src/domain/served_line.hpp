// SPDX-License-Identifier: GPL-2.0-or-later
// A serial line whose other end the process of serial lines has (serial/relay.hpp).
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/serial_line.hpp"

#include <memory>
#include <string>

namespace windsor::domain {

// What comes is a stranger's word: characters for the guest, and notes for the log, which are few.
class ServedLine final : public SerialLine {
public:
    // `link`: an end of a pair as in serial/link.hpp. `name`: what the log calls the port. The others outlive the line.
    static base::Result<std::unique_ptr<ServedLine>> create(base::EventLoop& loop, base::Fd link, std::string name,
                                                            base::Log& log);
    ~ServedLine() override;

private:
    ServedLine(base::EventLoop& loop, base::Fd link, std::string name, base::Log& log)
        : SerialLine{loop, std::move(link)}, name_{std::move(name)}, log_{log}
    {
    }
    bool receive() override;
    std::size_t send(std::span<const std::uint8_t> bytes) override;
    void give_up();

    std::string name_;
    base::Log& log_;
    bool gone_{false}; // what the guest sends goes nowhere
};

} // namespace windsor::domain
