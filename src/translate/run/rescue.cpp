// SPDX-License-Identifier: GPL-2.0-or-later
// When the host refuses to run what has been written: which guest instruction that stands for, so that the interpreter
// can run it, now and from then on.
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

// The host instruction that is written next stands for the current guest instruction, finds all registers as that one
// does, and changes nothing if it cannot run; or it repeats, and changes only what give_back() knows of.
void Translation::may_be_refused(Pointers pointers)
{
    if (sought_ != nullptr && a_.address() == sought_) {
        told_ = Told{.instruction = current_, .context = context_,
                     .cold = {.kind = Cold::Kind::Site, .flags = place_, .recipe = recipe_}, .pointers = pointers};
    }
}

// From the host addresses that a string instruction has come to, to the guest's, and to what is left of the guest's
// count.
void Translation::give_back(Pointers pointers)
{
    if (pointers == Pointers::Guest) {
        return;
    }
    point_behind(pointers);
    if (pointers != Pointers::MoveDown) { // which counts by RCX itself
        a_.alu(Alu::Add, Reg::Rcx, kTemp1, word());
    }
}

// What may be another each time that a block is written: numbers of sites and links, and where links lead now.
void Translation::blank_varying(std::span<std::uint8_t> code) const
{
    constexpr std::size_t kField = 4;
    const auto blank = [&](std::size_t at) { std::ranges::fill(code.subspan(at, kField), std::uint8_t{0}); };
    for (const Fixup& fixup : fixups_) {
        if (fixup.kind == Fixup::Kind::Site || fixup.kind == Fixup::Kind::Link) {
            blank(fixup.at);
        }
    }
    for (const Link& link : shop_.links) {
        blank(static_cast<std::size_t>(link.displacement - begin_));
    }
}

bool Translation::tell(Block& again, const Block& block, std::size_t slot, std::span<std::uint8_t> room,
                       const std::uint8_t* at)
{
    again.host = block.host;
    again.rip = block.rip;
    again.context = block.context;
    again.second_page = block.second_page;
    told_.reset();
    if (!read(again, Context::of(block.context), slot, block.bytes, kLongest)) {
        return false;
    }
    sought_ = at;
    const std::uint8_t* end = write({room.data(), block.from_host}, block.cautious);
    sought_ = nullptr;
    const auto bytes = static_cast<std::size_t>(end - room.data());
    if (!told_ || bytes != block.code_bytes) {
        return false;
    }
    std::vector<std::uint8_t> known{block.from_host, block.from_host + bytes};
    blank_varying(known);
    blank_varying(room.first(bytes));
    return std::ranges::equal(known, room.first(bytes));
}

std::uint8_t* Translation::write_late_way(Assembler assembler, std::uint32_t site)
{
    a_ = assembler;
    context_ = told_->context;
    give_back(told_->pointers);
    save_cold_flags(told_->cold);
    call_stub(site, Fixup::Kind::Site, stubs().help);
    a_.align();
    return a_.position();
}

const std::uint8_t* Translator::rescue_entry(void* self, const HostFault& fault)
{
    return static_cast<Translator*>(self)->rescue(fault);
}

// Where to go on: the cold code of the guest instruction, which is written now, or out of translated code for good.
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
    return stubs_[0].give_up;
}

const std::uint8_t* Translator::way_of(const HostFault& fault)
{
    Block* block = blocks_.find_code(fault.at);
    if (block == nullptr || free_ + Translation::kLateWayBytes > code_->writable() + code_->size()) {
        return nullptr;
    }
    FaultTable faults{{code_->executable(), code_->size()}};
    std::pmr::deque<Link> links;
    std::pmr::deque<Site> sites;
    std::pmr::deque<GroupRange> groups;
    std::vector<std::uint8_t> room(Translation::kMostBytes);
    Block again{std::pmr::new_delete_resource()};
    Translation once_more{Workshop{cpu(), core_->frame, stubs_, faults, *tables_, links, sites, groups,
                                   options_.extract && extracts_bits(), refused_, options_.nop},
                          options_.interpreted};
    once_more.set_single(traced_);
    if (!once_more.tell(again, *block, slot_of(block->context), room, fault.at)) {
        return nullptr;
    }
    Site& site = sites_.emplace_back();
    site.kind = Site::Kind::Interpret;
    site.offset = once_more.told_offset();
    site.context = once_more.told_context();
    site.block = block;
    code_->use(free_, Translation::kLateWayBytes);
    const std::uint8_t* way = code_->executable() + (free_ - code_->writable());
    free_ = once_more.write_late_way({free_, way}, static_cast<std::uint32_t>(sites_.size() - 1));
    faults_.insert(fault.at, way);
    refuse(*block, site.offset, fault.signal);
    return way;
}

// From now on the instruction is the interpreter's: its blocks are dropped. This one goes on to its end.
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

// Not in the signal handler.
void Translator::report_refusal()
{
    if (!refusal_.empty() && options_.report) {
        options_.report(refusal_);
    }
    refusal_.clear();
}

} // namespace windsor::translate
