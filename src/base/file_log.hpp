// SPDX-License-Identifier: GPL-2.0-or-later
// A log in a file that may have to go on in another one, since somebody has removed the file.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

#include <memory>
#include <string>

namespace windsor::base {

class FileLog {
public:
    // As Log::to_file().
    static Result<FileLog> open(const std::string& path);
    // For a process that goes on without a log where it cannot have one.
    static FileLog none() { return FileLog{nullptr, Log::discard()}; }

    Log& log() { return log_; }

    // Goes on in another file, which is open for reading and appending…
    void continue_in(Fd file);
    // … or in a new one at `path`, which begins with what the old one has.
    Status move_to(const std::string& path);

private:
    friend class Log;
    struct Lines;
    FileLog(std::shared_ptr<Lines> lines, Log log) : lines_{std::move(lines)}, log_{std::move(log)} {}

    std::shared_ptr<Lines> lines_; // null: nowhere
    Log log_;
};

} // namespace windsor::base
