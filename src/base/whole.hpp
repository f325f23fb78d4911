// SPDX-License-Identifier: GPL-2.0-or-later
// read(2) and write(2) until all is there, however much they move at a time and whatever signals interrupt them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace windsor::base {

// What is read from `fd` until its end, an error, or `most` bytes: what comes after those stays unread.
std::string read_whole(int fd, std::size_t most);

// Whether all of it has been written; if not, errno says why.
bool write_whole(int fd, std::string_view bytes);

} // namespace windsor::base
