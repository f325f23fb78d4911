// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/helper_supervisor.hpp"

#include "base/descriptors.hpp"
#include "sandbox/fork_apart.hpp"
#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace windsor::keeper {

namespace {

// In bytes; a pipe takes as many at once (PIPE_BUF).
constexpr std::size_t kLongestReport = 2048;

std::string how_it_ended(int status)
{
    if (WIFSIGNALED(status)) {
        return fmt::format("was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    }
    switch (WEXITSTATUS(status)) {
    case Helper::kHung: return "hung with somebody who had gone";
    case Helper::kCannotServe: return "cannot serve";
    case sandbox::kNotConfined: return "has a thread that cannot be confined";
    case Helper::kNotEnclosed: return "lacks a wall that sandbox = 'required' asks for";
    default: return "has ended";
    }
}

} // namespace

void HelperSupervisor::Unmap::operator()(Beats* beats) const
{
    ::munmap(beats, sizeof *beats);
}

base::Result<HelperSupervisor> HelperSupervisor::create(std::unique_ptr<Helper> helper, const sigset_t& mask,
                                                        base::Log& log)
{
    void* const shared = ::mmap(nullptr, sizeof(Beats), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return base::fail("cannot serve the {}: {}", helper->name(), base::errno_text(errno));
    }
    std::unique_ptr<Beats, Unmap> beats{new (shared) Beats{0}};
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return base::fail("cannot serve the {}: {}", helper->name(), base::errno_text(errno));
    }
    return HelperSupervisor{std::move(helper), mask, std::move(beats), base::Fd{ends[0]}, base::Fd{ends[1]}, log};
}

HelperSupervisor::HelperSupervisor(std::unique_ptr<Helper> helper, const sigset_t& mask,
                                   std::unique_ptr<Beats, Unmap> beats, base::Fd life, base::Fd own_life,
                                   base::Log& log)
    : helper_{std::move(helper)}, name_{helper_->name()}, last_words_{helper_->last_words()}, mask_{mask},
      beats_{std::move(beats)}, life_{std::move(life)}, own_life_{std::move(own_life)}, log_{&log}
{
}

HelperSupervisor::~HelperSupervisor()
{
    if (beats_ && process_.pid > 0) {
        process_.end(SIGKILL);
        own_life_.reset(); // ends it, too, should there be no descriptor to signal it by
        ::waitpid(process_.pid, nullptr, 0);
    }
}

void HelperSupervisor::let_end()
{
    constexpr std::chrono::milliseconds kStep{5};
    for (auto left = last_words_; process_.pid > 0 && left.count() > 0; left -= kStep) {
        if (::waitpid(process_.pid, nullptr, WNOHANG) != 0) {
            process_ = {};
            return;
        }
        std::this_thread::sleep_for(kStep);
    }
}

void HelperSupervisor::made_by(Make make)
{
    make_ = std::move(make);
    helper_.reset();
    life_.reset();
}

std::vector<int> HelperSupervisor::descriptors() const
{
    std::vector<int> all = helper_ ? helper_->descriptors() : std::vector<int>{};
    all.push_back(life_.get());
    return all;
}

// It has not met the network yet, but may have done so by the time that this is read.
void HelperSupervisor::take_report()
{
    std::array<char, kLongestReport> text{};
    const ssize_t count = ::read(report_.get(), text.data(), text.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    report_.reset();
    std::string line{text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    std::ranges::replace_if(line, [](char c) { return c < ' ' || c > '~'; }, '?');
    if (!line.empty()) {
        log_->info("the {}'s sandbox: {}", name_, line);
    }
}

void HelperSupervisor::act(Clock::time_point now)
{
    if (report_) {
        take_report();
    }
    if (now < deadline_) {
        return;
    }
    if (process_.pid <= 0) {
        start(now);
        return;
    }
    const std::uint32_t beat = beats_->load();
    if (beat == last_beat_) {
        stood_still_ = true;
        process_.end(SIGKILL); // and ended() has the rest
    }
    last_beat_ = beat;
    deadline_ = now + kStandstill;
}

void HelperSupervisor::start(Clock::time_point now)
{
    last_beat_ = beats_->load();
    started_ = now;
    std::array<int, 2> ends{-1, -1};
    const bool made = ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0; // without one the log says less
    base::Fd report{made ? ends[1] : -1};
    report_.reset(made ? ends[0] : -1);
    base::Result<Child> child = make_ ? make_(report.get()) : make_here(std::move(report));
    if (!child) {
        log_->error("the {}: {}", name_, child.error().message());
        report_.reset();
        break_ = kLongestBreak;
        deadline_ = now + break_;
        return;
    }
    process_ = *std::move(child);
    deadline_ = now + kStandstill;
}

base::Result<Child> HelperSupervisor::make_here(base::Fd report)
{
    const pid_t child = WINDSOR_TRY(sandbox::fork_apart());
    if (child == 0) {
        become_helper(std::move(report));
    }
    return Child::of(child);
}

void HelperSupervisor::ended(int status, Clock::time_point now)
{
    if (report_) {
        take_report();
    }
    report_.reset();
    process_ = {};
    if (WIFEXITED(status) && WEXITSTATUS(status) == Helper::kFinished) { // the domain is about to end
        deadline_ = now + kLongestBreak;
        return;
    }
    const bool good = now - started_ >= kGoodLife;
    const std::chrono::seconds pause = good ? std::chrono::seconds{0} : break_;
    break_ = good ? kFirstBreak : std::clamp(2 * break_, kFirstBreak, kLongestBreak);
    deadline_ = now + pause;
    log_->error("the {}'s process {}; it is started anew{}", name_,
                std::exchange(stood_still_, false) ? "stood still" : how_it_ended(status),
                pause.count() == 0 ? "" : fmt::format(" in {} s", pause.count()));
}

void HelperSupervisor::become_helper(base::Fd report)
{
    ::prctl(PR_SET_NAME, ("windsor-" + name_).c_str());
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    std::vector<int> kept = descriptors();
    kept.push_back(report.get());
    base::close_all_but(kept);
    sandbox::Plan plan = helper_->plan();
    plan.descriptors = kept;
    const auto walls = sandbox::enclose(plan);
    const std::string said = walls ? sandbox::describe(plan.mode, *walls) : walls.error().message();
    // Whether it is read is the keeper's business.
    [[maybe_unused]] const ssize_t count = ::write(report.get(), said.data(), std::min(said.size(), kLongestReport));
    report.reset();
    if (!walls) {
        ::_exit(Helper::kNotEnclosed);
    }
    ::_exit(helper_->serve(std::move(life_), [this] { ++*beats_; }));
}

} // namespace windsor::keeper
