// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.hpp"

#include "base/huge_pages.hpp"

#include <algorithm>

namespace windsor::base {

Arena::~Arena()
{
    for (const Chunk& chunk : chunks_) {
        free_huge(chunk.start, chunk.size);
    }
}

void* Arena::do_allocate(std::size_t bytes, std::size_t alignment)
{
    for (;;) {
        if (used_chunks_ == chunks_.size()) {
            const std::size_t size = std::max(bytes, kHugePage);
            chunks_.push_back({allocate_huge(size), size});
        }
        const Chunk& chunk = chunks_[used_chunks_];
        const std::size_t at = (offset_ + alignment - 1) / alignment * alignment;
        if (at + bytes <= chunk.size) {
            offset_ = at + bytes;
            return chunk.start + at;
        }
        ++used_chunks_;
        offset_ = 0;
    }
}

} // namespace windsor::base
