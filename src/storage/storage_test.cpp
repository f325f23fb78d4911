// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mutex.hpp"
#include "base/test_folder.hpp"
#include "storage/async_disk.hpp"
#include "storage/image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::storage {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class StorageTest : public testing::Test {
protected:
    std::string path(const std::string& name) const { return (directory / name).string(); }
    std::string make(const std::string& name, std::uint64_t bytes) const
    {
        std::ofstream{path(name)};
        fs::resize_file(path(name), bytes);
        return path(name);
    }
    static base::Result<std::unique_ptr<Image>> open(const std::string& target, Access access = Access::ReadWrite,
                                                     DiskKind kind = DiskKind::HardDisk)
    {
        return open_image({.target = target, .access = access, .kind = kind});
    }
    // The sentence of a refusal.
    static std::string refusal(const std::string& target, Access access = Access::ReadWrite)
    {
        const auto image = open(target, access);
        return image ? "not refused" : image.error().message();
    }

    base::TestFolder directory;
};

bool mentions(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

// Whoever follows the advice loses nothing: none is made in /dev, or where a guest has had its data.
TEST_F(StorageTest, AdviceIsForTheKindOfMediumAndDestroysNothing)
{
    const auto said = [](const ImageSpec& spec) {
        const auto image = open_image(spec);
        return image ? "not refused" : image.error().message();
    };
    struct Row {
        ImageSpec spec;
        const char* advice;
    };
    const std::string none = path("none.img");
    const std::string empty = make("empty.img", 0);
    const Row rows[] = {
        {{.target = none, .access = Access::ReadWrite}, "or make an empty one with `truncate -s '>10G' "},
        {{.target = none, .access = Access::ReadWrite, .kind = DiskKind::Floppy}, "`truncate -s '>1440K' "},
        {{.target = none}, "there is no such image; correct the path"},
        {{.target = none, .access = Access::ReadWrite, .contents = Contents::Saved}, "bring it back to this path"},
        {{.target = none, .kind = DiskKind::CdRom}, "correct the path, or leave the guest's drive empty"},
        {{.target = "phy:/dev/none", .kind = DiskKind::CdRom}, "there is no such drive; name the host's CD drive"},
        {{.target = "phy:vg/none", .access = Access::ReadWrite},
         "there is no such device; correct the path, or create"},
        {{.target = empty, .access = Access::ReadWrite}, "is empty; give it a size with `truncate -s '>10G' "},
        {{.target = empty}, "is empty; correct the path"},
        {{.target = empty, .access = Access::ReadWrite, .contents = Contents::Saved}, "bring its contents back"},
        {{.target = empty, .kind = DiskKind::CdRom}, "has no medium in it; insert a disc"},
        {{.target = make("tiny.img", 100), .access = Access::ReadWrite}, "smaller than one 512-byte sector"},
    };
    for (const Row& row : rows) {
        EXPECT_TRUE(mentions(said(row.spec), row.advice)) << said(row.spec);
        const bool makes = row.spec.access == Access::ReadWrite && row.spec.contents == Contents::Any &&
                           row.spec.target.starts_with('/') && !row.spec.target.ends_with("tiny.img");
        EXPECT_EQ(mentions(said(row.spec), "truncate"), makes) << said(row.spec);
    }
}

TEST_F(StorageTest, TargetsResolveAsInXen)
{
    EXPECT_EQ(*resolve_target("file:/a/b.img"), "/a/b.img");
    EXPECT_EQ(*resolve_target("tap:aio:/a/b.img"), "/a/b.img");
    EXPECT_EQ(*resolve_target("phy:vg/lv"), "/dev/vg/lv");
    EXPECT_EQ(*resolve_target("phy:/dev/sda"), "/dev/sda");
    EXPECT_EQ(*resolve_target("/plain:name"), "/plain:name");
    EXPECT_TRUE(mentions(resolve_target("tap:qcow2:/x").error().message(), "raw"));
    EXPECT_TRUE(mentions(resolve_target("nbd:host").error().message(), "nbd"));
    EXPECT_FALSE(resolve_target("file:").has_value());
    EXPECT_FALSE(resolve_target("phy:").has_value());
}

TEST_F(StorageTest, OpensAFileAndTellsItsSize)
{
    const auto image = open("file:" + make("a.img", 10240));
    ASSERT_TRUE(image.has_value()) << image.error().message();
    EXPECT_EQ((*image)->size_bytes(), 10240U);
    EXPECT_FALSE((*image)->read_only());
    EXPECT_TRUE((*image)->notes().empty());
}

TEST_F(StorageTest, OddSizesAreRoundedWithANote)
{
    const auto disk = open(make("odd.img", 1025));
    ASSERT_TRUE(disk.has_value());
    EXPECT_EQ((*disk)->size_bytes(), 1024U);
    EXPECT_EQ((*disk)->notes().size(), 1U);
    const auto cd = open(make("odd.iso", 2049), Access::ReadOnly, DiskKind::CdRom);
    ASSERT_TRUE(cd.has_value());
    EXPECT_EQ((*cd)->size_bytes(), 4096U);
    EXPECT_EQ((*cd)->notes().size(), 1U);
}

TEST_F(StorageTest, RefusalsSayWhatAndWhere)
{
    EXPECT_TRUE(mentions(refusal(path("none.img")), "none.img: there is no such image"));
    EXPECT_TRUE(mentions(refusal(path("no/dir.img")), "there is no such image"));
    EXPECT_TRUE(mentions(refusal(directory.path().string()), "is a directory"));
    EXPECT_TRUE(mentions(refusal(make("empty.img", 0)), "empty.img: is empty"));
    EXPECT_TRUE(mentions(refusal(make("tiny.img", 100)), "smaller than one 512-byte sector"));
    EXPECT_TRUE(mentions(refusal("/dev/full"), "neither a file nor a block device"));
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_TRUE(mentions(refusal(path("fifo")), "neither a file nor a block device"));
    std::ofstream{path("q.img")} << "QFI\xFB" << std::string(1024, ' ');
    EXPECT_TRUE(mentions(refusal(path("q.img")), "is a qcow2 image"));
}

TEST_F(StorageTest, UnreadableImagesAreRefused)
{
    const std::string image = make("secret.img", 1024);
    ASSERT_EQ(::chmod(image.c_str(), 0400), 0);
    ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
    const pid_t child = ::fork();
    if (child == 0) { // as a user without rights, who may be this one already
        if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
            ::_exit(2);
        }
        ::_exit(mentions(refusal(image), "no permission to read and write") ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(StorageTest, AWritableImageIsUsedOnceInAProcess)
{
    const std::string image = make("a.img", 1024);
    auto first = open(image);
    ASSERT_TRUE(first.has_value());
    fs::create_symlink(image, path("link.img"));
    EXPECT_TRUE(mentions(refusal(image), "in use by another disk of this same domain"));
    EXPECT_TRUE(mentions(refusal(path("link.img"), Access::ReadOnly), "in use"));
    EXPECT_TRUE(open(image, Access::SharedWrite).has_value());
    first->reset();
    EXPECT_TRUE(open(image).has_value());
}

TEST_F(StorageTest, ReadersShareAndKeepWritersOut)
{
    const std::string image = make("a.iso", 4096);
    const auto first = open(image, Access::ReadOnly, DiskKind::CdRom);
    const auto second = open(image, Access::ReadOnly, DiskKind::CdRom);
    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_TRUE(mentions(refusal(image), "in use"));
}

// As another program has it: a lock of its own open of the file.
class OtherProgram {
public:
    explicit OtherProgram(const std::string& file, int flags = O_RDWR) : file_{::open(file.c_str(), flags | O_CLOEXEC)}
    {
    }
    bool lock(short type, off_t start, off_t length) const { return call(F_OFD_SETLK, type, start, length) == F_UNLCK; }
    // Whether nobody else has a lock there that stands in the way.
    bool free(off_t byte) const { return call(F_OFD_GETLK, F_WRLCK, byte, 1) == F_UNLCK; }

private:
    short call(int command, short type, off_t start, off_t length) const
    {
        flock lock{};
        lock.l_type = type;
        lock.l_whence = SEEK_SET;
        lock.l_start = start;
        lock.l_len = length;
        const int result = ::fcntl(file_.get(), command, &lock);
        return static_cast<short>(command == F_OFD_GETLK ? lock.l_type : result == 0 ? F_UNLCK : type);
    }

    base::Fd file_;
};

// What QEMU 7.2 was seen to lock for a disc: 100 (it reads consistently), 201 and 203 (nobody may write or resize).
TEST_F(StorageTest, ReadersAgreeWithQemusReaders)
{
    const std::string image = make("a.iso", 4096);
    const OtherProgram qemu{image, O_RDONLY};
    for (const off_t byte : {100, 201, 203}) {
        ASSERT_TRUE(qemu.lock(F_RDLCK, byte, 1));
    }
    const auto first = open(image, Access::ReadOnly, DiskKind::CdRom);
    ASSERT_TRUE(first.has_value()) << first.error().message();
    for (const off_t byte : {200, 101, 103}) { // where QEMU looks when it has its own
        EXPECT_TRUE(qemu.free(byte)) << byte;
    }
    EXPECT_TRUE(mentions(refusal(image), "in use"));
}

// What QEMU 7.2 was seen to lock for a disk: 100 and 101 (it reads and writes) and 201 (nobody else may write).
TEST_F(StorageTest, NobodyWritesBesideQemuNorQemuBesideUs)
{
    const std::string image = make("a.img", 4096);
    {
        const OtherProgram qemu{image};
        for (const off_t byte : {100, 101, 201}) {
            ASSERT_TRUE(qemu.lock(F_RDLCK, byte, 1));
        }
        EXPECT_TRUE(mentions(refusal(image), "in use"));
        EXPECT_TRUE(mentions(refusal(image, Access::ReadOnly), "in use"));
    }
    const auto own = open(image);
    ASSERT_TRUE(own.has_value()) << "a refused attempt leaves no lock behind";
    const OtherProgram qemu{image};
    EXPECT_FALSE(qemu.free(200)) << "that it reads";
    EXPECT_FALSE(qemu.free(201)) << "that it writes";
    EXPECT_FALSE(qemu.free(101)) << "that it refuses writers";
}

TEST_F(StorageTest, LocksOfWholeFilesCount)
{
    const std::string image = make("a.img", 4096);
    const OtherProgram other{image};
    ASSERT_TRUE(other.lock(F_WRLCK, 0, 0));
    EXPECT_TRUE(mentions(refusal(image, Access::ReadOnly), "in use"));
    ASSERT_TRUE(other.lock(F_UNLCK, 0, 0));
    const auto own = open(image, Access::ReadOnly);
    ASSERT_TRUE(own.has_value());
    EXPECT_FALSE(other.lock(F_WRLCK, 0, 0));
}

TEST_F(StorageTest, AnImageThatSomebodyElseHasOpenedIsChecked)
{
    const auto adopted = [](const std::string& file, int flags, Access access) {
        base::Fd open{::open(file.c_str(), flags | O_CLOEXEC)};
        const auto image = adopt_image({.target = file, .access = access}, std::move(open));
        return image ? "not refused" : image.error().message();
    };
    const std::string image = make("a.img", 4096);
    EXPECT_EQ(adopted(image, O_RDONLY, Access::ReadOnly), "not refused");
    EXPECT_EQ(adopted(image, O_RDWR, Access::ReadWrite), "not refused");
    EXPECT_TRUE(mentions(adopted(image, O_RDONLY, Access::ReadWrite), "not open for writing"));
    EXPECT_TRUE(mentions(adopted(image, O_WRONLY, Access::ReadOnly), "not open for reading"));
    EXPECT_TRUE(mentions(adopted(image, O_PATH, Access::ReadOnly), "not open"));
    EXPECT_TRUE(mentions(adopted(path("none"), O_RDONLY, Access::ReadOnly), "not open"));
    EXPECT_TRUE(mentions(adopted("/dev/null", O_RDWR, Access::ReadOnly), "neither a file nor a block device"));
    EXPECT_TRUE(mentions(adopted(directory.path().string(), O_RDONLY, Access::ReadOnly), "is a directory"));
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    EXPECT_TRUE(mentions(adopted(path("fifo"), O_RDWR, Access::ReadWrite), "neither a file nor a block device"));
    const auto held = open(image);
    EXPECT_TRUE(mentions(adopted(image, O_RDWR, Access::ReadWrite), "in use"));
}

// The command that inserts a medium has a copy of the descriptor for a moment.
TEST_F(StorageTest, AClosedImageHasNoLockWhoeverHasACopy)
{
    const std::string image = make("a.img", 4096);
    const auto first = open(image).value();
    const base::Fd copy{::fcntl(first->fd(), F_DUPFD_CLOEXEC, 0)};
    EXPECT_TRUE(mentions(refusal(image), "in use"));
    first->close();
    EXPECT_EQ(refusal(image), "not refused");
    base::Fd again{::fcntl(copy.get(), F_DUPFD_CLOEXEC, 0)};
    ASSERT_TRUE(first->reopen(std::move(again)).has_value());
    EXPECT_TRUE(mentions(refusal(image), "in use"));
}

TEST_F(StorageTest, AnImageInUseElsewhereNamesItsHolder)
{
    const std::string image = make("a.img", 1024);
    std::array<int, 2> ready{};
    std::array<int, 2> leave{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    ASSERT_EQ(::pipe(leave.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(leave[1]);
        const auto held = open(image);
        char byte = held ? 'y' : 'n';
        if (::write(ready[1], &byte, 1) != 1) {
            ::_exit(1);
        }
        ::_exit(::read(leave[0], &byte, 1) == 0 ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    const std::string sentence = refusal(image);
    EXPECT_TRUE(mentions(sentence, "in use by process " + std::to_string(child))) << sentence;
    const auto named = open_image({.target = image, .access = Access::ReadWrite, .users = [&](int pid) {
                                       return pid == child ? std::string{"domain 'x'"} : std::string{};
                                   }});
    EXPECT_TRUE(mentions(named.error().message(), "in use by domain 'x'; stop that first")) << named.error().message();
    for (const int fd : {ready[0], ready[1], leave[0], leave[1]}) {
        ::close(fd);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(open(image).has_value()); // the lock went with its holder
}

base::Status reopen(Image& image)
{
    return image.reopen(WINDSOR_TRY(open_file(image.spec())));
}

TEST_F(StorageTest, AClosedImageCanBeTakenOverAndBack)
{
    const std::string image = make("disk.img", 1 << 20);
    const auto first = open(image).value();
    const auto second = expect_image({.target = image, .access = Access::ReadWrite}, 1 << 20).value();
    EXPECT_EQ(second->fd(), -1);
    EXPECT_EQ(second->size_bytes(), 1u << 20);
    EXPECT_NE(reopen(*second).error().message().find("is in use by"), std::string::npos);
    EXPECT_TRUE(inspect_image({.target = image, .access = Access::ReadWrite}).has_value()) << "looking takes no lock";
    first->close();
    ASSERT_TRUE(reopen(*second).has_value());
    EXPECT_EQ(second->stored_bytes(), 1u << 20);
    EXPECT_NE(reopen(*first).error().message().find("is in use by"), std::string::npos);
    second->close();
    ASSERT_TRUE(reopen(*first).has_value());
    first->close();
    fs::resize_file(image, 2 << 20);
    EXPECT_EQ(reopen(*first).error().message(),
              image + ": is 2097152 bytes long now, and the guest knows it with 1048576; give it its old size");
    EXPECT_EQ(refusal(image), "not refused") << "no lock is left";
}

// Stands for the machine: work arrives from the disk's thread and is run here.
class Machine {
public:
    AsyncDisk::Executor executor()
    {
        return [this](std::function<void()> work) {
            const base::MutexLock lock{mutex_};
            work_.push_back(std::move(work));
            arrived_.notify_all();
        };
    }
    // Runs work until `done` holds; false if nothing comes any more.
    bool run_until(const std::function<bool()>& done)
    {
        while (!done()) {
            const std::function<void()> work = next();
            if (!work) {
                return false;
            }
            work();
        }
        return true;
    }
    std::size_t waiting()
    {
        const base::MutexLock lock{mutex_};
        return work_.size();
    }

private:
    // None if nothing comes.
    std::function<void()> next()
    {
        const base::MutexLock lock{mutex_};
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (work_.empty()) {
            if (!arrived_.wait_until(mutex_, end)) {
                return {};
            }
        }
        auto work = std::move(work_.front());
        work_.pop_front();
        return work;
    }

    base::Mutex mutex_;
    base::Condition arrived_;
    std::deque<std::function<void()>> work_ WINDSOR_GUARDED_BY(mutex_);
};

class AsyncDiskTest : public StorageTest {
protected:
    std::unique_ptr<AsyncDisk> disk(const std::string& target, Access access = Access::ReadWrite,
                                    std::function<void()> on_no_space = {}, DiskKind kind = DiskKind::HardDisk,
                                    std::size_t most_waiting = 256)
    {
        auto image = open(target, access, kind);
        EXPECT_TRUE(image.has_value()) << image.error().message();
        auto result = AsyncDisk::create(std::move(*image), {.executor = machine.executor(),
                                                            .on_no_space = std::move(on_no_space),
                                                            .most_waiting = most_waiting});
        EXPECT_TRUE(result.has_value());
        return std::move(*result);
    }
    backend::BlockMedia::Done keep(std::optional<base::Status>& result)
    {
        return [&result](base::Status status) { result = std::move(status); };
    }

    Machine machine;
};

TEST_F(AsyncDiskTest, WritesAreReadBackInOrder)
{
    const auto target = make("a.img", 1 << 20);
    const auto medium = disk(target);
    std::vector<std::uint8_t> out(65536, 0xAB);
    std::vector<std::uint8_t> in(65536);
    std::optional<base::Status> written;
    std::optional<base::Status> flushed;
    std::optional<base::Status> read;
    medium->write(4096, out, keep(written));
    medium->flush(keep(flushed));
    medium->read(4096, in, keep(read));
    EXPECT_FALSE(written.has_value()); // never within the call
    ASSERT_TRUE(machine.run_until([&] { return read.has_value(); }));
    EXPECT_TRUE(written.has_value() && written->has_value());
    EXPECT_TRUE(flushed.has_value() && flushed->has_value());
    EXPECT_TRUE(read->has_value());
    EXPECT_EQ(in, out);
    std::ifstream file{target, std::ios::binary};
    file.seekg(4096 + 65535);
    EXPECT_EQ(file.get(), 0xAB);
    EXPECT_EQ(fs::file_size(target), 1U << 20);
}

TEST_F(AsyncDiskTest, LetsGoOfItsImageAndTakesItBack)
{
    const auto target = make("a.img", 1 << 20);
    const auto medium = disk(target);
    std::vector<std::uint8_t> out(512, 0xAB);
    std::vector<std::uint8_t> in(512);
    std::optional<base::Status> written;
    std::optional<base::Status> gone;
    std::optional<base::Status> read;
    medium->write(0, out, keep(written));
    medium->let_go(keep(gone));
    medium->read(0, in, keep(read));
    ASSERT_TRUE(machine.run_until([&] { return read.has_value(); }));
    EXPECT_TRUE(written->has_value());
    EXPECT_TRUE(gone->has_value());
    EXPECT_FALSE(read->has_value()) << "it is another's now";
    auto other = open(target);
    ASSERT_TRUE(other.has_value());
    std::optional<base::Status> back;
    medium->take_back(keep(back));
    ASSERT_TRUE(machine.run_until([&] { return back.has_value(); }));
    EXPECT_TRUE(mentions(back->error().message(), "is in use by"));
    other->reset();
    back.reset();
    read.reset();
    medium->take_back(keep(back));
    medium->read(0, in, keep(read));
    ASSERT_TRUE(machine.run_until([&] { return read.has_value(); }));
    EXPECT_TRUE(back->has_value());
    EXPECT_TRUE(read->has_value());
    EXPECT_EQ(in, out);
}

TEST_F(AsyncDiskTest, BeyondTheEndFails)
{
    const auto medium = disk(make("a.img", 4096));
    std::vector<std::uint8_t> bytes(1024);
    std::optional<base::Status> read;
    std::optional<base::Status> written;
    medium->read(3584, bytes, keep(read));
    medium->write(~std::uint64_t{0} - 100, bytes, keep(written));
    ASSERT_TRUE(machine.run_until([&] { return read && written; }));
    EXPECT_FALSE(read->has_value());
    EXPECT_FALSE(written->has_value());
}

TEST_F(AsyncDiskTest, ReadOnlyRefusesWrites)
{
    const auto target = make("a.img", 4096);
    const auto medium = disk(target, Access::ReadOnly);
    EXPECT_TRUE(medium->read_only());
    std::vector<std::uint8_t> bytes(512, 1);
    std::optional<base::Status> written;
    medium->write(0, bytes, keep(written));
    ASSERT_TRUE(machine.run_until([&] { return written.has_value(); }));
    EXPECT_TRUE(mentions(written->error().message(), "read-only"));
    std::optional<base::Status> flushed;
    medium->flush(keep(flushed));
    ASSERT_TRUE(machine.run_until([&] { return flushed.has_value(); }));
    EXPECT_TRUE(flushed->has_value());
    std::ifstream file{target, std::ios::binary};
    EXPECT_EQ(file.get(), 0);
}

TEST_F(AsyncDiskTest, TheOddEndOfACdReadsAsZeros)
{
    std::ofstream{path("odd.iso")} << std::string(2050, 'x');
    const auto medium = disk(path("odd.iso"), Access::ReadOnly, {}, DiskKind::CdRom);
    std::vector<std::uint8_t> bytes(4096, 0xFF);
    std::optional<base::Status> read;
    medium->read(0, bytes, keep(read));
    ASSERT_TRUE(machine.run_until([&] { return read.has_value(); }));
    ASSERT_TRUE(read->has_value());
    EXPECT_EQ(bytes[2049], 'x');
    EXPECT_TRUE(std::all_of(bytes.begin() + 2050, bytes.end(), [](std::uint8_t each) { return each == 0; }));
}

TEST_F(AsyncDiskTest, AFileCutShortIsAnError)
{
    const auto target = make("a.img", 8192);
    const auto medium = disk(target);
    fs::resize_file(target, 512);
    std::vector<std::uint8_t> bytes(1024);
    std::optional<base::Status> read;
    medium->read(0, bytes, keep(read));
    ASSERT_TRUE(machine.run_until([&] { return read.has_value(); }));
    EXPECT_TRUE(mentions(read->error().message(), "cut short"));
}

TEST_F(AsyncDiskTest, DestructionFinishesWhatWasAskedFor)
{
    const auto target = make("a.img", 1 << 20);
    std::vector<std::uint8_t> bytes(512, 0x5A);
    std::optional<base::Status> last;
    {
        const auto medium = disk(target);
        for (unsigned i = 0; i < 200; ++i) {
            medium->write(std::uint64_t{i} * 512, bytes, [&](base::Status status) { last = std::move(status); });
        }
    }
    EXPECT_EQ(machine.waiting(), 200U);
    std::ifstream file{target, std::ios::binary};
    file.seekg(200 * 512 - 1);
    EXPECT_EQ(file.get(), 0x5A);
    EXPECT_TRUE(machine.run_until([&] { return machine.waiting() == 0; }));
    EXPECT_TRUE(last.has_value() && last->has_value());
}

// Holds the process's limit on the size of files down for a while.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes)
    {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit now = before_;
        now.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileSizeLimit() { lift(); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    void lift() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

TEST_F(AsyncDiskTest, AWriteWithoutSpaceWaitsForRetry)
{
    unsigned stalls = 0;
    const auto medium = disk(make("a.img", 1 << 20), Access::ReadWrite, [&] { ++stalls; });
    std::vector<std::uint8_t> bytes(8192, 0x77);
    std::vector<std::uint8_t> in(8192);
    std::optional<base::Status> written;
    std::optional<base::Status> read;
    FileSizeLimit limit{65536};
    medium->write(65536 - 4096, bytes, keep(written)); // half of it fits
    medium->read(65536 - 4096, in, keep(read));
    ASSERT_TRUE(machine.run_until([&] { return stalls == 1; }));
    EXPECT_TRUE(medium->waiting_for_space());
    EXPECT_FALSE(written.has_value());
    medium->retry(); // in vain
    ASSERT_TRUE(machine.run_until([&] { return stalls == 2; }));
    EXPECT_FALSE(written.has_value());
    EXPECT_FALSE(read.has_value());
    limit.lift();
    medium->retry();
    ASSERT_TRUE(machine.run_until([&] { return read.has_value(); }));
    EXPECT_TRUE(written.has_value() && written->has_value());
    EXPECT_EQ(in, bytes);
    EXPECT_FALSE(medium->waiting_for_space());
}

TEST_F(AsyncDiskTest, WithoutAHandlerAWriteWithoutSpaceFails)
{
    const auto medium = disk(make("a.img", 1 << 20));
    std::vector<std::uint8_t> bytes(512);
    std::optional<base::Status> written;
    const FileSizeLimit limit{65536};
    medium->write(1 << 19, bytes, keep(written));
    ASSERT_TRUE(machine.run_until([&] { return written.has_value(); }));
    EXPECT_FALSE(written->has_value());
}

TEST_F(AsyncDiskTest, ADiskThatWaitsForSpaceCanGoAway)
{
    unsigned stalls = 0;
    std::vector<std::uint8_t> bytes(512);
    std::optional<base::Status> written;
    auto medium = disk(make("a.img", 1 << 20), Access::ReadWrite, [&] { ++stalls; });
    const FileSizeLimit limit{65536};
    medium->write(1 << 19, bytes, keep(written));
    ASSERT_TRUE(machine.run_until([&] { return stalls == 1; }));
    medium.reset();
    ASSERT_TRUE(machine.run_until([&] { return written.has_value(); }));
    EXPECT_FALSE(written->has_value());
}

TEST_F(AsyncDiskTest, TooManyRequestsAreRefused)
{
    unsigned stalls = 0;
    const auto medium = disk(make("a.img", 1 << 20), Access::ReadWrite, [&] { ++stalls; }, DiskKind::HardDisk, 2);
    std::vector<std::uint8_t> bytes(512);
    std::optional<base::Status> first;
    FileSizeLimit limit{65536};
    medium->write(1 << 19, bytes, keep(first));
    ASSERT_TRUE(machine.run_until([&] { return stalls == 1; }));
    std::array<std::optional<base::Status>, 3> results;
    for (auto& result : results) {
        medium->read(0, bytes, keep(result));
    }
    ASSERT_TRUE(machine.run_until([&] { return results[2].has_value(); }));
    EXPECT_TRUE(mentions(results[2]->error().message(), "too many"));
    limit.lift();
    medium->retry();
    ASSERT_TRUE(machine.run_until([&] { return results[0] && results[1]; }));
    EXPECT_TRUE(results[1]->has_value());
}

} // namespace
} // namespace windsor::storage
