// SPDX-License-Identifier: GPL-2.0-or-later
// Memory in a saved state: records of up to 256 pages, each compressed by itself, so that neither side ever holds more
// than one. Pages of zeros are left out; of pages that have changed since they were written first, it is said that they
// are zeros now.
#pragma once

#include "base/huge_pages.hpp"
#include "state/stream.hpp"

#include <functional>
#include <map>
#include <memory>

namespace windsor::state {

constexpr std::string_view kPagesRecord = "pages";
constexpr std::string_view kChangedPagesRecord = "changed_pages";
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kMostPages = 256; // of a record

// Told how many bytes of memory have been dealt with; false to stop.
using Progress = std::function<bool(std::uint64_t bytes)>;

class PageWriter {
public:
    explicit PageWriter(StreamWriter& stream);
    ~PageWriter();

    // A block of whole pages. `offset` counts the bytes of the blocks before it, for `progress`.
    base::Status block(std::string_view name, std::span<const std::uint8_t> bytes, std::uint64_t offset = 0,
                       const Progress& progress = {});
    // Pages of a block that may have been written before, by their numbers in ascending order; at most kMostPages. They
    // may change meanwhile: what is written is then of no use, and they have to be written again.
    base::Status pages(std::string_view name, std::span<const std::uint8_t> bytes,
                       std::span<const std::uint64_t> numbers);

private:
    struct Compressor;
    base::Status chunk(std::string_view name, std::uint64_t first_page, std::span<const std::uint8_t> bytes);
    base::Status compress(std::vector<std::uint8_t>& contents);

    StreamWriter& stream_;
    std::unique_ptr<Compressor> compressor_;
};

class PageReader {
public:
    // Memory that is all zeros, whole pages, and outlives the reader.
    void expect(std::string name, std::span<std::uint8_t> bytes)
    {
        blocks_.insert_or_assign(std::move(name), Block{bytes, base::HugePages{bytes.data(), bytes.size()}});
    }

    // Of either kind.
    base::Status load(const Record& record);
    static bool knows(const Record& record)
    {
        return record.name == kPagesRecord || record.name == kChangedPagesRecord;
    }

private:
    struct Block {
        std::span<std::uint8_t> bytes;
        base::HugePages pages;
        std::uint64_t next_page{0}; // chunks come in ascending order

        std::uint8_t* page(std::uint64_t number);
    };

    base::Status load_chunk(const Record& record);
    base::Status load_changed(const Record& record);
    base::Result<Block*> find(std::span<const std::uint8_t> name);

    std::map<std::string, Block, std::less<>> blocks_;
};

} // namespace windsor::state
