// SPDX-License-Identifier: GPL-2.0-or-later
// One VNC client.
#pragma once

#include "base/fd.hpp"
#include "base/guarded.hpp"
#include "base/log.hpp"
#include "display/keysym.hpp"
#include "display/vnc_server.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

extern "C" {
struct _rfbScreenInfo;
struct _rfbClientRec;
}

namespace windsor::display {

// The picture that all clients are shown.
struct SharedPicture {
    std::mutex mutex;
    devices::Picture picture; // under mutex
};

// A place for a client, used by one after another. LibVNCServer's screens have global locks that are
// initialised anew with each: so they are all made before the first thread starts.
class VncSession {
public:
    struct Environment {
        const VncOptions& options;
        const Keymap& keymap;
        SharedPicture& shared;
        std::mutex& handshake; // LibVNCServer's list of security types has no lock of its own
        VncHandler& handler;
        base::Log& log;
    };

    explicit VncSession(const Environment& environment);
    ~VncSession();
    VncSession(const VncSession&) = delete;
    VncSession& operator=(const VncSession&) = delete;

    bool usable() const { return screen_ != nullptr; }
    bool busy() const { return busy_; }
    // Serves a connected socket in a thread of its own. Only if not busy(). `ended` is called last.
    void start(base::Fd socket, std::function<void()> ended);
    // Ends the client, if there is one, and waits for its thread.
    void stop();

    // The shared picture has changed there; everywhere if `all`. The caller holds the picture's mutex.
    void add_damage(std::span<const devices::Rectangle> damage, bool all);

    // What LibVNCServer calls back.
    void on_keysym(std::uint32_t keysym, bool pressed);
    void on_pointer(int x, int y, unsigned buttons);
    bool on_encoding(int encoding);
    bool on_extended_key();
    bool on_password(const std::uint8_t* response, int length);
    void on_gone();

private:
    struct Damage {
        std::vector<devices::Rectangle> rectangles{};
        bool all{true};
    };

    void run(base::Fd socket);
    bool open(int socket);
    void serve(int socket);
    void wait(int socket);
    void take_damage();
    void take_new_size(const devices::Picture& picture);
    bool handshake_ready(int socket) const;
    void process(int socket);
    void process_events();
    void answer_encodings();
    void send_pseudo_rectangle(std::uint16_t x, std::int32_t encoding);
    void key(KeyCode code, bool pressed);
    void release_everything();

    const Environment environment_;
    _rfbScreenInfo* screen_{nullptr};
    _rfbClientRec* client_{nullptr};
    std::vector<std::uint32_t> framebuffer_;
    devices::Size size_{};
    char* passwords_[2]{};
    std::string password_;

    base::Fd wake_;
    std::thread thread_;
    std::atomic<bool> busy_{false};
    std::atomic<bool> stopping_{false};
    base::Guarded<base::Fd> shutdown_; // a second handle of the socket
    base::Guarded<Damage> damage_;

    std::string peer_;
    std::optional<KeysymTranslator> translator_;
    std::set<KeyCode> pressed_;
    bool wants_key_answer_{false};
    bool wants_pointer_answer_{false};
    bool relative_pointer_{false};
    bool pointer_known_{false};
    int pointer_x_{0};
    int pointer_y_{0};
    unsigned buttons_{0};
};

} // namespace windsor::display
