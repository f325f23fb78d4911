// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/console.hpp"

#include "display/key_names.hpp"
#include "display/keymap.hpp"
#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace windsor::display {

namespace {

using std::chrono::milliseconds;

// While a viewer looks: 30 pictures a second, fewer where nothing moves.
constexpr milliseconds kFastest{33};
constexpr milliseconds kSlowest{120};
constexpr unsigned kIdleUpdates = 30; // after which it slows down
constexpr milliseconds kTypingPoll{5};

} // namespace

Console::Console(Machine machine, base::Log& log)
    : machine_{std::move(machine)},
      log_{log},
      refresh_thread_{[this] {
          sandbox::confine_thread(sandbox::ThreadRole::Console);
          refresh_loop();
      }},
      typing_thread_{[this] {
          sandbox::confine_thread(sandbox::ThreadRole::Console);
          typing_loop();
      }}
{
}

Console::~Console()
{
    stop_viewers();
    {
        const base::MutexLock lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    refresh_thread_.join();
    typing_thread_.join();
}

base::Status Console::serve_viewers(Viewers::Ends ends)
{
    const base::MutexLock lock{viewers_mutex_};
    // What its thread may want of it at once waits for the lock, too.
    const base::MutexLock state{mutex_};
    if (viewers_ != nullptr) {
        return base::fail("the console already has a process that listens on port {}", viewers_->port());
    }
    viewers_ = WINDSOR_TRY(Viewers::start(std::move(ends), *this, log_));
    return {};
}

std::optional<std::uint16_t> Console::port() const
{
    const base::MutexLock lock{mutex_};
    return viewers_ != nullptr ? std::optional{viewers_->port()} : std::nullopt;
}

void Console::stop_viewers()
{
    const base::MutexLock lock{viewers_mutex_};
    std::unique_ptr<Viewers> viewers;
    {
        const base::MutexLock state{mutex_};
        viewers = std::exchange(viewers_, nullptr);
        while (viewers_users_ != 0) {
            changed_.wait(mutex_);
        }
        looking_ = 0;
    }
    // Its thread may call this console until it is gone.
    viewers.reset();
}

// True if anything changed. The request is a viewer's for a fresh picture, which is answered.
bool Console::update(std::optional<std::uint32_t> request)
{
    const base::MutexLock lock{picture_mutex_};
    bool absolute = false;
    {
        const bus::MachineGuard guard{machine_.lock};
        machine_.screen.capture();
        absolute = machine_.tablet != nullptr && machine_.tablet->in_use();
    }
    const std::vector<backend::Rectangle> damage = machine_.screen.draw(picture_);
    Viewers* viewers = nullptr;
    {
        const base::MutexLock state{mutex_};
        size_ = picture_.size;
        viewers = viewers_.get();
        viewers_users_ += viewers != nullptr ? 1 : 0;
    }
    if (viewers != nullptr) {
        viewers->show(picture_, damage);
        viewers->tell_pointer(absolute ? PointerMode::Absolute : PointerMode::Relative);
        if (request) {
            viewers->answer(*request);
        }
        const base::MutexLock state{mutex_};
        --viewers_users_;
        changed_.notify_all();
    }
    return !damage.empty();
}

backend::Picture Console::screenshot()
{
    update();
    const base::MutexLock lock{picture_mutex_};
    return picture_;
}

std::optional<ScreenText> Console::screen_text()
{
    backend::TextScreen screen;
    const auto is_text = [&] {
        const bus::MachineGuard guard{machine_.lock};
        return machine_.screen.text(screen);
    };
    return is_text() ? std::optional{display::screen_text(screen)} : std::nullopt;
}

void Console::refresh_loop()
{
    unsigned idle = 0;
    const base::MutexLock lock{mutex_};
    while (!stopping_) {
        if (looking_ == 0) {
            changed_.wait(mutex_);
            idle = 0;
            continue;
        }
        lively_ = false;
        {
            const base::MutexUnlock unlocked{mutex_};
            idle = update() ? 0 : idle + 1;
        }
        wait_for_next_picture(idle < kIdleUpdates ? kFastest : kSlowest);
        idle = lively_ ? 0 : idle;
    }
}

// Somebody's key or click speeds a slow round up, but never beyond the fastest rate.
void Console::wait_for_next_picture(milliseconds period)
{
    const auto now = std::chrono::steady_clock::now();
    while (!stopping_ && changed_.wait_until(mutex_, now + kFastest)) {
    }
    while (!stopping_ && !lively_ && changed_.wait_until(mutex_, now + period)) {
    }
}

void Console::refresh(std::uint32_t request)
{
    update(request);
}

void Console::viewers_changed(unsigned count)
{
    {
        const base::MutexLock lock{mutex_};
        looking_ = count;
    }
    changed_.notify_all();
}

void Console::key(KeyCode code, bool pressed)
{
    send({code, pressed});
}

void Console::send(const KeyEvent& event)
{
    {
        const bus::MachineGuard guard{machine_.lock};
        machine_.keyboard.key(event.code, event.pressed);
    }
    liven_up();
}

void Console::pointer(int dx, int dy, int wheel, std::uint8_t buttons)
{
    const backend::Size screen = screen_size();
    {
        const bus::MachineGuard guard{machine_.lock};
        if (use_tablet()) {
            const auto moved = [](unsigned from, int by) {
                return static_cast<unsigned>(std::max<std::int64_t>(0, std::int64_t{from} + by));
            };
            point({moved(pointer_.x, dx), moved(pointer_.y, dy)}, screen, wheel, buttons);
        } else {
            machine_.mouse.move(dx, dy, wheel, buttons);
        }
        buttons_ = buttons;
    }
    liven_up();
}

void Console::pointer_at(Pixel at, int dx, int dy, int wheel, std::uint8_t buttons)
{
    const backend::Size screen = screen_size();
    {
        const bus::MachineGuard guard{machine_.lock};
        if (use_tablet()) {
            point(at, screen, wheel, buttons);
        } else {
            machine_.mouse.move(dx, dy, wheel, buttons);
        }
        buttons_ = buttons;
    }
    liven_up();
}

backend::Size Console::screen_size() const
{
    const base::MutexLock lock{mutex_};
    return size_;
}

bool Console::use_tablet()
{
    const bool used = machine_.tablet != nullptr && machine_.tablet->in_use();
    if (used && !std::exchange(tablet_used_, used) && buttons_ != 0) {
        machine_.mouse.move(0, 0, 0, 0);
    }
    tablet_used_ = used;
    return used;
}

void Console::point(Pixel at, backend::Size screen, int wheel, std::uint8_t buttons)
{
    const unsigned width = std::max(screen.width, 1U);
    const unsigned height = std::max(screen.height, 1U);
    pointer_ = {std::min(at.x, width - 1), std::min(at.y, height - 1)};
    machine_.tablet->move_to(backend::position_of_pixel(pointer_.x, width),
                             backend::position_of_pixel(pointer_.y, height), wheel, buttons);
}

void Console::liven_up()
{
    {
        const base::MutexLock lock{mutex_};
        lively_ = true;
    }
    changed_.notify_all();
}

void Console::mouse(int dx, int dy, int wheel, std::uint8_t buttons)
{
    update(); // without viewers nobody has looked what size the screen has
    pointer(dx, dy, wheel, buttons);
}

base::Status Console::mouse_at(unsigned x, unsigned y, int wheel, std::uint8_t buttons)
{
    update();
    const backend::Size screen = screen_size();
    if (x >= screen.width || y >= screen.height) {
        return base::fail("the screen has {} x {} pixels, and none at {}, {}", screen.width, screen.height, x, y);
    }
    {
        const bus::MachineGuard guard{machine_.lock};
        if (!use_tablet()) {
            return base::fail("the guest uses no tablet, so the pointer can be moved but not placed; write "
                              "usbdevice = 'tablet' into its configuration, or move it by counts");
        }
        point({x, y}, screen, wheel, buttons);
        buttons_ = buttons;
    }
    liven_up();
    return {};
}

namespace {

// The keys that give UTF-8 `text` on that layout.
base::Result<std::deque<KeyEvent>> events_of(std::string_view text, std::string_view keymap_name)
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
    return events;
}

void add_chord(std::deque<KeyEvent>& events, const Chord& chord)
{
    for (const KeyCode code : chord) {
        events.push_back({code, true});
    }
    for (auto code = chord.rbegin(); code != chord.rend(); ++code) {
        events.push_back({*code, false});
    }
}

base::Error too_many(std::size_t waiting)
{
    return base::Error{fmt::format("{} key events are already waiting to be typed: try again later", waiting)};
}

} // namespace

base::Status Console::type_text(std::string_view text, std::string_view keymap_name)
{
    return enqueue(WINDSOR_TRY(events_of(text, keymap_name)));
}

base::Status Console::press_keys(std::string_view keys)
{
    std::deque<KeyEvent> events;
    for (const Chord& chord : WINDSOR_TRY(parse_keys(keys))) {
        add_chord(events, chord);
    }
    return enqueue(events);
}

base::Status Console::play(const KeyScript& script, std::string_view keymap)
{
    std::deque<Queued> queued;
    for (const KeyStep& step : script) {
        std::deque<KeyEvent> events = WINDSOR_TRY(events_of(step.text, keymap));
        add_chord(events, step.keys);
        auto part = Queued::Part::StepBegins;
        base::Nanoseconds pause = std::chrono::nanoseconds{step.pause}.count();
        for (const KeyEvent& event : events) {
            queued.push_back({.event = event, .pause = std::exchange(pause, 0), .part = part});
            part = Queued::Part::StepGoesOn;
        }
    }
    {
        const base::MutexLock lock{mutex_};
        if (std::ranges::any_of(keys_, [](const Queued& key) { return key.part != Queued::Part::NoScript; })) {
            return base::fail("the keys of the last time are still being pressed; wait for them, or press others "
                              "with 'key', which take their place");
        }
        if (queued.size() > kMostQueuedKeys - std::min(keys_.size(), kMostQueuedKeys)) {
            return std::unexpected{too_many(keys_.size())};
        }
        keys_.insert(keys_.end(), queued.begin(), queued.end());
    }
    changed_.notify_all();
    return {};
}

std::size_t Console::stop_playing()
{
    const base::MutexLock lock{mutex_};
    return drop_script();
}

// A step that has begun is finished, so that no key stays down, but is no script's any more.
std::size_t Console::drop_script()
{
    const auto first = keys_.begin() + (sending_ ? 1 : 0);
    const auto begin =
        std::find_if(first, keys_.end(), [](const Queued& key) { return key.part == Queued::Part::StepBegins; });
    const auto end =
        std::find_if(begin, keys_.end(), [](const Queued& key) { return key.part == Queued::Part::NoScript; });
    const auto dropped = static_cast<std::size_t>(end - begin);
    std::for_each(keys_.begin(), begin, [](Queued& key) { key.part = Queued::Part::NoScript; });
    keys_.erase(begin, end);
    return dropped;
}

base::Status Console::enqueue(const std::deque<KeyEvent>& events)
{
    std::size_t dropped = 0;
    {
        const base::MutexLock lock{mutex_};
        if (events.size() > kMostQueuedKeys - std::min(keys_.size(), kMostQueuedKeys)) {
            return std::unexpected{too_many(keys_.size())};
        }
        dropped = drop_script();
        for (const KeyEvent& event : events) {
            keys_.push_back({.event = event});
        }
    }
    if (dropped != 0) {
        log_.info("somebody else presses keys: {} key events of the script before are left out", dropped);
    }
    changed_.notify_all();
    return {};
}

std::size_t Console::queued_keys() const
{
    const base::MutexLock lock{mutex_};
    return keys_.size();
}

// Machine time paces the keys: none is sent to a paused machine.
void Console::typing_loop()
{
    std::optional<base::Nanoseconds> last;
    const base::MutexLock lock{mutex_};
    while (!stopping_) {
        if (keys_.empty()) {
            changed_.wait(mutex_);
            continue;
        }
        const base::Nanoseconds now = machine_.clock.now();
        if (last && now - *last < std::max(kKeyInterval, keys_.front().pause)) {
            changed_.wait_until(mutex_, std::chrono::steady_clock::now() + kTypingPoll);
            continue;
        }
        last = now;
        const KeyEvent event = keys_.front().event;
        sending_ = true;
        {
            const base::MutexUnlock unlocked{mutex_};
            send(event);
        }
        sending_ = false;
        keys_.pop_front();
    }
}

} // namespace windsor::display
