// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/share_parts.hpp"

#include "base/private_file.hpp"
#include "sandbox/enclose.hpp"
#include "share/smb_conf.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::keeper {

namespace fs = std::filesystem;

namespace {

using share::Access;
using share::Folder;

constexpr std::string_view kServerAddress = "10.0.2.4"; // kNatShare

base::Result<fs::path> find_server()
{
    for (const char* const path : {"/usr/sbin/smbd", "/usr/local/sbin/smbd"}) {
        if (::access(path, X_OK) == 0) {
            return path;
        }
    }
    return base::fail("there is no server for shared folders on this host; install the package samba");
}

// Of root's files nothing is served as root: a guest that got hold of the server would be root with it.
uid_t user_for(const struct stat& first, domain::DomainId id)
{
    if (::geteuid() != 0) {
        return ::geteuid();
    }
    return first.st_uid != 0 ? first.st_uid : sandbox::own_user(id);
}

base::Result<struct stat> look_at(const Folder& folder)
{
    struct stat info{};
    if (::stat(folder.path.c_str(), &info) != 0) {
        return base::fail("{} cannot be shared: {}; make the folder, or name another", folder.path,
                          base::errno_text(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return base::fail("{} cannot be shared, as it is no folder; name the one that it is in", folder.path);
    }
    return info;
}

// Root, who may do everything, sees by the mode what the other user may.
bool may_use(const Folder& folder, const struct stat& info, uid_t user)
{
    const unsigned wanted = folder.access == Access::ReadWrite ? R_OK | W_OK | X_OK : R_OK | X_OK;
    if (::geteuid() != 0) {
        return ::access(folder.path.c_str(), static_cast<int>(wanted)) == 0;
    }
    const unsigned granted = info.st_uid == user ? info.st_mode >> 6u : info.st_mode;
    return (granted & wanted) == wanted;
}

base::Status check_folder(const Folder& folder, const struct stat& info, uid_t user)
{
    if (may_use(folder, info, user)) {
        return {};
    }
    const std::string_view what = folder.access == Access::ReadWrite ? "written" : "read";
    if (::geteuid() == 0) {
        return base::fail(
            "{} cannot be {} by those whom root shares folders as, the owner of the first one or, if that "
            "is root, nobody; give it to an ordinary user by chown",
            folder.path, what);
    }
    return base::fail("{} cannot be {} by you; change its mode, or share another folder", folder.path, what);
}

base::Result<fs::path> make_state(const fs::path& directory, uid_t user)
{
    std::string path = (directory / "windsor-share-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr ||
        (::geteuid() == 0 && ::chown(path.c_str(), user, static_cast<gid_t>(user)) != 0)) {
        return base::fail("cannot make a directory for the server of shared folders in {}: {}", directory.string(),
                          base::errno_text(errno));
    }
    return path;
}

base::Status make_channel(ShareParts& parts)
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return base::fail("cannot make a socket for shared folders: {}", base::errno_text(errno));
    }
    parts.arrivals.reset(ends[0]);
    parts.gate = WINDSOR_TRY(network::ShareGate::create(base::Fd{ends[1]}));
    return {};
}

base::Result<ShareParts> make(const config::DomainConfig& config, domain::DomainId id, const fs::path& directory)
{
    ShareParts parts{.folders = WINDSOR_TRY(share::parse_folders(config.share))};
    parts.server = WINDSOR_TRY(find_server());
    const struct stat first = WINDSOR_TRY(look_at(parts.folders.front()));
    parts.user = user_for(first, id);
    for (const Folder& folder : parts.folders) {
        const struct stat info = WINDSOR_TRY(look_at(folder));
        WINDSOR_TRY(check_folder(folder, info, parts.user));
    }
    WINDSOR_TRY(make_channel(parts));
    parts.state = WINDSOR_TRY(make_state(directory, parts.user));
    const auto oldest =
        config.share_smb1 == config::Switch::On ? share::OldestProtocol::Smb1 : share::OldestProtocol::Smb2;
    const base::Status written =
        base::write_private_file(parts.configuration(), share::smb_conf(parts.folders, parts.state, oldest));
    if (!written ||
        (::geteuid() == 0 && ::chown(parts.configuration().c_str(), parts.user, static_cast<gid_t>(parts.user)) != 0)) {
        std::error_code error;
        fs::remove_all(parts.state, error);
        return base::fail("cannot write {}: {}", parts.configuration().string(),
                          written ? base::errno_text(errno) : written.error().message());
    }
    return parts;
}

} // namespace

base::Result<ShareParts> ShareParts::create(const config::DomainConfig& config, domain::DomainId id,
                                            const fs::path& directory)
{
    if (config.share.empty()) {
        return ShareParts{};
    }
    auto parts = make(config, id, directory);
    if (!parts) {
        return std::unexpected{config::at_key(config, "share", parts.error())};
    }
    return parts;
}

std::vector<std::string> share_notes(const config::DomainConfig& config)
{
    std::vector<std::string> notes;
    for (const Folder& folder : share::parse_folders(config.share).value_or(std::vector<Folder>{})) {
        notes.push_back(fmt::format("the guest finds {}", share::to_string(folder, kServerAddress)));
    }
    return notes;
}

base::Status check_way_to_shares(const config::DomainConfig& config, std::size_t networks)
{
    if (config.share.empty() || networks > 0) {
        return {};
    }
    const base::Error error{
        "a guest reaches shared folders by a network card behind NAT alone, and has none; add one by "
        "vif = [ 'network=nat' ]"};
    return std::unexpected{config::at_key(config, "share", error)};
}

} // namespace windsor::keeper
