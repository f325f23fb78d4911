// SPDX-License-Identifier: GPL-2.0-or-later
// For tests of commands as a user calls them.
#pragma once

#include "base/test_folder.hpp"
#include "toolstack/command.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

namespace windsor::toolstack {

// A context with a registry of its own and no host configuration.
class Commands : public ::testing::Test {
protected:
    int run_as(Dialect dialect, const std::string& program, const std::vector<std::string>& words)
    {
        out_.str("");
        err_.str("");
        Context context{.dialect = dialect,
                        .program = program,
                        .out = out_,
                        .err = err_,
                        .paths = {.runtime = directory_ / "run", .data = directory_ / "data"},
                        .host_config = {.xend = "", .xl = host_config_},
                        .columns = columns_};
        return run(context, words);
    }
    int windsor(const std::vector<std::string>& words) { return run_as(Dialect::Windsor, "windsor", words); }
    int xm(const std::vector<std::string>& words) { return run_as(Dialect::Xm, "xm", words); }
    int xl(const std::vector<std::string>& words) { return run_as(Dialect::Xl, "xl", words); }

    std::string write(const std::string& name, const std::string& text)
    {
        std::ofstream{directory_ / name} << text;
        return (directory_ / name).string();
    }
    bool registry_is_empty() const
    {
        const std::filesystem::path domains = directory_ / "run" / "domains";
        return !std::filesystem::exists(domains) ||
               std::none_of(std::filesystem::directory_iterator{domains}, std::filesystem::directory_iterator{},
                            [](const auto& item) { return item.is_directory(); });
    }

    base::TestFolder directory_;
    std::string host_config_; // the path of an xl.conf
    std::size_t columns_{80};
    std::ostringstream out_;
    std::ostringstream err_;
};

} // namespace windsor::toolstack
