// SPDX-License-Identifier: GPL-2.0-or-later
#include "share/smb_conf.hpp"

namespace windsor::share {

namespace {

// Whoever comes is a guest: there are no passwords, and the only one who can come is the domain's guest. What it may do
// is the kernel's business, which knows smbd as a user without privileges; smbd itself, whose own idea of users needs
// names that this one may not have, shall not stand in the way, and takes everybody for root.
// A guest may not be led out of the folder by a link that is in it, and makes none: links are not followed at all.
// There is no interface, without which smbd ends unless it is told of one, nothing to print, no name to find it by but
// its address, no helper program, and nothing is written to a log.
constexpr std::string_view kGlobal = R"(security = user
server role = standalone server
map to guest = Bad User
guest account = nobody
passdb backend = smbpasswd
server string = Windsor
disable netbios = yes
interfaces = 127.0.0.1/8
bind interfaces only = yes
load printers = no
printing = bsd
printcap name = /dev/null
disable spoolss = yes
usershare max shares = 0
rpc start on demand helpers = no
unix extensions = no
host msdfs = no
kernel oplocks = no
log file = /dev/null
logging = file
)";

// Windows XP's answers to a challenge are of NTLM's first version; a guest's are not looked at, but have to be let in.
constexpr std::string_view kOldProtocol = R"(server min protocol = NT1
ntlm auth = yes
)";
constexpr std::string_view kNewProtocol = "server min protocol = SMB2_02\n";

constexpr std::string_view kOfFolder = R"(guest ok = yes
guest only = yes
force user = root
follow symlinks = no
wide links = no
create mask = 0644
directory mask = 0755
store dos attributes = no
map archive = no
)";

} // namespace

std::string smb_conf(std::span<const Folder> folders, const std::filesystem::path& state, OldestProtocol oldest)
{
    std::string text = "[global]\n";
    text += kGlobal;
    text += oldest == OldestProtocol::Smb1 ? kOldProtocol : kNewProtocol;
    for (const char* const key : {"private dir", "lock directory", "state directory", "cache directory",
                                  "pid directory", "binddns dir", "ncalrpc dir"}) {
        text += fmt::format("{} = {}\n", key, state.string());
    }
    text += fmt::format("smb passwd file = {}\n", (state / "smbpasswd").string());
    for (const Folder& folder : folders) {
        text += fmt::format("\n[{}]\npath = {}\nread only = {}\n", folder.name, folder.path,
                            folder.access == Access::ReadOnly ? "yes" : "no");
        text += kOfFolder;
    }
    return text;
}

} // namespace windsor::share
