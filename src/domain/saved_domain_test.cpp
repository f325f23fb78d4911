// SPDX-License-Identifier: GPL-2.0-or-later
// The beginning of a saved domain's file; docs/saved-state.md has the rules by which its records may change.
#include "domain/saved_domain.hpp"

#include "base/test_folder.hpp"
#include "state/golden.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::domain {

namespace {

using ::testing::HasSubstr;

const std::filesystem::path kFolder{WINDSOR_GOLDEN_DOMAINS};

// With something in each list, so that all fields are there.
SavedDomain whole_domain()
{
    config::DomainConfig config;
    config.name = "falstaff";
    config.uuid = "01234567-89ab-cdef-0123-456789abcdef";
    config::DiskConfig disk;
    disk.path = "/images/falstaff";
    disk.vdev = "hda";
    config.disks.push_back(disk);
    config.vifs.emplace_back();
    config.serial = {"pty"};
    config.cpuid.push_back({.leaf = 1, .subleaf = 0, .reg = 2, .bit = 3, .value = true});
    return {.windsor = "test",
            .saved_at = 1'000'000,
            .engine = "translate",
            .config = config::save(config),
            .origin = {.text = "memory = 64", .overrides = {"name='falstaff'"}, .directory = "/etc/windsor"}};
}

std::vector<std::uint8_t> saved(const SavedDomain& domain)
{
    state::MemoryOutput output;
    state::StreamWriter writer{output};
    EXPECT_TRUE(begin_saved(writer, domain).has_value());
    EXPECT_TRUE(writer.object(machine::kNeedsRecord, machine::Needs{}).has_value());
    EXPECT_TRUE(writer.end().has_value());
    return output.bytes;
}

TEST(GoldenDomains, AreOfTheShapeThatIsWritten)
{
    state::expect_golden(kFolder, saved(whole_domain()));
}

TEST(GoldenDomains, AreReadHoweverOldTheyAre)
{
    for (const auto& [number, path] : state::golden_files(kFolder)) {
        const auto file = open_saved(path);
        ASSERT_TRUE(file.has_value()) << file.error().message();
        EXPECT_EQ(file->config.name, "falstaff");
        EXPECT_EQ(file->config.disks.size(), 1u);
        EXPECT_EQ(file->domain.origin.text, "memory = 64");
    }
}

TEST(SavedDomain, IsKnownAgainByWhatDoesNotChangeWhileItRuns)
{
    SavedDomain later = whole_domain();
    later.windsor = "a later version";
    later.saved_at = 2'000'000;
    later.engine = "kvm";
    later.config.config.name = "renamed";
    EXPECT_TRUE(expect_same(later, beginning_of(whole_domain())).has_value());
    later.config.config.memory_mb = 4096;
    EXPECT_FALSE(expect_same(later, beginning_of(whole_domain())).has_value());
}

TEST(SavedDomain, WhatIsKnownFromBeforeIsReadAsItWasWritten)
{
    const base::TestFolder folder;
    const Beginning written = beginning_of(whole_domain());
    EXPECT_GT(written.most_saved_bytes, std::uint64_t{128} << 20);
    ASSERT_TRUE(write_beginning(folder / "beginning", written).has_value());
    const auto read = read_beginning(folder / "beginning");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->fingerprint, written.fingerprint);
    EXPECT_EQ(read->most_saved_bytes, written.most_saved_bytes);
    EXPECT_THAT(read_beginning(folder / "none").error().message(), HasSubstr("cannot be read"));
}

} // namespace

} // namespace windsor::domain
