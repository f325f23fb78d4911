// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.hpp"

#include "base/guarded.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <map>
#include <unistd.h>

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace windsor::base {

namespace {

constexpr int kLinesInWindow = 10;
constexpr auto kWindow = std::chrono::seconds{10};

struct Topic {
    std::chrono::steady_clock::time_point window_start{};
    int lines{0};
    std::uint64_t suppressed{0};
};

spdlog::level::level_enum spdlog_level(Log::Level level)
{
    switch (level) {
    case Log::Level::Debug: return spdlog::level::debug;
    case Log::Level::Info: return spdlog::level::info;
    case Log::Level::Warning: return spdlog::level::warn;
    case Log::Level::Error: break;
    }
    return spdlog::level::err;
}

} // namespace

struct Log::State {
    explicit State(spdlog::sink_ptr sink) : logger{"windsor", std::move(sink)}
    {
        logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
        logger.flush_on(spdlog::level::info);
    }
    State() : logger{"windsor"} {}

    spdlog::logger logger;
    Guarded<std::map<std::string, Topic, std::less<>>> topics{};
};

Log::Log(std::unique_ptr<State> state) : state_{std::move(state)} {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

Log Log::discard()
{
    return Log{std::make_unique<State>()};
}

Log Log::to_stderr()
{
    return Log{std::make_unique<State>(std::make_shared<spdlog::sinks::stderr_sink_mt>())};
}

Result<Log> Log::to_file(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail("cannot write the log {}: {}", path, errno_text(errno));
    }
    ::close(fd);
    return Log{std::make_unique<State>(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path))};
}

void Log::write(Level level, std::string_view text)
{
    state_->logger.log(spdlog_level(level), text);
}

bool Log::admit(std::string_view name)
{
    const auto now = std::chrono::steady_clock::now();
    std::uint64_t left_out = 0;
    const bool admitted = state_->topics.with([&](auto& topics) {
        auto found = topics.find(name);
        if (found == topics.end()) {
            found = topics.emplace(std::string{name}, Topic{.window_start = now}).first;
        }
        Topic& topic = found->second;
        if (now - topic.window_start >= kWindow) {
            left_out = std::exchange(topic.suppressed, 0);
            topic = Topic{.window_start = now};
        }
        if (topic.lines >= kLinesInWindow) {
            ++topic.suppressed;
            return false;
        }
        ++topic.lines;
        return true;
    });
    if (left_out != 0) {
        write(Level::Warning, fmt::format("{}: {} more such lines were left out", name, left_out));
    }
    return admitted;
}

} // namespace windsor::base
