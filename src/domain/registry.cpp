// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/registry.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::domain {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRegistryLock = "lock";
constexpr const char* kNextId = "next-id";
constexpr const char* kDomainLock = "lock";

// Holds flock(2) on a file while it lives.
base::Result<base::Fd> lock_file(const fs::path& path, int operation)
{
    base::Fd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (!fd) {
        return base::fail("cannot open {}: {}", path.string(), base::errno_text(errno));
    }
    if (::flock(fd.get(), operation) != 0) {
        return base::fail("cannot lock {}: {}", path.string(), base::errno_text(errno));
    }
    return fd;
}

bool held_by_somebody(const fs::path& lock)
{
    const base::Fd fd{::open(lock.c_str(), O_RDWR | O_CLOEXEC)};
    return fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
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

std::string read_line(const fs::path& path)
{
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);
    return line;
}

base::Status write_line(const fs::path& path, const std::string& line)
{
    const fs::path temporary = path.string() + ".new";
    std::ofstream file{temporary};
    file << line << '\n';
    file.close();
    std::error_code error;
    if (file.good()) {
        fs::rename(temporary, path, error);
    }
    if (!file.good() || error) {
        return base::fail("cannot write {}: {}", path.string(), error ? error.message() : "the disk may be full");
    }
    return {};
}

std::vector<Entry> scan(const fs::path& root)
{
    std::vector<Entry> entries;
    std::error_code error;
    for (const fs::directory_entry& item : fs::directory_iterator{root, error}) {
        const auto id = to_id(item.path().filename().string());
        if (!id || !item.is_directory(error)) {
            continue;
        }
        if (!held_by_somebody(item.path() / kDomainLock)) {
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
        return base::fail("a domain named '{}' is running already (id {}); choose another name, or destroy it first",
                          name, taken->id);
    }
    return {};
}

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
                          name.substr(0, kLongestName), kLongestName);
    }
    if (name.find_first_not_of("0123456789") == std::string::npos) {
        return base::fail("'{}' cannot be a domain's name: a number alone would be mistaken for a domain id", name);
    }
    return {};
}

} // namespace

Claim::Claim(fs::path root, Entry entry, base::Fd lock)
    : root_{std::move(root)}, entry_{std::move(entry)}, lock_{std::move(lock)}
{
}

Claim::~Claim()
{
    if (lock_) {
        std::error_code error;
        fs::remove_all(entry_.folder, error);
    }
}

base::Status Claim::rename(const std::string& name)
{
    WINDSOR_TRY(check_name(name));
    const base::Fd lock = WINDSOR_TRY(lock_file(root_ / kRegistryLock, LOCK_EX));
    WINDSOR_TRY(refuse_taken(scan(root_), name));
    WINDSOR_TRY(write_line(entry_.folder / "name", name));
    entry_.name = name;
    return {};
}

void Claim::hand_over()
{
    lock_.reset();
}

void Claim::adopt()
{
    entry_.pid = ::getpid();
    // The folder stays usable without it: the pid is for people.
    static_cast<void>(write_line(entry_.folder / "pid", std::to_string(entry_.pid)));
}

base::Result<Registry> Registry::open(const fs::path& runtime)
{
    const fs::path root = runtime / "domains";
    std::error_code error;
    fs::create_directories(root, error);
    if (error) {
        return base::fail("cannot make the directory {}: {}", root.string(), error.message());
    }
    if (::chmod(runtime.c_str(), 0700) != 0 || ::access(root.c_str(), W_OK) != 0) {
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
    WINDSOR_TRY(refuse_taken(scan(root_), name));
    const DomainId id = std::max(to_id(read_line(root_ / kNextId)).value_or(1), 1u);
    WINDSOR_TRY(write_line(root_ / kNextId, std::to_string(id + 1)));
    Entry entry{.id = id, .name = name, .pid = ::getpid(), .folder = root_ / std::to_string(id)};
    std::error_code error;
    fs::remove_all(entry.folder, error);
    fs::create_directory(entry.folder, error);
    if (error) {
        return base::fail("cannot make the directory {}: {}", entry.folder.string(), error.message());
    }
    base::Fd lock = WINDSOR_TRY(lock_file(entry.folder / kDomainLock, LOCK_EX | LOCK_NB));
    WINDSOR_TRY(write_line(entry.folder / "name", name));
    WINDSOR_TRY(write_line(entry.folder / "pid", std::to_string(entry.pid)));
    return Claim{root_, std::move(entry), std::move(lock)};
}

} // namespace windsor::domain
