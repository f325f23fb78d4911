// SPDX-License-Identifier: GPL-2.0-or-later
// The domain's log. What a guest or a network can cause is rate-limited.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace windsor::base {

// So many lines in so much host time.
struct Allowance {
    int lines{10};
    std::chrono::seconds window{10};
};

// Thread-safe. Every object that logs is given one; there is no global logger.
class Log {
public:
    enum class Level { Debug, Info, Warning, Error };

    // Where lines go. Called from any thread that logs, several at once.
    using Sink = std::function<void(Level level, std::string_view text)>;

    // Discards everything: the log of tests.
    static Log discard();
    static Log to(Sink sink);
    // Appends to `path`, created with mode 0600. The file has a greatest size (LogFile): older lines go first.
    static Result<Log> to_file(const std::string& path);

    Log(Log&&) noexcept;
    Log& operator=(Log&&) noexcept;
    ~Log();

    void write(Level level, std::string_view text);

    template <typename... Args> void info(fmt::format_string<Args...> format, Args&&... args)
    {
        write(Level::Info, fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename... Args> void warning(fmt::format_string<Args...> format, Args&&... args)
    {
        write(Level::Warning, fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename... Args> void error(fmt::format_string<Args...> format, Args&&... args)
    {
        write(Level::Error, fmt::format(format, std::forward<Args>(args)...));
    }

    // For what a guest or a client can repeat at will: at most ten lines a `topic` in ten seconds of
    // host time; the next line that passes says how many were left out.
    template <typename... Args> void guest(std::string_view topic, fmt::format_string<Args...> format, Args&&... args)
    {
        if (admit(topic)) {
            write(Level::Warning, fmt::format("{}: {}", topic, fmt::format(format, std::forward<Args>(args)...)));
        }
    }

    // What a guest itself writes line by line (a debug port): a system's boot has hundreds of lines, all of them
    // wanted, and a flood of them is still to be bounded.
    void guest_text(std::string_view topic, std::string_view line, Allowance allowance = kText);

private:
    static constexpr Allowance kText{.lines = 4000, .window = std::chrono::minutes{10}};

    struct State;
    explicit Log(std::unique_ptr<State> state);
    bool admit(std::string_view topic);
    bool admit(std::string_view topic, Allowance allowance);

    std::unique_ptr<State> state_;
};

} // namespace windsor::base
