// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/run/translator.hpp"

#include "emulate/core/upper_halves.hpp"
#include "emulate/floating/fx_state.hpp"
#include "translate/run/block_checks.hpp"
#include "translate/run/host_processor.hpp"
#include "x86/address.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>

namespace windsor::translate {

namespace {

using x86::Seg;

constexpr std::size_t kMostCautious = 4096; // how many blocks may be known as cautious, or as likely to become so

} // namespace

base::Result<std::unique_ptr<Translator>> Translator::create(const vcpu::EngineParts& parts, const Options& options)
{
    auto code = CodeMemory::create(options.code_bytes);
    if (!code) {
        return std::unexpected{std::move(code).error()};
    }
    if (!install_fault_handler()) {
        return base::fail("the host refuses a handler of SIGSEGV or another signal that translated code needs");
    }
    std::unique_ptr<Translator> translator{new Translator{parts, options, std::move(*code)}};
    WINDSOR_TRY(translator->make_checks());
    return translator;
}

Translator::Translator(const vcpu::EngineParts& parts, const Options& options, std::unique_ptr<CodeMemory> code)
    : vcpu::Engine{parts.signals}, core_{std::make_unique<Core>(parts)}, options_{options}, code_{std::move(code)},
      faults_{{code_->executable(), code_->size()}}, windows_{core_->interpreter.cpu(), options.windows},
      histogram_(ZYDIS_MNEMONIC_MAX_VALUE + 1)
{
    core_->frame.self = this;
    core_->frame.helper = help_entry;
    core_->frame.signals = parts.signals.word();
    tables_ = std::make_unique<JumpTables>(core_->frame, options.contexts);
    free_ = code_->writable();
    for (const Reach reach : kReaches) {
        const Assembler assembler{free_, code_->executable() + (free_ - code_->writable())};
        free_ = write_stubs(assembler, core_->frame, cpu(), reach, stubs_.of(reach));
    }
    first_ = free_;
    translation_ =
        std::make_unique<Translation>(Workshop{cpu(), core_->frame, stubs_, faults_, *tables_, links_, exits_, groups_,
                                               options.extract && extracts_bits(), refused_, options_.nop},
                                      options.interpreted);
    faults_.set_rescue(&core_->frame, rescue_entry, this);
    cpu().set_accelerator(this);
}

Translator::~Translator()
{
    cpu().set_accelerator(nullptr);
}

void Translator::set_trace(emulate::TraceSink* sink)
{
    traced_ = sink != nullptr;
    translation_->set_single(traced_);
    core_->interpreter.set_trace(sink); // this drops all blocks
}

// Returns the context key of the code at RIP. Returns Context::kNone if the interpreter has to run that code: 16-bit
// code, and code in real mode, in rings 1 and 2, or with segments that are not flat.
std::uint32_t Translator::context_key()
{
    const emulate::Cpu& cpu = core_->interpreter.cpu();
    const vcpu::CpuState& s = cpu.s;
    Context context;
    context.mode = emulate::Decoder::mode_of(cpu);
    switch (context.mode) {
    case emulate::DecodeMode::Long64: break;
    case emulate::DecodeMode::Legacy32:
    case emulate::DecodeMode::Compat32:
        if (cpu.mode() == emulate::Mode::Real || cpu.mode() == emulate::Mode::Virtual8086 || cpu.stack_size() != 4 ||
            cpu.code_base().raw() != 0 || cpu.code_limit() != 0xffffffff || !cpu.flat(Seg::Ss) || !cpu.flat(Seg::Ds) ||
            !cpu.flat(Seg::Es)) {
            return Context::kNone;
        }
        break;
    default: return Context::kNone;
    }
    context.set = cpu.program_set();
    if (context.set == emulate::TlbSet::Checked || cpu.cpl() == 1 || cpu.cpl() == 2) {
        return Context::kNone;
    }
    context.user = cpu.cpl() == 3;
    context.open = context.user && (s.rflags & x86::rflags::kIf) != 0 && !s.nmi_blocked;
    context.smap = (s.cr4 & x86::cr4::kSmap) != 0;
    const bool available = (s.cr0 & (x86::cr0::kEm | x86::cr0::kTs)) == 0;
    context.sse = available && (s.cr4 & x86::cr4::kOsfxsr) != 0 &&
                  (s.fx.mxcsr & emulate::mxcsr::kMasks) == emulate::mxcsr::kMasks;
    constexpr std::uint64_t kAvx = x86::xcr0::kSse | x86::xcr0::kAvx;
    context.avx = context.sse && (s.cr4 & x86::cr4::kOsxsave) != 0 && (s.xcr0 & kAvx) == kAvx;
    context.window = context.user && !context.long64() && in_window(cpu);
    context.x87 = available && (s.fx.fcw & emulate::fsw::kExceptions) == emulate::fsw::kExceptions &&
                  (s.fx.fsw & emulate::fsw::kEs) == 0;
    return context.key();
}

bool Translator::in_window(const emulate::Cpu& cpu)
{
    if (options_.windows.warm == 0) {
        windows_.tick();
    }
    return windows_.base() != nullptr && !traced_ && (cpu.s.dr7 & x86::dr7::kEnables) == 0;
}

std::size_t Translator::slot_of(std::uint32_t key)
{
    auto slot = tables_->slot_of(key);
    if (!slot) {
        drop_all();
        slot = tables_->slot_of(key);
    }
    return *slot;
}

bool Translator::remember(Block& block, const emulate::Cpu::CodePlace& place)
{
    if (block.second_page == nullptr) {
        const auto pages = place.global ? JumpTables::Pages::Global : JumpTables::Pages::NonGlobal;
        tables_->remember(slot_of(block.context), block, pages, {place.size, place.size});
        return true;
    }
    const auto second = second_page(block.rip);
    if (!second || second->page.host != block.second_page || block.dropped) {
        return false; // the second page has been mapped or written meanwhile
    }
    tables_->remember(slot_of(block.context), block, JumpTables::Pages::NonGlobal, {place.size, second->size});
    return true;
}

Block* Translator::find(std::uint32_t context)
{
    cpu().forget_evicted();
    const std::uint64_t rip = cpu().s.rip;
    const std::size_t slot = slot_of(context);
    if (Block* known = tables_->find(slot, rip); known != nullptr) {
        return known;
    }
    emulate::Cpu::CodePlace place;
    const Context wanted = Context::of(context);
    if ((wanted.long64() ? !x86::canonical(rip) : rip > 0xffffffff) || !cpu().locate_code(x86::Linear{rip}, place) ||
        !place.page.readable()) {
        return nullptr;
    }
    Block* block = blocks_.find(place.page.host + place.physical.offset_in(memory::kPageSize), rip, context);
    if (block == nullptr) {
        block = make_block(wanted, place);
    }
    const bool usable = block != nullptr && remember(*block, place);
    return usable ? block : nullptr; // without a block the interpreter runs the code
}

void Translator::point(std::uint8_t* displacement, const std::uint8_t* target)
{
    Assembler{code_->writable(), code_->executable()}.point(displacement, target);
}

void Translator::link(Link& link, std::uint32_t number, Block& to)
{
    if (link.to != nullptr || link.from->dropped || to.second_page != nullptr || link.target != to.rip ||
        link.context != to.context) {
        return;
    }
    link.to = &to;
    to.incoming.push_back(number);
    point(link.displacement, link.flags == FlagPlace::Memory ? to.from_memory : to.from_host);
    ++counters_.links;
}

void Translator::unlink(Block& block)
{
    for (const std::uint32_t number : block.incoming) {
        Link& link = links_[number];
        link.to = nullptr;
        point(link.displacement, link.unlinked);
    }
    block.incoming.clear();
    tables_->forget(slot_of(block.context), block.rip);
}

bool Translator::run_translated()
{
    if (std::exchange(interpreting_, false)) {
        return false;
    }
    const std::uint32_t context = context_key();
    const Block* block = context != Context::kNone ? find(context) : nullptr;
    if (block == nullptr) {
        return false;
    }
    const std::uint8_t* code = going_on(block->unchecked, block->context);
    if (code == nullptr) {
        return false;
    }
    give_flags();
    ++counters_.entries;
    stubs_.of(Reach::Lookups).enter(&core_->frame, code);
    take_flags();
    if (cpu().cpl() == 3 && cpu().signals().test(vcpu::Signal::Interrupt)) {
        windows_.tick();
    }
    if (core_->frame.x87_live != 0) {
        store_x87();
    }
    return true;
}

void Translator::take_flags()
{
    constexpr std::uint64_t kKept = ~(x86::rflags::kArithmetic | x86::rflags::kDf);
    std::uint64_t& rflags = cpu().s.rflags;
    rflags = (rflags & kKept) | unpack_flags(core_->frame.flags) | (core_->frame.direction != 0 ? x86::rflags::kDf : 0);
}

// Returns the signals that running code stops for. An interrupt or NMI that is masked is not among them, or it would
// stop the code at every block.
std::uint32_t Translator::heeded()
{
    using vcpu::Signal;
    std::uint32_t heeded = kHeeded;
    if ((cpu().s.rflags & x86::rflags::kIf) == 0) {
        heeded &= ~static_cast<std::uint32_t>(Signal::Interrupt);
    }
    if (cpu().s.nmi_blocked) {
        heeded &= ~static_cast<std::uint32_t>(Signal::Nmi);
    }
    return heeded;
}

void Translator::give_flags()
{
    const std::uint64_t rflags = cpu().s.rflags;
    core_->frame.flags = pack_flags(rflags);
    core_->frame.direction = (rflags & x86::rflags::kDf) != 0 ? 1 : 0;
    core_->frame.heeded = heeded();
}

// Moves the x87 state from the host's unit to the guest's in memory. FXSAVE stores the XMM registers as well, which are
// ignored here, because the stubs move them.
void Translator::store_x87()
{
    alignas(64) x86::FxArea now;
    asm volatile("fxsave64 %0\n\tfninit" : "=m"(now));
    x86::FxArea& fx = cpu().s.fx;
    fx.fsw = now.fsw;
    fx.ftw = now.ftw;
    fx.st = now.st;
    core_->frame.x87_live = 0;
}

void Translator::load_x87()
{
    alignas(64) x86::FxArea wanted = cpu().s.fx;
    wanted.mxcsr = core_->frame.host_mxcsr;
    wanted.fop = 0;
    wanted.fip = 0;
    wanted.fdp = 0;
    asm volatile("fxrstor64 %0"
                 :
                 : "m"(wanted)
                 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                   "xmm12", "xmm13", "xmm14", "xmm15");
    core_->frame.x87_live = 1;
}

const std::uint8_t* Translator::help_entry(void* self, std::uint32_t number)
{
    auto& translator = *static_cast<Translator*>(self);
    return (number & kEdgeBit) != 0 ? translator.cross(number & ~kEdgeBit) : translator.help(translator.exits_[number]);
}

const std::uint8_t* Translator::help(SideExit& exit)
{
    switch (exit.kind) {
    case SideExit::Kind::LoadSse: core_->frame.sse_live = 1; return going_on(exit.resume, exit.context);
    case SideExit::Kind::LoadAvx:
        core_->frame.sse_live = core_->frame.avx_live = 1;
        return going_on(exit.resume, exit.context);
    case SideExit::Kind::LoadX87: load_x87(); return going_on(exit.resume, exit.context);
    default: break;
    }
    const FaultTable::Fault fault = faults_.take();
    const std::uint64_t first = exit.group != 0 ? first_of(groups_[exit.group - 1]) : 0;
    cpu().s.rip = exit.block->rip + exit.offset;
    take_flags();
    const std::uint64_t exceptions = cpu().statistics().exceptions;
    bool goes_on = interpret(exit) && exit.resume != nullptr;
    report_refusal();
    if (fault.address != nullptr && cpu().statistics().exceptions == exceptions) {
        goes_on = avoid_next_fault(*exit.block, fault) && goes_on;
    }
    if (goes_on && exit.loads) {
        core_->frame.selectors.note(cpu(), *exit.loads);
    }
    give_flags();
    if (goes_on && exit.group != 0 && !open_group(exit, first)) {
        fail_group(exit);
        return nullptr;
    }
    if (goes_on) {
        core_->frame.kept = core_->frame.bases[exit.kept];
        return going_on(exit.resume, exit.context);
    }
    const Block* block = next_block();
    return block != nullptr ? going_on(block->unchecked, block->context) : nullptr;
}

// Must be called after an instruction has faulted and has been interpreted. Avoids its next fault: maps the page in the
// window, or drops the block if that has failed too often. Returns false if the block has been dropped.
bool Translator::avoid_next_fault(const Block& block, const FaultTable::Fault& fault)
{
    constexpr unsigned kMostFruitless = 16;
    const std::uint8_t* base = windows_.base();
    if (base == nullptr) {
        return true;
    }
    const auto linear = static_cast<std::uint64_t>(fault.address - base);
    const auto intent = fault.write ? emulate::Intent::Write : emulate::Intent::Read;
    if (linear >> 32 == 0 && windows_.fill(static_cast<std::uint32_t>(linear), intent)) {
        return true;
    }
    if (fruitless_.size() >= kMostCautious) {
        fruitless_.clear();
    }
    if (windows_.base() == nullptr || ++fruitless_[block.host] < kMostFruitless) {
        return true;
    }
    make_cautious(block);
    return false;
}

// Drops the block. When it is translated again, it will be a cautious one.
void Translator::make_cautious(const Block& block)
{
    if (cautious_.size() >= kMostCautious) {
        cautious_.clear();
        fruitless_.clear();
    }
    cautious_.insert(block.host);
    const std::uint64_t offset = reinterpret_cast<std::uintptr_t>(block.host) & memory::kPageMask;
    static_cast<void>(written(block.host - offset, static_cast<unsigned>(offset), 1));
}

std::uint64_t Translator::first_of(const GroupRange& range)
{
    return cpu().s.gpr[range.base] + static_cast<std::uint64_t>(std::int64_t{range.from});
}

// Must be called after the instruction that opens a group has been interpreted. Puts into the frame what the group
// keeps. Returns false if the rest of the group cannot use one lookup.
bool Translator::open_group(const SideExit& exit, std::uint64_t first)
{
    const GroupRange& range = groups_[exit.group - 1];
    const x86::Linear linear = x86::Linear{first} & cpu().linear_mask();
    if (range.distance && linear.raw() != first) {
        return false; // the address wraps around, so that the distance would lead elsewhere
    }
    const emulate::TlbEntries& entries = *cpu().program().entries;
    const std::size_t at = emulate::TlbEntries::index(linear);
    const x86::Linear page = linear.aligned_down(memory::kPageSize);
    if ((range.write ? entries.write : entries.read)[at] != page.raw() ||
        linear - page + range.span > memory::kPageSize) {
        return false;
    }
    const auto host = reinterpret_cast<std::uintptr_t>(entries.host_address(at, linear));
    core_->frame.bases[range.base] =
        range.distance ? entries.distance[at] : host - static_cast<std::uint64_t>(std::int64_t{range.low});
    return true;
}

// Lets the interpreter go on, because a group has failed. If that happens again and again, the block becomes cautious.
void Translator::fail_group(SideExit& exit)
{
    constexpr unsigned kMostFailures = 8;
    constexpr std::uint64_t kSoon = 1'000'000; // nanoseconds
    ++counters_.failures;
    interpreting_ = true;
    const std::uint64_t now = cpu().now();
    exit.fruitless =
        now - std::exchange(last_failure_, now) > kSoon ? 0 : static_cast<std::uint8_t>(exit.fruitless + 1);
    if (exit.fruitless >= kMostFailures) {
        make_cautious(*exit.block);
    }
}

// Must be called before code of a context runs. Makes true what the code takes for granted. Returns the code, or null
// if it relies on a window that there is no more.
const std::uint8_t* Translator::going_on(const std::uint8_t* code, std::uint32_t context)
{
    const bool windowed = (context & Context::kWindowed) != 0;
    if (windowed && !windows_.apply_drops()) {
        return nullptr;
    }
    if (Context::of(context).mode != emulate::DecodeMode::Long64) {
        emulate::clear_upper_halves(cpu().s);
    }
    core_->frame.window = windowed ? reinterpret_cast<std::uintptr_t>(windows_.base()) : cpu().s.gpr[x86::kR14];
    return code;
}

const std::uint8_t* Translator::cross(std::uint32_t link)
{
    const std::uint64_t resets = counters_.resets;
    ++counters_.crossings;
    Block* block = next_block();
    if (block == nullptr) {
        return nullptr;
    }
    if (link != 0 && counters_.resets == resets) {
        this->link(links_[link - 1], link - 1, *block);
    }
    return going_on(block->unchecked, block->context);
}

Block* Translator::next_block()
{
    emulate::Cpu& cpu = this->cpu();
    core_->frame.sse_live = core_->frame.avx_live = 0; // this state is in memory until a block loads it
    const bool looked_at = cpu.special() || cpu.pending_debug != 0 || cpu.s.activity != vcpu::Activity::Running ||
                           (cpu.signals().pending() & core_->frame.heeded) != 0;
    if (looked_at) {
        return nullptr;
    }
    cpu.s.rflags &= ~x86::rflags::kRf; // RF only suppresses breakpoints, of which none is set here
    const std::uint32_t context = context_key();
    return context != Context::kNone ? find(context) : nullptr;
}

// Has the instruction of a side exit interpreted. Returns whether the block may go on behind it.
bool Translator::interpret(SideExit& exit)
{
    const bool plain = exit.kind == SideExit::Kind::Access;
    ++(plain ? counters_.misses : counters_.interpreted);
    const bool x87 = core_->frame.x87_live != 0 && (exit.x87 || !plain);
    if (x87) {
        store_x87();
    }
    if (!exit.insn) {
        exit.insn = std::make_unique<emulate::Insn>();
        const auto mode = static_cast<emulate::DecodeMode>(exit.context & 0xf);
        static_cast<void>(cpu().decoder().decode(mode, std::span{exit.block->bytes}.subspan(exit.offset), *exit.insn));
    }
    if (!plain) {
        ++histogram_[exit.insn->mnemonic];
    }
    if (!cpu().interpret(*exit.insn) || exit.block->dropped) {
        return false;
    }
    if (!plain && !exit.steady) {
        if (context_key() != exit.context || cpu().special()) {
            return false;
        }
    }
    if (x87) {
        load_x87();
    }
    return true;
}

emulate::BlockCache::Effect Translator::written(const std::uint8_t* host_page, unsigned offset, unsigned size)
{
    std::vector<Block*> dropped;
    const auto effect = blocks_.written(host_page, offset, size, dropped);
    for (Block* block : dropped) {
        unlink(*block);
    }
    counters_.drops += dropped.size();
    if (checks_ != nullptr) {
        checks_->written(host_page);
    }
    return effect;
}

void Translator::drop_all()
{
    tables_->clear();
    blocks_.clear();
    std::apply([](auto&... each) { (std::destroy_at(&each), ...); }, std::tie(links_, exits_, groups_));
    arena_.release();
    std::apply([this](auto&... each) { (std::construct_at(&each, &arena_), ...); }, std::tie(links_, exits_, groups_));
    faults_.clear();
    cautious_.clear();
    fruitless_.clear();
    refused_.clear();
    free_ = first_;
    ++counters_.resets;
}

void Translator::keep_only(std::span<const std::span<const std::uint8_t>> visible)
{
    windows_.reset();
    for (const std::uint8_t* host : blocks_.pages()) {
        const bool seen = std::ranges::any_of(visible, [&](const std::span<const std::uint8_t>& stretch) {
            return std::less_equal<>{}(stretch.data(), host) && std::less<>{}(host, stretch.data() + stretch.size());
        });
        if (!seen) {
            static_cast<void>(written(host, 0, memory::kPageSize));
            blocks_.release(host);
        }
    }
}

} // namespace windsor::translate
