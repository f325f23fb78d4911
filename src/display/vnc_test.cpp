// SPDX-License-Identifier: GPL-2.0-or-later
// The VNC server, over real sockets.
#include "base/mutex.hpp"
#include "display/vnc_server.hpp"

#include "display/password_guard.hpp"
#include "display/vnc_testing.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <rfb/rfb.h>

namespace windsor::display {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{10};

constexpr const char* kBrowserRequest =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

class Recorder final : public VncHandler {
public:
    struct Movement {
        int dx, dy, wheel;
        unsigned buttons;
        bool operator==(const Movement&) const = default;
    };

    void refresh() override {}
    void key(KeyCode code, bool pressed) override
    {
        const base::MutexLock lock{mutex};
        keys.push_back({code, pressed});
        changed.notify_all();
    }
    void pointer(int dx, int dy, int wheel, std::uint8_t buttons) override
    {
        const base::MutexLock lock{mutex};
        movements.push_back({dx, dy, wheel, buttons});
        changed.notify_all();
    }
    void clients_changed(unsigned count) override
    {
        const base::MutexLock lock{mutex};
        clients = count;
        changed.notify_all();
    }

    std::vector<KeyEvent> wait_keys(std::size_t count)
    {
        const base::MutexLock lock{mutex};
        for (const auto end = Clock::now() + kPatience; keys.size() < count && changed.wait_until(mutex, end);) {
        }
        return keys;
    }
    std::vector<Movement> wait_movements(std::size_t count)
    {
        const base::MutexLock lock{mutex};
        for (const auto end = Clock::now() + kPatience; movements.size() < count && changed.wait_until(mutex, end);) {
        }
        return movements;
    }
    bool wait_clients(unsigned count)
    {
        const base::MutexLock lock{mutex};
        for (const auto end = Clock::now() + kPatience; clients != count && changed.wait_until(mutex, end);) {
        }
        return clients == count;
    }

    base::Mutex mutex;
    base::Condition changed;
    std::vector<KeyEvent> keys WINDSOR_GUARDED_BY(mutex);
    std::vector<Movement> movements WINDSOR_GUARDED_BY(mutex);
    unsigned clients WINDSOR_GUARDED_BY(mutex){0};
};

class VncTest : public ::testing::Test {
protected:
    // Away from displays that people use.
    static constexpr unsigned kDisplay = 4200;

    VncServer& start(VncOptions options = {})
    {
        options.display = kDisplay;
        options.find_unused = true;
        auto started = VncServer::start(options, recorder_, log_);
        EXPECT_TRUE(started) << started.error().message();
        server_ = *std::move(started);
        picture_ = {.size = {64, 32}, .pixels = std::vector<std::uint32_t>(64 * 32, 0x102030)};
        show({{0, 0, 64, 32}});
        return *server_;
    }
    void show(const std::vector<backend::Rectangle>& damage) { server_->show(picture_, damage); }

    base::Log log_{base::Log::discard()};
    Recorder recorder_;
    backend::Picture picture_;
    std::unique_ptr<VncServer> server_;
};

TEST_F(VncTest, ShowsThePictureThenOnlyWhatChanges)
{
    VncOptions options;
    options.name = "falstaff";
    RawClient client{start(options).port()};
    client.log_in();
    EXPECT_EQ(client.size, (backend::Size{64, 32}));
    EXPECT_EQ(client.name, "falstaff");
    client.set_encodings({0});
    client.request(false);
    const std::vector<RawClient::Update> whole = client.update();
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_EQ(whole[0].rectangle, (backend::Rectangle{0, 0, 64, 32}));
    EXPECT_THAT(whole[0].pixels, ::testing::Each(0x102030U));

    client.request(true);
    EXPECT_TRUE(client.quiet(200));
    picture_.pixels[64 * 5 + 7] = 0xaabbcc;
    show({{7, 5, 2, 1}});
    const std::vector<RawClient::Update> changed = client.update();
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0].rectangle, (backend::Rectangle{7, 5, 2, 1}));
    EXPECT_THAT(changed[0].pixels, ElementsAre(0xaabbccU, 0x102030U));
}

TEST_F(VncTest, ResizesTheDesktop)
{
    RawClient client{start().port()};
    client.log_in();
    constexpr std::int32_t kDesktopSize = -223;
    client.set_encodings({0, kDesktopSize});
    client.request(false);
    client.update();
    client.request(true);
    picture_ = {.size = {80, 40}, .pixels = std::vector<std::uint32_t>(80 * 40, 0x00ff00)};
    show({});
    const std::vector<RawClient::Update> resized = client.update();
    ASSERT_EQ(resized.size(), 1U);
    EXPECT_EQ(resized[0].encoding, kDesktopSize);
    EXPECT_EQ(resized[0].rectangle, (backend::Rectangle{0, 0, 80, 40}));
    show({{0, 0, 1, 1}});
    EXPECT_TRUE(client.quiet(200)) << "the new size has answered the request";
    client.size = {80, 40};
    client.request(false);
    const std::vector<RawClient::Update> whole = client.update();
    ASSERT_FALSE(whole.empty());
    EXPECT_EQ(whole[0].rectangle, (backend::Rectangle{0, 0, 80, 40}));
    EXPECT_THAT(whole[0].pixels, ::testing::Each(0x00ff00U));
}

TEST_F(VncTest, ClientsChooseTheirPixelFormat)
{
    RawClient client{start().port()};
    client.log_in();
    picture_.pixels[0] = 0xff8040;
    show({{0, 0, 1, 1}});
    // 32 bits, red lowest.
    client.send({0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0});
    client.set_encodings({0});
    client.request(false);
    const std::vector<RawClient::Update> whole = client.update();
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_EQ(whole[0].pixels[0], 0x4080ffU);
}

TEST_F(VncTest, ServesSeveralClientsAtOnce)
{
    VncServer& server = start();
    RawClient first{server.port()};
    RawClient second{server.port()};
    for (RawClient* client : {&first, &second}) {
        client->log_in();
        client->set_encodings({0});
        client->request(false);
        client->update();
        client->request(true);
    }
    EXPECT_TRUE(recorder_.wait_clients(2));
    EXPECT_EQ(server.clients(), 2U);
    picture_.pixels[0] = 1;
    show({{0, 0, 1, 1}});
    EXPECT_EQ(first.update().size(), 1U);
    EXPECT_EQ(second.update().size(), 1U);
}

TEST_F(VncTest, AsksForThePassword)
{
    VncOptions options;
    options.password = "agincour";
    const std::uint16_t port = start(options).port();
    for (const bool right : {true, false}) {
        RawClient client{port};
        EXPECT_THAT(client.greet(2), ElementsAre(2));
        std::vector<std::uint8_t> challenge = client.receive(16);
        ASSERT_EQ(challenge.size(), 16U);
        std::string password = right ? "agincour" : "harfleur";
        rfbEncryptBytes(challenge.data(), password.data());
        client.send(challenge);
        const std::vector<std::uint8_t> result = client.receive(4);
        ASSERT_EQ(result.size(), 4U);
        EXPECT_EQ(result[3], right ? 0 : 1);
        if (right) {
            client.initialise();
            EXPECT_EQ(client.size, (backend::Size{64, 32}));
        }
    }
    RawClient sneaking{port};
    sneaking.greet(1);
    const std::vector<std::uint8_t> refusal = sneaking.receive(8); // and a sentence
    ASSERT_EQ(refusal.size(), 8U);
    EXPECT_EQ(refusal[3], 1);
    EXPECT_EQ(sneaking.receive(refusal[7]).size(), refusal[7]);
    EXPECT_TRUE(sneaking.closed());
}

// Gives whether it was asked for the password, and answers with a wrong one.
bool guess(RawClient& client)
{
    client.send({'R', 'F', 'B', ' ', '0', '0', '3', '.', '0', '0', '3', '\n'});
    static_cast<void>(client.receive(12));
    const std::vector<std::uint8_t> type = client.receive(4);
    if (type != std::vector<std::uint8_t>{0, 0, 0, 2}) {
        return false;
    }
    client.send(client.receive(16));
    EXPECT_THAT(client.receive(4), ElementsAre(0, 0, 0, 1));
    return true;
}

TEST_F(VncTest, WhoGuessesThePasswordHasToWait)
{
    VncOptions options;
    options.password = "agincour";
    const std::uint16_t port = start(options).port();
    RawClient inside{port};
    EXPECT_THAT(inside.greet(2), ElementsAre(2));
    std::vector<std::uint8_t> challenge = inside.receive(16);
    std::string password = "agincour";
    rfbEncryptBytes(challenge.data(), password.data());
    inside.send(challenge);
    EXPECT_THAT(inside.receive(4), ElementsAre(0, 0, 0, 0));
    for (unsigned i = 0; i < PasswordGuard::kFree; ++i) {
        RawClient client{port, 0, "127.0.0." + std::to_string(2 + i)}; // all of this host
        EXPECT_TRUE(guess(client)) << i;
    }
    RawClient client{port};
    EXPECT_FALSE(guess(client));
    inside.initialise();
    EXPECT_EQ(inside.size, (backend::Size{64, 32})) << "who is in does not notice";
}

TEST_F(VncTest, RefusesWhatItCannotDoWithASentence)
{
    const VncServer& first = start();
    VncOptions same;
    same.display = first.port() - 5900U;
    auto refused = VncServer::start(same, recorder_, log_);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("in use"));
    same.find_unused = true;
    auto next = VncServer::start(same, recorder_, log_);
    ASSERT_TRUE(next) << next.error().message();
    EXPECT_GT((*next)->port(), first.port());

    VncOptions keymap;
    keymap.keymap = "klingon";
    refused = VncServer::start(keymap, recorder_, log_);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("en-us"));

    VncOptions nowhere;
    nowhere.listen = "192.0.2.1";
    nowhere.display = kDisplay;
    EXPECT_FALSE(VncServer::start(nowhere, recorder_, log_));
}

TEST_F(VncTest, ExtendedKeyEventsArriveAsScanCodes)
{
    RawClient client{start().port()};
    client.log_in();
    client.set_encodings({0, -258});
    const std::vector<RawClient::Update> answer = client.update();
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_EQ(answer[0].encoding, -258);
    client.extended_key(0x1e, true);
    client.extended_key(0x1e, false);
    client.extended_key(0xcb, true);
    client.extended_key(0xcb, false);
    EXPECT_THAT(recorder_.wait_keys(4), ElementsAre(KeyEvent{0x1e, true}, KeyEvent{0x1e, false},
                                                    KeyEvent{0xe04b, true}, KeyEvent{0xe04b, false}));
}

TEST_F(VncTest, KeySymbolsGoThroughTheKeymap)
{
    VncOptions options;
    options.keymap = "de";
    RawClient client{start(options).port()};
    client.log_in();
    client.key('z', true);
    client.key('z', false);
    client.key(0xff0d, true);
    client.key(0xff0d, false);
    EXPECT_THAT(recorder_.wait_keys(4), ElementsAre(KeyEvent{0x15, true}, KeyEvent{0x15, false}, KeyEvent{0x1c, true},
                                                    KeyEvent{0x1c, false}));
}

TEST_F(VncTest, PointerPositionsBecomeMovements)
{
    RawClient client{start().port()};
    client.log_in();
    client.pointer(10, 10, 0);
    client.pointer(15, 8, 0);
    client.pointer(15, 8, 1 | 4);
    client.pointer(15, 8, 16);
    client.pointer(15, 8, 0);
    client.pointer(15, 8, 8);
    using Movement = Recorder::Movement;
    EXPECT_THAT(recorder_.wait_movements(4), ElementsAre(Movement{5, -2, 0, 0}, Movement{0, 0, 0, 3},
                                                         Movement{0, 0, 1, 0}, Movement{0, 0, -1, 0}));
}

TEST_F(VncTest, ClientsThatCanSendMovements)
{
    RawClient client{start().port()};
    client.log_in();
    client.set_encodings({0, -257});
    const std::vector<RawClient::Update> answer = client.update();
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_EQ(answer[0].encoding, -257);
    EXPECT_EQ(answer[0].rectangle.x, 0U);
    client.pointer(0x7fff + 3, 0x7fff - 4, 2);
    EXPECT_THAT(recorder_.wait_movements(1), ElementsAre(Recorder::Movement{3, -4, 0, 4}));
}

TEST_F(VncTest, ReleasesTheKeysOfAClientThatVanishes)
{
    const std::uint16_t port = start().port();
    {
        RawClient client{port};
        client.log_in();
        client.key(0xffe3, true);
        client.key('c', true);
        client.pointer(1, 1, 1);
        recorder_.wait_keys(2);
        recorder_.wait_movements(1);
    }
    EXPECT_THAT(recorder_.wait_keys(4), ElementsAre(KeyEvent{0x1d, true}, KeyEvent{0x2e, true}, KeyEvent{0x1d, false},
                                                    KeyEvent{0x2e, false}));
    EXPECT_EQ(recorder_.wait_movements(2).back().buttons, 0U);
    EXPECT_TRUE(recorder_.wait_clients(0));
}

TEST_F(VncTest, AStalledClientDisturbsNobody)
{
    VncServer& server = start();
    picture_ = {.size = {1600, 1200}, .pixels = std::vector<std::uint32_t>(1600 * 1200)};
    show({});
    RawClient stalled{server.port(), 4096};
    stalled.log_in();
    stalled.set_encodings({0});
    stalled.request(false); // 7 MB that it never reads
    RawClient half{server.port()};
    half.send({'R', 'F'}); // and one that stops in its first message

    RawClient lively{server.port()};
    lively.log_in();
    lively.set_encodings({0});
    lively.request(false);
    lively.update();
    for (unsigned i = 1; i <= 20; ++i) {
        const auto before = std::chrono::steady_clock::now();
        lively.request(true);
        picture_.pixels[i] = i;
        show({{i, 0, 1, 1}});
        const std::vector<RawClient::Update> update = lively.update();
        ASSERT_EQ(update.size(), 1U);
        EXPECT_THAT(update[0].pixels, ElementsAre(i));
        EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{2});
    }
    // It is dropped after a while, and stopping does not wait for it either way.
    const auto before = std::chrono::steady_clock::now();
    server_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds{3});
}

TEST_F(VncTest, RubbishEndsOnlyItsOwnConnection)
{
    VncServer& server = start();
    RawClient rubbish{server.port()};
    rubbish.receive(12);
    rubbish.send(std::vector<std::uint8_t>(200, 0xee));
    EXPECT_TRUE(rubbish.closed());
    RawClient unknown_message{server.port()};
    unknown_message.log_in();
    unknown_message.send({99, 1, 2, 3});
    EXPECT_TRUE(unknown_message.closed());
    RawClient good{server.port()};
    good.log_in();
    EXPECT_EQ(good.size, (backend::Size{64, 32}));
}

// Ends in the middle of what a client says first, with the connection still open or closed.
TEST_F(VncTest, BeginningsThatStopHoldUpNobody)
{
    VncServer& server = start();
    for (const std::string beginning : {"R", "RFB", "RFB 003.00", "G", "GET / HTTP/1.1\r\n", "\x16\x03\x01"}) {
        RawClient{server.port()}.send(RawClient::bytes(beginning)); // and closes
    }
    std::vector<std::unique_ptr<RawClient>> open;
    for (int i = 0; i < 3; ++i) {
        open.push_back(std::make_unique<RawClient>(server.port()));
        open.back()->send(RawClient::bytes(kBrowserRequest));
        ASSERT_TRUE(open.back()->receive_until("\r\n\r\n"));
        open.back()->send({0x82});
    }
    const auto before = std::chrono::steady_clock::now();
    RawClient good{server.port()};
    good.log_in();
    EXPECT_EQ(good.size, (backend::Size{64, 32}));
    EXPECT_LT(std::chrono::steady_clock::now() - before, kPatience);
    EXPECT_TRUE(recorder_.wait_clients(1));
    server_.reset(); // which would wait for a thread that hangs
}

TEST_F(VncTest, SilentConnectionsMakeRoomForViewers)
{
    VncServer& server = start();
    std::vector<std::unique_ptr<RawClient>> silent;
    for (unsigned i = 0; i < VncServer::kMostStrangersOfAddress; ++i) {
        silent.push_back(std::make_unique<RawClient>(server.port()));
    }
    silent[0]->receive(12);
    silent[0]->send(RawClient::bytes("RFB 003.008\n")); // the oldest has something to say
    EXPECT_EQ(silent[0]->receive(2).size(), 2U);
    RawClient viewer{server.port()};
    viewer.log_in();
    EXPECT_EQ(viewer.size, (backend::Size{64, 32}));
    silent[1]->receive(12);
    EXPECT_TRUE(silent[1]->closed());
    silent[0]->send({1});
    EXPECT_EQ(silent[0]->receive(4).size(), 4U) << "it is still there";
}

TEST_F(VncTest, OneAddressHasNotAllTheRoom)
{
    VncServer& server = start();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (unsigned i = 0; i < VncServer::kMostSessionsOfAddress; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        clients.back()->log_in();
    }
    RawClient one_more{server.port()};
    one_more.greet(1);
    one_more.receive(4);
    one_more.send({1});
    EXPECT_TRUE(one_more.closed());
    RawClient from_elsewhere{server.port(), 0, "127.0.0.2"};
    from_elsewhere.log_in();
    EXPECT_EQ(from_elsewhere.size, (backend::Size{64, 32}));
    clients.pop_back();
    EXPECT_TRUE(recorder_.wait_clients(VncServer::kMostSessionsOfAddress));
    RawClient fits{server.port()};
    fits.log_in();
}

TEST_F(VncTest, WhoHasShownThePasswordStaysWhateverStrangersDo)
{
    VncOptions options;
    options.password = "agincour";
    VncServer& server = start(options);
    const auto log_in = [&](RawClient& client) {
        client.greet(2);
        std::vector<std::uint8_t> challenge = client.receive(16);
        ASSERT_EQ(challenge.size(), 16U);
        std::string password = "agincour";
        rfbEncryptBytes(challenge.data(), password.data());
        client.send(challenge);
        ASSERT_EQ(client.receive(4), (std::vector<std::uint8_t>{0, 0, 0, 0}));
        client.initialise();
    };
    RawClient viewer{server.port()};
    log_in(viewer);
    std::vector<std::unique_ptr<RawClient>> strangers;
    for (unsigned i = 0; i < 2 * VncServer::kMostStrangers; ++i) {
        const std::string from = "127.0.0." + std::to_string(2 + i % 40);
        strangers.push_back(std::make_unique<RawClient>(server.port(), 0, from));
    }
    RawClient second{server.port()};
    log_in(second);
    EXPECT_EQ(second.size, (backend::Size{64, 32}));
    viewer.set_encodings({0});
    viewer.request(false);
    EXPECT_EQ(viewer.update().size(), 1U);
    EXPECT_EQ(server.clients(), 2U);
}

// A library that is told to scale sizes a buffer by the screen of before a change of modes.
TEST_F(VncTest, ExtensionsOfTheLibraryAreNotOffered)
{
    VncServer& server = start();
    for (const std::vector<std::uint8_t>& message : std::vector<std::vector<std::uint8_t>>{
             {8, 2, 0, 0}, {15, 2, 0, 0}, {7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {11, 0, 0, 0, 0, 0, 0, 1},
             {250, 0, 1, 2}, {9, 1, 0, 0}, {10, 1, 0, 0}}) {
        RawClient client{server.port()};
        client.log_in();
        client.send(message);
        EXPECT_TRUE(client.closed()) << int{message[0]};
    }
}

TEST_F(VncTest, ALongClipboardCostsNobodyTheConsole)
{
    RawClient client{start().port()};
    client.log_in();
    client.set_encodings({0});
    constexpr std::uint32_t kLength = 3'000'000;
    std::vector<std::uint8_t> text(8 + kLength, 'x');
    const std::vector<std::uint8_t> head{6, 0, 0, 0, kLength >> 24, (kLength >> 16) & 0xff, (kLength >> 8) & 0xff,
                                         kLength & 0xff};
    std::ranges::copy(head, text.begin());
    client.send(text);
    client.request(false);
    EXPECT_EQ(client.update().size(), 1U);
}

TEST_F(VncTest, BrowsersSpeakThroughWebSockets)
{
    RawClient client{start().port()};
    client.send(RawClient::bytes(kBrowserRequest));
    ASSERT_TRUE(client.receive_until("\r\n\r\n"));
    EXPECT_EQ(RawClient::text(client.receive(14)), "\x82\x0cRFB 003.008\n");
    client.send_masked(RawClient::bytes("RFB 003.008\n"));
    EXPECT_EQ(client.receive(4), (std::vector<std::uint8_t>{0x82, 2, 1, 1}));
    client.send_masked({1});
    EXPECT_EQ(client.receive(6), (std::vector<std::uint8_t>{0x82, 4, 0, 0, 0, 0}));
    client.send_masked({1, 2, 0, 0, 1, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 'a'}); // and more in the same message
    EXPECT_EQ(client.receive(2 + 24 + 7).size(), 33U);
    EXPECT_THAT(recorder_.wait_keys(1), ElementsAre(KeyEvent{0x1e, true}));
}

// Any page that somebody looks at may try.
TEST_F(VncTest, WebPagesFromElsewhereNeedAPassword)
{
    std::string request = kBrowserRequest;
    request.insert(request.size() - 2, "Origin: https://example.com\r\n");
    RawClient without{start().port()};
    without.send(RawClient::bytes(request));
    EXPECT_TRUE(without.receive_until("\r\n\r\n"));
    EXPECT_TRUE(without.closed());
    VncOptions options;
    options.password = "agincour";
    RawClient with{start(options).port()};
    with.send(RawClient::bytes(request));
    ASSERT_TRUE(with.receive_until("\r\n\r\n"));
    EXPECT_EQ(RawClient::text(with.receive(14)), "\x82\x0cRFB 003.008\n");
}

// Each ping asks for an answer; one that is not read would be kept for it.
TEST_F(VncTest, ABrowserThatAsksWithoutReadingIsNotReadEither)
{
    constexpr std::size_t kMuch = 64u << 20; // more than sockets hold and the server keeps
    RawClient client{start().port(), 4096};
    client.send(RawClient::bytes(kBrowserRequest));
    ASSERT_TRUE(client.receive_until("\r\n\r\n"));
    std::vector<std::uint8_t> pings;
    while (pings.size() < kMuch) {
        pings.insert(pings.end(), {0x89, 0x80 | 125, 0, 0, 0, 0});
        pings.resize(pings.size() + 125);
    }
    EXPECT_LT(client.send_what_is_taken(pings), pings.size());
}

// Debian's package gvncviewer.
TEST_F(VncTest, GvnccaptureTakesAPicture)
{
    if (std::system("command -v gvnccapture timeout >/dev/null 2>&1") != 0) {
        GTEST_SKIP() << "gvnccapture is not installed (Debian package gvncviewer)";
    }
    const unsigned display = start().port() - 5900U;
    picture_ = {.size = {640, 480}, .pixels = std::vector<std::uint32_t>(640 * 480, 0x2244aa)};
    show({});
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("windsor-vnc-test-" + std::to_string(display) + ".png");
    const std::string command =
        "timeout 30 gvnccapture -q 127.0.0.1:" + std::to_string(display) + " " + file.string() + " >/dev/null 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_GT(std::filesystem::exists(file) ? std::filesystem::file_size(file) : 0, 100U);
    std::filesystem::remove(file);
}

} // namespace

} // namespace windsor::display
