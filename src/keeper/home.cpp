// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/home.hpp"

#include "base/descriptor_message.hpp"
#include "base/private_file.hpp"
#include "domain/rpc.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string_view>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windsor::keeper {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kLock = "lock"; // and log and control, which have names of their own in Entry

bool is_there(const fs::path& path)
{
    std::error_code error;
    return fs::exists(fs::symlink_status(path, error));
}

std::string text_of(const fs::path& path)
{
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

Home::Home(domain::Claim& claim, base::Fd domain, base::FileLog& log)
    : claim_{claim}, domain_{std::move(domain)}, log_{log}, events_{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)}
{
    watch();
}

void Home::watch()
{
    static_cast<void>(
        ::inotify_add_watch(events_.get(), claim_.entry().folder.c_str(),
                            IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF));
}

bool Home::take_events()
{
    alignas(inotify_event) std::array<char, 4096> buffer{};
    bool any = false;
    while (::read(events_.get(), buffer.data(), buffer.size()) > 0) {
        any = true;
    }
    return any;
}

void Home::act(Clock::time_point now)
{
    const bool changed = take_events();
    if (!changed && now < deadline_) {
        return;
    }
    if (whole()) {
        remember();
        deadline_ = now + kLook;
        return;
    }
    if (now < deadline_) {
        deadline_ = std::min(deadline_, now + kSettle);
        return;
    }
    const base::Status made = make_again();
    deadline_ = now + (made ? kLook : kNextAttempt);
    if (made) {
        log_.log().warning("the domain's folder {} had been removed, or something in it: it has been made again",
                           claim_.entry().folder.string());
    } else if (!complained_) {
        log_.log().error("the domain's folder is gone, and cannot be made again: {}", made.error().message());
    }
    complained_ = !made;
    watch();
    static_cast<void>(take_events()); // of what has just been made
}

bool Home::whole() const
{
    const domain::Entry& entry = claim_.entry();
    const auto missing = [&](const auto& item) { return !is_there(entry.folder / item.first); };
    return !lock_owed_ && !log_owed_ && claim_.stands() && is_there(entry.log_file()) &&
           (!contents_.control || is_there(entry.control_socket())) &&
           std::ranges::none_of(contents_.files, missing) && std::ranges::none_of(contents_.links, missing);
}

void Home::remember()
{
    std::error_code error;
    Contents found;
    for (const fs::directory_entry& item : fs::directory_iterator{claim_.entry().folder, error}) {
        const std::string name = item.path().filename().string();
        if (item.is_symlink(error)) {
            found.links.emplace(name, fs::read_symlink(item.path(), error));
        } else if (item.is_regular_file(error) && name != kLock && item.path() != claim_.entry().log_file() &&
                   !name.ends_with(".new")) {
            found.files.emplace(name, text_of(item.path()));
        }
    }
    found.control = is_there(claim_.entry().control_socket());
    contents_ = std::move(found);
}

base::Status Home::make_again()
{
    const bool all = !claim_.stands();
    if (all) {
        WINDSOR_TRY(claim_.make_again());
        contents_.files.insert_or_assign("name", claim_.entry().name + '\n');
        lock_owed_ = true;
    }
    WINDSOR_TRY(make_files_again(all));
    const domain::Entry& entry = claim_.entry();
    if (!is_there(entry.log_file())) {
        WINDSOR_TRY(log_.move_to(entry.log_file().string()));
        log_owed_ = true;
    }
    WINDSOR_TRY(pay());
    return !contents_.control || is_there(entry.control_socket()) ? base::Status{} : make_control_again();
}

base::Status Home::make_files_again(bool all)
{
    const fs::path& folder = claim_.entry().folder;
    for (const auto& [name, text] : contents_.files) {
        if (all || !is_there(folder / name)) {
            WINDSOR_TRY(base::write_private_file(folder / name, text));
        }
    }
    for (const auto& [name, target] : contents_.links) {
        std::error_code there;
        fs::create_symlink(target, folder / name, there);
    }
    return {};
}

// The lock is one that both hold; of the log the domain has an open file of its own.
base::Status Home::pay()
{
    if (lock_owed_) {
        WINDSOR_TRY(tell(domain::KeeperNews::Lock, claim_.lock_descriptor()));
        lock_owed_ = false;
    }
    if (log_owed_) {
        const base::Fd file{::open(claim_.entry().log_file().c_str(), O_RDWR | O_APPEND | O_CLOEXEC)};
        WINDSOR_TRY(tell(domain::KeeperNews::Log, file.get()));
        log_owed_ = false;
    }
    return {};
}

// One that the domain does not take is of no use, and the next look will find that it is missing.
base::Status Home::make_control_again()
{
    const fs::path path = claim_.entry().control_socket();
    const base::Fd socket = WINDSOR_TRY(domain::RpcServer::bind(path));
    base::Status told = tell(domain::KeeperNews::Control, socket.get());
    if (!told) {
        ::unlink(path.c_str());
    }
    return told;
}

base::Status Home::tell(domain::KeeperNews news, int descriptor) const
{
    domain::KeeperNotice notice{.kind = static_cast<std::uint32_t>(news), .number = claim_.entry().id};
    const std::string& name = claim_.entry().name; // no longer than a domain's can be
    std::ranges::copy_n(name.begin(), static_cast<std::ptrdiff_t>(std::min(name.size(), notice.name.size() - 1)),
                        notice.name.begin());
    if (base::send_with_descriptor(domain_.get(), {static_cast<char*>(static_cast<void*>(&notice)), sizeof notice},
                                   descriptor, MSG_DONTWAIT) != sizeof notice) {
        return base::fail("the domain does not take it: {}", base::errno_text(errno));
    }
    return {};
}

} // namespace windsor::keeper
