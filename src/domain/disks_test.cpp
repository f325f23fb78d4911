// SPDX-License-Identifier: GPL-2.0-or-later
// What is done to all disks of a domain, and what their lines in a configuration stand for.
#include "domain/disks.hpp"

#include "base/test_folder.hpp"
#include "domain/images.hpp"
#include "domain/registry.hpp"

#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::domain {
namespace {

using testing::HasSubstr;

config::DiskConfig disk_of(const std::string& path, const std::string& vdev = "hda")
{
    config::DiskConfig disk;
    disk.path = path;
    disk.vdev = vdev;
    return disk;
}

class Disks : public testing::Test {
protected:
    Disks()
    {
        for (const char* name : {"one", "two"}) {
            const std::string path = (folder_ / name).string();
            std::ofstream{path} << std::string(8192, 'd');
            configs_.push_back(disk_of(path));
            disks_.push_back(storage::AsyncDisk::create(storage::open_image(image_spec(configs_.back())).value(),
                                                        {.executor = [](const std::function<void()>& work) { work(); }})
                                 .value());
        }
    }
    std::vector<storage::AsyncDisk*> all() const
    {
        std::vector<storage::AsyncDisk*> pointers;
        for (const auto& disk : disks_) {
            pointers.push_back(disk.get());
        }
        return pointers;
    }
    bool is_free(std::size_t which) const { return storage::open_image(image_spec(configs_[which])).has_value(); }

    base::TestFolder folder_;
    std::vector<config::DiskConfig> configs_;
    std::vector<std::unique_ptr<storage::AsyncDisk>> disks_;
};

TEST_F(Disks, AreLetGoAndTakenBackTogether)
{
    EXPECT_FALSE(is_free(0));
    ASSERT_TRUE(on_all_disks(all(), &storage::AsyncDisk::let_go));
    EXPECT_TRUE(is_free(0));
    EXPECT_TRUE(is_free(1));
    ASSERT_TRUE(on_all_disks(all(), &storage::AsyncDisk::take_back));
    EXPECT_FALSE(is_free(0));
    EXPECT_FALSE(is_free(1));
    EXPECT_TRUE(on_all_disks(all(), &storage::AsyncDisk::flush));
}

TEST_F(Disks, OneThatCannotBeHadBackIsSaid)
{
    ASSERT_TRUE(on_all_disks(all(), &storage::AsyncDisk::let_go));
    {
        const auto other = storage::open_image(image_spec(configs_[1])).value();
        const base::Status back = on_all_disks(all(), &storage::AsyncDisk::take_back);
        ASSERT_FALSE(back);
        EXPECT_THAT(back.error().message(), HasSubstr(configs_[1].path));
    }
    EXPECT_TRUE(on_all_disks(all(), &storage::AsyncDisk::take_back)) << "later it can";
}

TEST_F(Disks, NoneAreDoneAtOnce)
{
    EXPECT_TRUE(on_all_disks({}, &storage::AsyncDisk::flush));
}

TEST(DiskImages, AreWhatTheConfigurationSays)
{
    config::DiskConfig disk = disk_of("/images/a");
    EXPECT_EQ(image_spec(disk).target, "file:/images/a");
    EXPECT_EQ(image_spec(disk).access, storage::Access::ReadWrite);
    EXPECT_EQ(image_spec(disk).kind, storage::DiskKind::HardDisk);
    EXPECT_EQ(image_spec(disk).contents, storage::Contents::Any);
    EXPECT_EQ(image_spec(disk, storage::Contents::Saved).contents, storage::Contents::Saved);
    disk.backend = config::DiskBackend::Physical;
    EXPECT_EQ(image_spec(disk).target, "phy:/images/a");
    disk.access = config::DiskAccess::SharedWrite;
    EXPECT_EQ(image_spec(disk).access, storage::Access::SharedWrite);
    disk.access = config::DiskAccess::ReadOnly;
    EXPECT_EQ(image_spec(disk).access, storage::Access::ReadOnly);
}

// Nobody writes to a disc, whatever the line says.
TEST(DiskImages, ADiscIsReadOnly)
{
    config::DiskConfig disc = disk_of("/images/a.iso", "hdc");
    disc.kind = config::DiskKind::Cdrom;
    for (const auto access :
         {config::DiskAccess::ReadWrite, config::DiskAccess::SharedWrite, config::DiskAccess::ReadOnly}) {
        disc.access = access;
        EXPECT_EQ(image_spec(disc).access, storage::Access::ReadOnly);
    }
    EXPECT_EQ(image_spec(disc).kind, storage::DiskKind::CdRom);
}

TEST(DiskImages, HaveTheSlotsOfTheirDrives)
{
    unsigned slot = 0;
    for (const char* vdev : {"hda", "hdb", "hdc", "hdd"}) {
        EXPECT_EQ(slot_of(disk_of("/images/a", vdev)), slot++);
    }
}

// Who uses an image is said by the domain's name, where the registry has one.
TEST(DiskImages, AreUsedByDomains)
{
    const base::TestFolder folder;
    const auto names = domain_names(folder.path());
    EXPECT_EQ(names(::getpid()), "");
    Claim claim = Registry::open(folder.path()).value().claim("falstaff").value();
    claim.adopt();
    EXPECT_THAT(names(::getpid()), HasSubstr("domain 'falstaff'"));
    EXPECT_EQ(names(1), "");
}

} // namespace
} // namespace windsor::domain
