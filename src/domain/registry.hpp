// SPDX-License-Identifier: GPL-2.0-or-later
// The registry of running domains: a directory, no daemon. Each domain has a folder that its process keeps
// locked; a folder that nobody locks is stale and is removed by whoever meets it.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace windsor::domain {

using DomainId = unsigned;

constexpr std::size_t kLongestName = 64; // of a domain, in characters

// Fails if it cannot be a domain's name.
base::Status check_name(const std::string& name);

// One running domain as other processes see it.
struct Entry {
    DomainId id{0};
    std::string name;
    pid_t pid{0};
    std::filesystem::path folder;

    std::filesystem::path control_socket() const { return folder / "control"; }
    std::filesystem::path config_file() const { return folder / "config.json"; }
    // What is known of it from before its guest ran.
    std::filesystem::path beginning_file() const { return folder / "beginning"; }
    std::filesystem::path log_file() const { return folder / "log"; }
    // The terminal of the first serial port that has one, and that of a given port, from 0.
    std::filesystem::path console_link() const { return folder / "console"; }
    std::filesystem::path serial_link(std::size_t port) const { return folder / ("serial" + std::to_string(port)); }
};

// A domain's own place in the registry; it goes when the object does, in the process that has not handed it over.
class Claim {
public:
    Claim(Claim&&) noexcept = default;
    Claim& operator=(Claim&&) noexcept = delete;
    ~Claim();

    const Entry& entry() const { return entry_; }
    // Who renames a domain is its keeper, which has a process to look after.
    static constexpr std::chrono::seconds kPatience{5};
    // False if a running domain has that name. Fails if it cannot be one, or commands hold the registry all that time.
    base::Result<bool> rename(const std::string& name, std::chrono::milliseconds patience = kPatience);
    // Takes note of what somebody else has done so.
    void renamed(const std::string& name) { entry_.name = name; }
    // After fork(): the folder belongs to the child from now on, and goes with the child.
    void hand_over();
    // Of the process that calls it: the domain's, and its keeper's.
    void adopt();
    void adopt_as_keeper() const;
    // Whether its folder is still there, with the lock that it holds.
    bool stands() const;
    // Makes the folder again that somebody has removed, with lock, name and pid in it; and the registry, if that has
    // gone with it. What another domain has taken meanwhile, number or name, is replaced by another.
    base::Status make_again();
    // In the domain's process: its keeper has done so.
    void made_again(DomainId id, const std::string& name, base::Fd lock);
    // The descriptor that holds the lock.
    int lock_descriptor() const { return lock_.get(); }

private:
    friend class Registry;
    Claim(std::filesystem::path root, Entry entry, base::Fd lock);

    std::filesystem::path root_;
    Entry entry_;
    base::Fd lock_;
};

class Registry {
public:
    // Makes the directory (mode 0700) if it is missing.
    static base::Result<Registry> open(const std::filesystem::path& runtime);

    // The running domains by id, stale folders cleaned up on the way.
    base::Result<std::vector<Entry>> list() const;
    // False also if it cannot be told.
    bool is_gone(const Entry& entry) const;
    // By name or, if no name matches, by id.
    base::Result<Entry> find(std::string_view name_or_id) const;
    // A new domain with the next id. Fails if the name is taken, or cannot be one.
    base::Result<Claim> claim(const std::string& name) const;

private:
    explicit Registry(std::filesystem::path root) : root_{std::move(root)} {}

    std::filesystem::path root_;
};

} // namespace windsor::domain
