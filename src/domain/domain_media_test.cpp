// SPDX-License-Identifier: GPL-2.0-or-later
// Media that are changed in a whole domain.
#include "domain/domain_testing.hpp"
#include "domain/images.hpp"

#include <fcntl.h>
#include <fstream>

namespace windsor::domain {
namespace {

using testing::HasSubstr;

constexpr std::size_t kFloppyBytes = 1'474'560;

class DomainMedia : public DomainTest {
protected:
    void SetUp() override
    {
        DomainTest::SetUp();
        add("hda", file("disk.img", 1u << 20), config::DiskKind::Disk);
        add("hdc", file("first.iso", 4096), config::DiskKind::Cdrom);
        add("fda", file("first.img", kFloppyBytes), config::DiskKind::Disk);
    }

    std::string file(const std::string& name, std::size_t bytes) const
    {
        std::ofstream{folder_ / name} << std::string(bytes, name[0]);
        return (folder_ / name).string();
    }
    base::Fd open(const std::string& path, int flags = O_RDONLY) const
    {
        return base::Fd{::open(path.c_str(), flags | O_CLOEXEC)};
    }
    // What it is refused with; empty if it is not.
    std::string inserted(const std::string& drive, const std::string& path, const std::string& access = "r")
    {
        const base::Fd image = open(path, access == "r" ? O_RDONLY : O_RDWR);
        return refusal("insert_medium", {{"drive", drive}, {"path", path}, {"access", access}}, image.get());
    }
    Json drive(const std::string& name)
    {
        const Json all = call("drives").value();
        for (const Json& one : all) {
            if (one["drive"] == name) {
                return one;
            }
        }
        return {};
    }
    static bool free_to_write(const std::string& path)
    {
        return storage::open_image({.target = path, .access = storage::Access::ReadWrite}).has_value();
    }

private:
    void add(const std::string& drive, const std::string& path, config::DiskKind kind)
    {
        config::DiskConfig disk;
        disk.vdev = drive;
        disk.path = path;
        disk.kind = kind;
        disk.text = "file:" + path + "," + drive;
        settings_.config.disks.push_back(disk);
    }
};

TEST_F(DomainMedia, AreListedAndChanged)
{
    start();
    EXPECT_EQ(drive("hda")["removable"], false);
    EXPECT_EQ(drive("hdc")["kind"], "cdrom");
    EXPECT_EQ(drive("fda")["kind"], "floppy");
    EXPECT_EQ(drive("hdc")["size"], 4096);
    EXPECT_EQ(drive("hdc")["locked"], false);

    const std::string second = file("second.iso", 8192);
    EXPECT_EQ(inserted("hdc", second), "");
    EXPECT_EQ(drive("hdc")["path"], second);
    EXPECT_EQ(drive("hdc")["size"], 8192);
    EXPECT_TRUE(free_to_write(settings_.config.disks[1].path)) << "the lock goes with the disc";
    EXPECT_FALSE(free_to_write(second));

    EXPECT_EQ(refusal("eject_medium", {{"drive", "hdc"}}), "");
    EXPECT_EQ(drive("hdc")["path"], "");
    EXPECT_EQ(drive("hdc")["size"], 0);
    EXPECT_TRUE(free_to_write(second));
    EXPECT_EQ(refusal("eject_medium", {{"drive", "hdc"}}), "") << "there is nothing to take out";

    const std::string floppy = file("second.img", kFloppyBytes);
    EXPECT_EQ(inserted("fda", floppy, "w"), "");
    EXPECT_EQ(drive("fda")["access"], "w");
    EXPECT_FALSE(free_to_write(floppy));
    EXPECT_TRUE(free_to_write(settings_.config.disks[2].path));
}

TEST_F(DomainMedia, ThatCannotBePutInLeaveAllAsItWas)
{
    start();
    const Json before = call("drives").value();
    const std::string disc = file("disc.iso", 4096);
    EXPECT_THAT(inserted("hda", disc), HasSubstr("hda is a hard disk"));
    EXPECT_THAT(inserted("hdd", disc), HasSubstr("no drive hdd"));
    EXPECT_THAT(inserted("fda", disc), HasSubstr("4096 bytes is the size of no floppy disk"));
    EXPECT_THAT(inserted("fda", file("large.img", 2 * kFloppyBytes)), HasSubstr("does not take a disk of 2.88 MB"));
    EXPECT_THAT(inserted("hdc", file("empty.iso", 0)), HasSubstr("has no medium in it"));
    EXPECT_THAT(inserted("hdc", "/dev/null"), HasSubstr("neither a file nor a block device"));
    EXPECT_THAT(inserted("hdc", folder_.path().string()), HasSubstr("is a directory"));
    EXPECT_THAT(refusal("insert_medium", {{"drive", "hdc"}, {"path", "disc.iso"}}, open(disc).get()),
                HasSubstr("has to begin with '/'"));
    EXPECT_EQ(refusal("insert_medium", {{"drive", "hdc"}, {"path", disc}}), "no open image came with the request");
    EXPECT_THAT(refusal("insert_medium", {{"drive", "fda"}, {"path", disc}, {"access", "w"}}, open(disc).get()),
                HasSubstr("not open for writing"));
    const auto writer = storage::open_image({.target = disc, .access = storage::Access::ReadWrite}).value();
    EXPECT_THAT(inserted("hdc", disc), HasSubstr("in use"));
    EXPECT_EQ(call("drives").value(), before);
    EXPECT_THAT(inserted("hdc", settings_.config.disks[0].path), HasSubstr("another disk of this same domain"));
}

TEST_F(DomainMedia, AreInTheConfigurationAndStayWhenTheGuestBeginsAnew)
{
    settings_.config.evaluated.emplace_back(
        "disk", config::Value::List{settings_.config.disks[0].text, settings_.config.disks[1].text});
    reset_at_a_key();
    start();
    const std::string second = file("second.iso", 8192);
    ASSERT_EQ(inserted("hdc", second), "");
    const auto shown = [&] { return call("config").value(); };
    EXPECT_EQ(shown()["json"]["disk"][1], "file:" + second + ",hdc:cdrom,r");
    EXPECT_THAT(shown()["xm"].get<std::string>(), HasSubstr("(uname file:" + second + ")"));
    EXPECT_THAT(shown()["xl"].get<std::string>(), HasSubstr(second));
    ASSERT_TRUE(call("keys", {{"keys", "a"}}));
    ASSERT_TRUE(soon([&] { return status_from(call("status").value()).restarts > 0; }));
    EXPECT_EQ(drive("hdc")["path"], second);
}

TEST_F(DomainMedia, AreLetGoAndTakenBackWithTheDomain)
{
    start();
    const std::string floppy = file("second.img", kFloppyBytes);
    ASSERT_EQ(inserted("fda", floppy, "w"), "");
    SocketPair pair = SocketPair::make();
    Channel target{std::move(pair.one), base::Fd{}, "the source"};
    target.set_patience(kTestPatience);
    RpcClient mover = client();
    ASSERT_TRUE(mover.send("migrate", Json::object(), pair.other.get()));
    pair.other.reset();
    ASSERT_TRUE(target.send(Channel::Kind::GoOn));
    for (auto message = target.receive(); message && message->kind != Channel::Kind::End; message = target.receive()) {
        if (message->kind == Channel::Kind::Mark) {
            ASSERT_TRUE(target.send(Channel::Kind::Mark));
        }
    }
    EXPECT_THAT(refusal("eject_medium", {{"drive", "fda"}}), HasSubstr("moved"));
    ASSERT_TRUE(target.send(Channel::Kind::Ready));
    ASSERT_TRUE(target.expect(Channel::Kind::TakeOver));
    EXPECT_TRUE(free_to_write(floppy));
    target.close(); // in the moment of the hand-over
    ASSERT_FALSE(mover.answer_within(kTestPatience).value());
    EXPECT_EQ(refusal("unpause"), "");
    EXPECT_FALSE(free_to_write(floppy));
    EXPECT_EQ(drive("fda")["path"], floppy);
}

} // namespace
} // namespace windsor::domain
