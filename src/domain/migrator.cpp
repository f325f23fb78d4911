// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/migrator.hpp"

#include "domain/disks.hpp"
#include "domain/start_thread.hpp"
#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <array>
#include <future>

namespace windsor::domain {

namespace {

constexpr std::chrono::milliseconds kLook{20};
constexpr std::uint64_t kFewPages = 512; // that are sent while the guest stands still: 2 MiB, a few milliseconds
constexpr unsigned kMostPasses = 30;
constexpr unsigned kMostFruitless = 3; // passes that leave as much to be sent as there was

} // namespace

Migrator::Migrator(Work work) : work_{std::move(work)}
{
    work_.channel->give_up_when([this] { return given_up(); });
}

base::Status Migrator::start()
{
    return start_thread(thread_, [this] {
        sandbox::confine_thread(sandbox::ThreadRole::Writer);
        result_ = move();
        clean_up();
        ended_ = true;
        work_.done();
    });
}

Migrator::~Migrator()
{
    cancel();
    abandoned_ = true;
    join();
}

void Migrator::join()
{
    if (thread_.joinable()) {
        thread_.join();
    }
}

Migrator::Progress Migrator::progress() const
{
    return {.pass = pass_,
            .done_bytes = done_bytes_,
            .total_bytes = total_bytes_,
            .sent_bytes = sent_bytes_,
            .down = std::chrono::nanoseconds{down_}};
}

base::Status Migrator::given_up() const
{
    if (abandoned_ || (cancelled_ && outcome_ == Outcome::Here)) {
        return base::fail("interrupted");
    }
    return {};
}

// The domain's thread may be waiting for this one's end: then the action is of no use any more, but harmless.
base::Status Migrator::on_domains_thread(std::function<void()> action)
{
    const auto promise = std::make_shared<std::promise<void>>();
    const auto dropped = std::make_shared<std::atomic<bool>>(false);
    auto end = promise->get_future();
    work_.loop.post([promise, dropped, action = std::move(action)] {
        if (!*dropped) {
            action();
        }
        promise->set_value();
    });
    while (end.wait_for(kLook) != std::future_status::ready) {
        if (base::Status status = given_up(); !status) {
            *dropped = true;
            return status;
        }
    }
    return {};
}

base::Status Migrator::move()
{
    ChannelOutput output{*work_.channel};
    state::StreamWriter writer{output};
    WINDSOR_TRY(send_head(writer));
    WINDSOR_TRY(output.flush());
    WINDSOR_TRY(work_.channel->expect(Channel::Kind::GoOn));
    WINDSOR_TRY(send_memory(writer, output));
    WINDSOR_TRY(send_rest(writer, output));
    return hand_over();
}

base::Status Migrator::send_head(state::StreamWriter& writer)
{
    WINDSOR_TRY(begin_saved(writer, work_.domain));
    return work_.machine.save_needs(writer);
}

// Until few pages are left, or it gets no better.
base::Status Migrator::send_memory(state::StreamWriter& writer, ChannelOutput& output)
{
    WINDSOR_TRY(on_domains_thread(
        [this] { work_.owner.standing_still([this] { log_ = work_.machine.log_memory(); }); }));
    unsigned fruitless = 0;
    while (pass_ < kMostPasses && fruitless < kMostFruitless) {
        const std::uint64_t before = log_->pages();
        if (pass_ != 0 && before <= kFewPages) {
            break;
        }
        WINDSOR_TRY(send_pass(writer, output));
        // The target may be slower than this: the guest is not to wait for what lies in buffers.
        WINDSOR_TRY(work_.channel->send(Channel::Kind::Mark));
        WINDSOR_TRY(work_.channel->expect(Channel::Kind::Mark));
        WINDSOR_TRY(on_domains_thread([this] { work_.owner.standing_still([this] { log_->collect(); }); }));
        fruitless = pass_ > 1 && log_->pages() >= before - before / 4 ? fruitless + 1 : 0;
    }
    // What is written out now need not be while the guest stands still.
    return on_all_disks(work_.disks, &storage::AsyncDisk::flush);
}

base::Status Migrator::send_pass(state::StreamWriter& writer, ChannelOutput& output)
{
    done_bytes_ = 0;
    total_bytes_ = log_->pages() * memory::kPageSize;
    ++pass_;
    WINDSOR_TRY(log_->send(writer, [&](std::uint64_t bytes) {
        done_bytes_ = bytes;
        sent_bytes_ = output.bytes();
        return given_up().has_value();
    }));
    return output.flush();
}

// Drives come to rest before the log is looked at for the last time; images are let go before the other end is told to
// take them.
base::Status Migrator::send_rest(state::StreamWriter& writer, ChannelOutput& output)
{
    WINDSOR_TRY(on_domains_thread([this] {
        stopped_at_ = std::chrono::steady_clock::now();
        work_.owner.stop_for_hand_over();
    }));
    WINDSOR_TRY(work_.machine.save_devices(writer));
    WINDSOR_TRY(on_domains_thread([this] { log_->collect(); }));
    WINDSOR_TRY(send_pass(writer, output));
    disks_gone_ = true;
    WINDSOR_TRY(on_all_disks(work_.disks, &storage::AsyncDisk::let_go));
    WINDSOR_TRY(writer.end());
    WINDSOR_TRY(output.finish());
    sent_bytes_ = output.bytes();
    WINDSOR_TRY(work_.channel->expect(Channel::Kind::Ready));
    return {};
}

// Once TakeOver may have arrived, only the other end's word that it does not run the guest lets it go on here.
base::Status Migrator::hand_over()
{
    const auto stepped = std::make_shared<base::Result<bool>>(false); // which outlives an interruption
    WINDSOR_TRY(on_domains_thread([this, stepped] { *stepped = work_.owner.step_aside(); }));
    const bool runs = WINDSOR_TRY(base::Result<bool>{*stepped});
    const std::array start{static_cast<std::uint8_t>(runs ? 1 : 0)};
    outcome_ = Outcome::Unknown;
    WINDSOR_TRY(work_.channel->send(Channel::Kind::TakeOver, start));
    auto answer = work_.channel->receive();
    if (!answer) {
        outcome_ = work_.channel->was_refused() ? Outcome::Here : Outcome::Unknown;
        return std::unexpected{std::move(answer).error()};
    }
    if (answer->kind != Channel::Kind::Running) {
        return base::fail("the target has answered what it should not");
    }
    down_ = (std::chrono::steady_clock::now() - stopped_at_).count();
    outcome_ = Outcome::There;
    return {};
}

// On this thread, so that the domain's own does not wait for images.
void Migrator::clean_up()
{
    work_.channel.reset(); // the other end knows now, and lets go of what it holds
    if (outcome_ != Outcome::Here || !disks_gone_) {
        return;
    }
    for (unsigned tries = 0; tries < 50; ++tries) { // the other end may need a moment
        const base::Status back = on_all_disks(work_.disks, &storage::AsyncDisk::take_back);
        if (back) {
            return;
        }
        if (tries == 49) {
            outcome_ = Outcome::Stuck;
            result_ = base::fail("{}; and its image could not be had back: {}", result_.error().message(),
                                 back.error().message());
        }
        if (abandoned_) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
}

} // namespace windsor::domain
