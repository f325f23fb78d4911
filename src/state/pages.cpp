// SPDX-License-Identifier: GPL-2.0-or-later
// Contents of a record: name (u8 length and text), first page u64, a bit for each page of the chunk that is not all
// zeros (32 bytes), and those pages one after the other as one zstd frame.
#include "state/pages.hpp"

#include "state/bytes.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <zstd.h>

namespace windsor::state {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kChunkPages = 256;
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
    std::string name;
    std::uint64_t first_page{0};
    std::span<const std::uint8_t> bits;
    std::span<const std::uint8_t> frame;
};

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
    return Chunk{{name->begin(), name->end()}, *first, *bits, *cursor.take(cursor.left())};
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
    std::vector<std::uint8_t>& frame = compressor_->frame;
    const std::size_t size = ::ZSTD_compressCCtx(compressor_->context, frame.data(), frame.size(), pages.data(),
                                                 pages.size(), kLevel);
    if (::ZSTD_isError(size) != 0) {
        return base::fail("cannot compress memory: {}", ::ZSTD_getErrorName(size));
    }
    std::vector<std::uint8_t> contents;
    put(contents, static_cast<std::uint8_t>(name.size()));
    contents.insert(contents.end(), name.begin(), name.end());
    put(contents, first_page);
    contents.insert(contents.end(), bits.begin(), bits.end());
    contents.insert(contents.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    return stream_.record(kPagesRecord, 1, Need::Mandatory, contents);
}

base::Status PageReader::load(const Record& record)
{
    const auto chunk = parse(record.contents);
    if (!chunk || record.version != 1) {
        return damaged();
    }
    const auto found = blocks_.find(chunk->name);
    if (found == blocks_.end()) {
        return base::fail("the saved state has memory '{}' that this machine has not", chunk->name);
    }
    Block& block = found->second;
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
    std::vector<std::uint8_t> data(count * kPage);
    const std::size_t size = ::ZSTD_decompress(data.data(), data.size(), chunk->frame.data(), chunk->frame.size());
    if (::ZSTD_isError(size) != 0 || size != data.size()) {
        return damaged();
    }
    block.next_page = chunk->first_page + kChunkPages;
    const std::uint8_t* from = data.data();
    for (std::size_t page = 0; page < kChunkPages; ++page) {
        if (test(chunk->bits, page)) {
            std::memcpy(block.bytes.data() + (chunk->first_page + page) * kPage, from, kPage);
            from += kPage;
        }
    }
    return {};
}

} // namespace windsor::state
