// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/vm.hpp"

#include "kvm/control.hpp"
#include "kvm/cpuid.hpp"
#include "x86/msr.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fcntl.h>

namespace windsor::kvm {

namespace {

constexpr std::array kNeeded{
    Capability{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "2.6.29"},
    Capability{KVM_CAP_READONLY_MEM, "KVM_CAP_READONLY_MEM", "3.7"},
    Capability{KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS", "2.6.33"},
    Capability{KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS", "2.6.35"},
    Capability{KVM_CAP_XSAVE, "KVM_CAP_XSAVE", "2.6.36"},
    Capability{KVM_CAP_XCRS, "KVM_CAP_XCRS", "2.6.36"},
    Capability{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "4.13"},
    Capability{KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR", "5.10"},
    Capability{KVM_CAP_X86_MSR_FILTER, "KVM_CAP_X86_MSR_FILTER", "5.10"},
};

constexpr std::array kForApics{KVM_CAP_SPLIT_IRQCHIP, KVM_CAP_IRQ_ROUTING, KVM_CAP_SIGNAL_MSI, KVM_CAP_MP_STATE};

// Pages that KVM needs for itself on Intel processors without unrestricted guests; they lie below the largest
// firmware, where the machine has neither memory nor devices.
constexpr std::uint64_t kIdentityMap = 0xfffb'c000;
constexpr unsigned long kTaskState = 0xfffb'd000; // three pages

// Registers that the guest reaches without leaving the processor.
struct DirectMsrs {
    std::uint32_t first;
    std::uint32_t count;
    std::uint32_t access;
};
constexpr std::uint32_t kBoth = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE;
namespace msr = x86::msr;
constexpr DirectMsrs kApicBase{msr::kApicBase, 1, kBoth}; // where KVM has the local APIC
constexpr std::array kDirect{
    DirectMsrs{msr::kTsc, 1, KVM_MSR_FILTER_READ}, // writes shift CpuState::tsc_offset, too
    DirectMsrs{msr::kSysenterCs, 3, kBoth},
    DirectMsrs{msr::kPat, 1, kBoth},
    DirectMsrs{msr::kEfer, 5, kBoth},      // EFER, STAR, LSTAR, CSTAR, FMASK
    DirectMsrs{msr::kFsBase, 4, kBoth},    // FS base, GS base, kernel GS base, TSC_AUX
};

std::unexpected<base::Error> failed(const char* what)
{
    return base::fail("KVM refuses to {}: {}; set engine = 'translate'", what, base::errno_text(errno));
}

base::Result<base::Fd> open_kvm(int device)
{
    base::Fd kvm{device >= 0 ? ::fcntl(device, F_DUPFD_CLOEXEC, 0) : ::open("/dev/kvm", O_RDWR | O_CLOEXEC)};
    if (!kvm) {
        return base::fail("cannot open /dev/kvm: {}; set engine = 'translate'", base::errno_text(errno));
    }
    return kvm;
}

base::Result<std::vector<kvm_cpuid_entry2>> read_supported(const base::Fd& kvm)
{
    List<kvm_cpuid_entry2, 256> table{.count = 256};
    if (control(kvm.get(), kGetSupportedCpuid, &table) != 0) {
        return failed("say which processor features it has");
    }
    return std::vector<kvm_cpuid_entry2>(table.entries.begin(), table.entries.begin() + table.count);
}

} // namespace

base::Result<vcpu::CpuModel> fit_to_host(const vcpu::CpuModel& model, int device)
{
    const base::Fd kvm = WINDSOR_TRY(open_kvm(device));
    return fit(model, WINDSOR_TRY(read_supported(kvm)));
}

std::span<const Capability> needed_capabilities()
{
    return kNeeded;
}

// Slots as ioctls of the VM.
class Vm::Table final : public SlotTable {
public:
    explicit Table(int vm) : vm_{vm} {}

    int set(std::uint32_t id, const Slot& slot) override
    {
        kvm_userspace_memory_region region{};
        region.slot = id;
        region.flags = (slot.writes == Slot::Writes::Exit ? KVM_MEM_READONLY : 0u) |
                       (slot.logged ? KVM_MEM_LOG_DIRTY_PAGES : 0u);
        region.guest_phys_addr = slot.start.raw();
        region.memory_size = slot.size;
        region.userspace_addr = std::bit_cast<std::uint64_t>(slot.block->data() + slot.block_offset);
        return control(vm_, KVM_SET_USER_MEMORY_REGION, &region) == 0 ? 0 : errno;
    }

    int remove(std::uint32_t id) override
    {
        kvm_userspace_memory_region region{};
        region.slot = id;
        return control(vm_, KVM_SET_USER_MEMORY_REGION, &region) == 0 ? 0 : errno;
    }

    int take_dirty(std::uint32_t id, std::span<std::uint64_t> bitmap) override
    {
        kvm_dirty_log log{};
        log.slot = id;
        log.dirty_bitmap = bitmap.data();
        return control(vm_, KVM_GET_DIRTY_LOG, &log) == 0 ? 0 : errno;
    }

private:
    int vm_;
};

base::Result<std::shared_ptr<Vm>> Vm::create(memory::GuestMemory& memory, Apics apics, int device)
{
    std::shared_ptr<Vm> vm{new Vm{memory}};
    WINDSOR_TRY(vm->open(device));
    if (apics == Apics::Kernel) {
        WINDSOR_TRY(vm->take_apics());
    }
    WINDSOR_TRY(vm->prepare_intel());
    WINDSOR_TRY(vm->filter_msrs());
    vm->supported_cpuid_ = WINDSOR_TRY(read_supported(vm->kvm_));
    const int most = control(vm->vm_.get(), KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
    vm->table_ = std::make_unique<Table>(vm->vm_.get());
    vm->slots_ = std::make_unique<MemorySlots>(memory, *vm->table_, static_cast<unsigned>(std::max(most, 32)));
    return vm;
}

Vm::Vm(memory::GuestMemory& memory) : memory_{memory} {}

Vm::~Vm() = default;

bool Vm::has(int capability) const
{
    return control(vm_.get(), KVM_CHECK_EXTENSION, capability) > 0;
}

base::Status Vm::open(int device)
{
    kvm_ = WINDSOR_TRY(open_kvm(device));
    vm_.reset(control(kvm_.get(), KVM_CREATE_VM));
    if (!vm_) {
        return failed("create a virtual machine");
    }
    for (const Capability& capability : kNeeded) {
        if (!has(capability.number)) {
            return base::fail("KVM on this host lacks {}, which Linux has since {}; set engine = 'translate'",
                              capability.name, capability.since);
        }
    }
    const int bytes = control(kvm_.get(), KVM_GET_VCPU_MMAP_SIZE);
    if (bytes < static_cast<int>(sizeof(kvm_run))) {
        return failed("say how much it shares with a processor");
    }
    run_bytes_ = static_cast<std::size_t>(bytes);
    return {};
}

// Before there are processors.
base::Status Vm::take_apics()
{
    if (!std::ranges::all_of(kForApics, [this](int capability) { return has(capability); })) {
        return {};
    }
    kvm_enable_cap enable{};
    enable.cap = KVM_CAP_SPLIT_IRQCHIP;
    enable.args[0] = vcpu::ApicMessages::kMostReported;
    if (control(vm_.get(), KVM_ENABLE_CAP, &enable) != 0) {
        return failed("have the local APICs");
    }
    messages_ = std::make_unique<Messages>(vm_.get());
    return {};
}

base::Status Vm::prepare_intel()
{
    const std::uint64_t identity = kIdentityMap;
    if (has(KVM_CAP_SET_IDENTITY_MAP_ADDR) && control(vm_.get(), KVM_SET_IDENTITY_MAP_ADDR, &identity) != 0) {
        return failed("place its page tables for real mode");
    }
    if (has(KVM_CAP_SET_TSS_ADDR) && control(vm_.get(), KVM_SET_TSS_ADDR, kTaskState) != 0) {
        return failed("place its task state for real mode");
    }
    return {};
}

base::Status Vm::filter_msrs()
{
    kvm_enable_cap enable{};
    enable.cap = KVM_CAP_X86_USER_SPACE_MSR;
    enable.args[0] = KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_FILTER;
    if (control(vm_.get(), KVM_ENABLE_CAP, &enable) != 0) {
        return failed("hand over model-specific registers");
    }
    kvm_msr_filter filter{};
    filter.flags = KVM_MSR_FILTER_DEFAULT_DENY;
    std::vector<DirectMsrs> direct{kDirect.begin(), kDirect.end()};
    if (apics() == Apics::Kernel) {
        direct.push_back(kApicBase);
    }
    std::array<std::uint8_t, kDirect.size() + 1> bitmaps{};
    for (std::size_t i = 0; i < direct.size(); ++i) {
        bitmaps[i] = static_cast<std::uint8_t>((1u << direct[i].count) - 1);
        filter.ranges[i].flags = direct[i].access;
        filter.ranges[i].base = direct[i].first;
        filter.ranges[i].nmsrs = direct[i].count;
        filter.ranges[i].bitmap = &bitmaps[i];
    }
    return control(vm_.get(), KVM_X86_SET_MSR_FILTER, &filter) == 0 ? base::Status{}
                                                                    : failed("filter model-specific registers");
}

} // namespace windsor::kvm
