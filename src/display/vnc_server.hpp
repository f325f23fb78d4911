// SPDX-License-Identifier: GPL-2.0-or-later
// The VNC console (RFB protocol, RFC 6143) over LibVNCServer.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "backend/screen.hpp"
#include "display/console_event.hpp"
#include "display/keysym.hpp"
#include "display/shared_frame.hpp"
#include "display/vnc_listener.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace windsor::display {

// What clients do. Called from the clients' threads, several at once.
class VncHandler {
public:
    virtual ~VncHandler() = default;
    // A client is about to see the screen: give show() the current picture before returning.
    virtual void refresh() = 0;
    virtual void key(KeyCode code, bool pressed) = 0;
    // Movement in pixels, wheel clicks, the buttons held now (bits of backend::PointerButtons).
    virtual void pointer(int dx, int dy, int wheel, std::uint8_t buttons) = 0;
    // The same of a client that tells where its pointer is, on the screen as it was shown.
    virtual void pointer_at(Pixel /*at*/, int dx, int dy, int wheel, std::uint8_t buttons)
    {
        pointer(dx, dy, wheel, buttons);
    }
    // The number of connected clients has changed.
    virtual void clients_changed(unsigned count) = 0;
};

// One thread accepts, greets, asks for the password, and moves bytes between viewers and sessions of the VNC library;
// it waits for nobody. Who has come through the greeting gets a session: a thread and a copy of the picture of its own,
// so that one that stalls holds up nobody and is dropped after some seconds without progress.
//
// Whoever has not come through is a stranger. There is room for kMostStrangers, and for kMostStrangersOfAddress of one
// address; if one more comes, another has to go: first who has never said a word, and who has waited longest. Strangers
// never take a session from anybody. Without a password everybody comes through, so one address has no more than
// kMostSessionsOfAddress of the sessions.
//
// Pointer positions become movements, too: a guest's mouse knows no positions, so that its pointer and the client's
// drift apart unless the client hides its own. A client that offers QEMU's pointer motion change encoding is asked for
// movements instead, unless the guest uses a tablet, which knows positions.
class VncServer {
public:
    static constexpr unsigned kMostClients = 16;
    static constexpr unsigned kMostStrangers = 32;
    static constexpr unsigned kMostStrangersOfAddress = 8;
    static constexpr unsigned kMostSessionsOfAddress = 12;

    // Listens at once. `handler` and `log` outlive the server. Fails if the keymap is unknown, or the port taken (all
    // of them, with find_unused).
    static base::Result<std::unique_ptr<VncServer>> start(const VncOptions& options, VncHandler& handler,
                                                          base::Log& log);
    // The same with a socket that listens already.
    static base::Result<std::unique_ptr<VncServer>> serve(VncListener listener, const VncOptions& options,
                                                          VncHandler& handler, base::Log& log);
    // Drops all clients and releases their keys. The handler may be called until it returns.
    ~VncServer();
    VncServer(const VncServer&) = delete;
    VncServer& operator=(const VncServer&) = delete;

    std::uint16_t port() const;
    unsigned clients() const;
    // False if a thread hangs in the library, and has done so for some time: it cannot be ended.
    bool healthy() const;

    // Takes over what changed of the picture; a new size resizes the clients' desktops. From any thread.
    void show(const backend::Picture& picture, std::span<const backend::Rectangle> damage);
    // What the guest's pointer does; relative at first. From any thread.
    void set_pointer(PointerMode mode);

private:
    class Impl;
    explicit VncServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace windsor::display
