// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine has besides its board in a saved state: processor and time. And the order of it all.
#pragma once

#include "machine/board.hpp"
#include "machine/needs.hpp"
#include "state/pages.hpp"
#include "state/records.hpp"
#include "vcpu/engine.hpp"

#include <span>
#include <vector>

namespace windsor::machine {

struct SavedTime {
    base::Nanoseconds now{0};        // machine time
    base::Nanoseconds wall_start{0}; // the wall clock at machine time zero
    std::int64_t caught_up{0};       // seconds that the real-time clock has been told of
};

template <typename Archive> void describe(Archive& archive, SavedTime& time)
{
    archive.field("now", time.now);
    archive.field("wall_start", time.wall_start);
    archive.field("caught_up", time.caught_up);
}

struct SavedProcessor {
    vcpu::CpuState state{};
    bool nmi_pending{false};
    bool init_pending{false};
    bool sipi_pending{false};
    std::uint8_t sipi_vector{0};
};

// Of engines that stand still. Interrupt lines follow from the chips. Fails if the host does not give all of it.
base::Result<std::vector<SavedProcessor>> take_processors(std::span<vcpu::Engine* const> engines);
// Refuses a state that no processor of `model` can be in.
base::Status take_saved_processor(state::Records& records, unsigned number, const vcpu::CpuModel& model,
                                  SavedProcessor& processor);
void give_processor(vcpu::Engine& engine, const SavedProcessor& processor);

// Needs, time, processors and chips; everything stands still.
base::Status write_records(state::StreamWriter& to, const Needs& needs, const SavedTime& time,
                           std::span<vcpu::Engine* const> engines, Board& board) WINDSOR_REQUIRES(bus::kMachineLock);
// The same without the needs.
base::Status write_state(state::StreamWriter& to, const SavedTime& time, std::span<vcpu::Engine* const> engines,
                         Board& board) WINDSOR_REQUIRES(bus::kMachineLock);
// Memory, and the end mark.
base::Status write_memory(state::StreamWriter& to, const std::vector<NamedMemory>& memory,
                          const state::Progress& progress);

// What both wrote, after the needs: reads all of it, puts memory in place, and gives the other records.
base::Result<state::Records> read_records(state::StreamReader& from, Board& board);

} // namespace windsor::machine
