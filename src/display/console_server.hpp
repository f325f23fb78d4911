// SPDX-License-Identifier: GPL-2.0-or-later
// What runs in the process that serves a console: the VNC server, the domain's picture, and events to the domain.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "display/console_event.hpp"
#include "display/shared_frame.hpp"
#include "display/vnc_server.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace windsor::display {

class ConsoleServer final : private VncHandler {
public:
    struct Parts {
        VncListener listener;
        VncOptions options;
        base::Fd frame;  // the memory of the picture
        base::Fd events; // this process's end of the socket to the domain
        base::Fd wake;   // an eventfd that the domain writes
        base::Fd life{}; // a pipe whose other end closes when there is nobody to serve for any more; may be none
    };

    // Begins to serve. Fails as VncServer does.
    static base::Result<std::unique_ptr<ConsoleServer>> create(Parts parts);
    ~ConsoleServer() override;
    ConsoleServer(const ConsoleServer&) = delete;
    ConsoleServer& operator=(const ConsoleServer&) = delete;

    // Shows what the domain shows, until stop(), until the pipe's other end closes, or until a thread hangs: then there
    // is nothing left to do but to end the process. Calls `alive` every few seconds while all is well.
    void run(const std::function<void()>& alive);
    void stop();

private:
    ConsoleServer(base::Fd events, base::Fd wake, base::Fd life, base::Fd poke, FrameReader frame);

    // VncHandler.
    void refresh() override;
    void key(KeyCode code, bool pressed) override;
    void pointer(int dx, int dy, int wheel, std::uint8_t buttons) override;
    void pointer_at(Pixel at, int dx, int dy, int wheel, std::uint8_t buttons) override;
    void clients_changed(unsigned count) override;

    enum class Hurry { Wait, Drop };
    // False if the domain does not take it: at once, or within some seconds.
    bool send(const ConsoleEvent& event, Hurry hurry);
    void take_picture();
    void tell_viewers();

    base::Fd events_;
    base::Fd wake_;
    base::Fd life_;
    base::Fd poke_; // an eventfd of this process's own
    base::Log log_;
    FrameReader frame_;
    backend::Picture picture_{};

    base::Mutex mutex_;
    base::Condition answered_changed_;
    std::uint32_t requests_ WINDSOR_GUARDED_BY(mutex_){0}; // for the picture as it is now
    std::uint32_t answered_ WINDSOR_GUARDED_BY(mutex_){0};

    std::atomic<unsigned> viewers_{0};
    unsigned told_viewers_{0};              // what the domain knows
    std::atomic<bool> domain_stands_{false}; // it has not taken an event in time
    std::atomic<bool> stopping_{false};
    std::unique_ptr<VncServer> server_; // last: its threads use all of the above
};

} // namespace windsor::display
