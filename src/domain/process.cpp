// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/process.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace windsor::domain {

std::optional<ProcessStat> process_stat(pid_t pid)
{
    constexpr int kBetween = 17; // fields between the parent and the start: proc_pid_stat(5)
    std::ifstream file{std::filesystem::path{"/proc"} / std::to_string(pid) / "stat"};
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')'); // the name may have anything in it
    std::istringstream rest{name_end != std::string::npos ? line.substr(name_end + 1) : std::string{}};
    ProcessStat stat;
    rest >> stat.state >> stat.parent;
    std::string skipped;
    for (int i = 0; i < kBetween; ++i) {
        rest >> skipped;
    }
    return rest >> stat.start ? std::optional{stat} : std::nullopt;
}

} // namespace windsor::domain
