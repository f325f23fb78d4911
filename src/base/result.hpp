// SPDX-License-Identifier: GPL-2.0-or-later
// Errors as values. Whatever a user, a guest, a file or a network can cause is a Result.
#pragma once

#include <expected>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace windsor::base {

// What went wrong, as one sentence that says what, where, and what to do.
class Error {
public:
    explicit Error(std::string message) : message_{std::move(message)} {}

    const std::string& message() const { return message_; }

private:
    std::string message_;
};

template <typename T> using Result = std::expected<T, Error>;
using Status = Result<void>;

// Makes the failure value of any Result: `return fail("{}: no such image", path);`
template <typename... Args>
[[nodiscard]] std::unexpected<Error> fail(fmt::format_string<Args...> format, Args&&... args)
{
    return std::unexpected{Error{fmt::format(format, std::forward<Args>(args)...)}};
}

// The host's own words for an errno value.
inline std::string errno_text(int number)
{
    return std::generic_category().message(number);
}

} // namespace windsor::base

// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define WINDSOR_TRY(expression)                                                                                        \
    (__extension__({                                                                                                   \
        auto&& windsor_try_result = (expression);                                                                      \
        if (!windsor_try_result) {                                                                                     \
            return std::unexpected{std::move(windsor_try_result).error()};                                             \
        }                                                                                                              \
        std::move(windsor_try_result).value();                                                                         \
    }))
