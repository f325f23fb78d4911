// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/comparison/host_run.hpp"

#include "vcpu/host_features.hpp"
#include "x86/xsave_area.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <sys/mman.h>
#include <sys/ucontext.h>
#include <ucontext.h>

namespace windsor::conformance::comparison {

namespace {

constexpr std::size_t kAltStackSize = 0x10000; // also its alignment: the handler finds Shared at its start
constexpr std::size_t kFxUsed = 416;           // the rest of the frame's FXSAVE image belongs to the kernel
constexpr std::size_t kXstateBv = 512;
constexpr std::uint64_t kX87AndSse = 3;
constexpr std::uint64_t kAvx = 4;
constexpr std::uint8_t kInt3 = 0xcc;

constexpr auto kSignals = std::to_array<int>({SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL});

// The order of the general registers in a signal frame.
constexpr auto kFrameGpr = std::to_array<int>({REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                               REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15});

enum class Phase : std::uint8_t { Idle, Entering, Running };

// What run() and the signal handler hand each other.
struct Shared {
    Phase phase{Phase::Idle};
    const TestCase* test{nullptr};
    Ending* ending{nullptr};
    gregset_t host_registers{};
    std::array<std::uint8_t, kFxUsed> host_fx{};
    std::array<std::uint8_t, x86::xsave::kYmmBytes> host_ymm{};
    std::uint64_t host_features{0};
    bool avx{false}; // the frame contains YMM registers
};

std::uint8_t* fx_image(ucontext_t& context)
{
    return reinterpret_cast<std::uint8_t*>(context.uc_mcontext.fpregs);
}

std::uint8_t* ymm_image(ucontext_t& context)
{
    return fx_image(context) + x86::xsave::kYmmOffset;
}

void enter(ucontext_t& context, Shared& shared)
{
    auto& registers = context.uc_mcontext.gregs;
    std::memcpy(shared.host_registers, registers, sizeof registers);
    std::memcpy(shared.host_fx.data(), fx_image(context), kFxUsed);
    std::memcpy(&shared.host_features, fx_image(context) + kXstateBv, 8);

    if (shared.avx) {
        std::memcpy(shared.host_ymm.data(), ymm_image(context), x86::xsave::kYmmBytes);
        std::memcpy(ymm_image(context), shared.test->registers.ymm_high.data(), x86::xsave::kYmmBytes);
    }

    const Registers& wanted = shared.test->registers;
    for (std::size_t i = 0; i < kFrameGpr.size(); ++i) {
        registers[kFrameGpr[i]] = static_cast<greg_t>(wanted.gpr[i]);
    }
    registers[REG_RIP] = static_cast<greg_t>(kCodeStart);
    registers[REG_EFL] = static_cast<greg_t>(wanted.rflags);
    const std::uint64_t code = shared.test->mode == CodeMode::Long64 ? kUserCode64 : kUserCode32;
    const auto kept = static_cast<std::uint64_t>(registers[REG_CSGSFS]) & 0x0000'ffff'ffff'0000;
    registers[REG_CSGSFS] = static_cast<greg_t>(kept | code | std::uint64_t{kUserData} << 48);
    std::memcpy(fx_image(context), &wanted.fx, kFxUsed);
    const std::uint64_t features = shared.host_features | kX87AndSse | (shared.avx ? kAvx : 0);
    std::memcpy(fx_image(context) + kXstateBv, &features, 8);
    shared.phase = Phase::Running;
}

void leave(ucontext_t& context, Shared& shared)
{
    auto& registers = context.uc_mcontext.gregs;
    Ending& ending = *shared.ending;
    for (std::size_t i = 0; i < kFrameGpr.size(); ++i) {
        ending.registers.gpr[i] = static_cast<std::uint64_t>(registers[kFrameGpr[i]]);
    }
    ending.registers.rflags = static_cast<std::uint64_t>(registers[REG_EFL]);
    ending.rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    ending.vector = static_cast<unsigned>(registers[REG_TRAPNO]);
    ending.error_code = static_cast<std::uint64_t>(registers[REG_ERR]);
    ending.cr2 = static_cast<std::uint64_t>(registers[REG_CR2]);
    std::memcpy(static_cast<void*>(&ending.registers.fx), fx_image(context), kFxUsed);
    std::uint64_t features = 0;
    std::memcpy(&features, fx_image(context) + kXstateBv, 8);
    if (shared.avx && (features & kAvx) != 0) {
        std::memcpy(ending.registers.ymm_high.data(), ymm_image(context), x86::xsave::kYmmBytes);
    }

    std::memcpy(registers, shared.host_registers, sizeof registers);
    std::memcpy(fx_image(context), shared.host_fx.data(), kFxUsed);
    std::memcpy(fx_image(context) + kXstateBv, &shared.host_features, 8);
    if (shared.avx) {
        std::memcpy(ymm_image(context), shared.host_ymm.data(), x86::xsave::kYmmBytes);
    }
    shared.phase = Phase::Idle;
}

void on_signal(int number, siginfo_t*, void* raw)
{
    // It runs on the alternate stack, at whose start Shared lies; a static pointer is not needed.
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    auto& shared = *reinterpret_cast<Shared*>(here & ~(kAltStackSize - 1));
    auto& context = *static_cast<ucontext_t*>(raw);
    switch (shared.phase) {
    case Phase::Entering: enter(context, shared); break;
    case Phase::Running: leave(context, shared); break;
    case Phase::Idle: std::signal(number, SIG_DFL); break; // not ours: it strikes again and ends the process
    }
}

// Fixed pages; null if they are taken.
std::uint8_t* map_at(std::uint64_t address, std::size_t size, int protection)
{
    void* wanted = reinterpret_cast<void*>(address); // NOLINT: the address is part of the experiment
    void* got = mmap(wanted, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return got == MAP_FAILED ? nullptr : static_cast<std::uint8_t*>(got);
}

} // namespace

class HostRunner::Impl {
public:
    base::Status prepare();
    ~Impl();
    Ending run(const TestCase& test);

private:
    static constexpr std::size_t kGuard = 0x1000;

    std::uint8_t* window_{nullptr};
    std::uint8_t* code_{nullptr}; // executable
    std::uint8_t* code_writable_{nullptr};
    void* alt_area_{nullptr};
    Shared* shared_{nullptr};
    std::array<struct sigaction, kSignals.size()> before_{};
    bool installed_{false};
};

base::Status HostRunner::Impl::prepare()
{
    std::uint8_t* area = map_at(kWindow - kGuard, kWindowSize + 2 * kGuard, PROT_NONE);
    if (area == nullptr || mprotect(area + kGuard, kWindowSize, PROT_READ | PROT_WRITE) != 0) {
        return base::fail("cannot map memory at {:#x}: {}", kWindow, base::errno_text(errno));
    }
    window_ = area + kGuard;
    const int file = memfd_create("windsor-compare", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, kCodeSize) != 0) {
        return base::fail("cannot make a memory file: {}", base::errno_text(errno));
    }
    void* wanted = reinterpret_cast<void*>(kCodePage); // NOLINT: as above
    void* code = mmap(wanted, kCodeSize, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
    void* writable = mmap(nullptr, kCodeSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (code == MAP_FAILED || writable == MAP_FAILED) {
        return base::fail("cannot map code at {:#x}: {}", kCodePage, base::errno_text(errno));
    }
    code_ = static_cast<std::uint8_t*>(code);
    code_writable_ = static_cast<std::uint8_t*>(writable);

    alt_area_ = mmap(nullptr, 2 * kAltStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (alt_area_ == MAP_FAILED) {
        alt_area_ = nullptr;
        return base::fail("cannot map a signal stack: {}", base::errno_text(errno));
    }
    const auto start = (reinterpret_cast<std::uintptr_t>(alt_area_) + kAltStackSize - 1) & ~(kAltStackSize - 1);
    shared_ = new (reinterpret_cast<void*>(start)) Shared{}; // NOLINT: in the mapping just made
    shared_->avx = vcpu::host_features().avx;
    stack_t stack{};
    stack.ss_sp = shared_;
    stack.ss_size = kAltStackSize;
    struct sigaction action{};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (sigaltstack(&stack, nullptr) != 0) {
        return base::fail("cannot set a signal stack: {}", base::errno_text(errno));
    }
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
        sigaction(kSignals[i], &action, &before_[i]);
    }
    installed_ = true;
    // 32-bit code needs usable data segments, which 64-bit programs start without.
    asm volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(kUserData));
    return {};
}

HostRunner::Impl::~Impl()
{
    if (installed_) {
        for (std::size_t i = 0; i < kSignals.size(); ++i) {
            sigaction(kSignals[i], &before_[i], nullptr);
        }
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
    }
    if (alt_area_ != nullptr) {
        munmap(alt_area_, 2 * kAltStackSize);
    }
    if (code_ != nullptr) {
        munmap(code_, kCodeSize);
        munmap(code_writable_, kCodeSize);
    }
    if (window_ != nullptr) {
        munmap(window_ - kGuard, kWindowSize + 2 * kGuard);
    }
}

Ending HostRunner::Impl::run(const TestCase& test)
{
    std::memset(code_writable_, kInt3, kCodeSize);
    std::memcpy(code_writable_ + (kCodeStart - kCodePage), test.code.data(), test.code.size());
    std::memcpy(window_, test.window.data(), kWindowSize);
    Ending ending;
    shared_->test = &test;
    shared_->ending = &ending;
    shared_->phase = Phase::Entering;
    asm volatile("int3" : : : "memory");
    constexpr std::uint64_t kNotRestored = x86::rflags::kNt | x86::rflags::kId; // by a signal's return
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~kNotRestored);
    if (ending.vector == 3) {
        ending.rip -= 1;
    }
    if (ending.vector != 14) {
        ending.cr2 = 0;
    }
    std::memcpy(ending.window.data(), window_, kWindowSize);
    return ending;
}

HostRunner::HostRunner(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
HostRunner::~HostRunner() = default;

base::Result<std::unique_ptr<HostRunner>> HostRunner::create()
{
    auto impl = std::make_unique<Impl>();
    if (base::Status ready = impl->prepare(); !ready) {
        return std::unexpected{std::move(ready).error()};
    }
    return std::unique_ptr<HostRunner>{new HostRunner{std::move(impl)}};
}

bool HostRunner::runs(CodeMode mode)
{
    const std::uint32_t selector = mode == CodeMode::Long64 ? kUserCode64 : kUserCode32;
    std::uint32_t rights = 0;
    bool found = false;
    asm("lar %2, %0" : "=r"(rights), "=@ccz"(found) : "r"(selector));
    return found;
}

Ending HostRunner::run(const TestCase& test)
{
    return impl_->run(test);
}

} // namespace windsor::conformance::comparison
