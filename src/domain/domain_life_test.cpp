// SPDX-License-Identifier: GPL-2.0-or-later
// The phases of a whole domain: what leads from one to another, and which methods are refused in each.
#include "domain/domain_testing.hpp"

namespace windsor::domain {
namespace {

using testing::HasSubstr;

class DomainLife : public DomainTest {
protected:
    void start_saving(FullPipe& pipe)
    {
        ASSERT_TRUE(saver_->send("save", {{"after", "go-on"}, {"name", "/saved"}}, pipe.to_write()));
        ASSERT_TRUE(soon([this] { return !call("save_progress").value().empty(); }));
    }
    // To somebody who says nothing.
    void start_moving(const SocketPair& pair)
    {
        ASSERT_TRUE(saver_->send("migrate", Json::object(), pair.other.get()));
        ASSERT_TRUE(soon([this] { return !call("migrate_progress").value().empty(); }));
    }
    base::Result<Json> answer() { return saver_->answer_within(kTestPatience).value(); }
    void start_all()
    {
        start();
        saver_.emplace(client());
    }
    void TearDown() override
    {
        saver_.reset();
        DomainTest::TearDown();
    }

    std::optional<RpcClient> saver_;
};

TEST_F(DomainLife, RunsAndIsPausedAndUnpaused)
{
    start_all();
    EXPECT_TRUE(soon([this] { return state() == "-b----"; })) << "the guest sleeps";
    EXPECT_TRUE(call("pause"));
    EXPECT_EQ(state(), "--p---");
    EXPECT_TRUE(call("pause")) << "once more changes nothing";
    EXPECT_TRUE(call("unpause"));
    EXPECT_TRUE(soon([this] { return state() == "-b----"; }));
    EXPECT_TRUE(call("unpause"));
}

TEST_F(DomainLife, StartsPausedWhereThatIsAskedFor)
{
    settings_.start = StartAs::Paused;
    start_all();
    EXPECT_EQ(state(), "--p---");
    EXPECT_TRUE(call("reset")) << "which does not make it run";
    EXPECT_EQ(state(), "--p---");
}

TEST_F(DomainLife, WhileItIsSavedTheGuestIsLeftAlone)
{
    start_all();
    FullPipe pipe;
    start_saving(pipe);
    EXPECT_EQ(state(), "--p---");
    for (const char* method : {"pause", "unpause", "shutdown", "reset", "vcpu_pin", "save", "migrate"}) {
        EXPECT_THAT(refusal(method), HasSubstr("is being saved")) << method;
    }
    EXPECT_EQ(refusal("rename", {{"name", "hal"}}), "");
    pipe.drain();
    EXPECT_EQ(answer().value().value("ran", false), true);
    EXPECT_TRUE(soon([this] { return state() == "-b----"; }));
}

TEST_F(DomainLife, ASaveThatIsInterruptedLeavesItAsItWas)
{
    settings_.start = StartAs::Paused;
    start_all();
    FullPipe pipe;
    start_saving(pipe);
    EXPECT_TRUE(call("save_cancel"));
    pipe.drain();
    EXPECT_FALSE(answer());
    EXPECT_EQ(state(), "--p---");
    EXPECT_TRUE(call("unpause")) << "it can go on";
}

TEST_F(DomainLife, StaysPausedAfterASaveThatShallEndIt)
{
    start_all();
    FullPipe pipe;
    ASSERT_TRUE(saver_->send("save", Json::object(), pipe.to_write()));
    pipe.drain();
    EXPECT_EQ(answer().value().value("ran", false), true) << "before";
    EXPECT_EQ(state(), "--p---");
}

// Threads cannot be made as long as it lives: nobody has memory for a stack of that size.
class NoMoreThreads {
public:
    NoMoreThreads()
    {
        ::pthread_getattr_default_np(&before_);
        pthread_attr_t huge{};
        ::pthread_attr_init(&huge);
        ::pthread_attr_setstacksize(&huge, std::size_t{1} << 60);
        ::pthread_setattr_default_np(&huge);
        ::pthread_attr_destroy(&huge);
    }
    ~NoMoreThreads()
    {
        ::pthread_setattr_default_np(&before_);
        ::pthread_attr_destroy(&before_);
    }
    NoMoreThreads(const NoMoreThreads&) = delete;
    NoMoreThreads& operator=(const NoMoreThreads&) = delete;

private:
    pthread_attr_t before_{};
};

TEST_F(DomainLife, GoesOnIfTheHostHasNoThreadForSavingOrMovingIt)
{
    start_all();
    const SocketPair pair = SocketPair::make();
    {
        const NoMoreThreads none;
        for (const char* method : {"save", "migrate"}) {
            EXPECT_THAT(refusal(method, Json::object(), pair.other.get()), HasSubstr("no thread to give")) << method;
            EXPECT_TRUE(soon([this] { return state() == "-b----"; })) << "the guest goes on";
        }
    }
    start_moving(pair);
    EXPECT_TRUE(call("migrate_cancel"));
    EXPECT_FALSE(answer());
}

TEST_F(DomainLife, WantsAFileToSaveTo)
{
    start_all();
    EXPECT_THAT(refusal("save"), HasSubstr("no open file"));
    EXPECT_NE(state(), "--p---");
}

TEST_F(DomainLife, WhileItMovesItIsNotChanged)
{
    start_all();
    const SocketPair pair = SocketPair::make();
    start_moving(pair);
    EXPECT_TRUE(soon([this] { return state() == "-b----"; })) << "the guest goes on meanwhile";
    for (const char* method : {"pause", "unpause", "shutdown", "reset", "vcpu_pin", "save", "migrate"}) {
        EXPECT_THAT(refusal(method), HasSubstr("is being moved")) << method;
    }
    EXPECT_THAT(refusal("rename", {{"name", "hal"}}), HasSubstr("is being moved"));
    EXPECT_TRUE(call("migrate_cancel"));
    EXPECT_THAT(answer().error().message(), HasSubstr("interrupted"));
    EXPECT_TRUE(call("pause"));
}

TEST_F(DomainLife, WhatIsPreservedCanOnlyBeLookedAt)
{
    reset_at_a_key();
    settings_.config.on_reboot = config::LifeAction::Preserve;
    start_all();
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    ASSERT_TRUE(soon([this] { return state() == "---s--"; })) << state();
    for (const char* method : {"pause", "unpause", "shutdown", "reset", "vcpu_pin", "save", "migrate"}) {
        EXPECT_THAT(refusal(method), HasSubstr("the guest has ended")) << method;
    }
    EXPECT_EQ(refusal("screenshot"), "");
    EXPECT_EQ(refusal("rename", {{"name", "hal"}}), "");
    EXPECT_EQ(call("status").value().value("name", ""), "hal");
}

TEST_F(DomainLife, AGuestThatResetsBeginsAnew)
{
    reset_at_a_key();
    start_all();
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    EXPECT_TRUE(soon([this] { return call("status").value().value("restarts", 0) == 1; }));
    EXPECT_NE(state(), "--p---");
}

// The guest's end comes first: there is nothing to be saved.
TEST_F(DomainLife, AGuestThatEndsIsNotMoved)
{
    reset_at_a_key();
    settings_.config.on_reboot = config::LifeAction::Preserve;
    start_all();
    const SocketPair pair = SocketPair::make();
    start_moving(pair);
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    EXPECT_FALSE(answer());
    EXPECT_EQ(state(), "---s--");
}

// The remains keep the screen under another name; the fresh domain takes the old one.
TEST_F(DomainLife, ACrashCanLeaveItsRemainsAndBeginAFreshDomain)
{
    reset_at_a_key();
    settings_.config.on_reboot = config::LifeAction::RenameRestart;
    start_all();
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    ASSERT_TRUE(soon([this] { return state() == "---s--"; }));
    EXPECT_EQ(call("status").value().value("name", ""), "falstaff-1");
    EXPECT_TRUE(keeper_.console_stopped) << "the fresh domain needs its port";
    EXPECT_EQ(refusal("screenshot"), "");
    stop();
    EXPECT_EQ(keeper_.restarted, "falstaff");
}

// The longest name leaves no room for a number behind it.
TEST_F(DomainLife, RemainsOfALongNameHaveAShorterOne)
{
    reset_at_a_key();
    settings_.config.name = std::string(kLongestName, 'f');
    settings_.config.on_reboot = config::LifeAction::RenameRestart;
    start_all();
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    ASSERT_TRUE(soon([this] { return state() == "---s--"; }));
    EXPECT_EQ(call("status").value().value("name", ""), std::string(kLongestName - 2, 'f') + "-1");
    stop();
    EXPECT_EQ(keeper_.restarted, settings_.config.name);
}

TEST_F(DomainLife, NoFreshDomainIsBegunWhileTheRemainsHaveItsName)
{
    reset_at_a_key();
    settings_.config.on_reboot = config::LifeAction::RenameRestart;
    keeper_.renames = false;
    start_all();
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    ASSERT_TRUE(soon([this] { return state() == "---s--"; }));
    EXPECT_EQ(call("status").value().value("name", ""), "falstaff");
    stop();
    EXPECT_EQ(keeper_.restarted, "");
}

// What a move that was given up has posted is not taken for the end of the next one, whose request has come meanwhile.
TEST_F(DomainLife, AGuestThatResetsWhileItMovesCanBeMovedAtOnce)
{
    reset_at_a_key();
    start_all();
    const SocketPair first = SocketPair::make();
    start_moving(first);
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    RpcClient again = client();
    const SocketPair second = SocketPair::make();
    std::optional<base::Result<Json>> answered;
    do {
        ASSERT_TRUE(again.send("migrate", Json::object(), second.other.get()));
        answered = again.answer_within(std::chrono::seconds{1});
    } while (answered && !*answered && answered->error().message() == sentence_for(Phase::Moving));
    EXPECT_FALSE(answered) << "it is at work";
    EXPECT_FALSE(answer()) << "the first one is not";
    EXPECT_EQ(state(), "r-----");
    EXPECT_TRUE(call("migrate_cancel"));
    EXPECT_FALSE(again.answer_within(kTestPatience).value());
    EXPECT_EQ(call("status").value().value("restarts", 0), 1);
}

// A guest that listens to the power button, resets the machine at the key A, and powers off at B.
class DomainPowerButton : public DomainLife {
protected:
    void SetUp() override
    {
        DomainLife::SetUp();
        firmware_ = std::make_unique<machine::TinyFirmware>();
        write_dword(0xcf8, 0x80000b40), write_dword(0xcfc, 0xb001); // the registers of power management are at b000h
        write_dword(0xcf8, 0x80000b80), write_byte(0xcfc, 0x01);
        write_word(0xb002, 0x0100); // the power button counts
        write_word(0xb004, 0x0001); // ACPI is on
        firmware_->code({0xe4, 0x64, 0xa8, 0x01, 0x74, 0xfa, 0xe4, 0x60}); // in al, 64h; test al, 1; jz; in al, 60h
        firmware_->code({0x3c, 0x1e, 0x74, 0x0e, 0x3c, 0x1c, 0x74, 0x0a}); // A, in either set of codes
        firmware_->code({0x3c, 0x30, 0x74, 0x0d, 0x3c, 0x32, 0x74, 0x09}); // B
        firmware_->code({0xeb, 0xe6}); // other keys
        firmware_->code({0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, 0xf4}); // mov dx, 0cf9h; mov al, 6; out dx, al
        firmware_->code({0xb8, 0x00, 0x20, 0xba, 0x04, 0xb0, 0xef, 0xf4}); // mov ax, 2000h; mov dx, b004h; out
        settings_.config.on_poweroff = config::LifeAction::Preserve;
        start_all();
    }
    void asked_to_reboot()
    {
        ASSERT_TRUE(soon([this] { return call("shutdown", {{"reboot", true}}).has_value(); }));
    }
    int restarts() { return call("status").value().value("restarts", 0); }
    // Until the guest, which may be beginning anew, has seen it.
    void power_off()
    {
        const int before = restarts();
        EXPECT_TRUE(soon([&] {
            static_cast<void>(call("keys", {{"keys", "b"}}));
            return state() == "---s--" || restarts() > before;
        }));
    }

private:
    static unsigned part(unsigned value, unsigned at) { return value >> (8 * at) & 0xff; }
    void address(unsigned port) { firmware_->code({0xba, part(port, 0), part(port, 1)}); } // mov dx, port
    void write_byte(unsigned port, unsigned value)
    {
        address(port);
        firmware_->code({0xb0, value, 0xee});
    }
    void write_word(unsigned port, unsigned value)
    {
        address(port);
        firmware_->code({0xb8, part(value, 0), part(value, 1), 0xef});
    }
    void write_dword(unsigned port, unsigned value)
    {
        address(port);
        firmware_->code({0x66, 0xb8, part(value, 0), part(value, 1), part(value, 2), part(value, 3), 0x66, 0xef});
    }
};

TEST_F(DomainPowerButton, AnEndThatWasAskedForAsARebootIsOne)
{
    asked_to_reboot();
    power_off();
    EXPECT_EQ(restarts(), 1);
    power_off();
    EXPECT_EQ(state(), "---s--") << "once";
}

TEST_F(DomainPowerButton, AGuestThatResetsInsteadHasDoneWhatItWasAskedFor)
{
    asked_to_reboot();
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    ASSERT_TRUE(soon([this] { return restarts() == 1; }));
    power_off();
    EXPECT_EQ(state(), "---s--");
}

TEST_F(DomainPowerButton, AGuestThatIsResetIsAskedForNothingAnyMore)
{
    asked_to_reboot();
    ASSERT_TRUE(call("reset"));
    power_off();
    EXPECT_EQ(state(), "---s--");
}

TEST_F(DomainLife, DestroyEndsIt)
{
    start_all();
    EXPECT_TRUE(call("destroy"));
    thread_.join();
    EXPECT_TRUE(keeper_.ended) << "the keeper is told, should the process not end";
}

} // namespace
} // namespace windsor::domain
