// SPDX-License-Identifier: GPL-2.0-or-later
// This class has the verifier read every block that was written or copied before it may run.
#pragma once

#include "translate/cache/block.hpp"
#include "translate/cache/jump_tables.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/frame.hpp"
#include "translate/emit/stubs.hpp"
#include "translate/run/fault_handler.hpp"
#include "translate/verify/verifier.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace windsor::translate {

// A reporter is told of a violation in a sentence.
using OnViolation = std::function<void(const std::string&)>;

class BlockChecks {
public:
    struct Parts {
        const Frame& frame;
        emulate::Cpu& cpu;
        const StubSets& stubs;
        const JumpTables& tables;
        const FaultTable& faults;
        const std::pmr::deque<Link>& links;
        const std::pmr::deque<SideExit>& exits;
        const std::pmr::deque<GroupRange>& groups;
        std::ptrdiff_t to_writable; // the distance from executable addresses to writable ones
    };
    struct Counters {
        std::uint64_t blocks{0};
        std::uint64_t nanoseconds{0};
        std::uint64_t refused{0};
    };

    BlockChecks(const Parts& parts, OnViolation on_violation);

    // Verifies a block whose code, side exits and links are complete, and whose links are not linked yet. Returns false
    // if it must not run, so that its guest code is left to the interpreter.
    [[nodiscard]] bool check(const Block& block);
    // Verifies cold code that was written for a fault of the host instruction at `at` of a block, which leaves by the
    // side exit with the number `exit`, together with the block. Returns false if it must not run.
    [[nodiscard]] bool check_late(const Block& block, const std::uint8_t* at, std::span<const std::uint8_t> way,
                                  std::uint32_t exit);
    // Verifies the stubs, which are in `code`. Returns what is wrong with them, or nothing.
    static std::optional<std::string> check_stubs(const Parts& parts, std::span<const std::uint8_t> code);
    bool refused(const std::uint8_t* host) const { return refused_.contains(host); }
    // Must be called when bytes of a page have changed.
    void written(const std::uint8_t* host_page);
    const Counters& counters() const { return counters_; }

private:
    static constexpr std::size_t kMostRefused = 4096;
    verify::Assumptions assumptions_of(const Context& context) const;
    verify::SideExitView view_of(const SideExit& exit, const Block& block) const;
    void collect(const Block& block);
    verify::BlockView view_of(const Block& block) const;
    std::vector<std::uint8_t> unlinked(const Block& block) const;
    std::optional<verify::Violation> verify(const verify::BlockView& view);
    void report(const verify::BlockView& view, const verify::Violation& violation) const;

    Parts parts_;
    OnViolation on_violation_;
    verify::Verifier verifier_;
    std::vector<verify::SideExitView> exits_;
    std::vector<verify::LinkView> links_;
    std::vector<verify::FaultView> faults_;
    std::unordered_set<const std::uint8_t*> refused_; // the first bytes of blocks that must not run
    Counters counters_;
};

} // namespace windsor::translate
