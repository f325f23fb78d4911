// SPDX-License-Identifier: GPL-2.0-or-later
// The VNC server, over real sockets.
#include "display/vnc_server.hpp"

#include "display/vnc_testing.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include <rfb/rfb.h>

namespace windsor::display {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::seconds kPatience{10};

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
        const std::scoped_lock lock{mutex};
        keys.push_back({code, pressed});
        changed.notify_all();
    }
    void pointer(int dx, int dy, int wheel, std::uint8_t buttons) override
    {
        const std::scoped_lock lock{mutex};
        movements.push_back({dx, dy, wheel, buttons});
        changed.notify_all();
    }
    void clients_changed(unsigned count) override
    {
        const std::scoped_lock lock{mutex};
        clients = count;
        changed.notify_all();
    }

    std::vector<KeyEvent> wait_keys(std::size_t count)
    {
        std::unique_lock lock{mutex};
        changed.wait_for(lock, kPatience, [&] { return keys.size() >= count; });
        return keys;
    }
    std::vector<Movement> wait_movements(std::size_t count)
    {
        std::unique_lock lock{mutex};
        changed.wait_for(lock, kPatience, [&] { return movements.size() >= count; });
        return movements;
    }
    bool wait_clients(unsigned count)
    {
        std::unique_lock lock{mutex};
        return changed.wait_for(lock, kPatience, [&] { return clients == count; });
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<KeyEvent> keys;
    std::vector<Movement> movements;
    unsigned clients{0};
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
    void show(const std::vector<devices::Rectangle>& damage) { server_->show(picture_, damage); }

    base::Log log_{base::Log::discard()};
    Recorder recorder_;
    devices::Picture picture_;
    std::unique_ptr<VncServer> server_;
};

TEST_F(VncTest, ShowsThePictureThenOnlyWhatChanges)
{
    VncOptions options;
    options.name = "falstaff";
    RawClient client{start(options).port()};
    client.log_in();
    EXPECT_EQ(client.size, (devices::Size{64, 32}));
    EXPECT_EQ(client.name, "falstaff");
    client.set_encodings({0});
    client.request(false);
    const std::vector<RawClient::Update> whole = client.update();
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_EQ(whole[0].rectangle, (devices::Rectangle{0, 0, 64, 32}));
    EXPECT_THAT(whole[0].pixels, ::testing::Each(0x102030U));

    client.request(true);
    EXPECT_TRUE(client.quiet(200));
    picture_.pixels[64 * 5 + 7] = 0xaabbcc;
    show({{7, 5, 2, 1}});
    const std::vector<RawClient::Update> changed = client.update();
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0].rectangle, (devices::Rectangle{7, 5, 2, 1}));
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
    EXPECT_EQ(resized[0].rectangle, (devices::Rectangle{0, 0, 80, 40}));
    show({{0, 0, 1, 1}});
    EXPECT_TRUE(client.quiet(200)) << "the new size has answered the request";
    client.size = {80, 40};
    client.request(false);
    const std::vector<RawClient::Update> whole = client.update();
    ASSERT_FALSE(whole.empty());
    EXPECT_EQ(whole[0].rectangle, (devices::Rectangle{0, 0, 80, 40}));
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
            EXPECT_EQ(client.size, (devices::Size{64, 32}));
        }
    }
    RawClient sneaking{port};
    sneaking.greet(1);
    EXPECT_TRUE(sneaking.closed());
}

TEST_F(VncTest, RefusesWhatItCannotDoWithASentence)
{
    VncOptions options;
    options.password = "too long for it";
    auto refused = VncServer::start(options, recorder_, log_);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("no more than 8"));

    const VncServer& first = start();
    VncOptions same;
    same.display = first.port() - 5900U;
    refused = VncServer::start(same, recorder_, log_);
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
    EXPECT_EQ(good.size, (devices::Size{64, 32}));
}

TEST_F(VncTest, TurnsAwayMoreClientsThanItServes)
{
    VncServer& server = start();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (unsigned i = 0; i < VncServer::kMostClients; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        clients.back()->log_in();
    }
    RawClient one_more{server.port()};
    EXPECT_TRUE(one_more.closed());
    clients.pop_back();
    EXPECT_TRUE(recorder_.wait_clients(VncServer::kMostClients - 1));
    RawClient fits{server.port()};
    fits.log_in();
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
