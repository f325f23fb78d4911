// SPDX-License-Identifier: GPL-2.0-or-later
// Memory for many small things that go all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace windsor::base {

// Gives memory from the front of huge pages, and takes it back by release() alone. What it has once had from the host
// it keeps. Throws std::bad_alloc as others do.
class Arena final : public std::pmr::memory_resource {
public:
    Arena() = default;
    ~Arena() override;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // All that it gave is memory to give again.
    void release() { used_chunks_ = offset_ = 0; }

private:
    struct Chunk {
        std::uint8_t* start;
        std::size_t size;
    };
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* /*memory*/, std::size_t /*bytes*/, std::size_t /*alignment*/) override {}
    bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

    std::vector<Chunk> chunks_;
    std::size_t used_chunks_{0}; // those that are full
    std::size_t offset_{0};      // in the one behind them
};

} // namespace windsor::base
