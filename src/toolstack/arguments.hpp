// SPDX-License-Identifier: GPL-2.0-or-later
// The words after a command's name, sorted into options and operands by the command's own table.
#pragma once

#include "base/result.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::toolstack {

// One option that a command takes.
struct Option {
    char letter;            // '\0' if it has none
    std::string_view name;  // without the hyphens; empty if it has none
    std::string_view value; // what stands for its value in help; empty if it takes none
    std::string_view help;
    // Whether xm and xl have it; Windsor's own name takes all.
    enum class For { All, Xm, Xl } dialect{For::All};

    // How the parsed option is called: its name, or its letter if it has none.
    std::string key() const { return name.empty() ? std::string{letter} : std::string{name}; }
};

class Arguments {
public:
    // In the manner of getopt_long: options and operands in any order, letters in clusters, values after "="
    // or as the next word, everything an operand after "--". A negative number is an operand.
    static base::Result<Arguments> parse(std::span<const std::string> words, std::span<const Option> options,
                                         Option::For dialect);

    // As if the option had been given.
    void set(const std::string& option) { options_[option] = ""; }
    bool has(const std::string& option) const { return options_.contains(option); }
    // The last value given, or `otherwise`.
    std::string value(const std::string& option, const std::string& otherwise = {}) const;
    const std::vector<std::string>& operands() const { return operands_; }
    const std::string& operand(std::size_t index) const { return operands_.at(index); }

private:
    std::map<std::string, std::string> options_;
    std::vector<std::string> operands_;
};

// Everybody on the host can see a process's arguments as long as it lives, and a domain's processes have those of the
// command that made it: of a word that may have a password in it, nothing stays but what stands before '='.
void hide_passwords(std::span<char* const> words);

} // namespace windsor::toolstack
