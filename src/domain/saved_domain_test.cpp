// SPDX-License-Identifier: GPL-2.0-or-later
// The beginning of a saved domain's file; docs/saved-state.md has the rules by which its records may change.
#include "domain/saved_domain.hpp"

#include "base/test_folder.hpp"
#include "config/media.hpp"
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
    EXPECT_EQ(read->media, written.media);
    EXPECT_THAT(read_beginning(folder / "none").error().message(), HasSubstr("cannot be read"));
}

// With a CD drive and a floppy drive.
config::DomainConfig configuration_with_media()
{
    config::DomainConfig config = config::restore(whole_domain().config).value();
    config::DiskConfig disk;
    disk.vdev = "hdc";
    disk.kind = config::DiskKind::Cdrom;
    disk.access = config::DiskAccess::ReadOnly;
    disk.path = "/first disc.iso";
    disk.text = "/first disc.iso,raw,hdc,r,cdrom";
    config.disks.push_back(disk);
    config::DiskConfig floppy;
    floppy.vdev = "fda";
    floppy.path = "/first.img";
    config.disks.push_back(floppy);
    config.evaluated.emplace_back("disk", config::Value::List{disk.text});
    return config;
}

SavedDomain domain_of(const config::DomainConfig& config)
{
    SavedDomain domain = whole_domain();
    domain.config = config::save(config);
    return domain;
}

TEST(SavedDomain, HasNoMediaButThoseThatItWasGiven)
{
    const base::TestFolder folder;
    const std::filesystem::path file = folder / "beginning";
    config::DomainConfig config = configuration_with_media();
    ASSERT_TRUE(write_beginning(file, beginning_of(domain_of(config))));
    const auto accepted = [&] { return expect_same(domain_of(config), read_beginning(file).value()); };
    EXPECT_TRUE(accepted());

    config::change_medium(config, "hdc", {});
    EXPECT_TRUE(accepted()) << "the guest may be without";
    config::change_medium(config, "hdc", {.path = "/second%.iso"});
    EXPECT_THAT(accepted().error().message(), HasSubstr("hdc:r:file:/second%25.iso"));
    ASSERT_TRUE(add_medium(file, *config::find_drive(config, "hdc")));
    EXPECT_TRUE(accepted());
    config::change_medium(config, "hdc", {.path = "/no utf-8 \xff.iso"});
    ASSERT_TRUE(add_medium(file, *config::find_drive(config, "hdc")));
    EXPECT_TRUE(accepted());
    config::change_medium(config, "hdc", {.path = "/second%.iso"});
    EXPECT_TRUE(accepted());
    const auto size = std::filesystem::file_size(file);
    ASSERT_TRUE(add_medium(file, *config::find_drive(config, "hdc")));
    EXPECT_EQ(std::filesystem::file_size(file), size) << "once is enough";

    // Neither in another drive, nor for writing, nor as a device, nor in another place of the configuration.
    config::DomainConfig forged = config;
    forged.disks.back().path = "/second%.iso";
    EXPECT_FALSE(expect_same(domain_of(forged), read_beginning(file).value()));
    forged = config;
    forged.disks.back().access = config::DiskAccess::SharedWrite;
    EXPECT_FALSE(expect_same(domain_of(forged), read_beginning(file).value()));
    forged = config;
    forged.disks[1].backend = config::DiskBackend::Physical;
    EXPECT_FALSE(expect_same(domain_of(forged), read_beginning(file).value()));
    forged = config;
    forged.disks[0].path = "/second%.iso";
    EXPECT_FALSE(expect_same(domain_of(forged), read_beginning(file).value()));
    forged = config;
    forged.evaluated.back().second = config::Value::List{"/etc/shadow,raw,hda,w"};
    EXPECT_FALSE(expect_same(domain_of(forged), read_beginning(file).value()));
    forged = config;
    forged.vcpus = forged.max_vcpus + 1; // none at all
    EXPECT_FALSE(expect_same(domain_of(forged), {.fingerprint = ""}));
}

TEST(SavedDomain, IsTheSameOutOfAFile)
{
    config::DomainConfig config = configuration_with_media();
    const Beginning known = beginning_of(domain_of(config));
    config::change_medium(config, "hdc", {});
    const std::vector<std::uint8_t> bytes = saved(domain_of(config));
    const auto file = begin_restore(std::make_unique<state::MemoryInput>(bytes));
    ASSERT_TRUE(file) << file.error().message();
    const auto same = expect_same(file->domain, known);
    EXPECT_TRUE(same) << same.error().message();
}

TEST(SavedDomain, AMediumIsNotedOnlyWhereItIsKnownWhatTheDomainWas)
{
    const base::TestFolder folder;
    const config::DomainConfig config = configuration_with_media();
    EXPECT_FALSE(add_medium(folder / "none", config.disks[1]));
    EXPECT_FALSE(std::filesystem::exists(folder / "none"));
    EXPECT_EQ(word_for(config.disks[1]), "hdc:r:file:/first%20disc.iso");
}

} // namespace

} // namespace windsor::domain
