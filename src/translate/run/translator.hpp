// SPDX-License-Identifier: GPL-2.0-or-later
// The translator is an engine for guests of the host's own architecture: guest code runs as relocated host code, and
// everything rare is left to the interpreter, whose processor it shares.
#pragma once

#include "base/arena.hpp"
#include "base/result.hpp"
#include "emulate/core/accelerator.hpp"
#include "emulate/core/interpreter.hpp"
#include "translate/cache/block.hpp"
#include "translate/cache/code_memory.hpp"
#include "translate/cache/jump_tables.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/translation.hpp"
#include "translate/window/windows.hpp"
#include "vcpu/engine.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace windsor::translate {

class BlockChecks;

struct Options {
    std::size_t code_bytes{std::size_t{128} << 20}; // the memory for translated code; when it is full, all is forgotten
    std::size_t contexts{kContexts}; // how many contexts code is kept for; with one more, all is forgotten
    Switches interpreted{}; // instructions that are left to the interpreter
    Windows::Options windows{};
    bool extract{true}; // whether to use BEXTR where the host has it
    bool copies{true};  // whether to copy what has been translated at another address
    std::function<void(const std::string&)>
        report{}; // is told in a sentence of what the host has refused to run, on the engine's thread
    std::vector<std::uint8_t> nop{}; // the host code for NOP; tests put in its place what the host refuses
    bool verify{false}; // whether each block is proven to do no more than it may before it runs
    std::function<void(const std::string&)> on_violation{}; // is told in a sentence of each block that is not proven
};

struct Counters {
    std::uint64_t entries{0};      // how often the run loop entered translated code
    std::uint64_t crossings{0};    // how often code went from block to block by way of C++
    std::uint64_t translations{0}; // how many blocks were translated
    std::uint64_t copies{0};       // how many blocks were copied to other addresses
    std::uint64_t links{0};        // how many links between blocks were made
    std::uint64_t interpreted{0};  // how many instructions translated code left to the interpreter
    std::uint64_t misses{0};       // how many accesses were not in the TLB
    std::uint64_t drops{0};        // how many blocks were dropped because their guest code was overwritten
    std::uint64_t resets{0};       // how often all code was forgotten
    std::uint64_t refused{0};      // how often the host refused to run an instruction
    std::uint64_t failures{0};     // how often a group did not lie in one page that may be accessed as the group wants
};

class Translator final : public vcpu::Engine, private emulate::Accelerator {
public:
    static base::Result<std::unique_ptr<Translator>> create(const vcpu::EngineParts& parts, const Options& options);
    ~Translator() override;

    vcpu::HaltReason run() override
    {
        const FaultScope scope{faults_};
        const vcpu::HaltReason reason = failure_.empty() ? core_->interpreter.run() : vcpu::HaltReason::Failed;
        return failure_.empty() ? reason : vcpu::HaltReason::Failed;
    }
    vcpu::CpuState state() const override { return core_->interpreter.state(); }
    void set_state(const vcpu::CpuState& state) override
    {
        windows_.reset();
        core_->interpreter.set_state(state);
    }
    void set_a20(bool open) override { core_->interpreter.set_a20(open); }
    vcpu::Statistics statistics() const override { return core_->interpreter.statistics(); }
    const std::string& failure() const override { return failure_; }

    std::vector<vcpu::Counter> counters() const override;
    // Returns the translated code as it runs: block by block in the order of translation, each with its entry first.
    std::span<const std::uint8_t> code() const
    {
        return {code_->executable() + (first_ - code_->writable()), static_cast<std::size_t>(free_ - first_)};
    }
    // Has `sink` told of every instruction before it runs, or nobody if it is null. Must not be called while run()
    // runs. While there is a sink, blocks have one instruction.
    void set_trace(emulate::TraceSink* sink);

private:
    // The core is in one piece, so that translated code can reach all of it from its stack pointer, which leads to the
    // frame. Handlers of signals that arrive meanwhile use the stack below the frame.
    struct Core {
        explicit Core(const vcpu::EngineParts& parts) : interpreter{parts} {}
        static void* operator new(std::size_t size) { return base::allocate_huge(size); }
        static void operator delete(void* core) { base::free_huge(core, sizeof(Core)); }
        alignas(64) std::array<std::uint8_t, std::size_t{512} << 10> stack;
        Frame frame;
        emulate::Interpreter interpreter;
    };

    Translator(const vcpu::EngineParts& parts, const Options& options, std::unique_ptr<CodeMemory> code);

    // emulate::Accelerator
    bool run_translated();
    bool accelerate() override { return run_translated(); }
    emulate::BlockCache::Effect written(const std::uint8_t* host_page, unsigned offset, unsigned size) override;
    bool tables_written(const std::uint8_t* host_page, unsigned offset, unsigned size) override
    {
        return windows_.tables_written(host_page, offset, size);
    }
    bool holds_tables(const std::uint8_t* host_page) const override { return windows_.holds_tables(host_page); }
    bool page_held(const std::uint8_t* host_page) override { return windows_.page_held(host_page); }
    void flushed(emulate::Flush what) override
    {
        tables_->flush(what);
        windows_.select();
    }
    void page_invalidated(x86::Linear linear) override { tables_->invalidate(linear); }
    void drop_all() override;
    void keep_only(std::span<const std::span<const std::uint8_t>> visible) override;

    emulate::Cpu& cpu() { return core_->interpreter.cpu(); }
    std::uint32_t context_key();
    std::size_t slot_of(std::uint32_t key);
    Block* find(std::uint32_t context);
    Block* make_block(const Context& context, const emulate::Cpu::CodePlace& place);
    [[nodiscard]] bool translate(const Context& context, Block& block);
    // checks.cpp
    [[nodiscard]] base::Status make_checks();
    [[nodiscard]] bool may_run(const Block& block, std::uint8_t* code, const std::array<std::size_t, 3>& before);
    // copies.cpp
    [[nodiscard]] bool copy(const Block& original, Block& block);
    void copy_exits(const Block& original, Block& block, std::ptrdiff_t by);
    void copy_links(const Block& original, Block& block, std::ptrdiff_t by);
    void copy_faults(const Block& original, const Block& block);
    void hold(const emulate::Cpu::CodePlace& place);
    // Finds the page behind that of RIP, into which an instruction crosses. Returns nothing if the page walk faults or
    // leads to no memory.
    std::optional<emulate::Cpu::CodePlace> second_page(std::uint64_t rip);
    // Enters a block in its jump table. Returns false if the block cannot be used after all.
    [[nodiscard]] bool remember(Block& block, const emulate::Cpu::CodePlace& place);
    void link(Link& link, std::uint32_t number, Block& to);
    void unlink(Block& block);
    void point(std::uint8_t* displacement, const std::uint8_t* target);

    // Translated code calls these.
    static const std::uint8_t* help_entry(void* self, std::uint32_t number);
    const std::uint8_t* help(SideExit& exit);
    const std::uint8_t* cross(std::uint32_t link);
    // Returns the block at RIP, so that code can go on without the run loop. Returns null if the run loop has something
    // to look at.
    Block* next_block();
    [[nodiscard]] bool interpret(SideExit& exit);
    [[nodiscard]] bool in_window(const emulate::Cpu& cpu);
    std::uint64_t first_of(const GroupRange& range);
    [[nodiscard]] bool open_group(const SideExit& exit, std::uint64_t first);
    void fail_group(SideExit& exit);
    void make_cautious(const Block& block);
    [[nodiscard]] bool avoid_next_fault(const Block& block, const FaultTable::Fault& fault);
    [[nodiscard]] const std::uint8_t* going_on(const std::uint8_t* code, std::uint32_t context);
    // rescue.cpp
    static const std::uint8_t* rescue_entry(void* self, const HostFault& fault);
    const std::uint8_t* rescue(const HostFault& fault);
    const std::uint8_t* way_of(const HostFault& fault);
    void refuse(const Block& block, std::uint16_t offset, int signal);
    void report_refusal();
    void take_flags();
    void give_flags();
    std::uint32_t heeded();
    void load_x87();
    void store_x87();

    std::unique_ptr<Core> core_;
    Options options_;
    std::unique_ptr<CodeMemory> code_;
    StubSets stubs_;
    FaultTable faults_;
    Windows windows_;
    std::unique_ptr<Translation> translation_;
    std::uint8_t* first_{nullptr}; // where the code of blocks begins, behind the stubs
    std::uint8_t* free_{nullptr};  // where the next block will be written
    base::Arena arena_;            // the memory of what is forgotten together with all code
    BlockMap blocks_{arena_};
    std::pmr::deque<Link> links_{&arena_};
    std::pmr::deque<SideExit> exits_{&arena_};
    std::pmr::deque<GroupRange> groups_{&arena_};
    std::unique_ptr<JumpTables> tables_;
    std::unique_ptr<BlockChecks> checks_; // null: blocks are not verified
    std::unordered_set<const std::uint8_t*> cautious_; // the first bytes of cautious blocks
    // This counts, by the first byte of a block, its faults after which no page could be mapped in the window.
    std::unordered_map<const std::uint8_t*, unsigned> fruitless_;
    std::unordered_set<const std::uint8_t*> refused_; // the first bytes of instructions that the host has refused
    std::string refusal_;                             // the sentence about the last of them, until it is reported
    std::string failure_;
    bool interpreting_{false};      // the interpreter has to run the next block
    std::uint64_t last_failure_{0}; // when a group has failed last, in nanoseconds
    bool traced_{false};
    std::vector<std::uint64_t> histogram_; // how many instructions of each mnemonic were interpreted
    Counters counters_;
};

} // namespace windsor::translate
