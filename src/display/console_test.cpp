// SPDX-License-Identifier: GPL-2.0-or-later
// The console, screen text and pictures in files.
#include "base/test_folder.hpp"
#include "display/console.hpp"

#include "display/console_server.hpp"
#include "display/png.hpp"
#include "display/vnc_testing.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <png.h>

namespace windsor::display {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Codepage437, MapsToUnicodeAndUtf8)
{
    EXPECT_EQ(codepage437_to_unicode('A'), U'A');
    EXPECT_EQ(codepage437_to_unicode(0x00), U' ');
    EXPECT_EQ(codepage437_to_unicode(0x01), U'☺');
    EXPECT_EQ(codepage437_to_unicode(0x7f), U'⌂');
    EXPECT_EQ(codepage437_to_unicode(0x80), U'Ç');
    EXPECT_EQ(codepage437_to_unicode(0xc4), U'─');
    EXPECT_EQ(codepage437_to_unicode(0xdb), U'█');
    EXPECT_EQ(codepage437_to_unicode(0xe1), U'ß');
    EXPECT_EQ(codepage437_to_unicode(0xff), U' ');
    std::string text;
    for (const char32_t c : {U'a', U'é', U'€', U'😀'}) {
        append_utf8(text, c);
    }
    EXPECT_EQ(text, "aé€😀");
    EXPECT_EQ(decode_utf8(text), U"aé€😀");
    EXPECT_EQ(decode_utf8("a\xff\xc3z\xe2\x82"), U"a\ufffd\ufffdz\ufffd");
    EXPECT_EQ(decode_utf8("\xe0\x80\x80"), U"\ufffd");
}

TEST(ScreenText, TrimsTrailingBlanks)
{
    backend::TextScreen screen{.columns = 4, .rows = 2, .cursor_visible = true, .cursor_column = 2, .cursor_row = 1};
    for (const char c : std::string{" \xda\xc4 \0\0  ", 8}) {
        screen.cells.push_back({.character = static_cast<std::uint8_t>(c)});
    }
    const ScreenText text = screen_text(screen);
    EXPECT_THAT(text.lines, ElementsAre(" ┌─", ""));
    EXPECT_TRUE(text.cursor_visible);
    EXPECT_EQ(text.cursor_column, 2U);
    EXPECT_EQ(text.cursor_row, 1U);
}

TEST(Png, IsReadBackAsItWasWritten)
{
    const base::TestFolder folder;
    const std::string file = (folder / "picture.png").string();
    backend::Picture picture{.size = {3, 2}, .pixels = {0xff0000, 0x00ff00, 0x0000ff, 0x123456, 0xffffff, 0}};
    ASSERT_TRUE(write_png(picture, file));
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    ASSERT_NE(png_image_begin_read_from_file(&image, file.c_str()), 0);
    EXPECT_EQ(image.width, 3U);
    EXPECT_EQ(image.height, 2U);
    image.format = PNG_FORMAT_RGB;
    std::vector<std::uint8_t> bytes(PNG_IMAGE_SIZE(image));
    ASSERT_NE(png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr), 0);
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
        EXPECT_EQ((bytes[3 * i] << 16) | (bytes[3 * i + 1] << 8) | bytes[3 * i + 2],
                  static_cast<int>(picture.pixels[i]));
    }
}

TEST(Png, SaysWhyItCannotBeWritten)
{
    const auto missing = write_png({.size = {1, 1}, .pixels = {0}}, "/nonexistent/picture.png");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message(), HasSubstr("/nonexistent/picture.png: No such file"));
    EXPECT_FALSE(write_png({}, "/nonexistent/picture.png"));
}

// A machine's screen, keyboard and mouse, all under one lock.
class FakeMachine final : public backend::Screen, public backend::Keyboard, public backend::Pointer {
public:
    void capture() override
    {
        lock.assert_held();
        ++updates;
    }
    // The lock is free: a guest does not wait for a picture to be drawn.
    std::vector<backend::Rectangle> draw(backend::Picture& picture) override
    {
        const bus::MachineGuard guard{lock};
        const bool resized = picture.size != shown.size;
        const std::vector<backend::Rectangle> damage =
            resized || changed ? std::vector{backend::Rectangle{0, 0, shown.size.width, shown.size.height}}
                               : std::vector<backend::Rectangle>{};
        picture = shown;
        changed = false;
        return damage;
    }
    void invalidate() override { changed = true; }
    bool text(backend::TextScreen& screen) const override
    {
        screen = text_screen;
        return is_text;
    }
    void key(backend::KeyCode code, bool pressed) override
    {
        lock.assert_held();
        keys.push_back({code, pressed});
    }
    void move(int dx, int dy, int wheel, std::uint8_t buttons) override
    {
        lock.assert_held();
        last_movement = {dx, dy, wheel, buttons};
    }

    bus::MachineLock lock;
    unsigned updates{0};
    backend::Picture shown{.size = {8, 8}, .pixels = std::vector<std::uint32_t>(64, 0x0a0b0c)};
    bool changed{true};
    bool is_text{true};
    backend::TextScreen text_screen{.columns = 2, .rows = 1, .cells = {{.character = 'h'}, {.character = 'i'}}};
    std::vector<KeyEvent> keys;
    std::array<int, 4> last_movement{};
};

class ConsoleTest : public ::testing::Test {
protected:
    template <typename Action> void locked(Action action)
    {
        const bus::MachineGuard guard{fake_.lock};
        action();
    }
    // Lets machine time pass until no key waits.
    std::vector<KeyEvent> typed(std::size_t count)
    {
        std::vector<KeyEvent> keys;
        for (unsigned i = 0; i < 2000 && keys.size() < count; ++i) {
            clock_.advance(Console::kKeyInterval);
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
            locked([&] { keys = fake_.keys; });
        }
        return keys;
    }

    FakeMachine fake_;
    base::ManualClock clock_;
    base::Log log_{base::Log::discard()};
    Console console_{{.screen = fake_,
                      .keyboard = fake_,
                      .mouse = fake_,
                      .clock = clock_,
                      .lock = fake_.lock},
                     log_};
};

TEST_F(ConsoleTest, TakesPicturesAndText)
{
    EXPECT_EQ(console_.screenshot().pixels, fake_.shown.pixels);
    EXPECT_THAT(console_.screen_text()->lines, ElementsAre("hi"));
    locked([&] { fake_.is_text = false; });
    EXPECT_FALSE(console_.screen_text());
}

TEST_F(ConsoleTest, TypesTextWithModifiers)
{
    ASSERT_TRUE(console_.type_text("aB\n"));
    EXPECT_THAT(typed(8), ElementsAre(KeyEvent{0x1e, true}, KeyEvent{0x1e, false}, KeyEvent{0x2a, true},
                                      KeyEvent{0x30, true}, KeyEvent{0x30, false}, KeyEvent{0x2a, false},
                                      KeyEvent{0x1c, true}, KeyEvent{0x1c, false}));
    const auto refused = console_.type_text("漢");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("\"漢\" (U+6F22)"));
    EXPECT_FALSE(console_.type_text("a", "klingon"));
}

TEST_F(ConsoleTest, PressesAndReleasesCombinations)
{
    ASSERT_TRUE(console_.press_keys("ctrl-alt-delete"));
    EXPECT_THAT(typed(6), ElementsAre(KeyEvent{0x1d, true}, KeyEvent{0x38, true}, KeyEvent{0xe053, true},
                                      KeyEvent{0xe053, false}, KeyEvent{0x38, false}, KeyEvent{0x1d, false}));
    EXPECT_FALSE(console_.press_keys("ctrl-nonsense"));
}

TEST_F(ConsoleTest, SendsNoKeysWhileMachineTimeStandsStill)
{
    ASSERT_TRUE(console_.type_text("abc"));
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    locked([&] { EXPECT_LE(fake_.keys.size(), 1U); });
    EXPECT_GE(console_.queued_keys(), 5U);
    EXPECT_EQ(typed(6).size(), 6U);
}

TEST_F(ConsoleTest, BoundsWhatWaitsToBeTyped)
{
    EXPECT_FALSE(console_.type_text(std::string(Console::kMostQueuedKeys, 'a')));
    EXPECT_EQ(console_.queued_keys(), 0U);
}

TEST_F(ConsoleTest, PlaysAScriptWithItsPauses)
{
    const std::vector<std::string> lines{"ctrl-esc", "wait 10", "type u", "enter"};
    ASSERT_TRUE(console_.play(parse_key_script(lines).value(), "en-us"));
    EXPECT_FALSE(console_.play(parse_key_script(lines).value(), "en-us")) << "the first one is at work";
    EXPECT_THAT(typed(4),
                ElementsAre(KeyEvent{0x1d, true}, KeyEvent{0x01, true}, KeyEvent{0x01, false}, KeyEvent{0x1d, false}));
    clock_.advance(9 * base::kSecond);
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    locked([&] { EXPECT_EQ(fake_.keys.size(), 4U) << "it pauses for ten seconds"; });
    EXPECT_EQ(console_.queued_keys(), 4U);
    clock_.advance(base::kSecond);
    EXPECT_EQ(typed(8).size(), 8U);
    EXPECT_EQ(fake_.keys.back(), (KeyEvent{0x1c, false}));
    EXPECT_FALSE(console_.play(parse_key_script(std::vector<std::string>{"type 漢"}).value(), "en-us"));
}

// No key stays down when a script is left.
TEST_F(ConsoleTest, WhoTypesTakesOverFromAScript)
{
    ASSERT_TRUE(
        console_.play(parse_key_script(std::vector<std::string>{"ctrl-alt-f2 x y", "wait 60", "z"}).value(), "de"));
    typed(1);
    ASSERT_TRUE(console_.press_keys("a"));
    const std::vector<KeyEvent> keys = typed(8);
    ASSERT_EQ(console_.queued_keys(), 0U);
    EXPECT_THAT(keys,
                ElementsAre(KeyEvent{0x1d, true}, KeyEvent{0x38, true}, KeyEvent{0x3c, true}, KeyEvent{0x3c, false},
                            KeyEvent{0x38, false}, KeyEvent{0x1d, false}, KeyEvent{0x1e, true}, KeyEvent{0x1e, false}));
    EXPECT_EQ(console_.stop_playing(), 0U);
    ASSERT_TRUE(console_.play(parse_key_script(std::vector<std::string>{"q"}).value(), "de"))
        << "there is none any more";
}

TEST_F(ConsoleTest, MovesTheMouse)
{
    console_.mouse(3, -4, 1, 5);
    EXPECT_EQ(fake_.last_movement, (std::array{3, -4, 1, 5}));
}

// The process that serves the console, as a thread; the test has the domain's ends.
class ServedConsoleTest : public ConsoleTest {
protected:
    ServedConsoleTest()
    {
        auto listener = VncListener::open({.display = 4300, .find_unused = true});
        EXPECT_TRUE(listener) << listener.error().message();
        port_ = listener->port;
        listener_ = std::move(listener->socket);
        EXPECT_TRUE(console_.serve_viewers({.events = std::move(channel_.events),
                                            .wake = base::Fd{::dup(channel_.wake.get())},
                                            .frame = std::move(frame_.writable),
                                            .port = port_}));
    }
    ~ServedConsoleTest() override { stop(); }

    void serve(VncOptions options = {})
    {
        auto server = ConsoleServer::create({.listener = {.socket = base::Fd{::dup(listener_.get())}, .port = port_},
                                             .options = std::move(options),
                                             .frame = base::Fd{::dup(frame_.memory.get())},
                                             .events = base::Fd{::dup(channel_.server_events.get())},
                                             .wake = base::Fd{::dup(channel_.wake.get())}});
        ASSERT_TRUE(server) << server.error().message();
        server_ = *std::move(server);
        thread_ = std::thread{[this] { server_->run([] {}); }};
    }
    void stop()
    {
        if (server_ != nullptr) {
            server_->stop();
            thread_.join();
            server_.reset();
        }
    }
    bool waits_for(const std::function<bool()>& condition)
    {
        for (int i = 0; i < 500; ++i) {
            bool met = false;
            locked([&] { met = condition(); });
            if (met) {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        return false;
    }

    std::uint16_t port_{0};
    base::Fd listener_;
    SharedFrame frame_ = *SharedFrame::create();
    ViewerChannel channel_ = *ViewerChannel::create();
    std::unique_ptr<ConsoleServer> server_;
    std::thread thread_;
};

TEST_F(ServedConsoleTest, LooksAtTheScreenOnlyWhileAViewerIsThere)
{
    serve();
    unsigned before = 0;
    locked([&] { before = fake_.updates; });
    std::this_thread::sleep_for(std::chrono::milliseconds{150});
    locked([&] { EXPECT_EQ(fake_.updates, before); });

    RawClient client{port_};
    client.log_in();
    EXPECT_EQ(client.size, (backend::Size{8, 8}));
    client.set_encodings({0});
    client.request(false);
    const std::vector<RawClient::Update> whole = client.update();
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_THAT(whole[0].pixels, ::testing::Each(0x0a0b0cU));
    client.request(true);
    locked([&] {
        fake_.shown.pixels[0] = 0x777777;
        fake_.changed = true;
    });
    const std::vector<RawClient::Update> update = client.update();
    ASSERT_EQ(update.size(), 1U);
    EXPECT_EQ(update[0].pixels[0], 0x777777U);
    client.key('a', true);
    client.key('a', false);
    EXPECT_TRUE(waits_for([&] { return fake_.keys.size() == 2; }));
    client.pointer(1, 1, 0);
    client.pointer(4, 1, 1);
    EXPECT_TRUE(waits_for([&] { return fake_.last_movement == std::array{3, 0, 0, 1}; }));
}

TEST_F(ServedConsoleTest, AFreshProcessLetsGoOfWhatItsPredecessorHeld)
{
    serve();
    {
        RawClient client{port_};
        client.log_in();
        // As if the process died at once: its words are in the queue, and nobody lets go of anything.
        ConsoleEvent held{.kind = static_cast<std::uint32_t>(ConsoleEvent::Kind::Key), .number = 0x1d, .buttons = 1};
        ASSERT_EQ(::send(channel_.server_events.get(), &held, sizeof held, 0), static_cast<ssize_t>(sizeof held));
        ConsoleEvent button{.kind = static_cast<std::uint32_t>(ConsoleEvent::Kind::Pointer), .buttons = 1};
        ASSERT_EQ(::send(channel_.server_events.get(), &button, sizeof button, 0), static_cast<ssize_t>(sizeof button));
        EXPECT_TRUE(waits_for([&] { return fake_.last_movement[3] == 1; }));
        stop();
    }
    serve();
    EXPECT_TRUE(waits_for([&] { return fake_.keys.size() == 2 && fake_.last_movement[3] == 0; }));
    locked([&] { EXPECT_THAT(fake_.keys, ElementsAre(KeyEvent{0x1d, true}, KeyEvent{0x1d, false})); });
    RawClient again{port_};
    again.log_in();
    EXPECT_EQ(again.size, (backend::Size{8, 8}));
}

TEST_F(ServedConsoleTest, WhatIsNoEventDoesNothing)
{
    const auto send = [&](const void* bytes, std::size_t size) {
        return ::send(channel_.server_events.get(), bytes, size, 0) == static_cast<ssize_t>(size);
    };
    const std::array<std::uint8_t, 300> noise{0xff};
    for (const std::size_t size : {0UL, 1UL, 127UL, 129UL, 300UL}) {
        EXPECT_TRUE(send(noise.data(), size));
    }
    ConsoleEvent event{.kind = static_cast<std::uint32_t>(ConsoleEvent::Kind::Key), .number = 0xffff, .buttons = 1};
    EXPECT_TRUE(send(&event, sizeof event));
    event.number = 0x1e;
    event.buttons = 0; // lets go of what it does not hold
    EXPECT_TRUE(send(&event, sizeof event));
    event.buttons = 1;
    EXPECT_TRUE(send(&event, sizeof event));
    EXPECT_TRUE(waits_for([&] { return !fake_.keys.empty(); }));
    locked([&] { EXPECT_THAT(fake_.keys, ElementsAre(KeyEvent{0x1e, true})); });
    console_.stop_viewers();
    locked([&] { EXPECT_EQ(fake_.keys.back(), (KeyEvent{0x1e, false})); });
}

TEST_F(ServedConsoleTest, ADomainThatHearsNothingMoreLosesItsConsoleOnly)
{
    serve();
    RawClient client{port_};
    client.log_in();
    console_.stop_viewers();
    client.key('a', true);
    client.set_encodings({0});
    client.request(false);
    EXPECT_EQ(client.update().size(), 1U);
    locked([&] { EXPECT_TRUE(fake_.keys.empty()); });
}

} // namespace

} // namespace windsor::display
