// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <functional>
#include <string_view>
#include <sys/types.h>
#include <utility>

namespace windsor::transport {

// A process that a connection leads through, such as ssh.
class Carrier {
public:
    // Makes one that does `work` and ends. Ctrl-C is for its creator alone, which gives up in good order. `what` names
    // it in the error.
    static base::Result<Carrier> start(std::string_view what, const std::function<void()>& work);
    Carrier(Carrier&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}
    Carrier& operator=(Carrier&&) = delete;
    // Waits for its end, which is to follow that of the connection; after a few seconds it ends it.
    ~Carrier();

    // Tells it to end without waiting for the connection's end.
    void stop() const;

private:
    explicit Carrier(pid_t pid) : pid_{pid} {}

    pid_t pid_;
};

// The two ends of a connection between two processes.
struct SocketPair {
    base::Fd own;
    base::Fd other;
};
base::Result<SocketPair> make_socket_pair();

} // namespace windsor::transport
