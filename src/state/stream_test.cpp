// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "state/file.hpp"
#include "state/pages.hpp"
#include "state/testing.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace windsor::state {

namespace {

namespace fs = std::filesystem;

struct Lamp {
    std::uint8_t bulbs{0};
};

template <typename Archive> void describe(Archive& archive, Lamp& lamp)
{
    archive.field("bulbs", lamp.bulbs);
}

std::vector<std::uint8_t> sample()
{
    MemoryOutput output;
    StreamWriter writer{output};
    EXPECT_TRUE(writer.begin().has_value());
    EXPECT_TRUE(writer.object("lamp", Lamp{3}).has_value());
    EXPECT_TRUE(writer.record("note", 5, Need::Optional, std::vector<std::uint8_t>{1, 2}).has_value());
    EXPECT_TRUE(writer.end().has_value());
    return output.bytes;
}

// The error of reading it all, or how many records there are.
base::Result<std::size_t> read_all(std::span<const std::uint8_t> bytes)
{
    MemoryInput input{bytes};
    StreamReader reader{input};
    WINDSOR_TRY(reader.begin());
    for (std::size_t count = 0;; ++count) {
        if (!WINDSOR_TRY(reader.next())) {
            return count;
        }
    }
}

TEST(Stream, RecordsComeBack)
{
    const auto bytes = sample();
    MemoryInput input{bytes};
    StreamReader reader{input};
    ASSERT_TRUE(reader.begin().has_value());
    auto record = reader.next().value();
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->name, "lamp");
    EXPECT_EQ(record->need, Need::Mandatory);
    Lamp lamp;
    ASSERT_TRUE(read_object(*record, lamp).has_value());
    EXPECT_EQ(lamp.bulbs, 3);
    record = reader.next().value();
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->version, 5u);
    EXPECT_EQ(record->need, Need::Optional);
    EXPECT_EQ(record->contents, (std::vector<std::uint8_t>{1, 2}));
    EXPECT_FALSE(reader.next().value().has_value());
}

TEST(Stream, EveryTruncationAndEveryChangedByteIsAnError)
{
    const auto bytes = sample();
    ASSERT_EQ(read_all(bytes).value(), 2u);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        EXPECT_FALSE(read_all(std::span{bytes}.first(at)).has_value()) << at;
        auto changed = bytes;
        changed[at] ^= 0x40;
        EXPECT_FALSE(read_all(changed).has_value()) << at;
    }
    auto longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(read_all(longer).has_value());
}

TEST(Stream, OtherFilesAndFormatsAreNamed)
{
    const std::string text = "builder = 'hvm'\nmemory = 128\n";
    const std::vector<std::uint8_t> other{text.begin(), text.end()};
    EXPECT_EQ(read_all(other).error().message(), "this is no saved state of Windsor");
    auto newer = sample();
    newer[16] = 2;
    EXPECT_NE(read_all(newer).error().message().find("format version 2"), std::string::npos);
}

TEST(Stream, ALaterVersionOfARecordIsRefusedByName)
{
    Lamp lamp;
    const auto status = read_object({.name = "lamp", .version = 2, .contents = encode(pack(Lamp{1}))}, lamp);
    ASSERT_FALSE(status.has_value());
    EXPECT_NE(status.error().message().find("'lamp' is of version 2"), std::string::npos);
}

class PagesTest : public testing::Test {
protected:
    static constexpr std::size_t kPage = 4096;

    void SetUp() override
    {
        for (const std::size_t page : {0, 1, 255, 256, 700, 999}) {
            for (std::size_t i = 0; i < kPage; i += 7) {
                before_[page * kPage + i] = static_cast<std::uint8_t>(page + i * i);
            }
        }
        before_[500 * kPage + kPage - 1] = 1;
        StreamWriter writer{output_};
        ASSERT_TRUE(PageWriter{writer}.block("ram", before_).has_value());
        MemoryInput input{output_.bytes};
        StreamReader reader{input};
        for (auto record = reader.next(); record && *record; record = reader.next()) {
            records_.push_back(**record);
        }
    }

    std::vector<std::uint8_t> before_ = std::vector<std::uint8_t>(1000 * kPage);
    MemoryOutput output_;
    std::vector<Record> records_;
};

TEST_F(PagesTest, MemoryComesBackAndZerosCostNothing)
{
    std::vector<std::uint8_t> after(before_.size());
    PageReader pages;
    pages.expect("ram", after);
    EXPECT_EQ(records_.size(), 4u);
    EXPECT_LT(output_.bytes.size(), 7 * kPage);
    for (const Record& record : records_) {
        ASSERT_TRUE(pages.load(record).has_value());
    }
    EXPECT_EQ(before_, after);
    output_.bytes.clear();
    StreamWriter writer{output_};
    ASSERT_TRUE(PageWriter{writer}.block("ram", std::vector<std::uint8_t>(1000 * kPage)).has_value());
    EXPECT_TRUE(output_.bytes.empty());
}

TEST_F(PagesTest, MemoryThatIsNotThereOrComesTwiceIsRefused)
{
    std::vector<std::uint8_t> after(before_.size());
    PageReader nothing;
    EXPECT_NE(nothing.load(records_[0]).error().message().find("'ram'"), std::string::npos);
    PageReader small;
    small.expect("ram", std::span{after}.first(255 * kPage));
    EXPECT_FALSE(small.load(records_[0]).has_value()) << "page 255 is beyond its end";
    PageReader pages;
    pages.expect("ram", after);
    ASSERT_TRUE(pages.load(records_[1]).has_value());
    EXPECT_FALSE(pages.load(records_[1]).has_value());
    EXPECT_FALSE(pages.load(records_[0]).has_value());
    EXPECT_TRUE(pages.load(records_[2]).has_value());
}

TEST_F(PagesTest, DamageIsAnError)
{
    std::vector<std::uint8_t> after(before_.size());
    for (std::size_t size = 0; size < 60; ++size) {
        PageReader pages;
        pages.expect("ram", after);
        Record record = records_[0];
        record.contents.resize(size);
        EXPECT_FALSE(pages.load(record).has_value()) << size;
    }
    PageReader pages;
    pages.expect("ram", after);
    Record more_pages = records_[0];
    more_pages.contents[1 + 3 + 8 + 10] |= 1; // says that there is a page of which the frame has no data
    EXPECT_FALSE(pages.load(more_pages).has_value());
}

// Later records replace what earlier ones said, and a page may become zeros again.
TEST_F(PagesTest, ChangedPagesReplaceWhatWasWritten)
{
    std::vector<std::uint8_t> now = before_;
    const std::vector<std::uint64_t> numbers{0, 3, 255, 256, 999};
    for (const std::uint64_t number : numbers) {
        const auto page = std::span{now}.subspan(number * kPage, kPage);
        std::ranges::fill(page, static_cast<std::uint8_t>(number == 3 ? 0 : number + 1));
    }
    MemoryOutput output;
    StreamWriter writer{output};
    PageWriter pages{writer};
    ASSERT_TRUE(writer.begin().has_value());
    ASSERT_TRUE(pages.block("ram", before_).has_value());
    ASSERT_TRUE(pages.pages("ram", now, numbers).has_value());
    ASSERT_TRUE(pages.pages("ram", now, {}).has_value());
    ASSERT_TRUE(writer.end().has_value());
    std::vector<std::uint8_t> after(before_.size());
    PageReader reader;
    reader.expect("ram", after);
    MemoryInput input{output.bytes};
    StreamReader stream{input};
    ASSERT_TRUE(stream.begin().has_value());
    for (auto record = stream.next().value(); record; record = stream.next().value()) {
        ASSERT_TRUE(PageReader::knows(*record));
        const auto loaded = reader.load(*record);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    }
    EXPECT_EQ(after, now);
}

TEST_F(PagesTest, ChangedPagesThatCannotBeAreRefused)
{
    const auto record_of = [&](std::span<const std::uint64_t> numbers, std::string_view name = "ram") {
        MemoryOutput output;
        StreamWriter writer{output};
        EXPECT_TRUE(writer.begin().has_value());
        EXPECT_TRUE(PageWriter{writer}.pages(name, before_, numbers).has_value());
        EXPECT_TRUE(writer.end().has_value());
        MemoryInput input{output.bytes};
        StreamReader stream{input};
        EXPECT_TRUE(stream.begin().has_value());
        return stream.next().value().value();
    };
    std::vector<std::uint8_t> after(before_.size());
    const auto loads = [&](const Record& record, std::size_t pages) {
        PageReader reader;
        reader.expect("ram", std::span{after}.first(pages * kPage));
        return reader.load(record).has_value();
    };
    EXPECT_TRUE(loads(record_of(std::vector<std::uint64_t>{1, 2}), 3));
    EXPECT_FALSE(loads(record_of(std::vector<std::uint64_t>{1, 2}), 2)) << "beyond the end";
    EXPECT_FALSE(loads(record_of(std::vector<std::uint64_t>{2, 1}), 3)) << "not ascending";
    EXPECT_FALSE(loads(record_of(std::vector<std::uint64_t>{2, 2}), 3)) << "twice";
    EXPECT_FALSE(loads(record_of(std::vector<std::uint64_t>{1}, "rom"), 3));
    Record other = record_of(std::vector<std::uint64_t>{1});
    other.version = 2;
    EXPECT_FALSE(loads(other, 3));
    const Record good = record_of(std::vector<std::uint64_t>{1, 2});
    for (std::size_t size = 0; size < good.contents.size(); ++size) {
        Record cut = good;
        cut.contents.resize(size);
        EXPECT_FALSE(loads(cut, 3)) << size;
    }
}

TEST_F(PagesTest, ProgressCanStopIt)
{
    StreamWriter writer{output_};
    std::uint64_t seen = 0;
    const auto status = PageWriter{writer}.block("ram", before_, 100, [&](std::uint64_t bytes) {
        seen = bytes;
        return bytes < 512 * kPage;
    });
    EXPECT_FALSE(status.has_value());
    EXPECT_EQ(seen, 100 + 512 * kPage);
}

class FileTest : public testing::Test {
protected:
    std::size_t files() const
    {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator{folder_.path()}, fs::directory_iterator{}));
    }

    base::Status write_to(const NewFile& file) const
    {
        FileOutput output{base::Fd{::dup(file.descriptor())}, "saved"};
        WINDSOR_TRY(output.write(large_));
        return output.finish();
    }

    base::TestFolder folder_;
    fs::path path_{folder_ / "saved"};
    std::vector<std::uint8_t> large_ = std::vector<std::uint8_t>(3'000'001, 0x5a);
};

TEST_F(FileTest, AFileIsThereAsAWholeOrNotAtAll)
{
    {
        const auto file = NewFile::create(path_).value();
        ASSERT_TRUE(write_to(file).has_value());
        EXPECT_FALSE(fs::exists(path_));
    }
    EXPECT_EQ(files(), 0u) << "given up";
    {
        auto file = NewFile::create(path_).value();
        ASSERT_TRUE(write_to(file).has_value());
        ASSERT_TRUE(file.commit().has_value());
    }
    EXPECT_EQ(files(), 1u);
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    const auto input = FileInput::open(path_).value();
    std::vector<std::uint8_t> read(large_.size() + 10);
    EXPECT_EQ(input->read(std::span{read}.first(1'500'000)).value(), 1'500'000u);
    EXPECT_EQ(input->read(std::span{read}.subspan(1'500'000)).value(), large_.size() - 1'500'000);
    read.resize(large_.size());
    EXPECT_EQ(read, large_);
}

TEST_F(FileTest, WhatCannotBeIsSaid)
{
    EXPECT_FALSE(NewFile::create(folder_ / "missing" / "saved").has_value());
    EXPECT_FALSE(NewFile::create(folder_.path()).has_value());
    EXPECT_FALSE(NewFile::create("/dev/null").has_value());
    EXPECT_NE(FileInput::open(path_).error().message().find(path_.string()), std::string::npos);
    EXPECT_EQ(files(), 0u);
}

TEST_F(FileTest, AnOldFileStaysWhenSavingFails)
{
    std::ofstream{path_} << "old";
    {
        const auto file = NewFile::create(path_).value();
        ASSERT_TRUE(write_to(file).has_value());
    }
    std::string text;
    std::ifstream{path_} >> text;
    EXPECT_EQ(text, "old");
}

} // namespace

} // namespace windsor::state
