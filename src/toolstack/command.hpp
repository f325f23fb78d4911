// SPDX-License-Identifier: GPL-2.0-or-later
// What a command is, and the one table of all of them. It drives dispatch, help, abbreviations and the
// manual pages.
#pragma once

#include "base/result.hpp"
#include "config/host_config.hpp"
#include "domain/paths.hpp"
#include "toolstack/arguments.hpp"

#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace windsor::toolstack {

// Which program's manners are asked for, by the name it was called by.
enum class Dialect { Windsor, Xm, Xl };

// What a command works with; tests give their own.
struct Context {
    Dialect dialect{Dialect::Windsor};
    std::string program{"windsor"}; // as messages name it
    std::ostream& out;
    std::ostream& err;
    domain::Paths paths;
    config::HostConfigPaths host_config{};
    std::size_t columns{80}; // of the terminal, for help
};

// Gives the exit status.
using Handler = base::Result<int> (*)(Context& context, const Arguments& arguments);

struct Command {
    std::string_view name;
    // Where it comes from; Windsor's own name has them all.
    enum class Origin { Both, Xm, Xl, Windsor } origin;
    std::string_view synopsis; // what follows the name
    std::string_view help;     // one line
    Handler handler{nullptr};  // none: refused
    std::span<const Option> options{};
    std::size_t least{0}; // operands
    std::size_t most{0};
    std::string_view details{}; // more sentences; for a refused command, the clause that says why
};

// Sorted by name.
std::span<const Command> all_commands();

// Whether the program of that dialect had this command before Windsor.
bool native(const Command& command, Dialect dialect);

// By its name or an unambiguous beginning of it. What is native to the dialect and provided goes before the
// rest, so that no abbreviation known from xm or xl changes its meaning.
base::Result<const Command*> find_command(std::string_view name, Dialect dialect, std::string_view program);

// What `help COMMAND` prints.
std::string help_for(const Command& command, const Context& context);

// Does what the words after the program's name ask for; gives the exit status.
int run(Context& context, std::span<const std::string> words);

} // namespace windsor::toolstack
