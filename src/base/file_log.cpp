// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file_log.hpp"

#include "base/log_file.hpp"
#include "base/mutex.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>

namespace windsor::base {

struct FileLog::Lines {
    explicit Lines(LogFile to) : file{std::move(to)} {}

    Mutex mutex;
    LogFile file WINDSOR_GUARDED_BY(mutex);
    spdlog::pattern_formatter formatter WINDSOR_GUARDED_BY(mutex){"%Y-%m-%d %H:%M:%S.%e %l %v"};
};

Result<FileLog> FileLog::open(const std::string& path)
{
    const auto lines = std::make_shared<Lines>(WINDSOR_TRY(LogFile::open(path)));
    Log log = Log::to([lines](Log::Level level, std::string_view text) {
        if (level == Log::Level::Debug) {
            return;
        }
        const auto number = level == Log::Level::Info      ? spdlog::level::info
                            : level == Log::Level::Warning ? spdlog::level::warn
                                                           : spdlog::level::err;
        spdlog::memory_buf_t line;
        const MutexLock lock{lines->mutex};
        lines->formatter.format({"windsor", number, {text.data(), text.size()}}, line);
        lines->file.append({line.data(), line.size()});
    });
    return FileLog{lines, std::move(log)};
}

void FileLog::continue_in(Fd file)
{
    if (lines_) {
        const MutexLock lock{lines_->mutex};
        lines_->file.continue_in(std::move(file));
    }
}

Status FileLog::move_to(const std::string& path)
{
    if (!lines_) {
        return {};
    }
    const MutexLock lock{lines_->mutex};
    return lines_->file.move_to(path);
}

} // namespace windsor::base
