// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/user_map.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

base::Status write_file(int directory, const char* name, const std::string& text)
{
    const base::Fd file{::openat(directory, name, O_WRONLY | O_CLOEXEC)};
    if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return base::fail("/proc/self/{} cannot be written: {}", name, base::errno_text(errno));
    }
    return {};
}

std::string line(unsigned id)
{
    return fmt::format("{} {} 1\n", id, id);
}

} // namespace

UserMap::UserMap(const base::Fd& process) : process_{process.get()}, user_{::geteuid()}, group_{::getegid()} {}

base::Status UserMap::write() const
{
    WINDSOR_TRY(write_file(process_, "uid_map", line(user_)));
    WINDSOR_TRY(write_file(process_, "setgroups", "deny"));
    return write_file(process_, "gid_map", line(group_));
}

} // namespace windsor::sandbox
