// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/identity.hpp"

#include "base/fd.hpp"
#include "base/fnv.hpp"
#include "base/private_file.hpp"
#include "base/whole.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace windsor::domain {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargestFile = 64 << 10;

// Nothing if there is no such file.
base::Result<std::optional<Identity>> read_identity(const fs::path& path)
{
    const base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (!file && errno == ENOENT) {
        return std::nullopt;
    }
    struct stat facts{};
    if (!file || ::fstat(file.get(), &facts) != 0) {
        return base::fail("cannot read {}, which has what the guest knows its machine by: {}", path.string(),
                          base::errno_text(errno));
    }
    if (!S_ISREG(facts.st_mode) || facts.st_size > static_cast<off_t>(kLargestFile)) {
        return base::fail("{} is no file with what a guest knows its machine by; move it away", path.string());
    }
    auto identity = parse_identity(base::read_whole(file.get(), kLargestFile));
    if (!identity) {
        return base::fail("{} is damaged: {}; put a copy of it back, or move it away, and the guest finds another "
                          "machine",
                          path.string(), identity.error().message());
    }
    return std::optional{*std::move(identity)};
}

std::string key_of(const std::string& name, const std::string& configuration)
{
    return fmt::format("{}-{:016x}", name, base::fnv1a(name + '\n' + configuration));
}

} // namespace

fs::path IdentityStore::file_of(const std::string& name, const std::string& configuration) const
{
    return directory_ / key_of(name, configuration);
}

base::Result<std::optional<Identity>> IdentityStore::find(const std::string& name, const std::string& configuration,
                                                          const std::string& uuid) const
{
    const auto by_place = [&](const std::string& path) -> base::Result<std::optional<Identity>> {
        auto found = WINDSOR_TRY(read_identity(file_of(name, path)));
        if (found && (found->name != name || found->configuration != path)) {
            return base::fail("{} is not of this domain but of '{}' from {}; move it away",
                              file_of(name, path).string(), found->name, found->configuration);
        }
        return found;
    };
    if (!configuration.empty()) {
        if (auto found = WINDSOR_TRY(by_place(configuration))) {
            return found;
        }
    }
    if (uuid.empty()) {
        return by_place("");
    }
    std::vector<Identity> all = readable();
    std::erase_if(all, [&](const Identity& identity) { return identity.uuid != uuid; });
    const auto same_name = std::ranges::find(all, name, &Identity::name);
    const auto found = same_name != all.end() ? same_name : all.begin();
    return found != all.end() ? std::optional{std::move(*found)} : std::nullopt;
}

base::Result<std::vector<Identity>> IdentityStore::named(std::string_view name_or_uuid) const
{
    std::vector<Identity> found = readable();
    std::erase_if(found, [&](const Identity& identity) {
        return identity.name != name_or_uuid && identity.uuid != name_or_uuid;
    });
    if (found.empty()) {
        return base::fail("no domain '{}' has been started here", name_or_uuid);
    }
    return found;
}

base::Status IdentityStore::write(const Identity& identity) const
{
    const std::string text = print_identity(identity);
    // As one that has come from another host may be: the next start would find a damaged file.
    if (const auto again = parse_identity(text); !again) {
        return base::fail("what the guest of '{}' knows its machine by cannot be kept: {}", identity.name,
                          again.error().message());
    }
    std::error_code error;
    fs::create_directories(directory_, error);
    fs::permissions(directory_, fs::perms::owner_all, error);
    return base::write_private_file(file_of(identity.name, identity.configuration), text);
}

base::Status IdentityStore::remove(const Identity& identity) const
{
    std::error_code error;
    fs::remove(file_of(identity.name, identity.configuration), error);
    return error ? base::fail("cannot remove {}: {}", file_of(identity.name, identity.configuration).string(),
                              error.message())
                 : base::Status{};
}

std::vector<Identity> IdentityStore::readable() const
{
    std::vector<Identity> all;
    std::error_code error;
    for (fs::directory_iterator item{directory_, error}, end; !error && item != end; item.increment(error)) {
        auto identity = read_identity(item->path());
        const bool good = identity && *identity; // and in its place, as a copy is not
        if (good && item->path() == file_of((*identity)->name, (*identity)->configuration)) {
            all.push_back(std::move(**identity));
        }
    }
    return all;
}

} // namespace windsor::domain
