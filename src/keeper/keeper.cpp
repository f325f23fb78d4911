// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/keeper.hpp"

#include "base/descriptors.hpp"
#include "base/file_log.hpp"
#include "base/private_file.hpp"
#include "base/whole.hpp"
#include "domain/domain_process.hpp"
#include "keeper/console_parts.hpp"
#include "keeper/console_helper.hpp"
#include "keeper/helper_supervisor.hpp"
#include "keeper/home.hpp"
#include "keeper/keeper_plan.hpp"
#include "keeper/network_helper.hpp"
#include "keeper/network_parts.hpp"
#include "keeper/nursery.hpp"
#include "keeper/requests.hpp"
#include "keeper/serial_helper.hpp"
#include "keeper/serial_parts.hpp"
#include "keeper/share_helper.hpp"
#include "keeper/share_parts.hpp"
#include "sandbox/enclose.hpp"
#include "sandbox/fork_apart.hpp"
#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace windsor::keeper {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;
using domain::Ended;

// For a domain that has been told to end. Who told it so kills it himself before (toolstack/end_domain.cpp), if he is
// there.
constexpr std::chrono::milliseconds kGrace{1'000};

// Of a log that has to be copied; an intruder can have made it longer than there is memory for.
constexpr std::size_t kMostKept = 16u << 20;

Arrival arrival_of(const domain::Settings& settings)
{
    return settings.incoming                ? Arrival::Received
           : !settings.restore_from.empty() ? Arrival::Restored
                                            : Arrival::Created;
}

class Keeper final : private Services {
public:
    explicit Keeper(Charge& charge) : charge_{charge} {}

    // False, with a report, if there is no domain.
    bool start();
    Ended run();
    int signal() const { return signal_; }
    void clean_up();

private:
    base::Status fork_domain();
    base::Status open_parts();
    [[noreturn]] void become_domain(base::Fd requests, base::Fd news, base::Fd go);
    base::Status settle_down();
    void begin_helpers();
    void supervise(std::unique_ptr<Helper> helper);
    base::Status begin_nursery();
    base::Status enclose();
    void wait();
    void take_signals();
    void reap();
    void domain_ended(int status);

    // Services
    void stop_helpers() override { supervisors_.clear(); }
    void end_soon() override;
    base::Result<bool> rename(const std::string& name) override { return charge_.claim.rename(name); }
    base::Fd open_image(unsigned slot) override;
    bool restart(const std::string& name) override;

    Charge& charge_;
    sigset_t old_mask_{};
    base::Fd signals_;
    std::optional<Requests> requests_{};
    base::Fd news_; // for the domain
    base::Fd go_; // a byte for the domain's process, once the keeper has its walls
    std::optional<Nursery> nursery_{};
    std::optional<ConsoleParts> console_{};
    NetworkParts network_{};
    SerialParts serial_{};
    ShareParts share_{};
    fs::path share_state_{}; // the directory of the server of shared folders, which goes with the domain
    std::optional<base::FileLog> log_{};
    std::vector<std::unique_ptr<HelperSupervisor>> supervisors_{};
    std::optional<Home> home_{};
    Child domain_{};
    pid_t restarting_{-1};
    std::optional<Clock::time_point> kill_at_{}; // the domain's last moment
    Ended ended_{Ended::NotMade};
    int signal_{0}; // that ended the domain
};

bool Keeper::start()
{
    base::Status begun = fork_domain();
    if (begun) {
        begun = settle_down();
    }
    if (!begun) {
        // The sentence may have a path in it, of any bytes.
        using Json = domain::Json;
        const std::string text =
            Json{{"error", begun.error().message()}}.dump(-1, ' ', true, Json::error_handler_t::replace);
        // Whoever created the domain sees the end of the pipe, in any case.
        [[maybe_unused]] const ssize_t written = ::write(charge_.report.get(), text.data(), text.size());
        go_.reset();
        if (domain_.pid > 0) {
            ::waitpid(domain_.pid, nullptr, 0); // it has not begun
        }
        return false;
    }
    charge_.report.reset(); // its reader is to see the end when the domain closes it
    const char go = 1;
    [[maybe_unused]] const ssize_t told = ::write(go_.get(), &go, 1); // a domain that has died is waited for
    go_.reset();
    for (const auto& supervisor : supervisors_) {
        supervisor->act(Clock::now());
    }
    return true;
}

// All that a process without walls does.
base::Status Keeper::settle_down()
{
    charge_.claim.adopt_as_keeper();
    begin_helpers();
    WINDSOR_TRY(begin_nursery());
    return enclose();
}

base::Status Keeper::fork_domain()
{
    sigset_t set{};
    ::sigemptyset(&set);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT}) {
        ::sigaddset(&set, signal);
    }
    ::sigprocmask(SIG_BLOCK, &set, &old_mask_);
    WINDSOR_TRY(open_parts());
    signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    std::array<int, 2> ends{-1, -1};
    std::array<int, 2> news{-1, -1};
    std::array<int, 2> go{-1, -1};
    if (!signals_ || ::pipe2(go.data(), O_CLOEXEC) != 0 ||
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0 ||
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, news.data()) != 0) {
        return base::fail("cannot make a process for the domain: {}", base::errno_text(errno));
    }
    requests_.emplace(base::Fd{ends[0]});
    news_.reset(news[0]);
    base::Fd other{ends[1]};
    base::Fd told{news[1]};
    base::Fd awaited{go[0]};
    go_.reset(go[1]);
    const pid_t child = WINDSOR_TRY(sandbox::fork_apart());
    if (child == 0) {
        become_domain(std::move(other), std::move(told), std::move(awaited));
    }
    domain_ = WINDSOR_TRY(Child::of(child));
    return {};
}

base::Status Keeper::open_parts()
{
    const config::DomainConfig& config = charge_.settings.config;
    const domain::DomainId id = charge_.claim.entry().id;
    console_ = WINDSOR_TRY(ConsoleParts::create(config.graphics, config.name, id));
    share_ = WINDSOR_TRY(ShareParts::create(config, id, charge_.paths.runtime.parent_path()));
    share_state_ = share_.state;
    network_ = WINDSOR_TRY(
        NetworkParts::create(config, id, share_.gate ? share_.gate->ports() : network::ShareRoute::Ports{}));
    WINDSOR_TRY(check_way_to_shares(config, network_.networks.size()));
    serial_ = WINDSOR_TRY(SerialParts::create(config, arrival_of(charge_.settings)));
    return {};
}

void Keeper::become_domain(base::Fd requests, base::Fd news, base::Fd go)
{
    requests_.reset();
    news_.reset();
    signals_.reset();
    go_.reset();
    ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    char word = 0;
    if (::read(go.get(), &word, 1) != 1) {
        ::_exit(static_cast<int>(Ended::NotMade)); // and the keeper says why
    }
    go.reset();
    if (console_) {
        charge_.settings.viewers = std::make_shared<display::Viewers::Ends>(
            std::move(console_->channel.events), std::move(console_->channel.wake), std::move(console_->frame.writable),
            console_->listener.port);
        console_.reset();
    }
    charge_.settings.cables = std::make_shared<std::vector<network::Cable>>(std::move(network_.cables));
    network_ = {};
    charge_.settings.serial_lines = std::make_shared<std::vector<base::Fd>>(std::move(serial_.lines));
    serial_ = {};
    share_ = {};
    // The creator's buffers and exit handlers are the creator's.
    ::_exit(static_cast<int>(domain::live({.settings = charge_.settings,
                                           .claim = charge_.claim,
                                           .report = std::move(charge_.report),
                                           .requests = std::move(requests),
                                           .news = std::move(news)})));
}

// And closes whatever only the domain or the creator uses, so that nobody waits for its end.
void Keeper::begin_helpers()
{
    std::vector<int> kept{signals_.get(),       requests_->descriptor(),         news_.get(),         go_.get(),
                          charge_.report.get(), charge_.claim.lock_descriptor(), domain_.handle.get()};
    const sandbox::Mode walls = charge_.settings.config.sandbox;
    const uid_t user = sandbox::own_user(charge_.claim.entry().id);
    std::vector<std::unique_ptr<Helper>> helpers;
    if (console_) {
        helpers.push_back(console_helper({.listener = std::move(console_->listener),
                                          .options = console_->options,
                                          .frame = std::move(console_->frame.memory),
                                          .events = std::move(console_->channel.server_events),
                                          .wake = std::move(console_->channel.wake),
                                          .walls = walls,
                                          .user = user}));
        console_.reset(); // with it goes the mapping that can write the picture
    }
    network_.cables.clear();
    if (!network_.networks.empty()) {
        helpers.push_back(network_helper(std::move(network_.networks), std::move(share_.gate), walls, user));
    }
    if (!share_.folders.empty()) {
        helpers.push_back(share_helper(std::move(share_), walls));
    }
    serial_.lines.clear();
    if (!serial_.relays.empty()) {
        helpers.push_back(serial_helper(std::move(serial_), walls, user));
    }
    for (const auto& helper : helpers) {
        const std::vector<int> needed = helper->descriptors();
        kept.insert(kept.end(), needed.begin(), needed.end());
    }
    base::close_all_but(kept);
    [[maybe_unused]] const int left = ::chdir("/"); // not to keep a file system busy
    auto log = base::FileLog::open(charge_.claim.entry().log_file().string());
    log_.emplace(log ? *std::move(log) : base::FileLog::none());
    home_.emplace(charge_.claim, std::move(news_), *log_);
    for (std::unique_ptr<Helper>& helper : helpers) {
        supervise(std::move(helper));
    }
}

void Keeper::supervise(std::unique_ptr<Helper> helper)
{
    auto supervisor = HelperSupervisor::create(std::move(helper), old_mask_, log_->log());
    if (!supervisor) {
        log_->log().error("{}", supervisor.error().message());
        return;
    }
    supervisors_.push_back(std::make_unique<HelperSupervisor>(*std::move(supervisor)));
}

base::Status Keeper::begin_nursery()
{
    Nursery::Makers makers;
    std::vector<int> kept;
    for (const auto& supervisor : supervisors_) {
        makers.become_helper.push_back(
            [which = supervisor.get()](base::Fd report) { which->become_helper(std::move(report)); });
        const std::vector<int> needed = supervisor->descriptors();
        kept.insert(kept.end(), needed.begin(), needed.end());
    }
    makers.restart = charge_.restart;
    nursery_.emplace(WINDSOR_TRY(Nursery::start(std::move(makers), kept)));
    for (std::size_t number = 0; number < supervisors_.size(); ++number) {
        supervisors_[number]->made_by([this, number](int report) { return nursery_->helper(number, report); });
    }
    return {};
}

base::Status Keeper::enclose()
{
    ::tzset(); // the log's times are local ones, and the file that says what that means is out of reach then
    const sandbox::Plan plan =
        plan_for_keeper(charge_.settings.config, charge_.settings.origin.directory, charge_.paths);
    const auto walls = WINDSOR_TRY(sandbox::enclose(plan));
    log_->log().info("the keeper's sandbox: {}", sandbox::describe(plan.mode, walls));
    return {};
}

Ended Keeper::run()
{
    while (domain_.pid > 0) {
        wait();
        take_signals();
        reap();
        home_->act(Clock::now());
        requests_->take(*this);
        for (const auto& supervisor : supervisors_) {
            supervisor->act(Clock::now());
        }
        if (kill_at_ && Clock::now() >= *kill_at_ && domain_.pid > 0) {
            domain_.end(SIGKILL);
            kill_at_.reset();
        }
    }
    return ended_;
}

void Keeper::wait()
{
    Clock::time_point until = std::min(home_->deadline(), kill_at_.value_or(home_->deadline()));
    for (const auto& supervisor : supervisors_) {
        until = std::min(until, supervisor->deadline());
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    std::vector<pollfd> waits{
        {signals_.get(), POLLIN, 0}, {requests_->descriptor(), POLLIN, 0}, {home_->descriptor(), POLLIN, 0}};
    for (const auto& supervisor : supervisors_) {
        waits.push_back({supervisor->descriptor(), POLLIN, 0});
    }
    static_cast<void>(
        ::poll(waits.data(), waits.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0))));
}

void Keeper::take_signals()
{
    signalfd_siginfo got{};
    while (::read(signals_.get(), &got, sizeof got) == sizeof got) {
        if (got.ssi_signo != SIGCHLD && domain_.pid > 0) {
            domain_.end(SIGTERM);
            end_soon();
        }
    }
}

void Keeper::reap()
{
    int status = 0;
    pid_t child = 0;
    while ((child = ::waitpid(-1, &status, WNOHANG)) > 0) {
        if (child == domain_.pid) {
            domain_ended(status);
        } else if (child == restarting_) {
            restarting_ = -1;
            requests_->restarted(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        } else if (const auto found = std::ranges::find(supervisors_, child, &HelperSupervisor::process);
                   found != supervisors_.end()) {
            (*found)->ended(status, Clock::now());
        }
    }
}

void Keeper::domain_ended(int status)
{
    domain_ = {};
    if (WIFSIGNALED(status)) {
        signal_ = WTERMSIG(status);
        ended_ = Ended::Killed;
    } else if (WEXITSTATUS(status) == sandbox::kNotConfined) {
        log_->log().error("the domain's process has ended itself: the host has no memory for a thread's filter of "
                          "system calls");
        ended_ = Ended::Killed;
    } else {
        ended_ = WEXITSTATUS(status) == 0 ? Ended::Lived : Ended::NotMade;
    }
}

bool Keeper::restart(const std::string& name)
{
    const base::Fd log{::open(charge_.claim.entry().log_file().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
    const base::Result<Child> child = nursery_->restart(log.get(), name);
    restarting_ = child ? child->pid : -1;
    return child.has_value();
}

base::Fd Keeper::open_image(unsigned slot)
{
    return open_configured_image(charge_.settings.config, charge_.settings.origin.directory, slot);
}

void Keeper::end_soon()
{
    if (!kill_at_) {
        kill_at_ = Clock::now() + kGrace;
    }
}

void Keeper::clean_up()
{
    if (ended_ != Ended::NotMade) {
        std::ranges::for_each(supervisors_, [](const auto& supervisor) { supervisor->let_end(); });
    }
    supervisors_.clear();
    std::error_code ignored; // what is left is a few databases of a server that has ended
    if (!share_state_.empty()) {
        fs::remove_all(share_state_, ignored);
    }
    const domain::Entry& entry = charge_.claim.entry();
    if (signal_ != 0) {
        log_->log().error("the domain's process was ended by signal {} ({})", signal_, ::strsignal(signal_));
    }
    if (ended_ != Ended::NotMade && charge_.claim.stands()) { // for `dmesg NAME` after the end
        const fs::path kept = charge_.paths.ended_log(entry.name);
        std::error_code error;
        fs::create_directories(kept.parent_path(), error);
        fs::rename(entry.log_file(), kept, error);
        if (error) { // the first version of Landlock lets nothing be moved to another directory
            const base::Fd log{::open(entry.log_file().c_str(), O_RDONLY | O_CLOEXEC)};
            static_cast<void>(base::write_private_file(kept, base::read_whole(log.get(), kMostKept)));
        }
    }
    // The folder goes with the claim.
    const domain::Claim gone{std::move(charge_.claim)};
}

} // namespace

int keep(Charge charge)
{
    Keeper keeper{charge};
    const Ended ended = keeper.start() ? keeper.run() : Ended::NotMade;
    keeper.clean_up();
    return static_cast<int>(ended) + keeper.signal();
}

} // namespace windsor::keeper
