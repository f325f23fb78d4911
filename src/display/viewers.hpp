// SPDX-License-Identifier: GPL-2.0-or-later
// A domain's end of the process that serves its console.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "display/console_event.hpp"
#include "display/shared_frame.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>

namespace windsor::display {

// What the domain's process and the one that serves its console have in common. Made before either is forked; each is
// given its ends and closes the others.
struct ViewerChannel {
    base::Fd events;        // the domain's end of the socket
    base::Fd server_events; // the other
    base::Fd wake;          // an eventfd: the picture has changed, or an answer was given

    static base::Result<ViewerChannel> create();
};

// What viewers do, as the domain sees it. Called from one thread.
class ViewerHandler {
public:
    virtual ~ViewerHandler() = default;
    virtual void viewers_changed(unsigned count) = 0;
    // A viewer needs the picture as it is now: write and answer it.
    virtual void refresh(std::uint32_t request) = 0;
    virtual void key(KeyCode code, bool pressed) = 0;
    // Movement in counts, wheel clicks, the buttons held now (bits of backend::PointerButtons).
    virtual void pointer(int dx, int dy, int wheel, std::uint8_t buttons) = 0;
    // The same, and where on the screen the viewer's pointer is; perhaps outside of it.
    virtual void pointer_at(Pixel /*at*/, int dx, int dy, int wheel, std::uint8_t buttons)
    {
        pointer(dx, dy, wheel, buttons);
    }
};

// Reads the events of the other process, which may be somebody else's by now: it can press keys and move the pointer,
// as its viewers may, and nothing more. No more than kEventsInSlice of them are taken in kSlice of time: then it has to
// wait.
class Viewers {
public:
    static constexpr unsigned kEventsInSlice = 64;
    static constexpr int kSlice = 10; // milliseconds

    struct Ends {
        base::Fd events;
        base::Fd wake;
        FrameMapping frame;
        std::uint16_t port{0}; // on which the other process listens
    };

    // The handler and the log outlive it.
    static base::Result<std::unique_ptr<Viewers>> start(Ends ends, ViewerHandler& handler, base::Log& log);
    // Lets go of what viewers hold. The handler may be called until it returns.
    ~Viewers();
    Viewers(const Viewers&) = delete;
    Viewers& operator=(const Viewers&) = delete;

    std::uint16_t port() const { return port_; }

    // Never waits for the other process. From one thread at a time.
    void show(const backend::Picture& picture, std::span<const backend::Rectangle> damage);
    void answer(std::uint32_t request);
    // How viewers are to tell of their pointers.
    void tell_pointer(PointerMode mode);

private:
    Viewers(Ends ends, base::Fd stop, ViewerHandler& handler, base::Log& log);
    void run();
    void take_slice();
    void take(const ConsoleEvent& event);
    void let_go();
    void wake() const;

    base::Fd events_;
    base::Fd wake_;
    base::Fd stop_; // an eventfd
    FrameWriter frame_;
    std::uint16_t port_;
    ViewerHandler& handler_;
    base::Log& log_;
    std::set<KeyCode> held_;
    std::uint8_t buttons_{0};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

} // namespace windsor::display
