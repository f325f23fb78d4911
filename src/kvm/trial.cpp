// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/trial.hpp"

#include "kvm/control.hpp"
#include "kvm/engine.hpp"
#include "kvm/watchdog.hpp"
#include "x86/paging.hpp"

#include <chrono>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <set>

namespace windsor::kvm {

namespace {

using vcpu::CpuState;
using x86::Seg;

constexpr std::uint64_t kMemory = 1 << 20;
constexpr std::uint32_t kCode = 0x1000;
constexpr std::uint32_t kTables = 0x2000;
constexpr std::chrono::seconds kPatience{2};

// Nothing outside.
class NoIo final : public vcpu::CpuIo {
public:
    std::uint32_t port_read(base::Port, unsigned) override { return ~0u; }
    void port_write(base::Port, unsigned, std::uint32_t) override {}
    std::uint64_t mmio_read(base::GuestPhysical, unsigned) override { return ~std::uint64_t{0}; }
    void mmio_write(base::GuestPhysical, unsigned, std::uint64_t) override {}
    std::optional<base::Vector> acknowledge_interrupt() override { return std::nullopt; }
    std::uint8_t task_priority() override { return 0; }
    void set_task_priority(std::uint8_t) override {}
    std::optional<std::uint64_t> read_msr(std::uint32_t) override { return std::nullopt; }
    bool write_msr(std::uint32_t, std::uint64_t) override { return false; }
};

// mov ecx, turns; turn: dec ecx; jnz turn; hlt — two instructions a turn.
std::vector<std::uint8_t> loop(TrialMode mode)
{
    constexpr auto kTurns = static_cast<std::uint32_t>(kTrialInstructions / 2);
    std::vector<std::uint8_t> code{0x66, 0xb9};
    std::vector<std::uint8_t> turn{0x66, 0x49, 0x75, 0xfc, 0xf4};
    if (mode == TrialMode::Protected) {
        code = {0xb9};
        turn = {0x49, 0x75, 0xfd, 0xf4};
    } else if (mode == TrialMode::Long) {
        code = {0xb9};
        turn = {0xff, 0xc9, 0x75, 0xfc, 0xf4};
    }
    for (unsigned shift = 0; shift < 32; shift += 8) {
        code.push_back(static_cast<std::uint8_t>(kTurns >> shift));
    }
    code.insert(code.end(), turn.begin(), turn.end());
    return code;
}

template <typename Entry>
void put_table(std::uint8_t* memory, std::uint32_t at, unsigned count, Entry first, Entry step)
{
    for (unsigned i = 0; i < count; ++i) {
        const auto entry = static_cast<Entry>((first + i * step) | x86::pte::kP | x86::pte::kRw);
        std::memcpy(memory + at + i * sizeof entry, &entry, sizeof entry);
    }
}

void set_flat(CpuState& state, bool long_mode)
{
    x86::Segment data{.selector = 0x10,
                      .limit = 0xffff'ffff,
                      .attributes = {.type = 3, .s = true, .p = true, .db = true, .g = true}};
    state.segments.fill(data);
    data.selector = 0x8;
    data.attributes.type = 11;
    data.attributes.l = long_mode;
    data.attributes.db = !long_mode;
    state.segment(Seg::Cs) = data;
    state.ldtr = {.unusable = true};
    state.cr0 = x86::cr0::kPe | x86::cr0::kEt | x86::cr0::kNe | x86::cr0::kPg;
    state.cr3 = kTables;
}

// The state in which the loop begins, and the page tables that it needs: the first mebibyte one to one.
CpuState prepare(TrialMode mode, std::uint8_t* memory, std::uint32_t signature)
{
    CpuState state = vcpu::reset_state(signature);
    state.segment(Seg::Cs).selector = 0;
    state.segment(Seg::Cs).base = 0;
    state.rip = kCode;
    constexpr unsigned kPages = kMemory >> 12;
    if (mode == TrialMode::Protected) {
        set_flat(state, false);
        put_table<std::uint32_t>(memory, kTables, 1, kTables + 0x1000, 0);
        put_table<std::uint32_t>(memory, kTables + 0x1000, kPages, 0, 0x1000);
    } else if (mode == TrialMode::Long) {
        set_flat(state, true);
        state.cr4 = x86::cr4::kPae;
        state.efer = x86::efer::kLme | x86::efer::kLma;
        for (std::uint32_t level = 0; level < 3; ++level) {
            put_table<std::uint64_t>(memory, kTables + level * 0x1000, 1, kTables + (level + 1) * 0x1000, 0);
        }
        put_table<std::uint64_t>(memory, kTables + 0x3000, kPages, 0, 0x1000);
    }
    return state;
}

Trial failed(std::string why)
{
    return {.outcome = Trial::Outcome::Failed, .failure = std::move(why)};
}

// Of this thread, which the guest's time counts for: other work on the host does not make KVM slow.
base::Nanoseconds processor_time()
{
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * base::kSecond + used.tv_nsec;
}

Trial timed(Engine& engine)
{
    const Watchdog watchdog{engine, kPatience};
    const base::Nanoseconds start = processor_time();
    const vcpu::HaltReason reason = engine.run();
    const base::Nanoseconds time = processor_time() - start;
    switch (reason) {
    case vcpu::HaltReason::Halted: return {.outcome = Trial::Outcome::Finished, .time = time};
    case vcpu::HaltReason::Shutdown: return {.outcome = Trial::Outcome::Shutdown};
    case vcpu::HaltReason::Stopped: return {.outcome = Trial::Outcome::TimedOut};
    case vcpu::HaltReason::Failed: break;
    }
    return failed(engine.failure());
}

} // namespace

int ThisHost::open()
{
    kvm_.reset(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    return kvm_ ? 0 : errno;
}

int ThisHost::api_version()
{
    return control(kvm_.get(), KVM_GET_API_VERSION);
}

bool ThisHost::has(int capability)
{
    return control(kvm_.get(), KVM_CHECK_EXTENSION, capability) > 0;
}

Trial ThisHost::run(TrialMode mode)
{
    auto block = memory::Block::create(kMemory);
    if (!block) {
        return failed(block.error().message());
    }
    memory::GuestMemory memory;
    memory.map({.size = kMemory, .block = block->get()});
    auto vm = Vm::create(memory);
    if (!vm) {
        return failed(vm.error().message());
    }
    NoIo io;
    const base::ManualClock clock;
    vcpu::Signals signals;
    const vcpu::CpuModel model = vcpu::CpuModel::standard();
    auto engine = Engine::create(std::move(*vm),
                                 {.memory = memory, .io = io, .model = model, .clock = clock, .signals = signals});
    if (!engine) {
        return failed(engine.error().message());
    }
    const std::vector<std::uint8_t> code = loop(mode);
    std::memcpy((*block)->data() + kCode, code.data(), code.size());
    (*engine)->set_state(prepare(mode, (*block)->data(), model.signature()));
    return timed(**engine);
}

std::string ThisHost::boot()
{
    std::string id;
    std::getline(std::ifstream{"/proc/sys/kernel/random/boot_id"}, id);
    std::error_code ignored;
    std::set<std::string> modules;
    for (const auto& module : std::filesystem::directory_iterator{"/sys/module", ignored}) {
        if (const std::string name = module.path().filename(); name.starts_with("kvm")) {
            modules.insert(name);
        }
    }
    for (const std::string& name : modules) {
        id += ' ' + name;
    }
    return id;
}

Probe probe(const std::filesystem::path& directory, const std::function<void()>& before_trials)
{
    ThisHost host;
    return probe(host, ProbeCache{directory, ThisHost::boot()}, before_trials);
}

} // namespace windsor::kvm
