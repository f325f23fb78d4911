// SPDX-License-Identifier: GPL-2.0-or-later
// What a fresh domain is made from whose predecessor came from another host, or from a file.
#include "toolstack/restart.hpp"

#include "config/keys.hpp"
#include "config/load.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace windsor::toolstack {
namespace {

constexpr const char* kStrangersText = "name = 'guest'\n"
                                       "memory = 16\n"
                                       "sandbox = 'off'\n"
                                       "trace = '/precious'\n"
                                       "engine = 'emulate'\n"
                                       "trace_lines = 7\n"
                                       "interpret = 'x87'\n"
                                       "share = ['/etc', '/precious,rw']\n"
                                       "verify = 0\n";

// The configuration of the domain that takes the place of one.
config::DomainConfig fresh(const config::DomainConfig& replaced, const std::string& strangers = kStrangersText)
{
    const Restart restart{.origin = {.text = strangers,
                                     .overrides = {"memory=32", "sandbox='off'", "trace='/precious'", "verify=0"},
                                     .directory = "/"},
                          .paths = {},
                          .own = settings_of_this_host(replaced)};
    config::Options options;
    options.overrides = restart.settings();
    const auto loaded = config::load_text(strangers, "its", options);
    EXPECT_TRUE(loaded) << loaded.error().message();
    return loaded ? loaded->config : config::DomainConfig{};
}

TEST(Restart, WhatNoSavedStateDecidesIsTheReplacedDomains)
{
    const config::DomainConfig made = fresh({});
    EXPECT_EQ(made.sandbox, sandbox::Mode::On);
    EXPECT_EQ(made.trace, "");
    EXPECT_TRUE(made.share.empty());
    EXPECT_EQ(made.interpret, "");
    EXPECT_EQ(made.engine, config::DomainConfig{}.engine);
    EXPECT_EQ(made.memory_mb, 32) << "all else is as its configuration says";

    config::DomainConfig careful;
    careful.sandbox = sandbox::Mode::Required;
    careful.trace = "/own/it's";
    careful.trace_lines = 5;
    careful.share = {"/own/it's files,rw,name=files", "/own/drivers"};
    careful.verify = config::Switch::On;
    careful.nomigrate = config::Switch::On;
    const config::DomainConfig again = fresh(careful);
    EXPECT_EQ(again.sandbox, sandbox::Mode::Required);
    EXPECT_EQ(again.trace, "/own/it's");
    EXPECT_EQ(again.trace_lines, 5u);
    EXPECT_EQ(again.share, careful.share);
    EXPECT_EQ(again.verify, config::Switch::On);
    EXPECT_EQ(again.nomigrate, config::Switch::On);
}

TEST(Restart, AConfigurationCanAskForMoreCare)
{
    const config::DomainConfig made = fresh({}, "name = 'guest'\nmemory = 16\nnomigrate = 1\n");
    EXPECT_EQ(made.nomigrate, config::Switch::On);
}

TEST(Restart, EveryKeyThatIsNeverSavedIsAmongThem)
{
    const std::vector<std::string> settings = settings_of_this_host({});
    for (const config::KeyInfo& key : config::all_keys()) {
        const std::string begins = std::string{key.name} + '=';
        const auto is_its = [&](const std::string& setting) { return setting.starts_with(begins); };
        EXPECT_EQ(std::ranges::any_of(settings, is_its), key.saved.as == config::SavedAs::Never) << key.name;
        EXPECT_EQ(std::ranges::count(settings, begins), 0) << key.name << ": its value is no setting";
    }
}

} // namespace
} // namespace windsor::toolstack
