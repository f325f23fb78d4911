// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/private_file.hpp"

#include "base/fd.hpp"
#include "base/whole.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::base {

Status write_private_file(const std::filesystem::path& path, std::string_view text)
{
    const std::string temporary = path.string() + ".new";
    Fd file{::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600)};
    const bool written = file && ::fchmod(file.get(), 0600) == 0 && write_whole(file.get(), text) &&
                         ::rename(temporary.c_str(), path.c_str()) == 0;
    if (!written) {
        return fail("cannot write {}: {}", path.string(), errno_text(errno));
    }
    return {};
}

} // namespace windsor::base
