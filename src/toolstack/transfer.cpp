// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/transfer.hpp"

#include "base/whole.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace windsor::toolstack {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kLongestEnd{5};
constexpr std::size_t kPiece = 1u << 20;

} // namespace

base::Result<Transfer> Transfer::to(int file, std::uint64_t most)
{
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return base::fail("cannot make a pipe: {}", base::errno_text(errno));
    }
    ::fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(kPiece)); // faster, if it may be as large
    return Transfer{file, most, base::Fd{ends[0]}, base::Fd{ends[1]}};
}

Transfer::Transfer(int file, std::uint64_t most, base::Fd receive, base::Fd send)
    : file_{file}, left_{most}, receive_{std::move(receive)}, send_{std::move(send)}, buffer_(kPiece)
{
}

base::Status Transfer::move(std::chrono::milliseconds patience)
{
    pollfd waiting{.fd = receive_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) {
        return {};
    }
    const ssize_t count = ::read(receive_.get(), buffer_.data(), buffer_.size());
    if (count <= 0) {
        receive_.reset();
        return {};
    }
    const auto bytes = static_cast<std::size_t>(count);
    if (bytes > left_) {
        receive_.reset();
        return base::fail("its process writes more than its memory and its devices can hold: it cannot be trusted");
    }
    left_ -= bytes;
    if (!base::write_whole(file_, {buffer_.data(), bytes})) {
        const int number = errno;
        receive_.reset();
        return base::fail("cannot write the file: {}", base::errno_text(number));
    }
    return {};
}

base::Status Transfer::take_rest()
{
    const auto end = Clock::now() + kLongestEnd;
    while (!ended()) {
        WINDSOR_TRY(move(kLook));
        if (!ended() && Clock::now() >= end) {
            return base::fail("its process does not end what it writes");
        }
    }
    return {};
}

} // namespace windsor::toolstack
