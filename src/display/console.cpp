// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/console.hpp"

#include "display/key_names.hpp"
#include "display/keymap.hpp"

#include <algorithm>
#include <chrono>

namespace windsor::display {

namespace {

using std::chrono::milliseconds;

// While a client looks: 30 pictures a second, fewer where nothing moves.
constexpr milliseconds kFastest{33};
constexpr milliseconds kSlowest{120};
constexpr unsigned kIdleUpdates = 30; // after which it slows down
constexpr milliseconds kTypingPoll{5};

} // namespace

Console::Console(Machine machine, base::Log& log)
    : machine_{std::move(machine)},
      log_{log},
      refresh_thread_{[this] { refresh_loop(); }},
      typing_thread_{[this] { typing_loop(); }}
{
}

Console::~Console()
{
    stop_vnc();
    {
        const std::scoped_lock lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    refresh_thread_.join();
    typing_thread_.join();
}

base::Result<std::uint16_t> Console::start_vnc(const VncOptions& options)
{
    const std::scoped_lock lock{vnc_mutex_};
    if (vnc_ != nullptr) {
        return base::fail("the VNC server already listens on port {}", vnc_->port());
    }
    std::unique_ptr<VncServer> server = WINDSOR_TRY(VncServer::start(options, *this, log_));
    const std::uint16_t port = server->port();
    {
        const std::scoped_lock state{mutex_};
        vnc_ = std::move(server);
    }
    refresh();
    return port;
}

void Console::stop_vnc()
{
    const std::scoped_lock lock{vnc_mutex_};
    std::unique_ptr<VncServer> server;
    std::unique_lock state{mutex_};
    server = std::exchange(vnc_, nullptr);
    changed_.wait(state, [&] { return vnc_users_ == 0; });
    state.unlock();
    // Its clients' threads may call this console until the server is gone.
    server.reset();
}

// True if anything changed.
bool Console::update()
{
    const std::scoped_lock lock{picture_mutex_};
    std::vector<devices::Rectangle> damage;
    machine_.with_lock([&] { damage = machine_.screen.update(picture_); });
    VncServer* server = nullptr;
    {
        const std::scoped_lock state{mutex_};
        server = vnc_.get();
        vnc_users_ += server != nullptr ? 1 : 0;
    }
    if (server != nullptr) {
        server->show(picture_, damage);
        const std::scoped_lock state{mutex_};
        --vnc_users_;
        changed_.notify_all();
    }
    return !damage.empty();
}

devices::Picture Console::screenshot()
{
    update();
    const std::scoped_lock lock{picture_mutex_};
    return picture_;
}

std::optional<ScreenText> Console::screen_text()
{
    devices::TextScreen screen;
    bool is_text = false;
    machine_.with_lock([&] { is_text = machine_.screen.text(screen); });
    return is_text ? std::optional{display::screen_text(screen)} : std::nullopt;
}

void Console::refresh_loop()
{
    unsigned idle = 0;
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        if (clients_ == 0) {
            changed_.wait(lock, [&] { return stopping_ || clients_ != 0; });
            idle = 0;
            continue;
        }
        lively_ = false;
        lock.unlock();
        idle = update() ? 0 : idle + 1;
        lock.lock();
        const milliseconds period = idle < kIdleUpdates ? kFastest : kSlowest;
        // Somebody's key or click speeds a slow round up, but never beyond the fastest rate.
        changed_.wait_for(lock, kFastest, [&] { return stopping_; });
        if (period > kFastest && !lively_) {
            changed_.wait_for(lock, period - kFastest, [&] { return stopping_ || lively_; });
        }
        idle = lively_ ? 0 : idle;
    }
}

void Console::refresh()
{
    update();
}

void Console::clients_changed(unsigned count)
{
    {
        const std::scoped_lock lock{mutex_};
        clients_ = count;
    }
    changed_.notify_all();
}

void Console::key(KeyCode code, bool pressed)
{
    send({code, pressed});
}

void Console::send(const KeyEvent& event)
{
    machine_.with_lock([&] { machine_.keyboard.key(event.code, event.pressed); });
    {
        const std::scoped_lock lock{mutex_};
        lively_ = true;
    }
    changed_.notify_all();
}

void Console::pointer(int dx, int dy, int wheel, std::uint8_t buttons)
{
    mouse(dx, dy, wheel, buttons);
}

void Console::mouse(int dx, int dy, int wheel, std::uint8_t buttons)
{
    machine_.with_lock([&] { machine_.mouse.move(dx, dy, wheel, buttons); });
    {
        const std::scoped_lock lock{mutex_};
        lively_ = true;
    }
    changed_.notify_all();
}

base::Status Console::type_text(std::string_view text, std::string_view keymap_name)
{
    const Keymap keymap = WINDSOR_TRY(Keymap::find(keymap_name));
    std::deque<KeyEvent> events;
    for (const char32_t character : decode_utf8(text)) {
        const std::vector<Stroke> strokes = keymap.strokes(character);
        if (strokes.empty()) {
            std::string shown;
            append_utf8(shown, character);
            return base::fail("keymap \"{}\" has no keys for \"{}\" (U+{:04X})", keymap_name, shown,
                              static_cast<std::uint32_t>(character));
        }
        for (const Stroke& stroke : strokes) {
            const auto modifiers = [&](bool pressed) {
                if (stroke.shift) {
                    events.push_back({key::kLeftShift, pressed});
                }
                if (stroke.alt_gr) {
                    events.push_back({key::kRightAlt, pressed});
                }
            };
            modifiers(true);
            events.push_back({stroke.code, true});
            events.push_back({stroke.code, false});
            modifiers(false);
        }
    }
    return enqueue(events);
}

base::Status Console::press_keys(std::string_view keys)
{
    const std::vector<Chord> chords = WINDSOR_TRY(parse_keys(keys));
    std::deque<KeyEvent> events;
    for (const Chord& chord : chords) {
        for (const KeyCode code : chord) {
            events.push_back({code, true});
        }
        for (auto code = chord.rbegin(); code != chord.rend(); ++code) {
            events.push_back({*code, false});
        }
    }
    return enqueue(events);
}

base::Status Console::enqueue(const std::deque<KeyEvent>& events)
{
    {
        const std::scoped_lock lock{mutex_};
        if (events.size() > kMostQueuedKeys - std::min(keys_.size(), kMostQueuedKeys)) {
            return base::fail("{} key events are already waiting to be typed: try again later", keys_.size());
        }
        keys_.insert(keys_.end(), events.begin(), events.end());
    }
    changed_.notify_all();
    return {};
}

std::size_t Console::queued_keys() const
{
    const std::scoped_lock lock{mutex_};
    return keys_.size();
}

// Machine time paces the keys: none is sent to a paused machine.
void Console::typing_loop()
{
    std::optional<base::Nanoseconds> last;
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        if (keys_.empty()) {
            changed_.wait(lock, [&] { return stopping_ || !keys_.empty(); });
            continue;
        }
        const base::Nanoseconds now = machine_.clock.now();
        if (last && now - *last < kKeyInterval) {
            changed_.wait_for(lock, kTypingPoll, [&] { return stopping_; });
            continue;
        }
        last = now;
        const KeyEvent event = keys_.front();
        lock.unlock();
        send(event);
        lock.lock();
        keys_.pop_front();
    }
}

} // namespace windsor::display
