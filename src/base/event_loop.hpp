// SPDX-License-Identifier: GPL-2.0-or-later
// One thread's file descriptors and posted work.
#pragma once

#include "base/fd.hpp"
#include "base/guarded.hpp"
#include "base/result.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace windsor::base {

// watch(), unwatch() and run() belong to one thread; post() and stop() may be called from any.
class EventLoop {
public:
    // `events` is a set of EPOLLIN, EPOLLOUT, EPOLLHUP … as in epoll_ctl(2).
    using Handler = std::function<void(std::uint32_t events)>;

    static Result<std::unique_ptr<EventLoop>> create();

    // Calls `handler` whenever `fd` is ready; replaces an earlier watch of it. The caller keeps `fd`
    // and unwatches it before closing it.
    Status watch(int fd, std::uint32_t events, Handler handler);
    // Changes what a watched descriptor is watched for, keeping its handler.
    void modify(int fd, std::uint32_t events);
    void unwatch(int fd);

    // Runs `work` on the loop's thread, in the order posted.
    void post(std::function<void()> work);

    // Handles events until stop(); may be called again afterwards.
    void run();
    void stop();

private:
    EventLoop(Fd epoll, Fd wake);
    void run_posted();

    Fd epoll_;
    Fd wake_;
    std::map<int, std::shared_ptr<Handler>> handlers_;
    Guarded<std::vector<std::function<void()>>> posted_;
    std::atomic<bool> stopping_{false};
};

} // namespace windsor::base
