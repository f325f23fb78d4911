// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/registry.hpp"

#include "base/printable.hpp"
#include "base/private_file.hpp"
#include "domain/process.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace windsor::domain {

namespace fs = std::filesystem;

namespace {

constexpr const char* kDomains = "domains";
constexpr const char* kRegistryLock = "lock";
constexpr const char* kNextId = "next-id";
constexpr const char* kDomainLock = "lock";

// Whether the file of that name is the one that is open.
bool is_open(const fs::path& path, int fd)
{
    struct stat named{};
    struct stat open{};
    return ::stat(path.c_str(), &named) == 0 && ::fstat(fd, &open) == 0 && named.st_dev == open.st_dev &&
           named.st_ino == open.st_ino;
}

// A folder without a lock is nobody's. An error if it cannot be told, as by a process that has too many files open: who
// takes such a domain for one that has ended removes its folder.
base::Result<bool> held_by_somebody(const fs::path& lock)
{
    const base::Fd fd{::open(lock.c_str(), O_RDWR | O_CLOEXEC)};
    const bool passing = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EINTR;
    if (!fd && !passing) {
        return false;
    }
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
        return false;
    }
    if (fd && errno == EWOULDBLOCK) {
        return true;
    }
    return base::fail("cannot look at {}: {}", lock.string(), base::errno_text(errno));
}

// Holds flock(2) on a file while it lives. A file that is removed while its lock is waited for locks nobody out, and
// the next one of that name has to be locked instead.
base::Result<base::Fd> lock_file(const fs::path& path, int operation)
{
    constexpr int kMostAttempts = 100;
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
        base::Fd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
        if (!fd) {
            return base::fail("cannot open {}: {}", path.string(), base::errno_text(errno));
        }
        if (::flock(fd.get(), operation) != 0) {
            return base::fail("cannot lock {}: {}", path.string(), base::errno_text(errno));
        }
        if (is_open(path, fd.get())) {
            return fd;
        }
    }
    return base::fail("cannot lock {}: it is removed again and again", path.string());
}

// Tries again until so much time has passed: whoever holds the lock may have been stopped.
base::Result<base::Fd> lock_file_within(const fs::path& path, std::chrono::milliseconds patience)
{
    constexpr std::chrono::milliseconds kPause{10};
    const auto end = std::chrono::steady_clock::now() + patience;
    auto lock = lock_file(path, LOCK_EX | LOCK_NB);
    while (!lock && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kPause);
        lock = lock_file(path, LOCK_EX | LOCK_NB);
    }
    return lock;
}

std::optional<DomainId> to_id(std::string_view text)
{
    DomainId id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return id;
}

// This process's number where others see it: it may be in a namespace of process ids of its own, which /proc is not of.
pid_t own_pid()
{
    std::error_code error;
    const auto pid = to_id(fs::read_symlink("/proc/self", error).string());
    return pid ? static_cast<pid_t>(*pid) : ::getpid();
}

std::string read_line(const fs::path& path)
{
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);
    return line;
}

base::Status write_line(const fs::path& path, const std::string& line)
{
    return base::write_private_file(path, line + '\n');
}

// For its owner alone, whatever the umask says. By no later change of its mode: a keeper may change none by path.
base::Status make_private_folder(const fs::path& path)
{
    const mode_t mask = ::umask(0077);
    const bool made = ::mkdir(path.c_str(), 0700) == 0;
    ::umask(mask);
    if (!made) {
        return base::fail("cannot make the directory {}: {}", path.string(), base::errno_text(errno));
    }
    return {};
}

// Somebody else's directory could be changed by him at any time, and so could one that a link of his leads to.
base::Status make_own(const fs::path& directory)
{
    struct stat named{};
    struct stat open{};
    const base::Fd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd || ::lstat(directory.c_str(), &named) != 0 || ::fstat(fd.get(), &open) != 0) {
        return base::fail("cannot open the directory {}: {}", directory.string(), base::errno_text(errno));
    }
    const bool own_link = named.st_uid == ::geteuid() || named.st_uid == 0;
    if (open.st_uid != ::geteuid() || !own_link) {
        return base::fail("{} belongs to another user; set WINDSOR_RUNTIME_DIR to a directory of your own",
                          directory.string());
    }
    if (::fchmod(fd.get(), 0700) != 0) {
        return base::fail("cannot write to {}: {}; set WINDSOR_RUNTIME_DIR to a directory of your own",
                          directory.string(), base::errno_text(errno));
    }
    return {};
}

// Whether making it this user's alone takes it from nobody: it is so already, nothing is in it, or it has been the
// registry's.
base::Status refuse_foreign(const fs::path& directory)
{
    struct stat info{};
    struct stat domains{};
    std::error_code error;
    if (::stat(directory.c_str(), &info) != 0 || (info.st_mode & 0077) == 0 || fs::is_empty(directory, error)) {
        return {};
    }
    const bool registry = ::lstat((directory / kDomains).c_str(), &domains) == 0 && S_ISDIR(domains.st_mode) &&
                          domains.st_uid == ::geteuid();
    if (registry && (info.st_mode & S_ISVTX) == 0) {
        return {};
    }
    return base::fail(
        "{} is open to others and has other things in it; set WINDSOR_RUNTIME_DIR to a directory of its own",
        directory.string());
}

base::Result<std::vector<Entry>> scan(const fs::path& root)
{
    std::vector<Entry> entries;
    std::error_code error;
    fs::directory_iterator items{root, error};
    if (error) {
        return base::fail("cannot look into {}: {}", root.string(), error.message());
    }
    for (const fs::directory_entry& item : items) {
        const auto id = to_id(item.path().filename().string());
        if (!id || !item.is_directory(error)) {
            continue;
        }
        if (!WINDSOR_TRY(held_by_somebody(item.path() / kDomainLock))) {
            fs::remove_all(item.path(), error);
            continue;
        }
        const auto pid = to_id(read_line(item.path() / "pid")).value_or(0);
        entries.push_back({*id, read_line(item.path() / "name"), static_cast<pid_t>(pid), item.path()});
    }
    std::ranges::sort(entries, {}, &Entry::id);
    return entries;
}

base::Status refuse_taken(const std::vector<Entry>& entries, const std::string& name)
{
    const auto taken = std::ranges::find(entries, name, &Entry::name);
    if (taken != entries.end()) {
        return base::fail("a domain named '{}' is running already (id {}); choose another name, or shut it down first",
                          name, taken->id);
    }
    return {};
}

// A number that no domain has had since the directory was made, and that is remembered as used.
base::Result<DomainId> next_id(const fs::path& root, DomainId least)
{
    const DomainId id = std::max(to_id(read_line(root / kNextId)).value_or(1), least);
    WINDSOR_TRY(write_line(root / kNextId, std::to_string(id + 1)));
    return id;
}

// Makes an entry's folder, and gives its lock.
base::Result<base::Fd> make_entry(const Entry& entry)
{
    std::error_code error;
    fs::remove_all(entry.folder, error);
    WINDSOR_TRY(make_private_folder(entry.folder));
    base::Fd lock = WINDSOR_TRY(lock_file(entry.folder / kDomainLock, LOCK_EX | LOCK_NB));
    WINDSOR_TRY(write_line(entry.folder / "name", entry.name));
    WINDSOR_TRY(write_line(entry.folder / "pid", std::to_string(entry.pid)));
    return lock;
}

std::string free_name(const std::vector<Entry>& taken, const std::string& wanted)
{
    std::string name = wanted;
    for (unsigned number = 1; std::ranges::find(taken, name, &Entry::name) != taken.end(); ++number) {
        const std::string ending = fmt::format("-{}", number);
        name = wanted.substr(0, kLongestName - ending.size()) + ending;
    }
    return name;
}

} // namespace

// A name is a file's name elsewhere, a word in lists, and never mistaken for an id.
base::Status check_name(const std::string& name)
{
    constexpr std::string_view kMarks = "_.+:@-";
    const auto good = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    };
    if (name.empty() || name.size() > kLongestName || !std::ranges::all_of(name, good) || name[0] == '.' ||
        name[0] == '-') {
        return base::fail("'{}' cannot be a domain's name: it may have {} letters, digits and the characters _ . + : @ "
                          "- and begins with "
                          "none of - and .",
                          base::printable(name.substr(0, kLongestName)), kLongestName);
    }
    if (name.find_first_not_of("0123456789") == std::string::npos) {
        return base::fail("'{}' cannot be a domain's name: a number alone would be mistaken for a domain id", name);
    }
    return {};
}

Claim::Claim(fs::path root, Entry entry, base::Fd lock)
    : root_{std::move(root)}, entry_{std::move(entry)}, lock_{std::move(lock)}
{
}

Claim::~Claim()
{
    if (lock_ && stands()) {
        std::error_code error;
        fs::remove_all(entry_.folder, error);
    }
}

base::Result<bool> Claim::rename(const std::string& name, std::chrono::milliseconds patience)
{
    WINDSOR_TRY(check_name(name));
    const base::Fd lock = WINDSOR_TRY(lock_file_within(root_ / kRegistryLock, patience));
    const std::vector<Entry> others = WINDSOR_TRY(scan(root_));
    if (!refuse_taken(others, name)) {
        return false;
    }
    WINDSOR_TRY(write_line(entry_.folder / "name", name));
    entry_.name = name;
    return true;
}

bool Claim::stands() const
{
    return is_open(entry_.folder / kDomainLock, lock_.get());
}

base::Status Claim::make_again()
{
    WINDSOR_TRY(Registry::open(root_.parent_path()));
    // The next attempt is soon, and a keeper must not wait for a command that has been stopped.
    const base::Fd lock = WINDSOR_TRY(lock_file(root_ / kRegistryLock, LOCK_EX | LOCK_NB));
    const std::vector<Entry> others = WINDSOR_TRY(scan(root_));
    Entry entry = entry_;
    const bool taken = std::ranges::find(others, entry.id, &Entry::id) != others.end();
    const DomainId next = WINDSOR_TRY(next_id(root_, entry.id));
    entry.id = taken ? next : entry.id;
    entry.name = free_name(others, entry.name);
    entry.folder = root_ / std::to_string(entry.id);
    lock_ = WINDSOR_TRY(make_entry(entry));
    entry_ = std::move(entry);
    return {};
}

void Claim::made_again(DomainId id, const std::string& name, base::Fd lock)
{
    entry_.id = id;
    entry_.name = name;
    entry_.folder = root_ / std::to_string(id);
    lock_ = std::move(lock);
}

void Claim::hand_over()
{
    lock_.reset();
}

void Claim::adopt()
{
    entry_.pid = own_pid();
    // The folder stays usable without it: the pid is for people.
    static_cast<void>(write_line(entry_.folder / "pid", std::to_string(entry_.pid)));
}

void Claim::adopt_as_keeper() const
{
    // With what tells it from another process of that number.
    const auto stat = process_stat(::getpid());
    static_cast<void>(write_line(entry_.folder / "keeper", fmt::format("{} {}", ::getpid(), stat ? stat->start : 0)));
}

base::Result<Registry> Registry::open(const fs::path& runtime)
{
    const fs::path root = runtime / kDomains;
    std::error_code error;
    fs::create_directories(runtime, error);
    if (!error) {
        WINDSOR_TRY(refuse_foreign(runtime));
        WINDSOR_TRY(make_own(runtime));
        fs::create_directory(root, error);
    }
    if (error) {
        return base::fail("cannot make the directory {}: {}", root.string(), error.message());
    }
    WINDSOR_TRY(make_own(root));
    if (::access(root.c_str(), W_OK) != 0) {
        return base::fail("cannot write to {}: {}; set WINDSOR_RUNTIME_DIR to a directory of your own", root.string(),
                          base::errno_text(errno));
    }
    return Registry{root};
}

base::Result<std::vector<Entry>> Registry::list() const
{
    const base::Fd lock = WINDSOR_TRY(lock_file(root_ / kRegistryLock, LOCK_EX));
    return scan(root_);
}

bool Registry::is_gone(const Entry& entry) const
{
    const base::Result<std::vector<Entry>> entries = list();
    return entries && std::ranges::none_of(*entries, [&](const Entry& other) {
               return other.id == entry.id && other.folder == entry.folder;
           });
}

base::Result<Entry> Registry::find(std::string_view name_or_id) const
{
    const std::vector<Entry> entries = WINDSOR_TRY(list());
    const auto named = std::ranges::find(entries, name_or_id, &Entry::name);
    if (named != entries.end()) {
        return *named;
    }
    if (const auto id = to_id(name_or_id)) {
        const auto numbered = std::ranges::find(entries, *id, &Entry::id);
        if (numbered != entries.end()) {
            return *numbered;
        }
    }
    return base::fail("there is no running domain '{}'; 'list' shows those that there are", name_or_id);
}

base::Result<Claim> Registry::claim(const std::string& name) const
{
    WINDSOR_TRY(check_name(name));
    const base::Fd registry_lock = WINDSOR_TRY(lock_file(root_ / kRegistryLock, LOCK_EX));
    const std::vector<Entry> others = WINDSOR_TRY(scan(root_));
    WINDSOR_TRY(refuse_taken(others, name));
    const DomainId id = WINDSOR_TRY(next_id(root_, 1));
    Entry entry{.id = id, .name = name, .pid = ::getpid(), .folder = root_ / std::to_string(id)};
    base::Fd lock = WINDSOR_TRY(make_entry(entry));
    return Claim{root_, std::move(entry), std::move(lock)};
}

} // namespace windsor::domain
