// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/whole.hpp"
#include "domain/saved_domain.hpp"
#include "state/file.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/progress.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace windsor::toolstack {

using domain::Json;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kLongestEnd{5}; // of what the domain has said to be whole
constexpr std::size_t kPiece = 1u << 20;

// From a domain's process to a file that it has no descriptor of: it cannot change what has been looked at.
class Transfer {
public:
    static base::Result<Transfer> to(const state::NewFile& file)
    {
        std::array<int, 2> ends{-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            return base::fail("cannot make a pipe: {}", base::errno_text(errno));
        }
        ::fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(kPiece)); // faster, if it may be as large
        return Transfer{file, base::Fd{ends[0]}, base::Fd{ends[1]}};
    }

    int sender() const { return send_.get(); }
    // The domain has a copy.
    void close_sender() { send_.reset(); }
    bool ended() const { return !receive_; }
    // What there is, if something comes in that time. False if nothing has come. After an error nothing more is taken,
    // and the domain notices.
    base::Result<bool> move(std::chrono::milliseconds patience)
    {
        pollfd waiting{.fd = receive_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) {
            return false;
        }
        const ssize_t count = ::read(receive_.get(), buffer_.data(), buffer_.size());
        if (count <= 0) {
            receive_.reset();
            return true;
        }
        if (!base::write_whole(file_, {buffer_.data(), static_cast<std::size_t>(count)})) {
            const int number = errno;
            receive_.reset();
            return base::fail("cannot write the file: {}", base::errno_text(number));
        }
        return true;
    }

private:
    Transfer(const state::NewFile& file, base::Fd receive, base::Fd send)
        : file_{file.descriptor()}, receive_{std::move(receive)}, send_{std::move(send)}
    {
    }

    int file_;
    base::Fd receive_;
    base::Fd send_;
    std::vector<char> buffer_ = std::vector<char>(kPiece);
};

// After the domain has said that it has written all.
base::Status take_rest(Transfer& transfer)
{
    const auto end = Clock::now() + kLongestEnd;
    while (!transfer.ended()) {
        WINDSOR_TRY(transfer.move(kLook));
        if (!transfer.ended() && Clock::now() >= end) {
            return base::fail("its process does not end what it writes");
        }
    }
    return {};
}

struct Written {
    bool ran; // the guest, before
    base::Status rest; // whether what the domain has written has come to the file
};

// Asks for a save and waits for its end, which an interrupt brings forward. An error: the domain has not saved itself.
base::Result<Written> write_state(Context& context, Connection& connection, const Json& order,
                                  const state::NewFile& file, const Interrupts& interrupts)
{
    Connection side = WINDSOR_TRY(connect(context, std::to_string(connection.entry.id)));
    ProgressLine line{context, fmt::format("Saving {}", connection.entry.name)};
    Transfer transfer = WINDSOR_TRY(Transfer::to(file));
    WINDSOR_TRY(connection.client.send("save", order, transfer.sender()));
    transfer.close_sender();
    base::Status written;
    for (auto look = Clock::now() + kLook;;) {
        if (!transfer.ended()) {
            if (const auto moved = transfer.move(kLook); !moved) {
                written = std::unexpected{moved.error()};
            }
            if (Clock::now() < look && !transfer.ended()) {
                continue;
            }
        }
        look = Clock::now() + kLook;
        if (auto answer = connection.client.answer_within(transfer.ended() ? kLook : std::chrono::milliseconds{1})) {
            if (!*answer) {
                return std::unexpected{written ? answer->error() : written.error()};
            }
            return Written{(*answer)->value("ran", false), written ? take_rest(transfer) : written};
        }
        if (interrupts.came()) {
            static_cast<void>(side.client.call("save_cancel"));
        }
        const Json progress = side.client.call("save_progress").value_or(Json::object());
        line.show(progress.value("done", std::uint64_t{0}), progress.value("total", std::uint64_t{0}));
    }
}

// Whoever restores the file trusts it, as it is his own.
base::Status check(const state::NewFile& file, const domain::Entry& entry)
{
    const domain::SavedFile saved = WINDSOR_TRY(domain::open_saved(file.temporary()));
    return domain::expect_same(saved.domain, entry.beginning_file());
}

// The file has its name before the domain ends: there is always one of them.
base::Status run_save(Context& context, Connection& connection, const std::filesystem::path& path,
                      const std::string& after)
{
    const Interrupts interrupts;
    state::NewFile file = WINDSOR_TRY(state::NewFile::create(path));
    const Json order{{"name", path.string()}, {"after", after == "go-on" ? "go-on" : "pause"}};
    const Written written = WINDSOR_TRY(write_state(context, connection, order, file, interrupts));
    base::Status named = written.rest ? check(file, connection.entry) : written.rest;
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
