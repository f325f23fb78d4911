// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/unit.hpp"

#include "devices/ide/ide_bench.hpp"
#include "devices/site_testing.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::ide {
namespace {

class IdeUnit : public testing::Test, protected TestSite {
protected:
    IdeUnit()
    {
        auto made = make(chipset::pci({1, 1}, "ide", {.ports = {0x1f0, 0x170, 0x3f6, 0x376}, .irqs = {14, 15}},
                                      unit({{.position = 0, .name = "hda", .media = disk},
                                            {.position = 1, .name = "hdb", .cdrom = true, .media = disc}})));
        device = std::move(made.value());
        pci_bus.find(1, 1)->config_write(4, 2, pci::kCommandIo);
    }
    // A packet command without data, or with as much of its data as fits into a block: the first bytes of it.
    unsigned packet(const std::array<std::uint8_t, kPacketBytes>& bytes)
    {
        out(0x1f6, 0xb0);
        out(0x1f5, 0x08);
        out(0x1f7, 0xa0);
        for (std::size_t at = 0; at < bytes.size(); at += 2) {
            ports.write(base::Port{0x1f0}, bus::Width::Word, bytes[at] | bytes[at + 1] << 8);
        }
        return in(0x1f7);
    }
    unsigned sense_key() { return in(0x1f1) >> 4; }

    std::shared_ptr<MemoryMedia> disk = std::make_shared<MemoryMedia>(600 * kSectorBytes);
    std::shared_ptr<MemoryMedia> disc = std::make_shared<MemoryMedia>(80 * kCdBlockBytes);
    std::unique_ptr<chipset::Device> device;
};

TEST_F(IdeUnit, OffersItsCdRomDrive)
{
    ASSERT_EQ(outlets.removable_drives.size(), 1u);
    backend::RemovableDrive& drive = *outlets.removable_drives[0];
    EXPECT_EQ(drive.name(), "hdb");
    EXPECT_FALSE(drive.locked());
    packet({0x00});
    packet({0x00});
    EXPECT_EQ(packet({0x00}) & 1, 0u);
    ASSERT_TRUE(drive.change(std::make_shared<MemoryMedia>(40 * kCdBlockBytes)));
    EXPECT_EQ(packet({0x00}) & 1, 1u);
    EXPECT_EQ(sense_key(), 6u); // unit attention
    EXPECT_EQ(packet({0x00}) & 1, 0u);
    ASSERT_TRUE(drive.change(nullptr));
    EXPECT_EQ(packet({0x00}) & 1, 1u);
    EXPECT_EQ(sense_key(), 2u); // not ready
    EXPECT_EQ(disc.use_count(), 1);
}

TEST_F(IdeUnit, ALockedDiscStaysUnlessItIsToComeOut)
{
    backend::RemovableDrive& drive = *outlets.removable_drives.at(0);
    packet({0x00});
    packet({0x1e, 0, 0, 0, 1});
    EXPECT_TRUE(drive.locked());
    EXPECT_FALSE(drive.change(nullptr));
    EXPECT_EQ(disc.use_count(), 2);
    EXPECT_TRUE(drive.change(nullptr, backend::LockedMedium::ComesOut));
    EXPECT_EQ(disc.use_count(), 1);
}

TEST_F(IdeUnit, TheWorldsDiscsGoWithTheDrives)
{
    device->release_world();
    EXPECT_EQ(disc.use_count(), 1);
    EXPECT_FALSE(outlets.removable_drives.at(0)->locked());
    EXPECT_FALSE(outlets.removable_drives.at(0)->change(disc));
}

// IDENTIFY DEVICE has two characters a word, the first one in the upper half.
class IdeTexts : public testing::Test, protected TestSite {
protected:
    void make_drives(std::vector<AttachedDrive> drives)
    {
        auto made = make(chipset::pci({1, 1}, "ide", {.ports = {0x1f0, 0x170, 0x3f6, 0x376}, .irqs = {14, 15}},
                                      unit(std::move(drives))));
        device_ = std::move(made.value());
        pci_bus.find(1, 1)->config_write(4, 2, pci::kCommandIo);
    }
    std::string identified(unsigned command, unsigned word, unsigned words)
    {
        out(0x1f6, 0xa0);
        out(0x1f7, command);
        std::string text;
        for (unsigned i = 0; i < 256; ++i) {
            const auto value = ports.read(base::Port{0x1f0}, bus::Width::Word);
            if (i >= word && i < word + words) {
                text += static_cast<char>(value >> 8);
                text += static_cast<char>(value);
            }
        }
        return text.substr(0, text.find_last_not_of(' ') + 1);
    }

    std::unique_ptr<chipset::Device> device_;
};

TEST_F(IdeTexts, ADiskTellsWhatItIsGiven)
{
    make_drives({{.position = 0,
                  .name = "hda",
                  .serial = "S1",
                  .model = "Other DISK",
                  .firmware = "9.9",
                  .media = std::make_shared<MemoryMedia>(600 * kSectorBytes)}});
    EXPECT_EQ(identified(0xec, 10, 10), "S1");
    EXPECT_EQ(identified(0xec, 23, 4), "9.9");
    EXPECT_EQ(identified(0xec, 27, 20), "Other DISK");
}

TEST_F(IdeTexts, ACdRomDriveTellsWhatItIsGiven)
{
    make_drives(
        {{.position = 0, .name = "hda", .cdrom = true, .serial = "S2", .model = "Other CD 5", .firmware = "9.9"}});
    EXPECT_EQ(identified(0xa1, 10, 10), "S2");
    EXPECT_EQ(identified(0xa1, 23, 4), "9.9");
    EXPECT_EQ(identified(0xa1, 27, 20), "Other CD 5");
}

} // namespace
} // namespace windsor::devices::ide
