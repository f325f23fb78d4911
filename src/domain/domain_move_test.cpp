// SPDX-License-Identifier: GPL-2.0-or-later
// Moving whole domains: to a target that lies, from a source that lies, and from one to the other.
#include "domain/domain_testing.hpp"
#include "domain/images.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <utility>
#include <vector>

namespace windsor::domain {
namespace {

using testing::HasSubstr;
using Kind = Channel::Kind;

class DomainMove : public DomainTest {
protected:
    void SetUp() override
    {
        DomainTest::SetUp();
        ::signal(SIGPIPE, SIG_IGN); // as a domain's process does
        config::DiskConfig disk;
        disk.path = (folder_ / "image").string();
        disk.vdev = "hda";
        std::ofstream{disk.path} << std::string(1u << 20, 'd');
        settings_.config.disks.push_back(disk);
    }
    void TearDown() override
    {
        target_.reset();
        mover_.reset();
        DomainTest::TearDown();
    }

    // The target is this test.
    void begin_to_move(const Json& params = Json::object())
    {
        if (!domain_) {
            start();
        }
        mover_.emplace(client());
        SocketPair pair = SocketPair::make();
        target_ = std::make_unique<Channel>(std::move(pair.one), base::Fd{}, "the source");
        target_->set_patience(kTestPatience);
        ASSERT_TRUE(mover_->send("migrate", params, pair.other.get()));
    }
    // Says GoOn when the head has come, gives marks back, and returns when all has come.
    void take_all()
    {
        ASSERT_TRUE(target_->send(Kind::GoOn));
        for (;;) {
            const auto message = target_->receive();
            ASSERT_TRUE(message) << message.error().message();
            if (message->kind == Kind::End) {
                return;
            }
            if (message->kind == Kind::Mark) {
                ASSERT_TRUE(target_->send(Kind::Mark));
            }
        }
    }
    Channel::Message hand_over()
    {
        take_all();
        EXPECT_TRUE(target_->send(Kind::Ready));
        return target_->expect(Kind::TakeOver).value();
    }
    base::Result<Json> answer() { return mover_->answer_within(kTestPatience).value(); }
    std::string failure()
    {
        const auto answered = answer();
        return answered ? "" : answered.error().message();
    }
    std::string phase() { return status_from(call("status").value()).phase; }
    std::string name() { return status_from(call("status").value()).name; }
    bool image_is_free() const { return storage::open_image(image_spec(settings_.config.disks[0])).has_value(); }
    // As if nothing had happened.
    void expect_here()
    {
        EXPECT_EQ(phase(), "running");
        EXPECT_EQ(name(), "falstaff");
        EXPECT_FALSE(image_is_free());
    }

    std::optional<RpcClient> mover_;
    std::unique_ptr<Channel> target_;
};

TEST_F(DomainMove, AGoodTargetHasIt)
{
    begin_to_move();
    const Channel::Message order = hand_over();
    EXPECT_EQ(order.contents, std::vector<std::uint8_t>{1}) << "the guest is to run";
    EXPECT_EQ(name(), "falstaff--migratedaway");
    EXPECT_TRUE(image_is_free()) << "before the target is told to take over";
    ASSERT_TRUE(target_->send(Kind::Running));
    const Json moved = answer().value();
    EXPECT_TRUE(fits(find_method("migrate")->answer, moved)) << moved;
    thread_.join(); // the domain ends
}

// The log of the guest's memory ends only while the guest stands still.
TEST_F(DomainMove, CanBeDestroyedMeanwhile)
{
    firmware_ = std::make_unique<machine::TinyFirmware>();
    firmware_->code({0xfe, 0x06, 0x00, 0x05, 0xeb, 0xfa}); // inc byte [500h]; jmp -6
    begin_to_move();
    ASSERT_TRUE(target_->send(Kind::GoOn));
    ASSERT_TRUE(soon([this] { return call("migrate_progress").value().value("pass", 0) > 0; }));
    EXPECT_TRUE(call("destroy"));
    thread_.join();
    domain_.reset();
    EXPECT_TRUE(image_is_free());
}

TEST_F(DomainMove, APausedGuestStaysPaused)
{
    settings_.start = StartAs::Paused;
    begin_to_move();
    EXPECT_EQ(hand_over().contents, std::vector<std::uint8_t>{0});
    target_->refuse("no");
    EXPECT_FALSE(answer());
    EXPECT_EQ(phase(), "paused");
}

TEST_F(DomainMove, CanBeAskedToStandStillThere)
{
    begin_to_move({{"paused", true}});
    EXPECT_EQ(hand_over().contents, std::vector<std::uint8_t>{0});
    target_->refuse("no");
    EXPECT_FALSE(answer());
    EXPECT_EQ(phase(), "running") << "but runs here";
}

TEST_F(DomainMove, ATargetMayRefuseAtFirst)
{
    begin_to_move();
    target_->refuse("there is no room");
    EXPECT_THAT(failure(), HasSubstr("there is no room"));
    expect_here();
}

TEST_F(DomainMove, ATargetMayVanish)
{
    begin_to_move();
    target_.reset();
    EXPECT_NE(failure(), "");
    expect_here();
}

TEST_F(DomainMove, ATargetMayTalkNonsense)
{
    for (const std::string& nonsense :
         {std::string("\xff\0\0\0\0", 5), std::string("\x01\xff\xff\xff\xff", 5), std::string("hello, world")}) {
        if (!domain_) {
            start();
        }
        mover_.emplace(client());
        SocketPair pair = SocketPair::make();
        ASSERT_TRUE(mover_->send("migrate", Json::object(), pair.other.get()));
        ASSERT_EQ(::send(pair.one.get(), nonsense.data(), nonsense.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(nonsense.size()));
        EXPECT_NE(failure(), "");
        expect_here();
    }
}

// What another state of the conversation would want.
TEST_F(DomainMove, ATargetMayAnswerWhatItShouldNot)
{
    for (const Kind lie : {Kind::Ready, Kind::Mark, Kind::Running, Kind::TakeOver, Kind::Data, Kind::End}) {
        begin_to_move();
        ASSERT_TRUE(target_->send(lie));
        EXPECT_NE(failure(), "") << static_cast<int>(lie);
        expect_here();
    }
}

TEST_F(DomainMove, ATargetMayLoseItsMark)
{
    begin_to_move();
    ASSERT_TRUE(target_->send(Kind::GoOn));
    ASSERT_TRUE(target_->send(Kind::Ready));
    EXPECT_NE(failure(), "");
    expect_here();
}

TEST_F(DomainMove, ATargetMayRefuseWhatItHasGot)
{
    begin_to_move();
    take_all();
    target_->refuse("the record is broken");
    EXPECT_THAT(failure(), HasSubstr("the record is broken"));
    expect_here();
    EXPECT_TRUE(call("pause")) << "and can be used as before";
}

TEST_F(DomainMove, ATargetMaySayInTheEndThatItDoesNotRunIt)
{
    begin_to_move();
    hand_over();
    target_->refuse("the name is taken");
    EXPECT_THAT(failure(), HasSubstr("the name is taken"));
    expect_here();
}

// Nobody can tell whether the target runs the guest, so nobody does here.
TEST_F(DomainMove, StandsStillIfTheConnectionBreaksInTheHandOver)
{
    begin_to_move();
    hand_over();
    target_.reset();
    EXPECT_THAT(failure(), HasSubstr("it may run at the target"));
    EXPECT_EQ(phase(), "handed-over");
    EXPECT_EQ(state(), "--p---");
    EXPECT_EQ(name(), "falstaff--migratedaway");
    for (const char* method : {"save", "migrate"}) {
        EXPECT_THAT(refusal(method), HasSubstr("handed over to another host already")) << method;
    }
    EXPECT_TRUE(call("pause"));
    EXPECT_TRUE(call("reset"));
    EXPECT_EQ(phase(), "handed-over") << "neither makes the images its own";
    EXPECT_TRUE(image_is_free());
    {
        const auto at_the_target = storage::open_image(image_spec(settings_.config.disks[0]));
        ASSERT_TRUE(at_the_target);
        EXPECT_THAT(refusal("unpause"), HasSubstr("cannot go on here"));
        EXPECT_EQ(phase(), "handed-over");
    }
    EXPECT_TRUE(call("unpause"));
    EXPECT_EQ(phase(), "running");
    EXPECT_FALSE(image_is_free());
}

TEST_F(DomainMove, StandsStillIfTheTargetLiesInTheHandOver)
{
    for (const Kind lie : {Kind::Ready, Kind::GoOn, Kind::Mark, Kind::End}) {
        begin_to_move();
        hand_over();
        ASSERT_TRUE(target_->send(lie));
        EXPECT_THAT(failure(), HasSubstr("it may run at the target"));
        EXPECT_EQ(phase(), "handed-over");
        target_.reset();
        EXPECT_TRUE(call("unpause"));
        EXPECT_TRUE(call("rename", {{"name", "falstaff"}}));
    }
}

TEST_F(DomainMove, CanBeInterruptedUntilTheHandOver)
{
    begin_to_move();
    take_all();
    EXPECT_TRUE(call("migrate_cancel"));
    EXPECT_THAT(failure(), HasSubstr("interrupted"));
    target_.reset();
    expect_here();
}

TEST_F(DomainMove, SaysHowFarItIs)
{
    begin_to_move();
    ASSERT_TRUE(target_->send(Kind::GoOn));
    ASSERT_TRUE(soon([this] { return call("migrate_progress").value().value("pass", 0) == 1; }));
    const Json progress = call("migrate_progress").value();
    EXPECT_TRUE(fits(find_method("migrate_progress")->answer, progress));
    EXPECT_GT(progress["total"].get<int>(), 0);
}

// --- The source is this test, and says what a good one has said, or something like it ---

class DomainArrives : public DomainMove {
protected:
    using Stream = std::vector<Channel::Message>;

    void TearDown() override
    {
        leave();
        DomainMove::TearDown();
    }

    // All that a source says to a target that does as it should.
    Stream record()
    {
        Stream stream;
        begin_to_move();
        EXPECT_TRUE(target_->send(Kind::GoOn));
        while (stream.empty() || stream.back().kind != Kind::End) {
            stream.push_back(target_->receive().value());
            if (stream.back().kind == Kind::Mark) {
                EXPECT_TRUE(target_->send(Kind::Mark));
            }
        }
        uuid_ = status_from(call("status").value()).uuid;
        EXPECT_TRUE(target_->send(Kind::Ready));
        stream.push_back(target_->expect(Kind::TakeOver).value());
        EXPECT_TRUE(target_->send(Kind::Running));
        EXPECT_TRUE(answer());
        thread_.join();
        stop();
        return stream;
    }

    // The source says this and then nothing more. Notes what it is answered.
    base::Status arrive(const Stream& stream)
    {
        SocketPair pair = SocketPair::make();
        const base::Fd end{::dup(pair.one.get())};
        const auto here = std::make_shared<Channel>(std::move(pair.other), base::Fd{}, "the source");
        here->set_patience(kTestPatience);
        std::jthread source{[&, channel = std::make_shared<Channel>(std::move(pair.one), base::Fd{}, "the target")] {
            for (const Channel::Message& message : stream) {
                if (!channel->send(message.kind, message.contents)) {
                    break;
                }
            }
            ::shutdown(end.get(), SHUT_WR);
            answers_.clear();
            while (const auto message = channel->receive()) {
                answers_.push_back(message->kind);
            }
        }};
        const base::Status arrived = take(here);
        here->close();
        source.join();
        return arrived;
    }
    base::Status take(const std::shared_ptr<Channel>& source)
    {
        settings_.incoming = WINDSOR_TRY(receive_beginning(source));
        const config::DomainConfig own = std::exchange(settings_.config, settings_.incoming->saved.config);
        settings_.config.sandbox = own.sandbox;
        const Registry registry = Registry::open(settings_.runtime).value();
        claim_.emplace(WINDSOR_TRY(registry.claim(name_with(settings_.config.name, kIncoming))));
        loop_ = base::EventLoop::create().value();
        auto domain = Domain::create(settings_, keeper_, *claim_, *loop_, log_);
        settings_.incoming.reset();
        domain_ = WINDSOR_TRY(std::move(domain));
        return {};
    }
    void live()
    {
        thread_ = std::thread{[this] { domain_->run(); }};
        client_.emplace(client());
    }
    void leave()
    {
        stop();
        settings_.incoming.reset();
    }

    std::vector<Kind> answers_;
    std::string uuid_;
};

TEST_F(DomainArrives, FromAGoodSource)
{
    const Stream stream = record();
    ASSERT_TRUE(arrive(stream));
    live();
    const DomainStatus status = status_from(call("status").value());
    EXPECT_EQ(status.name, "falstaff");
    EXPECT_EQ(status.uuid, uuid_);
    EXPECT_EQ(status.phase, "running");
    EXPECT_FALSE(image_is_free());
    ASSERT_GE(answers_.size(), 4u);
    EXPECT_EQ(answers_.front(), Kind::GoOn);
    EXPECT_EQ(answers_[answers_.size() - 2], Kind::Ready);
    EXPECT_EQ(answers_.back(), Kind::Running);
}

TEST_F(DomainArrives, StandsStillWhereTheSourceSaysSo)
{
    Stream stream = record();
    for (const std::vector<std::uint8_t>& order : {std::vector<std::uint8_t>{0}, std::vector<std::uint8_t>{}}) {
        stream.back().contents = order;
        ASSERT_TRUE(arrive(stream));
        live();
        EXPECT_EQ(phase(), "paused");
        leave();
    }
}

// Whatever is missing at the end, nothing is left here, and the image is the source's.
TEST_F(DomainArrives, NotFromASourceThatVanishes)
{
    const Stream whole = record();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const Stream stream(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_FALSE(arrive(stream)) << length << " of " << whole.size() << " messages";
        EXPECT_EQ(std::ranges::count(answers_, Kind::Running), 0);
        leave();
        EXPECT_TRUE(image_is_free());
        EXPECT_TRUE(Registry::open(settings_.runtime).value().list().value().empty());
    }
}

TEST_F(DomainArrives, NotFromASourceWhoseStreamIsBroken)
{
    const Stream whole = record();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        if (whole[at].contents.empty() || whole[at].kind != Kind::Data) {
            continue;
        }
        Stream stream = whole;
        stream[at].contents[stream[at].contents.size() / 2] ^= 0x55;
        EXPECT_FALSE(arrive(stream)) << "a byte of message " << at;
        leave();
    }
}

TEST_F(DomainArrives, NotFromASourceThatSaysThingsOutOfTurn)
{
    const Stream whole = record();
    for (const Kind strange : {Kind::GoOn, Kind::Ready, Kind::Running, Kind::TakeOver}) {
        Stream stream = whole;
        stream.insert(stream.begin(), {.kind = strange});
        EXPECT_FALSE(arrive(stream)) << static_cast<int>(strange) << " at first";
        leave();
        stream = whole;
        stream.back().kind = strange;
        EXPECT_EQ(arrive(stream).has_value(), strange == Kind::TakeOver) << static_cast<int>(strange) << " at last";
        leave();
    }
    Stream refused = whole;
    refused.back() = {.kind = Kind::Refused, .contents = {'n', 'o'}};
    EXPECT_FALSE(arrive(refused));
}

TEST_F(DomainArrives, NotWhereTheNameIsTaken)
{
    const Stream stream = record();
    const Claim other = Registry::open(settings_.runtime).value().claim("falstaff").value();
    const base::Status arrived = arrive(stream);
    ASSERT_FALSE(arrived);
    EXPECT_THAT(arrived.error().message(), HasSubstr("a domain named 'falstaff' is running already"));
    EXPECT_EQ(std::ranges::count(answers_, Kind::Running), 0) << "the source goes on";
}

TEST_F(DomainArrives, NotWhereItsImageIsInUse)
{
    const Stream stream = record();
    const auto other = storage::open_image(image_spec(settings_.config.disks[0])).value();
    EXPECT_FALSE(arrive(stream));
    EXPECT_EQ(std::ranges::count(answers_, Kind::Ready), 0);
}

TEST_F(DomainArrives, NotWhereItsImageIsMissing)
{
    const Stream stream = record();
    std::filesystem::remove(settings_.config.disks[0].path);
    const base::Status arrived = arrive(stream);
    ASSERT_FALSE(arrived);
    EXPECT_THAT(arrived.error().message(), HasSubstr("image"));
    EXPECT_EQ(std::ranges::count(answers_, Kind::GoOn), 0) << "before its memory is sent";
}

} // namespace
} // namespace windsor::domain
