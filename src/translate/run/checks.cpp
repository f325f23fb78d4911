// SPDX-License-Identifier: GPL-2.0-or-later
// This file has the translator's blocks checked, and collects what it counts.
#include "translate/run/block_checks.hpp"
#include "translate/run/translator.hpp"

#include <utility>

namespace windsor::translate {

// Verifies the stubs, and prepares the verification of blocks.
base::Status Translator::make_checks()
{
    if (!options_.verify) {
        return {};
    }
    const BlockChecks::Parts parts{.frame = core_->frame,
                                   .cpu = cpu(),
                                   .stubs = stubs_,
                                   .tables = *tables_,
                                   .faults = faults_,
                                   .links = links_,
                                   .exits = exits_,
                                   .groups = groups_,
                                   .to_writable = code_->writable() - code_->executable()};
    const std::span stubs{code_->executable(), static_cast<std::size_t>(first_ - code_->writable())};
    if (auto wrong = BlockChecks::check_stubs(parts, stubs)) {
        return base::fail("{}", *wrong);
    }
    checks_ = std::make_unique<BlockChecks>(parts, options_.on_violation);
    return {};
}

// Verifies a block. If it must not run, throws away the code since `code`, and the side exits, links and groups beyond
// their numbers in `before`.
bool Translator::may_run(const Block& block, std::uint8_t* code, const std::array<std::size_t, 3>& before)
{
    if (checks_ == nullptr || checks_->check(block)) {
        return true;
    }
    free_ = code;
    faults_.forget_from(block.from_host);
    exits_.resize(before[0]);
    links_.resize(before[1]);
    groups_.resize(before[2]);
    return false;
}

std::vector<vcpu::Counter> Translator::counters() const
{
    std::vector<vcpu::Counter> all{{"entries", counters_.entries},
                                   {"crossings", counters_.crossings},
                                   {"translations", counters_.translations},
                                   {"copied_blocks", counters_.copies},
                                   {"links", counters_.links},
                                   {"interpreted", counters_.interpreted},
                                   {"tlb_misses", counters_.misses},
                                   {"dropped_blocks", counters_.drops},
                                   {"code_resets", counters_.resets},
                                   {"refused_by_host", counters_.refused},
                                   {"failed_groups", counters_.failures},
                                   {"windows_made", windows_.counters().made},
                                   {"windows_taken", windows_.counters().taken},
                                   {"window_faults", windows_.counters().faults},
                                   {"window_pages_mapped", windows_.counters().mapped},
                                   {"window_pages_unmapped", windows_.counters().unmapped},
                                   {"windows_cleared", windows_.counters().cleared},
                                   {"code_bytes", static_cast<std::uint64_t>(free_ - first_)}};
    if (checks_ != nullptr) {
        all.insert(all.end(), {{"verified_blocks", checks_->counters().blocks},
                               {"verify_nanoseconds", checks_->counters().nanoseconds},
                               {"refused_blocks", checks_->counters().refused}});
    }
    for (std::size_t mnemonic = 0; mnemonic < histogram_.size(); ++mnemonic) {
        if (histogram_[mnemonic] * 100 > counters_.interpreted) { // rare instructions are not worth a look
            const char* name = ZydisMnemonicGetString(static_cast<ZydisMnemonic>(mnemonic));
            all.push_back({std::string{"interpreted_"} + name, histogram_[mnemonic]});
        }
    }
    return all;
}

} // namespace windsor::translate
