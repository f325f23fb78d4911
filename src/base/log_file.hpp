// SPDX-License-Identifier: GPL-2.0-or-later
// For file_log.cpp: the file of a log, which never grows beyond a size. Where it would, the older half of it goes, and
// a line says so. All of that needs the descriptor alone, so that a process without a way to files can do it.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace windsor::base {

class LogFile {
public:
    static constexpr std::size_t kMost = 8u << 20;

    // Appends to `path`, created with mode 0600. `most`: bytes, at least a few lines.
    static Result<LogFile> open(const std::string& path, std::size_t most = kMost);

    // Text with the ends of its lines. What the disk has no room for is lost.
    void append(std::string_view text);

    // As FileLog's.
    void continue_in(Fd file) { fd_ = std::move(file); }
    Status move_to(const std::string& path);

private:
    LogFile(Fd fd, std::size_t most) : fd_{std::move(fd)}, most_{most} {}
    void drop_older_half();

    Fd fd_;
    std::size_t most_;
};

} // namespace windsor::base
