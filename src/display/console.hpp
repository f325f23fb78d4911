// SPDX-License-Identifier: GPL-2.0-or-later
// A machine's screen, keyboard and mouse, for people and for scripts.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "devices/input.hpp"
#include "devices/screen.hpp"
#include "display/codepage437.hpp"
#include "display/vnc_server.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace windsor::display {

// Thread-safe. None of it may be called with the machine lock held: it takes that lock itself.
class Console final : private VncHandler {
public:
    // Everything outlives the console.
    struct Machine {
        devices::Screen& screen;
        devices::KeyboardInput& keyboard;
        devices::MouseInput& mouse;
        const base::Clock& clock;
        // Runs an action with the machine lock held.
        std::function<void(const std::function<void()>&)> with_lock;
    };

    // At most this many key events wait to be typed.
    static constexpr std::size_t kMostQueuedKeys = 100'000;
    // Machine time between two key events: the guest's keyboard buffer is small.
    static constexpr base::Nanoseconds kKeyInterval = 20 * base::kMillisecond;

    Console(Machine machine, base::Log& log);
    ~Console() override;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // Gives the TCP port. Fails as VncServer::start, and if there is one already.
    base::Result<std::uint16_t> start_vnc(const VncOptions& options);
    void stop_vnc();

    devices::Picture screenshot();
    // Empty in a graphics mode.
    std::optional<ScreenText> screen_text();

    // Queues the keys that give UTF-8 `text` on a guest set to `keymap`; paced, so that it returns before
    // they are pressed. Fails, without typing anything, on a character that the keymap has not.
    base::Status type_text(std::string_view text, std::string_view keymap = "en-us");
    // Queues key combinations as parse_keys() reads them.
    base::Status press_keys(std::string_view keys);
    // Key events that are still to be sent.
    std::size_t queued_keys() const;

    // At once: movement in counts, wheel clicks towards the user, the buttons held from now on (bits of
    // devices::MouseButtons).
    void mouse(int dx, int dy, int wheel, std::uint8_t buttons);

private:
    // VncHandler.
    void refresh() override;
    void key(KeyCode code, bool pressed) override;
    void pointer(int dx, int dy, int wheel, std::uint8_t buttons) override;
    void clients_changed(unsigned count) override;

    bool update();
    void refresh_loop();
    void typing_loop();
    base::Status enqueue(const std::deque<KeyEvent>& events);
    void send(const KeyEvent& event);

    Machine machine_;
    base::Log& log_;

    std::mutex picture_mutex_; // taken before the machine lock
    devices::Picture picture_;

    std::mutex vnc_mutex_; // start and stop
    mutable std::mutex mutex_; // what follows
    std::condition_variable changed_;
    std::unique_ptr<VncServer> vnc_;
    unsigned vnc_users_{0}; // threads in VncServer::show(): it must not go away
    bool stopping_{false};
    unsigned clients_{0};
    bool lively_{false}; // somebody did something: look at the screen soon
    std::deque<KeyEvent> keys_;

    std::thread refresh_thread_;
    std::thread typing_thread_;
};

} // namespace windsor::display
