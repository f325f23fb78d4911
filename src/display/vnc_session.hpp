// SPDX-License-Identifier: GPL-2.0-or-later
// One VNC client.
#pragma once

#include "base/fd.hpp"
#include "base/guarded.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "display/keysym.hpp"
#include "display/vnc_server.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
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
    base::Mutex mutex;
    backend::Picture picture WINDSOR_GUARDED_BY(mutex);
};

// A place for a client, used by one after another. LibVNCServer's screens have global locks that are
// initialised anew with each: so they are all made before the first thread starts.
class VncSession {
public:
    struct Environment {
        const VncOptions& options;
        const Keymap& keymap;
        SharedPicture& shared;
        base::Mutex& handshake; // LibVNCServer's list of security types has no lock of its own; never held for long
        VncHandler& handler;
        base::Log& log;
        const std::atomic<PointerMode>& pointer;
    };

    explicit VncSession(const Environment& environment);
    ~VncSession();
    VncSession(const VncSession&) = delete;
    VncSession& operator=(const VncSession&) = delete;

    bool usable() const { return screen_ != nullptr; }
    bool busy() const { return busy_; }
    // Serves a viewer at the other end of the socket in a thread of its own. The other end has sent the library's
    // handshake, has asked for no password, and sends whole messages. Only if not busy(). `ended` is called last.
    void start(base::Fd socket, std::string peer, std::function<void()> ended);
    // The other end is gone: the thread is to end soon. Does not wait for it.
    void abandon();
    // Whether the thread has not ended although it was abandoned long ago.
    bool hangs() const;
    // Ends the client, if there is one, and waits for its thread.
    void stop();

    // The shared picture has changed there; everywhere if `all`. The caller holds the picture's mutex.
    void add_damage(std::span<const backend::Rectangle> damage, bool all);

    // What LibVNCServer calls back.
    void on_keysym(std::uint32_t keysym, bool pressed);
    void on_pointer(int x, int y, unsigned buttons);
    bool on_encoding(int encoding);
    bool on_extended_key();
    void on_gone();

private:
    struct Damage {
        std::vector<backend::Rectangle> rectangles{};
        bool all{true};
    };

    void run(base::Fd socket);
    bool open(int socket);
    void serve(int socket);
    void wait(int socket);
    void take_damage();
    void take_new_size(const backend::Picture& picture);
    void process(int socket);
    void process_events();
    void answer_encodings();
    void choose_pointer();
    void send_pseudo_rectangle(std::uint16_t x, std::int32_t encoding);
    void key(KeyCode code, bool pressed);
    void release_everything();

    const Environment environment_;
    _rfbScreenInfo* screen_{nullptr};
    _rfbClientRec* client_{nullptr};
    std::vector<std::uint32_t> framebuffer_;
    backend::Size size_{};

    base::Fd wake_;
    std::thread thread_;
    std::atomic<bool> busy_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> abandoned_{0}; // when, in milliseconds of the steady clock; 0 if it is not
    base::Guarded<base::Fd> shutdown_; // a second handle of the socket
    base::Guarded<Damage> damage_;

    std::string peer_;
    std::optional<KeysymTranslator> translator_;
    std::set<KeyCode> pressed_;
    bool wants_key_answer_{false};
    bool wants_pointer_answer_{false};
    bool knows_movements_{false}; // it can tell movements instead of positions,
    bool relative_pointer_{false}; // and does
    bool pointer_known_{false};
    int pointer_x_{0};
    int pointer_y_{0};
    unsigned buttons_{0};
};

} // namespace windsor::display
