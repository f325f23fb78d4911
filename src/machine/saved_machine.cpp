// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/saved_machine.hpp"

#include "vcpu/saved_state.hpp"
#include "vcpu/state_check.hpp"

#include <fmt/format.h>

namespace windsor::machine {

template <typename Archive> void describe(Archive& archive, SavedProcessor& processor)
{
    archive.field("state", processor.state);
    archive.field("nmi_pending", processor.nmi_pending);
    archive.field("init_pending", processor.init_pending);
    archive.field("sipi_pending", processor.sipi_pending);
    archive.field("sipi_vector", processor.sipi_vector);
}

namespace {

base::Result<SavedProcessor> take_processor(vcpu::Engine& engine)
{
    const vcpu::Signals& signals = engine.signals();
    SavedProcessor processor{.state = engine.state(),
                             .nmi_pending = signals.test(vcpu::Signal::Nmi),
                             .init_pending = signals.test(vcpu::Signal::Init),
                             .sipi_pending = signals.test(vcpu::Signal::Sipi),
                             .sipi_vector = signals.sipi_vector()};
    if (const std::string why = engine.unread(); !why.empty()) {
        return base::fail("what a processor holds cannot be read: {}", why);
    }
    return processor;
}

} // namespace

base::Result<std::vector<SavedProcessor>> take_processors(std::span<vcpu::Engine* const> engines)
{
    std::vector<SavedProcessor> processors;
    for (vcpu::Engine* engine : engines) {
        processors.push_back(WINDSOR_TRY(take_processor(*engine)));
    }
    return processors;
}

base::Status take_saved_processor(state::Records& records, unsigned number, const vcpu::CpuModel& model,
                                  SavedProcessor& processor)
{
    WINDSOR_TRY(records.take(fmt::format("processor{}", number), processor));
    if (const auto possible = vcpu::check_state(processor.state, model); !possible) {
        return base::fail("the saved state cannot be used: of processor {}, {}", number, possible.error().message());
    }
    // Only running code has an instruction that a shadow would be over.
    if (processor.state.activity != vcpu::Activity::Running) {
        processor.state.sti_shadow = processor.state.mov_ss_shadow = false;
    }
    return {};
}

void give_processor(vcpu::Engine& engine, const SavedProcessor& processor)
{
    engine.set_state(processor.state);
    if (processor.nmi_pending) {
        engine.signals().raise(vcpu::Signal::Nmi);
    }
    if (processor.init_pending) {
        engine.signals().raise(vcpu::Signal::Init);
    }
    if (processor.sipi_pending) {
        engine.signals().raise_sipi(processor.sipi_vector);
    }
}

base::Status write_records(state::StreamWriter& to, const Needs& needs, const SavedTime& time,
                           std::span<vcpu::Engine* const> engines, Board& board)
{
    WINDSOR_TRY(to.object(kNeedsRecord, needs));
    return write_state(to, time, engines, board);
}

base::Status write_state(state::StreamWriter& to, const SavedTime& time, std::span<vcpu::Engine* const> engines,
                         Board& board)
{
    WINDSOR_TRY(to.object("time", time));
    const std::vector<SavedProcessor> processors = WINDSOR_TRY(take_processors(engines));
    WINDSOR_TRY(board.save(to)); // first it brings the chips up to date
    board.interrupts().drive();
    for (std::size_t number = 0; number < processors.size(); ++number) {
        WINDSOR_TRY(to.object(fmt::format("processor{}", number), processors[number]));
    }
    return {};
}

base::Status write_memory(state::StreamWriter& to, const std::vector<NamedMemory>& memory,
                          const state::Progress& progress)
{
    state::PageWriter pages{to};
    std::uint64_t before = 0;
    for (const NamedMemory& each : memory) {
        WINDSOR_TRY(pages.block(each.name, each.block->bytes(), before, progress));
        before += each.block->size();
    }
    return to.end();
}

base::Result<state::Records> read_records(state::StreamReader& from, Board& board)
{
    state::PageReader pages;
    for (const NamedMemory& memory : board.saved_memory()) {
        pages.expect(memory.name, memory.block->bytes());
    }
    state::Records records;
    for (;;) {
        auto record = WINDSOR_TRY(from.next());
        if (!record) {
            return records;
        }
        if (state::PageReader::knows(*record)) {
            WINDSOR_TRY(pages.load(*record));
        } else {
            WINDSOR_TRY(records.add(std::move(*record)));
        }
    }
}

} // namespace windsor::machine
