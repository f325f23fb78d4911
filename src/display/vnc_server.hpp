// SPDX-License-Identifier: GPL-2.0-or-later
// The VNC console (RFB protocol, RFC 6143) over LibVNCServer.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "devices/screen.hpp"
#include "display/keysym.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace windsor::display {

struct VncOptions {
    std::string listen{"127.0.0.1"};      // numeric address or host name; empty for all IPv4 addresses
    std::optional<unsigned> display{};    // TCP port 5900 + display
    bool find_unused{false};              // take the first free display from `display` (or 0) on
    std::optional<std::string> password{}; // at most 8 characters: VNC authentication uses no more
    std::string name{"windsor"};          // shown in viewers' titles
    std::string keymap{"en-us"};          // the guest's layout, for clients without raw key events
};

// What clients do. Called from the clients' threads, several at once.
class VncHandler {
public:
    virtual ~VncHandler() = default;
    // A client is about to see the screen: give show() the current picture before returning.
    virtual void refresh() = 0;
    virtual void key(KeyCode code, bool pressed) = 0;
    // Movement in pixels, wheel clicks, the buttons held now (bits of devices::MouseButtons).
    virtual void pointer(int dx, int dy, int wheel, std::uint8_t buttons) = 0;
    // The number of connected clients has changed.
    virtual void clients_changed(unsigned count) = 0;
};

// Each client has a thread and a copy of the picture of its own, so that one that stalls holds up nobody
// and is dropped after some seconds without progress. At most kMostClients at a time.
//
// Pointer positions become movements: the guest's PS/2 mouse knows no positions, so that its pointer and
// the client's drift apart unless the client hides its own. A client that offers QEMU's pointer motion
// change encoding is asked for movements instead.
class VncServer {
public:
    static constexpr unsigned kMostClients = 16;

    // Listens at once. `handler` and `log` outlive the server. Fails if the password is too long, the
    // keymap unknown, or the port taken (all of them, with find_unused).
    static base::Result<std::unique_ptr<VncServer>> start(const VncOptions& options, VncHandler& handler,
                                                          base::Log& log);
    // Drops all clients and releases their keys. The handler may be called until it returns.
    ~VncServer();
    VncServer(const VncServer&) = delete;
    VncServer& operator=(const VncServer&) = delete;

    std::uint16_t port() const;
    unsigned clients() const;

    // Takes over what changed of the picture; a new size resizes the clients' desktops. From any thread.
    void show(const devices::Picture& picture, std::span<const devices::Rectangle> damage);

private:
    class Impl;
    explicit VncServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace windsor::display
