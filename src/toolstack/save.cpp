// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/interrupts.hpp"
#include "domain/saved_domain.hpp"
#include "state/file.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/progress.hpp"
#include "toolstack/transfer.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

namespace windsor::toolstack {

using domain::Json;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kLongestGivingUp{30}; // of a domain that has been told to

struct Written {
    bool ran; // the guest, before
    base::Status whole; // whether what the domain has written has come to the file
};

// A save that has been asked for, and what the domain writes meanwhile.
class Saving {
public:
    // `side` is another connection than that on which the answer comes.
    Saving(Connection& connection, Connection& side, Transfer& transfer)
        : connection_{connection}, side_{side}, transfer_{transfer}
    {
    }

    // The domain's answer to the order, if it comes in a moment.
    std::optional<base::Result<Json>> look()
    {
        const auto end = Clock::now() + kLook;
        while (!transfer_.ended() && Clock::now() < end) {
            if (const base::Status moved = transfer_.move(kLook); !moved) {
                taken_ = moved;
                give_up();
            }
        }
        return connection_.client.answer_within(transfer_.ended() ? kLook : std::chrono::milliseconds{1});
    }
    // Whoever has asked does not want it any more.
    void cancel()
    {
        static_cast<void>(side_.client.call("save_cancel"));
        give_up();
    }
    bool overdue() const { return until_ && Clock::now() >= *until_; }
    void show_in(ProgressLine& line)
    {
        const Json progress = side_.client.call("save_progress").value_or(Json::object());
        line.show(progress.value("done", std::uint64_t{0}), progress.value("total", std::uint64_t{0}));
    }
    base::Status taken() { return taken_ ? transfer_.take_rest() : taken_; }
    // What went wrong, if the domain says that something did.
    base::Error reason(const base::Error& said) const { return taken_ ? said : taken_.error(); }

private:
    void give_up() { until_ = until_.value_or(Clock::now() + kLongestGivingUp); }

    Connection& connection_;
    Connection& side_;
    Transfer& transfer_;
    base::Status taken_;
    std::optional<Clock::time_point> until_;
};

// Asks for a save and waits for its end, which an interrupt brings forward. An error: the domain has not saved itself.
base::Result<Written> write_state(Context& context, Connection& connection, const Json& order,
                                  const state::NewFile& file, const base::Interrupts& interrupts)
{
    const auto known = WINDSOR_TRY(domain::read_beginning(connection.entry.beginning_file()));
    Connection side = WINDSOR_TRY(connect(context, std::to_string(connection.entry.id)));
    ProgressLine line{context, fmt::format("Saving {}", connection.entry.name)};
    Transfer transfer = WINDSOR_TRY(Transfer::to(file.descriptor(), known.most_saved_bytes));
    WINDSOR_TRY(connection.client.send("save", order, transfer.sender()));
    transfer.close_sender();
    Saving saving{connection, side, transfer};
    while (true) {
        if (auto answer = saving.look()) {
            if (!*answer) {
                return std::unexpected{saving.reason(answer->error())};
            }
            return Written{(*answer)->value("ran", false), saving.taken()};
        }
        if (saving.overdue()) {
            return std::unexpected{saving.reason(base::Error{"its process does not give up what was cancelled"})};
        }
        if (interrupts.came()) {
            saving.cancel();
        }
        saving.show_in(line);
    }
}

// Whoever restores the file trusts it, as it is his own.
base::Status check(const state::NewFile& file, const domain::Entry& entry)
{
    const domain::SavedFile saved = WINDSOR_TRY(domain::open_saved(file.temporary()));
    return domain::expect_same(saved.domain, WINDSOR_TRY(domain::read_beginning(entry.beginning_file())));
}

// The file has its name before the domain ends: there is always one of them.
base::Status run_save(Context& context, Connection& connection, const std::filesystem::path& path,
                      const std::string& after)
{
    const base::Interrupts interrupts;
    state::NewFile file = WINDSOR_TRY(state::NewFile::create(path));
    const Json order{{"name", path.string()}, {"after", after == "go-on" ? "go-on" : "pause"}};
    const Written written = WINDSOR_TRY(write_state(context, connection, order, file, interrupts));
    base::Status named = written.whole ? check(file, connection.entry) : written.whole;
    if (named) {
        named = file.commit();
    }
    if (!named) {
        if (written.ran) {
            static_cast<void>(connection.client.call("unpause"));
        }
        return named;
    }
    if (after == "end") {
        WINDSOR_TRY(connection.client.call("destroy"));
    }
    return {};
}

} // namespace

base::Result<int> save(Context& context, const Arguments& arguments)
{
    std::error_code error;
    const std::filesystem::path file = std::filesystem::absolute(arguments.operand(1), error);
    const bool go_on = arguments.has("checkpoint");
    const bool paused = arguments.has("p");
    if (arguments.operands().size() == 3) {
        return base::fail("a domain is saved with the configuration that it has; give '{}' to restore, before the file",
                          arguments.operand(2));
    }
    if (go_on && paused) {
        return base::fail("-c lets the domain go on and -p leaves it paused; give one of them");
    }
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    const std::string after = go_on ? "go-on" : paused ? "pause" : "end";
    const base::Status saved = run_save(context, connection, file, after);
    if (!saved) {
        return base::fail("domain '{}' was not saved: {}", connection.entry.name, saved.error().message());
    }
    if (after == "end") {
        WINDSOR_TRY(wait_until_gone(context, connection.entry));
    }
    return 0;
}

} // namespace windsor::toolstack
