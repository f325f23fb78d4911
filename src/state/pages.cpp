// SPDX-License-Identifier: GPL-2.0-or-later
// Contents of a record of pages: name (u8 length and text), first page u64, a bit for each page of the chunk that is
// not all zeros (32 bytes), and those pages one after the other as one zstd frame.
// Of changed pages: name, number of pages u16, each page's number u64 in ascending order, a bit for each of them that
// is not all zeros (32 bytes), and those as one zstd frame.
#include "state/pages.hpp"

#include "state/bytes.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <zstd.h>

namespace windsor::state {

namespace {

constexpr std::size_t kPage = kPageBytes;
constexpr std::size_t kChunkPages = kMostPages;
constexpr int kLevel = 1; // saving is to be quick

using PageBits = std::array<std::uint8_t, kChunkPages / 8>;

bool is_zero(std::span<const std::uint8_t> page)
{
    return page[0] == 0 && std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0;
}

bool test(std::span<const std::uint8_t> bits, std::size_t index)
{
    return (bits[index / 8] >> index % 8 & 1) != 0;
}

std::unexpected<base::Error> damaged()
{
    return base::fail("the saved state is damaged: a record of memory cannot be read");
}

struct Chunk {
    std::span<const std::uint8_t> name;
    std::uint64_t first_page{0};
    std::span<const std::uint8_t> bits;
    std::span<const std::uint8_t> frame;
};

std::vector<std::uint8_t> begin_contents(std::string_view name)
{
    std::vector<std::uint8_t> contents(1 + name.size());
    contents[0] = static_cast<std::uint8_t>(name.size());
    std::ranges::copy(name, contents.begin() + 1);
    return contents;
}

// None if the frame does not hold so many bytes.
std::optional<std::vector<std::uint8_t>> decompress(std::span<const std::uint8_t> frame, std::size_t bytes)
{
    std::vector<std::uint8_t> data(bytes);
    const std::size_t size = ::ZSTD_decompress(data.data(), data.size(), frame.data(), frame.size());
    if (::ZSTD_isError(size) != 0 || size != data.size()) {
        return std::nullopt;
    }
    return data;
}

std::optional<Chunk> parse(std::span<const std::uint8_t> contents)
{
    Cursor cursor{contents};
    const auto length = cursor.take<std::uint8_t>();
    const auto name = cursor.take(length.value_or(0));
    const auto first = cursor.take<std::uint64_t>();
    const auto bits = cursor.take(kChunkPages / 8);
    if (!length || !name || !first || !bits) {
        return std::nullopt;
    }
    return Chunk{*name, *first, *bits, *cursor.take(cursor.left())};
}

struct Changed {
    std::span<const std::uint8_t> name;
    std::vector<std::uint64_t> numbers;
    std::span<const std::uint8_t> bits;
    std::span<const std::uint8_t> frame;
};

std::optional<Changed> parse_changed(std::span<const std::uint8_t> contents)
{
    Cursor cursor{contents};
    Changed changed{};
    const auto length = cursor.take<std::uint8_t>();
    const auto name = cursor.take(length.value_or(0));
    const auto count = cursor.take<std::uint16_t>();
    if (!length || !name || !count || *count > kMostPages) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < *count; ++i) {
        const auto number = cursor.take<std::uint64_t>();
        if (!number || (i != 0 && *number <= changed.numbers.back())) {
            return std::nullopt;
        }
        changed.numbers.push_back(*number);
    }
    const auto bits = cursor.take(kMostPages / 8);
    if (!bits) {
        return std::nullopt;
    }
    changed.name = *name;
    changed.bits = *bits;
    changed.frame = *cursor.take(cursor.left());
    return changed;
}

} // namespace

struct PageWriter::Compressor {
    ZSTD_CCtx* context{::ZSTD_createCCtx()};
    std::vector<std::uint8_t> pages;
    std::vector<std::uint8_t> frame = std::vector<std::uint8_t>(::ZSTD_compressBound(kChunkPages * kPage));

    ~Compressor() { ::ZSTD_freeCCtx(context); }
};

PageWriter::PageWriter(StreamWriter& stream) : stream_{stream}, compressor_{std::make_unique<Compressor>()} {}

PageWriter::~PageWriter() = default;

base::Status PageWriter::block(std::string_view name, std::span<const std::uint8_t> bytes, std::uint64_t offset,
                               const Progress& progress)
{
    for (std::size_t at = 0; at < bytes.size(); at += kChunkPages * kPage) {
        const auto part = bytes.subspan(at, std::min(kChunkPages * kPage, bytes.size() - at));
        WINDSOR_TRY(chunk(name, at / kPage, part));
        if (progress && !progress(offset + at + part.size())) {
            return base::fail("saving was interrupted");
        }
    }
    return {};
}

base::Status PageWriter::chunk(std::string_view name, std::uint64_t first_page, std::span<const std::uint8_t> bytes)
{
    PageBits bits{};
    std::vector<std::uint8_t>& pages = compressor_->pages;
    pages.clear();
    for (std::size_t page = 0; page < bytes.size() / kPage; ++page) {
        const auto data = bytes.subspan(page * kPage, kPage);
        if (!is_zero(data)) {
            bits[page / 8] |= static_cast<std::uint8_t>(1u << page % 8);
            pages.insert(pages.end(), data.begin(), data.end());
        }
    }
    if (pages.empty()) {
        return {};
    }
    std::vector<std::uint8_t> contents = begin_contents(name);
    put(contents, first_page);
    contents.insert(contents.end(), bits.begin(), bits.end());
    WINDSOR_TRY(compress(contents));
    return stream_.record(kPagesRecord, 1, Need::Mandatory, contents);
}

base::Status PageWriter::pages(std::string_view name, std::span<const std::uint8_t> bytes,
                               std::span<const std::uint64_t> numbers)
{
    PageBits bits{};
    std::vector<std::uint8_t>& pages = compressor_->pages;
    pages.clear();
    std::vector<std::uint8_t> contents = begin_contents(name);
    put(contents, static_cast<std::uint16_t>(numbers.size()));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        put(contents, numbers[i]);
        const auto data = bytes.subspan(numbers[i] * kPage, kPage);
        const auto copy = pages.insert(pages.end(), data.begin(), data.end());
        if (is_zero(std::span{copy, kPage})) { // of the copy: the guest may write to the page
            pages.erase(copy, pages.end());
        } else {
            bits[i / 8] |= static_cast<std::uint8_t>(1u << i % 8);
        }
    }
    contents.insert(contents.end(), bits.begin(), bits.end());
    WINDSOR_TRY(compress(contents));
    return stream_.record(kChangedPagesRecord, 1, Need::Mandatory, contents);
}

// Appends the compressor's pages as a frame.
base::Status PageWriter::compress(std::vector<std::uint8_t>& contents)
{
    const std::vector<std::uint8_t>& pages = compressor_->pages;
    std::vector<std::uint8_t>& frame = compressor_->frame;
    const std::size_t size = ::ZSTD_compressCCtx(compressor_->context, frame.data(), frame.size(), pages.data(),
                                                 pages.size(), kLevel);
    if (::ZSTD_isError(size) != 0) {
        return base::fail("cannot compress memory: {}", ::ZSTD_getErrorName(size));
    }
    contents.insert(contents.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    return {};
}

base::Status PageReader::load(const Record& record)
{
    if (record.version != 1) {
        return damaged();
    }
    return record.name == kChangedPagesRecord ? load_changed(record) : load_chunk(record);
}

base::Result<PageReader::Block*> PageReader::find(std::span<const std::uint8_t> name)
{
    const std::string text{name.begin(), name.end()};
    const auto found = blocks_.find(text);
    if (found == blocks_.end()) {
        return base::fail("the saved state has memory '{}' that this machine has not", text);
    }
    return &found->second;
}

base::Status PageReader::load_chunk(const Record& record)
{
    const auto chunk = parse(record.contents);
    if (!chunk) {
        return damaged();
    }
    Block& block = *WINDSOR_TRY(find(chunk->name));
    const std::uint64_t pages = block.bytes.size() / kPage;
    if (chunk->first_page < block.next_page || chunk->first_page >= pages) {
        return damaged();
    }
    std::size_t count = 0;
    for (std::size_t page = 0; page < kChunkPages; ++page) {
        if (test(chunk->bits, page)) {
            ++count;
            if (chunk->first_page + page >= pages) {
                return damaged();
            }
        }
    }
    const auto data = decompress(chunk->frame, count * kPage);
    if (!data) {
        return damaged();
    }
    block.next_page = chunk->first_page + kChunkPages;
    const std::uint8_t* from = data->data();
    for (std::size_t page = 0; page < kChunkPages; ++page) {
        if (test(chunk->bits, page)) {
            std::memcpy(block.page(chunk->first_page + page), from, kPage);
            from += kPage;
        }
    }
    return {};
}

std::uint8_t* PageReader::Block::page(std::uint64_t number)
{
    pages.use(number * kPage);
    return bytes.data() + number * kPage;
}

base::Status PageReader::load_changed(const Record& record)
{
    const auto changed = parse_changed(record.contents);
    if (!changed) {
        return damaged();
    }
    Block& block = *WINDSOR_TRY(find(changed->name));
    const std::vector<std::uint64_t>& numbers = changed->numbers;
    if (!numbers.empty() && numbers.back() >= block.bytes.size() / kPage) {
        return damaged();
    }
    std::size_t count = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        count += test(changed->bits, i) ? 1 : 0;
    }
    const auto data = decompress(changed->frame, count * kPage);
    if (!data) {
        return damaged();
    }
    const std::uint8_t* from = data->data();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        std::uint8_t* page = block.page(numbers[i]);
        if (test(changed->bits, i)) {
            std::memcpy(page, from, kPage);
            from += kPage;
        } else {
            std::memset(page, 0, kPage);
        }
    }
    return {};
}

} // namespace windsor::state
