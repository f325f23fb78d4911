// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/comparison/engine_run.hpp"

#include <cstring>

namespace windsor::conformance::comparison {

namespace {

using x86::Attributes;
using x86::Seg;
using x86::Segment;

// The guest-physical places of everything.
constexpr std::uint64_t kPml4 = 0x1000;
constexpr std::uint64_t kLowPdpt = 0x2000;
constexpr std::uint64_t kLowDirectory = 0x3000;
constexpr std::uint64_t kWindowTable = 0x4000;
constexpr std::uint64_t kCodeTable = 0x5000;
constexpr std::uint64_t kHighPdpt = 0x6000;
constexpr std::uint64_t kHighDirectory = 0x7000;
constexpr std::uint64_t kGdt = 0x8000;
constexpr std::uint64_t kIdt = 0x9000;
constexpr std::uint64_t kTss = 0xa000;
constexpr std::uint64_t kStackTop = 0xc000;
constexpr std::uint64_t kHandlers = 0xd000;
constexpr std::uint64_t kWindowPhysical = 0x10'0000;
constexpr std::uint64_t kCodePhysical = 0x11'0000;
constexpr std::uint64_t kMemorySize = 0x20'0000;

// The kernel sees the first 2 MiB here.
constexpr std::uint64_t kKernel = 0xffff'8000'0000'0000;
constexpr std::uint16_t kKernelCode = 0x10;
constexpr std::uint16_t kKernelData = 0x18;
constexpr std::uint16_t kTssSelector = 0x40;
constexpr std::uint16_t kTssLimit = 0x67;
constexpr std::uint64_t kHandlerStride = 16;
constexpr std::uint8_t kHlt = 0xf4;
constexpr std::uint8_t kInt3 = 0xcc;
constexpr unsigned kVectors = 32;
constexpr std::uint32_t kAvxBit = 1u << 28; // CPUID.1:ECX

constexpr std::uint64_t kPresent = 1, kWritable = 2, kUser = 4, kLarge = 0x80;

class NoIo final : public vcpu::CpuIo {
public:
    std::uint32_t port_read(base::Port, unsigned) override { return 0xffffffff; }
    void port_write(base::Port, unsigned, std::uint32_t) override {}
    std::uint64_t mmio_read(base::GuestPhysical, unsigned) override { return ~std::uint64_t{0}; }
    void mmio_write(base::GuestPhysical, unsigned, std::uint64_t) override {}
    std::optional<base::Vector> acknowledge_interrupt() override { return std::nullopt; }
    std::uint8_t task_priority() override { return 0; }
    void set_task_priority(std::uint8_t) override {}
    std::optional<std::uint64_t> read_msr(std::uint32_t) override { return std::nullopt; }
    bool write_msr(std::uint32_t, std::uint64_t) override { return false; }
};

class StillClock final : public base::Clock {
public:
    base::Nanoseconds now() const override { return {}; }
};

Segment flat(std::uint16_t selector, std::uint8_t type, std::uint8_t dpl, bool long_code)
{
    return {
        .selector = selector,
        .base = 0,
        .limit = 0xffffffff,
        .attributes = {.type = type, .s = true, .dpl = dpl, .p = true, .l = long_code, .db = !long_code, .g = true}};
}

std::uint64_t descriptor(const Segment& segment)
{
    return 0xffff | std::uint64_t{segment.attributes.word()} << 40 | std::uint64_t{0xf} << 48;
}

Segment user_code(CodeMode mode)
{
    return mode == CodeMode::Long64 ? flat(kUserCode64, 11, 3, true) : flat(kUserCode32, 11, 3, false);
}

} // namespace

class EngineRunner::Impl {
public:
    base::Status prepare(const EngineFactory& factory);
    Ending run(const TestCase& test);

private:
    void put(std::uint64_t address, std::uint64_t value) { std::memcpy(block_->data() + address, &value, 8); }
    std::uint64_t get(std::uint64_t address) const
    {
        std::uint64_t value = 0;
        std::memcpy(&value, block_->data() + address, 8);
        return value;
    }
    void build_paging();
    void build_tables();
    vcpu::CpuState initial_state(const TestCase& test) const;
    void collect(Ending& ending) const;

    NoIo io_;
    StillClock clock_;
    vcpu::CpuModel model_{vcpu::CpuModel::standard()};
    std::unique_ptr<memory::Block> block_;
    memory::GuestMemory memory_;
    vcpu::Signals signals_;
    std::unique_ptr<vcpu::Engine> engine_;
};

void EngineRunner::Impl::build_paging()
{
    constexpr std::uint64_t kAll = kPresent | kWritable | kUser;
    put(kPml4, kLowPdpt | kAll);
    put(kLowPdpt, kLowDirectory | kAll);
    put(kLowDirectory + (kWindow >> 21) * 8, kWindowTable | kAll);
    put(kLowDirectory + (kCodePage >> 21) * 8, kCodeTable | kAll);
    for (std::uint64_t at = 0; at < kWindowSize; at += memory::kPageSize) {
        put(kWindowTable + (at >> 12) * 8, (kWindowPhysical + at) | kAll);
    }
    put(kCodeTable, kCodePhysical | kPresent | kUser);
    put(kPml4 + 256 * 8, kHighPdpt | kPresent | kWritable);
    put(kHighPdpt, kHighDirectory | kPresent | kWritable);
    put(kHighDirectory, kPresent | kWritable | kLarge);
}

void EngineRunner::Impl::build_tables()
{
    put(kGdt + kKernelCode, descriptor(flat(kKernelCode, 11, 0, true)));
    put(kGdt + kKernelData, descriptor(flat(kKernelData, 3, 0, false)));
    put(kGdt + (kUserCode32 & ~7u), descriptor(flat(kUserCode32, 11, 3, false)));
    put(kGdt + (kUserData & ~7u), descriptor(flat(kUserData, 3, 3, false)));
    put(kGdt + (kUserCode64 & ~7u), descriptor(flat(kUserCode64, 11, 3, true)));
    put(kTss + 4, kKernel + kStackTop);                     // RSP0
    put(kTss + 0x60, std::uint64_t{kTssLimit + 1u} << 48); // no I/O bitmap
    for (unsigned vector = 0; vector < kVectors; ++vector) {
        const std::uint64_t handler = kKernel + kHandlers + vector * kHandlerStride;
        const std::uint64_t dpl = vector == 3 || vector == 4 ? 3 : 0;
        put(kIdt + vector * 16, (handler & 0xffff) | std::uint64_t{kKernelCode} << 16 | (0x8e00 | dpl << 13) << 32 |
                                    (handler >> 16 & 0xffff) << 48);
        put(kIdt + vector * 16 + 8, handler >> 32);
        block_->data()[kHandlers + vector * kHandlerStride] = kHlt;
    }
}

base::Status EngineRunner::Impl::prepare(const EngineFactory& factory)
{
    block_ = WINDSOR_TRY(memory::Block::create(kMemorySize));
    memory_.map({.start = base::GuestPhysical{0}, .size = kMemorySize, .block = block_.get()});
    build_paging();
    build_tables();
    engine_ = factory({.memory = memory_, .io = io_, .model = model_, .clock = clock_, .signals = signals_});
    if (engine_ == nullptr) {
        return base::fail("the engine cannot be made");
    }
    return {};
}

vcpu::CpuState EngineRunner::Impl::initial_state(const TestCase& test) const
{
    vcpu::CpuState state = vcpu::reset_state(model_.signature());
    state.gpr = test.registers.gpr;
    state.rip = kCodeStart;
    state.rflags = test.registers.rflags;
    state.fx = test.registers.fx;
    state.ymm_high = test.registers.ymm_high;
    state.segment(Seg::Cs) = user_code(test.mode);
    for (const Seg seg : {Seg::Ss, Seg::Ds, Seg::Es}) {
        state.segment(seg) = flat(kUserData, 3, 3, false);
    }
    for (const Seg seg : {Seg::Fs, Seg::Gs}) {
        state.segment(seg) = Segment{};
        state.segment(seg).unusable = true;
    }
    state.tr = {.selector = kTssSelector,
                .base = kKernel + kTss,
                .limit = kTssLimit,
                .attributes = {.type = static_cast<std::uint8_t>(x86::SystemType::TssBusy), .p = true}};
    state.ldtr = Segment{};
    state.ldtr.unusable = true;
    state.gdtr = {.base = kKernel + kGdt, .limit = 0x7f};
    state.idtr = {.base = kKernel + kIdt, .limit = kVectors * 16 - 1};
    state.cr0 = x86::cr0::kPe | x86::cr0::kPg | x86::cr0::kNe | x86::cr0::kWp | x86::cr0::kMp | x86::cr0::kEt;
    state.cr3 = kPml4;
    state.cr4 = x86::cr4::kPae | x86::cr4::kOsfxsr | x86::cr4::kOsxmmexcpt | x86::cr4::kPge;
    if ((model_.cpuid(1, 0, state, 0).ecx & kAvxBit) != 0) {
        state.cr4 |= x86::cr4::kOsxsave;
        state.xcr0 = x86::xcr0::kX87 | x86::xcr0::kSse | x86::xcr0::kAvx;
    }
    state.efer = x86::efer::kLme | x86::efer::kLma | x86::efer::kNxe | x86::efer::kSce;
    return state;
}

// The kernel stack tells where the program was; the handler's address tells why it stopped.
void EngineRunner::Impl::collect(Ending& ending) const
{
    const vcpu::CpuState state = engine_->state();
    ending.registers.gpr = state.gpr;
    ending.registers.fx = state.fx;
    ending.registers.ymm_high = state.ymm_high;
    ending.vector = static_cast<unsigned>((state.rip - kKernel - kHandlers) / kHandlerStride);
    std::uint64_t frame = state.gpr[x86::kRsp] - kKernel;
    if (ending.vector >= kVectors || frame > kStackTop || frame < kStackTop - 48) {
        ending.vector = 0xff;
        return;
    }
    if (frame == kStackTop - 48) {
        ending.error_code = get(frame);
        frame += 8;
    }
    ending.rip = get(frame);
    ending.registers.rflags = get(frame + 16);
    ending.registers.gpr[x86::kRsp] = get(frame + 24);
    if (ending.vector == 14) {
        ending.cr2 = state.cr2;
    }
    if (ending.vector == 3) {
        ending.rip -= 1;
    }
}

Ending EngineRunner::Impl::run(const TestCase& test)
{
    std::memset(block_->data() + kCodePhysical, kInt3, kCodeSize);
    std::memcpy(block_->data() + kCodePhysical + (kCodeStart - kCodePage), test.code.data(), test.code.size());
    memory_.written(base::GuestPhysical{kCodePhysical});
    std::memcpy(block_->data() + kWindowPhysical, test.window.data(), kWindowSize);
    engine_->set_state(initial_state(test));
    Ending ending;
    if (engine_->run() == vcpu::HaltReason::Halted) {
        collect(ending);
    } else {
        ending.vector = 0xff; // a shutdown or a failure of the engine
    }
    std::memcpy(ending.window.data(), block_->data() + kWindowPhysical, kWindowSize);
    return ending;
}

EngineRunner::EngineRunner(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
EngineRunner::~EngineRunner() = default;

base::Result<std::unique_ptr<EngineRunner>> EngineRunner::create(const EngineFactory& factory)
{
    auto impl = std::make_unique<Impl>();
    if (base::Status ready = impl->prepare(factory); !ready) {
        return std::unexpected{std::move(ready).error()};
    }
    return std::unique_ptr<EngineRunner>{new EngineRunner{std::move(impl)}};
}

Ending EngineRunner::run(const TestCase& test)
{
    return impl_->run(test);
}

} // namespace windsor::conformance::comparison
