// SPDX-License-Identifier: GPL-2.0-or-later
// When the host refuses to run an instruction that has been written, this file finds the guest instruction that it
// stands for, so that the interpreter can run that, now and from then on.
#include "translate/run/block_checks.hpp"
#include "translate/run/host_processor.hpp"
#include "translate/run/translator.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace windsor::translate {

namespace {

constexpr std::size_t kMostRefused = 4096;

const char* name_of(int signal)
{
    switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGILL: return "SIGILL";
    case SIGFPE: return "SIGFPE";
    default: return "SIGTRAP";
    }
}

} // namespace

const std::uint8_t* Translator::rescue_entry(void* self, const HostFault& fault)
{
    return static_cast<Translator*>(self)->rescue(fault);
}

// Returns where to go on: at cold code for the guest instruction, which is written now, or at the stub that leaves
// translated code for good.
const std::uint8_t* Translator::rescue(const HostFault& fault)
{
    ++counters_.refused;
    const std::uint8_t* way = fault.lost_memory ? nullptr : way_of(fault);
    if (way != nullptr) {
        return way;
    }
    failure_ =
        fault.lost_memory
            ? "the host has lost memory of the guest (SIGBUS in translated code)"
            : fmt::format("the host has refused translated code ({}), and it cannot be told which instruction of the "
                          "guest that is",
                          name_of(fault.signal));
    signals().raise(vcpu::Signal::Stop);
    return stubs_.of(Reach::Lookups).give_up;
}

const std::uint8_t* Translator::way_of(const HostFault& fault)
{
    Block* block = blocks_.find_code(fault.at);
    if (block == nullptr || free_ + Translation::kLateWayBytes > code_->writable() + code_->size()) {
        return nullptr;
    }
    FaultTable faults{{code_->executable(), code_->size()}};
    std::pmr::deque<Link> links;
    std::pmr::deque<SideExit> exits;
    std::pmr::deque<GroupRange> groups;
    std::vector<std::uint8_t> room(Translation::kMostBytes);
    Block again{std::pmr::new_delete_resource()};
    Translation once_more{Workshop{cpu(), core_->frame, stubs_, faults, *tables_, links, exits, groups,
                                   options_.extract && extracts_bits(), refused_, options_.nop},
                          options_.interpreted};
    once_more.set_single(traced_);
    if (!once_more.tell(again, *block, slot_of(block->context), room, fault.at)) {
        return nullptr;
    }
    SideExit& exit = exits_.emplace_back();
    exit.kind = SideExit::Kind::Interpret;
    exit.offset = once_more.told_offset();
    exit.context = once_more.told_context();
    exit.block = block;
    const auto number = static_cast<std::uint32_t>(exits_.size() - 1);
    code_->use(free_, Translation::kLateWayBytes);
    const std::uint8_t* way = code_->executable() + (free_ - code_->writable());
    const std::uint8_t* end = once_more.write_late_way({free_, way}, number);
    const std::span code{way, static_cast<std::size_t>(end - free_)};
    if (checks_ != nullptr && !checks_->check_late(*block, fault.at, code, number)) {
        return nullptr;
    }
    free_ += code.size();
    faults_.insert(fault.at, way);
    refuse(*block, exit.offset, fault.signal);
    return way;
}

// Leaves the instruction to the interpreter from now on, and drops the blocks that hold it. The block that runs goes on
// to its end.
void Translator::refuse(const Block& block, std::uint16_t offset, int signal)
{
    if (refused_.size() >= kMostRefused) {
        refused_.clear();
    }
    refused_.insert(block.host + offset);
    refusal_ = fmt::format(
        "the host has refused ({}) what the instruction at {:#x} was translated to; it is interpreted from now on",
        name_of(signal), block.rip + offset);
    const std::uint64_t first = reinterpret_cast<std::uintptr_t>(block.host) & memory::kPageMask;
    static_cast<void>(written(block.host - first, static_cast<unsigned>(first), 1));
    if (first + offset < memory::kPageSize) {
        static_cast<void>(written(block.host - first, static_cast<unsigned>(first + offset), 1));
    }
}

// Reports what was refused in the signal handler, where that could not be done.
void Translator::report_refusal()
{
    if (!refusal_.empty() && options_.report) {
        options_.report(refusal_);
    }
    refusal_.clear();
}

} // namespace windsor::translate
