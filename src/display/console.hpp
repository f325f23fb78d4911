// SPDX-License-Identifier: GPL-2.0-or-later
// A machine's screen, keyboard and mouse, for people and for scripts.
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "bus/machine_lock.hpp"
#include "backend/keyboard.hpp"
#include "backend/pointer.hpp"
#include "backend/screen.hpp"
#include "display/codepage437.hpp"
#include "display/key_script.hpp"
#include "display/keysym.hpp"
#include "display/viewers.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace windsor::display {

// Thread-safe. None of it may be called with the machine lock held: it takes that lock itself.
class Console final : private ViewerHandler {
public:
    // Everything outlives the console.
    struct Machine {
        backend::Screen& screen;
        backend::Keyboard& keyboard;
        backend::Pointer& mouse;
        const base::Clock& clock;
        bus::MachineLock& lock;
        backend::AbsolutePointer* tablet{nullptr}; // while a guest uses it, it takes the place of the mouse
    };

    // At most this many key events wait to be typed.
    static constexpr std::size_t kMostQueuedKeys = 100'000;
    // Machine time between two key events: the guest's keyboard buffer is small.
    static constexpr base::Nanoseconds kKeyInterval = 20 * base::kMillisecond;

    Console(Machine machine, base::Log& log);
    ~Console() override;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // Shows the screen to the viewers of another process, which it hears through these ends. Fails if there is such a
    // process already.
    base::Status serve_viewers(Viewers::Ends ends);
    // Lets go of what they hold, and hears them no more.
    void stop_viewers();
    // On which that process listens; none if there is no such process.
    std::optional<std::uint16_t> port() const;

    backend::Picture screenshot();
    // Empty in a graphics mode.
    std::optional<ScreenText> screen_text();

    // Queues the keys that give UTF-8 `text` on a guest set to `keymap`; paced, so that it returns before
    // they are pressed. Fails, without typing anything, on a character that the keymap has not.
    base::Status type_text(std::string_view text, std::string_view keymap = "en-us");
    // Queues key combinations as parse_keys() reads them.
    base::Status press_keys(std::string_view keys);
    // Queues what the script says; texts as on a guest set to `keymap`. Whoever types or presses keys by the methods
    // above takes over: the rest of the script is left out then. Fails while another one is at work.
    base::Status play(const KeyScript& script, std::string_view keymap);
    // Leaves the rest of a script out, but for the release of what it holds. Gives how many key events those were.
    std::size_t stop_playing();
    // Key events that are still to be sent.
    std::size_t queued_keys() const;

    // At once: movement in counts, or in pixels where the guest uses a tablet, wheel clicks towards the user, the
    // buttons held from now on (bits of backend::PointerButtons).
    void mouse(int dx, int dy, int wheel, std::uint8_t buttons);
    // The same to that pixel of the screen, counted from its upper left corner. Fails if the guest uses no tablet, or
    // the screen has no such pixel.
    base::Status mouse_at(unsigned x, unsigned y, int wheel, std::uint8_t buttons);

private:
    // ViewerHandler.
    void viewers_changed(unsigned count) override;
    void refresh(std::uint32_t request) override;
    void key(KeyCode code, bool pressed) override;
    void pointer(int dx, int dy, int wheel, std::uint8_t buttons) override;
    void pointer_at(Pixel at, int dx, int dy, int wheel, std::uint8_t buttons) override;

    // The screen as it was last captured.
    backend::Size screen_size() const;
    // Whether the guest uses the tablet; if it has begun to, the mouse's buttons are let go.
    bool use_tablet() WINDSOR_REQUIRES(bus::kMachineLock);
    void point(Pixel at, backend::Size screen, int wheel, std::uint8_t buttons) WINDSOR_REQUIRES(bus::kMachineLock);
    void liven_up();

    bool update(std::optional<std::uint32_t> request = std::nullopt);
    void refresh_loop();
    void wait_for_next_picture(std::chrono::milliseconds period) WINDSOR_REQUIRES(mutex_);
    void typing_loop();
    // A key event, and what a script has to be cut at.
    struct Queued {
        KeyEvent event{};
        base::Nanoseconds pause{0}; // machine time since the event before it, if it is more than kKeyInterval
        enum class Part : std::uint8_t { NoScript, StepBegins, StepGoesOn } part{Part::NoScript};
    };
    base::Status enqueue(const std::deque<KeyEvent>& events);
    std::size_t drop_script() WINDSOR_REQUIRES(mutex_);
    void send(const KeyEvent& event);

    Machine machine_;
    base::Log& log_;

    base::Mutex picture_mutex_; // taken before the machine lock
    backend::Picture picture_ WINDSOR_GUARDED_BY(picture_mutex_);

    base::Mutex viewers_mutex_; // start and stop
    mutable base::Mutex mutex_;
    base::Condition changed_;
    std::unique_ptr<Viewers> viewers_ WINDSOR_GUARDED_BY(mutex_);
    unsigned viewers_users_ WINDSOR_GUARDED_BY(mutex_){0}; // threads in Viewers::show(): it must not go away
    bool stopping_ WINDSOR_GUARDED_BY(mutex_){false};
    unsigned looking_ WINDSOR_GUARDED_BY(mutex_){0}; // viewers
    backend::Size size_ WINDSOR_GUARDED_BY(mutex_){}; // of the screen
    bool lively_ WINDSOR_GUARDED_BY(mutex_){false}; // somebody did something: look at the screen soon
    std::deque<Queued> keys_ WINDSOR_GUARDED_BY(mutex_);
    bool sending_ WINDSOR_GUARDED_BY(mutex_){false}; // the first of them, which stays in the queue meanwhile
    Pixel pointer_ WINDSOR_GUARDED_BY(bus::kMachineLock){}; // where the tablet has led it
    bool tablet_used_ WINDSOR_GUARDED_BY(bus::kMachineLock){false};
    std::uint8_t buttons_ WINDSOR_GUARDED_BY(bus::kMachineLock){0}; // held

    std::thread refresh_thread_;
    std::thread typing_thread_;
};

} // namespace windsor::display
