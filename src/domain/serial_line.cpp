// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/serial_line.hpp"

#include <algorithm>
#include <array>
#include <sys/epoll.h>

namespace windsor::domain {

namespace {

constexpr std::size_t kMostOutput = 64u << 10;
constexpr std::size_t kMostInput = 4096;
constexpr std::size_t kChunk = 4096;

} // namespace

SerialLine::SerialLine(base::EventLoop& loop, base::Fd fd)
    : loop_{loop}, fd_{std::move(fd)}, output_{std::make_shared<base::Guarded<std::deque<std::uint8_t>>>()}
{
}

SerialLine::~SerialLine()
{
    if (watched_) {
        loop_.unwatch(fd_.get());
    }
}

base::Status SerialLine::begin()
{
    WINDSOR_TRY(loop_.watch(fd_.get(), EPOLLIN, [this](std::uint32_t events) { handle(events); }));
    watched_ = true;
    return {};
}

void SerialLine::handle(std::uint32_t events)
{
    const bool more = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || receive();
    offer();
    if (!more) {
        watched_ = false;
        loop_.unwatch(fd_.get());
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        write_output();
    }
    watch();
}

void SerialLine::offer()
{
    if (input_ && !typed_.empty()) {
        const std::size_t taken = input_(typed_);
        typed_.erase(typed_.begin(), typed_.begin() + static_cast<std::ptrdiff_t>(std::min(taken, typed_.size())));
    }
}

void SerialLine::input_wanted()
{
    // The line may be gone by the time the loop comes to it; output_ tells.
    loop_.post([this, alive = std::weak_ptr{output_}] {
        if (!alive.expired()) {
            offer();
            watch();
        }
    });
}

void SerialLine::transmit(std::uint8_t byte)
{
    const bool first = output_->with([&](auto& output) {
        output.push_back(byte);
        if (output.size() > kMostOutput) {
            output.pop_front();
        }
        return output.size() == 1;
    });
    if (first) {
        loop_.post([this, alive = std::weak_ptr{output_}] {
            if (!alive.expired()) {
                write_output();
                watch();
            }
        });
    }
}

void SerialLine::write_output()
{
    output_->with([this](auto& output) {
        while (!output.empty()) {
            std::array<std::uint8_t, kChunk> chunk{};
            const std::size_t size = std::min(chunk.size(), output.size());
            std::copy_n(output.begin(), size, chunk.begin());
            const std::size_t count = send({chunk.data(), size});
            if (count == 0) {
                return;
            }
            output.erase(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(count));
        }
    });
}

// Reads only while the guest takes input, writes only while there is output.
void SerialLine::watch()
{
    if (!watched_) {
        return;
    }
    const bool pending = output_->with([](auto& output) { return !output.empty(); });
    const std::uint32_t readable = typed_.size() < kMostInput ? EPOLLIN : 0u;
    loop_.modify(fd_.get(), readable | (pending ? EPOLLOUT : 0u));
}

} // namespace windsor::domain
