// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/memory_log.hpp"

#include <algorithm>
#include <unistd.h>

namespace windsor::machine {

namespace {

using memory::kPageSize;

// Pages of a block that may be other than zeros. The rest of a file has never been touched, and reading it would cost
// the host memory. lseek(2), SEEK_DATA.
std::vector<bool> touched(memory::Block& block)
{
    const auto size = static_cast<off_t>(block.size());
    if (block.file() < 0 || ::lseek(block.file(), 0, SEEK_HOLE) < 0) {
        return std::vector<bool>(block.size() / kPageSize, true);
    }
    std::vector<bool> pages(block.size() / kPageSize, false);
    for (off_t at = 0; at < size;) {
        const off_t from = ::lseek(block.file(), at, SEEK_DATA);
        if (from < 0) {
            break; // none behind
        }
        const off_t to = std::max(::lseek(block.file(), from, SEEK_HOLE), from + 1);
        const auto first = static_cast<std::uint64_t>(from) / kPageSize;
        const auto end =
            std::min<std::uint64_t>((static_cast<std::uint64_t>(to) + kPageSize - 1) / kPageSize, pages.size());
        std::fill(pages.begin() + static_cast<std::ptrdiff_t>(first), pages.begin() + static_cast<std::ptrdiff_t>(end),
                  true);
        at = to;
    }
    return pages;
}

} // namespace

MemoryLog::MemoryLog(bus::MachineLock& lock, memory::GuestMemory& memory, std::vector<NamedMemory> blocks)
    : lock_{lock}, memory_{memory}
{
    const bus::MachineGuard guard{lock_};
    for (NamedMemory& block : blocks) {
        memory_.log_writes(*block.block, memory::Logging::On);
        static_cast<void>(memory_.take_unsent(*block.block)); // of an earlier log
        Part part{.memory = std::move(block), .unsent = {}};
        part.unsent = touched(*part.memory.block);
        pages_ += static_cast<std::uint64_t>(std::ranges::count(part.unsent, true));
        parts_.push_back(std::move(part));
    }
}

MemoryLog::~MemoryLog()
{
    const bus::MachineGuard guard{lock_};
    for (const Part& part : parts_) {
        memory_.log_writes(*part.memory.block, memory::Logging::Off);
    }
}

void MemoryLog::collect()
{
    const bus::MachineGuard guard{lock_};
    for (Part& part : parts_) {
        const std::vector<bool> taken = memory_.take_unsent(*part.memory.block);
        for (std::size_t page = 0; page < taken.size(); ++page) {
            if (taken[page] && !part.unsent[page]) {
                part.unsent[page] = true;
                ++pages_;
            }
        }
    }
}

base::Status MemoryLog::send(state::StreamWriter& to, const state::Progress& progress)
{
    state::PageWriter writer{to};
    std::uint64_t sent = 0;
    for (Part& part : parts_) {
        WINDSOR_TRY(send(writer, part, progress, sent));
    }
    return {};
}

base::Status MemoryLog::send(state::PageWriter& to, Part& part, const state::Progress& progress, std::uint64_t& sent)
{
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t page = 0; page < part.unsent.size(); ++page) {
        if (part.unsent[page]) {
            part.unsent[page] = false;
            numbers.push_back(page);
        }
        const bool last = page + 1 == part.unsent.size();
        if (numbers.size() < state::kMostPages && !(last && !numbers.empty())) {
            continue;
        }
        WINDSOR_TRY(to.pages(part.memory.name, part.memory.block->bytes(), numbers));
        pages_ -= numbers.size();
        sent += numbers.size() * kPageSize;
        numbers.clear();
        if (progress && !progress(sent)) {
            return base::fail("interrupted");
        }
    }
    return {};
}

} // namespace windsor::machine
