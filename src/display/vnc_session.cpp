// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/vnc_session.hpp"

#include "base/mutex.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rfb/rfb.h>

extern "C" {
#include <rfb/rfbregion.h> // does not say so itself
}

namespace windsor::display {

namespace {

constexpr int kMostWaitMilliseconds = 5'000; // for a client that neither reads nor writes
// Longer than the library waits for anything: a thread that takes it hangs.
constexpr std::int64_t kHangMilliseconds = 20'000;
constexpr int kPollMilliseconds = 1'000;
constexpr unsigned kMessagesAtOnce = 32;
constexpr std::size_t kMostRectangles = 64;

// Pseudo-encodings of QEMU, as registered in the community's RFB protocol document, sections
// "QEMU Pointer Motion Change" and "QEMU Extended Key Event".
constexpr int kPointerMotionChange = -257;
constexpr int kExtendedKeyEvent = -258;
constexpr std::uint8_t kQemuMessage = 255;
constexpr std::uint8_t kQemuExtendedKey = 0;
constexpr int kRelativeCenter = 0x7fff;

VncSession& session_of(rfbClientPtr client)
{
    return *static_cast<VncSession*>(client->screen->screenData);
}

rfbBool to_rfb(bool value)
{
    return static_cast<rfbBool>(value ? TRUE : FALSE);
}

// LibVNCServer keeps the list of extensions in a global; this is its one entry.
rfbProtocolExtension& key_extension()
{
    static int encodings[]{kExtendedKeyEvent, kPointerMotionChange, 0};
    static rfbProtocolExtension extension{
        .newClient = [](rfbClientPtr, void**) { return to_rfb(true); },
        .init = nullptr,
        .pseudoEncodings = encodings,
        .enablePseudoEncoding = [](rfbClientPtr client, void**,
                                   int encoding) { return to_rfb(session_of(client).on_encoding(encoding)); },
        .handleMessage =
            [](rfbClientPtr client, void*, const rfbClientToServerMsg* message) {
                return to_rfb(message->type == kQemuMessage && session_of(client).on_extended_key());
            },
        .close = nullptr,
        .usage = nullptr,
        .processArgument = nullptr,
        .next = nullptr,
    };
    return extension;
}

// The library's own messages go nowhere: they name no domain and a client can make any number of them.
void prepare_library()
{
    static std::once_flag once;
    std::call_once(once, [] {
        rfbLogEnable(0);
        rfbRegisterProtocolExtension(&key_extension());
    });
}

void set_format(rfbScreenInfoPtr screen)
{
    screen->serverFormat.depth = 24;
    screen->serverFormat.redShift = 16;
    screen->serverFormat.greenShift = 8;
    screen->serverFormat.blueShift = 0;
}

std::int64_t milliseconds_now()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

} // namespace

VncSession::VncSession(const Environment& environment)
    : environment_{environment}, wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}
{
    prepare_library();
    size_ = {720, 400};
    framebuffer_.resize(std::size_t{size_.width} * size_.height);
    screen_ = rfbGetScreen(nullptr, nullptr, static_cast<int>(size_.width), static_cast<int>(size_.height), 8, 3, 4);
    if (screen_ == nullptr || !wake_) {
        return;
    }
    set_format(screen_);
    screen_->screenData = this;
    screen_->desktopName = environment_.options.name.c_str();
    screen_->cursor = nullptr;
    screen_->frameBuffer = static_cast<char*>(static_cast<void*>(framebuffer_.data()));
    screen_->alwaysShared = TRUE;
    screen_->deferUpdateTime = 0;
    screen_->deferPtrUpdateTime = 0;
    screen_->maxClientWait = kMostWaitMilliseconds;
    screen_->kbdAddEvent = [](rfbBool down, rfbKeySym keysym, rfbClientPtr client) {
        session_of(client).on_keysym(static_cast<std::uint32_t>(keysym), down != 0);
    };
    screen_->ptrAddEvent = [](int buttons, int x, int y, rfbClientPtr client) {
        session_of(client).on_pointer(x, y, static_cast<unsigned>(buttons));
    };
}

VncSession::~VncSession()
{
    stop();
    if (screen_ != nullptr) {
        rfbScreenCleanup(screen_);
    }
}

void VncSession::start(base::Fd socket, std::string peer, std::function<void()> ended)
{
    if (thread_.joinable()) {
        thread_.join();
    }
    peer_ = std::move(peer);
    abandoned_ = 0;
    busy_ = true;
    shutdown_.with([&](base::Fd& fd) { fd.reset(::dup(socket.get())); });
    thread_ = std::thread{[this, fd = std::move(socket), done = std::move(ended)]() mutable {
        run(std::move(fd));
        shutdown_.with([](base::Fd& second) { second.reset(); });
        busy_ = false;
        done();
    }};
}

void VncSession::stop()
{
    stopping_ = true;
    shutdown_.with([](base::Fd& fd) {
        if (fd) {
            ::shutdown(fd.get(), SHUT_RDWR);
        }
    });
    if (wake_) {
        static_cast<void>(::eventfd_write(wake_.get(), 1));
    }
    if (thread_.joinable()) {
        thread_.join();
    }
}

void VncSession::abandon()
{
    abandoned_ = milliseconds_now();
    static_cast<void>(::eventfd_write(wake_.get(), 1));
}

bool VncSession::hangs() const
{
    const std::int64_t since = abandoned_;
    return busy_ && since != 0 && milliseconds_now() - since > kHangMilliseconds;
}

void VncSession::add_damage(std::span<const backend::Rectangle> damage, bool all)
{
    if (!busy_) {
        return;
    }
    damage_.with([&](Damage& pending) {
        pending.all = pending.all || all || pending.rectangles.size() + damage.size() > kMostRectangles;
        if (pending.all) {
            pending.rectangles.clear();
        } else {
            pending.rectangles.insert(pending.rectangles.end(), damage.begin(), damage.end());
        }
    });
    static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void VncSession::run(base::Fd socket)
{
    // A client that goes away in the middle of a write must not end the process.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    translator_.emplace(environment_.keymap);
    wants_key_answer_ = wants_pointer_answer_ = knows_movements_ = relative_pointer_ = pointer_known_ = false;
    buttons_ = 0;
    damage_.with([](Damage& pending) { pending = {}; });
    environment_.handler.refresh();
    take_damage();
    const int fd = socket.release(); // LibVNCServer's from here
    if (open(fd)) {
        environment_.log.guest("vnc", "{} connected", peer_);
        serve(fd);
        environment_.log.guest("vnc", "{} disconnected", peer_);
    }
    release_everything();
}

bool VncSession::open(int socket)
{
    client_ = rfbNewClient(screen_, socket);
    if (client_ == nullptr) {
        return false;
    }
    client_->clientGoneHook = [](rfbClientPtr gone) { session_of(gone).on_gone(); };
    return true;
}

void VncSession::on_gone()
{
    // The library allocates these for each client and never frees them.
    while (rfbExtensionData* const extension = client_->extensions) {
        client_->extensions = extension->next;
        std::free(extension);
    }
    client_ = nullptr;
}

void VncSession::serve(int socket)
{
    while (client_ != nullptr) {
        wait(socket);
        take_damage();
        process(socket);
        if (client_ != nullptr && stopping_) {
            rfbCloseClient(client_);
            rfbClientConnectionGone(client_);
        }
    }
}

void VncSession::wait(int socket)
{
    std::array<pollfd, 2> waits{{{socket, POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    if (!stopping_) {
        static_cast<void>(::poll(waits.data(), waits.size(), kPollMilliseconds));
    }
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(wake_.get(), &count));
}

void VncSession::process(int socket)
{
    for (unsigned i = 0; client_ != nullptr && i < kMessagesAtOnce; ++i) {
        if (client_->state == rfbClientRec::RFB_PROTOCOL_VERSION) {
            // The answer to a version registers security types in a global list. The version is there already.
            const base::MutexLock lock{environment_.handshake};
            process_events();
        } else {
            process_events();
        }
        if (client_ == nullptr) {
            return;
        }
        answer_encodings();
        pollfd more{socket, POLLIN, 0};
        if (::poll(&more, 1, 0) <= 0) {
            return;
        }
    }
}

// Takes the client's next message and sends it what it has asked for. LibVNCServer does not count a new size
// of the desktop as the answer to a request: it would send the old size's part of the new picture unasked.
void VncSession::process_events()
{
    const bool new_size = client_->newFBSizePending != 0;
    rfbProcessEvents(screen_, 0);
    if (new_size && client_ != nullptr && client_->newFBSizePending == 0) {
        sraRgnMakeEmpty(client_->requestedRegion);
    }
}

void VncSession::take_new_size(const backend::Picture& picture)
{
    const std::vector<std::uint32_t> old = std::exchange(framebuffer_, picture.pixels);
    size_ = picture.size;
    rfbNewFramebuffer(screen_, static_cast<char*>(static_cast<void*>(framebuffer_.data())),
                      static_cast<int>(size_.width), static_cast<int>(size_.height), 8, 3, 4);
    set_format(screen_);
    if (client_ != nullptr) {
        screen_->setTranslateFunction(client_);
    }
}

// Copies what changed of the shared picture, and only that.
void VncSession::take_damage()
{
    SharedPicture& shared = environment_.shared;
    const base::MutexLock lock{shared.mutex};
    Damage damage{.rectangles = {}, .all = false};
    damage_.with([&](Damage& pending) { std::swap(pending, damage); });
    if (shared.picture.size != size_ && shared.picture.size.width != 0 && shared.picture.size.height != 0) {
        take_new_size(shared.picture);
        return;
    }
    if (shared.picture.size != size_) {
        return;
    }
    if (damage.all) {
        damage.rectangles = {{0, 0, size_.width, size_.height}};
    }
    for (const backend::Rectangle& r : damage.rectangles) {
        for (unsigned y = r.y; y < r.y + r.height; ++y) {
            const auto from =
                shared.picture.pixels.begin() + static_cast<std::ptrdiff_t>(std::size_t{y} * size_.width + r.x);
            std::copy_n(from, r.width, framebuffer_.begin() + (from - shared.picture.pixels.begin()));
        }
        rfbMarkRectAsModified(screen_, static_cast<int>(r.x), static_cast<int>(r.y), static_cast<int>(r.x + r.width),
                              static_cast<int>(r.y + r.height));
    }
}

bool VncSession::on_encoding(int encoding)
{
    if (encoding == kExtendedKeyEvent) {
        wants_key_answer_ = true;
        return true;
    }
    if (encoding == kPointerMotionChange) {
        wants_pointer_answer_ = true;
        return true;
    }
    return encoding == 0; // "the list begins anew": nothing to forget
}

// A server tells that it knows a pseudo-encoding by sending an empty rectangle of it.
void VncSession::answer_encodings()
{
    if (client_->state != rfbClientRec::RFB_NORMAL) {
        return;
    }
    if (std::exchange(wants_key_answer_, false)) {
        send_pseudo_rectangle(0, kExtendedKeyEvent);
    }
    if (client_ != nullptr) {
        choose_pointer();
    }
}

// The client is told at once, and whenever the guest takes up a tablet or lets it go.
void VncSession::choose_pointer()
{
    const bool asked = std::exchange(wants_pointer_answer_, false);
    knows_movements_ = knows_movements_ || asked;
    const bool relative = environment_.pointer == PointerMode::Relative;
    if (!knows_movements_ || (!asked && relative == relative_pointer_)) {
        return;
    }
    relative_pointer_ = relative;
    pointer_known_ = false;
    send_pseudo_rectangle(relative ? 0 : 1, kPointerMotionChange); // 0: movements, 1: positions
}

void VncSession::send_pseudo_rectangle(std::uint16_t x, std::int32_t encoding)
{
    struct {
        std::uint8_t type{0}; // FramebufferUpdate
        std::uint8_t padding{0};
        std::uint16_t rectangles{htons(1)};
        std::uint16_t x, y{0}, width, height;
        std::uint32_t encoding;
    } message;
    static_assert(sizeof message == 16);
    message.x = htons(x);
    message.width = htons(static_cast<std::uint16_t>(size_.width));
    message.height = htons(static_cast<std::uint16_t>(size_.height));
    message.encoding = htonl(static_cast<std::uint32_t>(encoding));
    std::array<char, sizeof message> bytes{};
    std::memcpy(bytes.data(), &message, sizeof message);
    if (rfbWriteExact(client_, bytes.data(), static_cast<int>(bytes.size())) < 0) {
        rfbCloseClient(client_);
    }
}

// Reads the rest of the message: submessage type, down flag, keysym, XT key code.
bool VncSession::on_extended_key()
{
    std::array<std::uint8_t, 11> rest{};
    const int got = rfbReadExact(client_, static_cast<char*>(static_cast<void*>(rest.data())), rest.size());
    if (got <= 0 || rest[0] != kQemuExtendedKey) {
        return false; // LibVNCServer closes the connection
    }
    const auto word = [&](std::size_t at) {
        return (std::uint32_t{rest[at]} << 24) | (std::uint32_t{rest[at + 1]} << 16) |
               (std::uint32_t{rest[at + 2]} << 8) | rest[at + 3];
    };
    const bool down = (rest[1] | rest[2]) != 0;
    if (const std::optional<KeyCode> code = key_from_xt(word(7))) {
        key(*code, down);
    } else {
        on_keysym(word(3), down);
    }
    return true;
}

void VncSession::on_keysym(std::uint32_t keysym, bool pressed)
{
    for (const KeyEvent& event : translator_->key(keysym, pressed)) {
        key(event.code, event.pressed);
    }
}

void VncSession::key(KeyCode code, bool pressed)
{
    if (pressed) {
        pressed_.insert(code);
    } else if (pressed_.erase(code) == 0) {
        return;
    }
    environment_.handler.key(code, pressed);
}

void VncSession::on_pointer(int x, int y, unsigned buttons)
{
    int dx = x - kRelativeCenter;
    int dy = y - kRelativeCenter;
    const bool first = !relative_pointer_ && !pointer_known_ && environment_.pointer == PointerMode::Absolute;
    if (!relative_pointer_) {
        dx = pointer_known_ ? x - pointer_x_ : 0;
        dy = pointer_known_ ? y - pointer_y_ : 0;
        pointer_known_ = true;
        pointer_x_ = x;
        pointer_y_ = y;
    }
    // RFC 6143 section 7.5.5: bit 0 left, 1 middle, 2 right; bits 3 and 4 are a wheel's clicks up and down.
    constexpr unsigned kWheelUp = 8;
    constexpr unsigned kWheelDown = 16;
    const unsigned clicked = buttons & ~buttons_;
    const int wheel = ((clicked & kWheelDown) != 0 ? 1 : 0) - ((clicked & kWheelUp) != 0 ? 1 : 0);
    const unsigned changed = buttons ^ buttons_;
    buttons_ = buttons;
    if (dx == 0 && dy == 0 && wheel == 0 && (changed & 7) == 0 && !first) {
        return;
    }
    const auto held = static_cast<std::uint8_t>((buttons & 1) | ((buttons & 4) >> 1) | ((buttons & 2) << 1));
    if (relative_pointer_) {
        environment_.handler.pointer(dx, dy, wheel, held);
    } else {
        constexpr int kMost = 0xffff;
        const Pixel at{static_cast<unsigned>(std::clamp(x, 0, kMost)), static_cast<unsigned>(std::clamp(y, 0, kMost))};
        environment_.handler.pointer_at(at, dx, dy, wheel, held);
    }
}

void VncSession::release_everything()
{
    for (const KeyCode code : std::exchange(pressed_, {})) {
        environment_.handler.key(code, false);
    }
    if ((buttons_ & 7) != 0) {
        environment_.handler.pointer(0, 0, 0, 0);
    }
}

} // namespace windsor::display
