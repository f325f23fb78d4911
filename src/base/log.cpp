// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.hpp"

#include "base/file_log.hpp"
#include "base/guarded.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

namespace windsor::base {

namespace {

constexpr Allowance kRepeated{};

struct Topic {
    std::chrono::steady_clock::time_point window_start{};
    int lines{0};
    std::uint64_t suppressed{0};
};

} // namespace

struct Log::State {
    explicit State(Sink to) : sink{std::move(to)} {}

    Sink sink;
    Guarded<std::map<std::string, Topic, std::less<>>> topics{};
};

Log::Log(std::unique_ptr<State> state) : state_{std::move(state)} {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

Log Log::discard()
{
    return to({});
}

Log Log::to(Sink sink)
{
    return Log{std::make_unique<State>(std::move(sink))};
}

Result<Log> Log::to_file(const std::string& path)
{
    FileLog file = WINDSOR_TRY(FileLog::open(path));
    return std::move(file.log_);
}

void Log::write(Level level, std::string_view text)
{
    if (state_->sink) {
        state_->sink(level, text);
    }
}

void Log::guest_text(std::string_view topic, std::string_view line, Allowance allowance)
{
    if (admit(topic, allowance)) {
        write(Level::Info, fmt::format("{}: {}", topic, line));
    }
}

bool Log::admit(std::string_view topic)
{
    return admit(topic, kRepeated);
}

bool Log::admit(std::string_view name, Allowance allowance)
{
    const auto now = std::chrono::steady_clock::now();
    std::uint64_t left_out = 0;
    const bool admitted = state_->topics.with([&](auto& topics) {
        auto found = topics.find(name);
        if (found == topics.end()) {
            found = topics.emplace(std::string{name}, Topic{.window_start = now}).first;
        }
        Topic& topic = found->second;
        if (now - topic.window_start >= allowance.window) {
            left_out = std::exchange(topic.suppressed, 0);
            topic = Topic{.window_start = now};
        }
        if (topic.lines >= allowance.lines) {
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
