// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter's suites on KVM, where the host has one that is useful.
#include "conformance/engine_kind.hpp"
#include "kvm/engine.hpp"
#include "kvm/host.hpp"
#include "kvm/probe.hpp"
#include "kvm/watchdog.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <string_view>

namespace windsor::conformance {

namespace {

struct Excuse {
    std::string_view test;
    std::string_view why;
};

// What QEMU's TCG, which stands for the host's processor in tests/boot/nested-kvm, does unlike any processor. Seen with
// QEMU 7.2; the interpreter and the translator pass these.
constexpr std::string_view kLimits = "TCG checks neither limits nor types of segments";
constexpr std::string_view kFrames = "TCG gets details of faults wrong: RF, the EXT bit, shadows, the vector";
constexpr std::string_view kDebug = "TCG does not arm the debug registers that VMRUN loads";
constexpr std::string_view kChecks = "TCG accepts values that processors refuse";
constexpr std::string_view kSysenter = "TCG enters a code segment that is of 64 and of 32 bits";
constexpr std::string_view kReturns = "TCG leaves null selectors their RPL upon a return to an outer level";
constexpr std::string_view kTasks = "KVM switches tasks itself, and TCG goes on differently";
constexpr std::string_view kVme = "TCG has no virtual interrupt flag";
constexpr std::string_view kVectors = "TCG does not raise the exceptions of vector instructions, nor heed their masks";
constexpr std::string_view kDecoding =
    "TCG decodes by other rules: VEX in 16-bit code, VEX.vvvv, REX before other prefixes";
constexpr std::string_view kXsave =
    "TCG has neither the compacted format nor initial components, and does not intercept XSETBV";

constexpr std::array kByTcg{
    Excuse{"Segments.ByteGranularLimit", kLimits},
    Excuse{"Segments.CodeLimitIsCheckedAtTheFetch", kLimits},
    Excuse{"Segments.ExpandDownLimit", kLimits},
    Excuse{"Segments.StackOverflowIsAStackFault", kLimits},
    Excuse{"Segments.TypesOfAccess", kLimits},
    Excuse{"Exceptions.NullDataSegmentFaultsWhenUsed", kLimits},
    Excuse{"Exceptions.RealModeWordBeyondTheSegmentIsGeneralProtection", kLimits},
    Excuse{"Exceptions.AbsentGateIsNotPresentWithIdtAndExtBits", kFrames},
    Excuse{"Exceptions.FaultPushesTheFaultingInstructionAndRf", kFrames},
    Excuse{"Exceptions.LongModeNonCanonicalAccess", kFrames},
    Excuse{"Exceptions.MovSsHoldsInterruptsOff", kFrames},
    Excuse{"Exceptions.SoftwareInterruptNeedsTheGatesPrivilege", kFrames},
    Excuse{"Paging.FaultDuringDeliveryOfAFaultIsADoubleFault", kFrames},
    Excuse{"Paging.NoExecute", kFrames},
    Excuse{"Paging.ReservedBits", kFrames},
    Excuse{"SystemCalls.SysretToNonCanonicalRcx", kFrames},
    Excuse{"Debug.DataBreakpointsTrapAfterTheAccess", kDebug},
    Excuse{"Debug.GeneralDetection", kDebug},
    Excuse{"Debug.Icebp", kDebug},
    Excuse{"Debug.InstructionBreakpointFaultsBeforeAndRfSteps", kDebug},
    Excuse{"Debug.ReadBreakpoint", kDebug},
    Excuse{"Debug.MovSsHoldsADataBreakpointOff", kDebug},
    Excuse{"Debug.IcebpTakesTheTrapThatMovSsHeldWithIt", kDebug},
    Excuse{"Debug.GeneralDetectionTakesTheTrapThatMovSsHeldWithIt", kDebug},
    Excuse{"Debug.TheTrapThatMovSsHeldComesBehindASoftwareInterrupt", kDebug},
    Excuse{"Debug.AFaultLosesTheTrapThatMovSsHeld", kDebug},
    Excuse{"Debug.PortBreakpointsTrapAfterTheAccess", kDebug},
    Excuse{"Debug.PortBreakpointsTrapBetweenTheIterationsOfAString", kDebug},
    Excuse{"Transfers.ReturnToAnOuterLevelNullsSelectorsOnly", kReturns},
    Excuse{"Bmi.WorksOn32BitsAndIgnoresWOutside64BitMode", kDecoding},
    Excuse{"Bmi.RefusesWhatItsEncodingHasNot", kDecoding},
    Excuse{"PrefixStacks.WithRexThatCountsLastOnly", kDecoding},
    Excuse{"Modes.MsrsRefuse", kChecks},
    Excuse{"Modes.ReservedPdpteBitsAreRefused", kChecks},
    Excuse{"SystemCalls.SysenterFromCompatibilityModeEnters64BitCode", kSysenter},
    Excuse{"Tasks.BadSegmentsFaultInTheNewTask", kTasks},
    Excuse{"Tasks.ExceptionThroughATaskGatePushesTheErrorCode", kTasks},
    Excuse{"Tasks.SwitchLoadsCr3", kTasks},
    Excuse{"Tasks.TrapBitRaisesADebugException", kTasks},
    Excuse{"Virtual8086.ExtensionsVirtualizeIf", kVme},
    Excuse{"Virtual8086.PendingVirtualInterruptFaultsAtSti", kVme},
    Excuse{"Virtual8086.ProtectedModeVirtualInterrupts", kVme},
    Excuse{"Virtual8086.RedirectionBitmapSendsInterruptsToTheVectorTable", kVme},
    Excuse{"Avx.MaskedMovesFaultWhereTheyReach", kVectors},
    Excuse{"Avx.MaskedOutElementsAreNotTouched", kVectors},
    Excuse{"Avx.MxcsrByVex", kVectors},
    Excuse{"Avx.NeedsWhatTheSystemEnables", kVectors},
    Excuse{"Avx.StoresThatFaultWriteNothing", kVectors},
    Excuse{"Avx.UnmaskedExceptionsLeaveTheDestination", kVectors},
    Excuse{"Avx.VzeroupperAndVzeroall", kVectors},
    Excuse{"Xsave.AvxBringsMxcsrWithIt", kXsave},
    Excuse{"Xsave.CpuidFollowsOsxsaveAndXcr0", kXsave},
    Excuse{"Xsave.Faults", kXsave},
    Excuse{"Xsave.LeavesWhatIsNotAskedFor", kXsave},
    Excuse{"Xsave.OnlyWhatXcr0Enables", kXsave},
    Excuse{"Xsave.RefusesReservedMxcsrBits", kXsave},
    Excuse{"Xsave.RestoresTheCompactedFormat", kXsave},
    Excuse{"Xsave.SaveIsAWriteAndAllOrNothing", kXsave},
    Excuse{"Xsave.SavesYmmHalvesBehindTheHeader", kXsave},
    Excuse{"Xsave.XgetbvTellsWhatIsInUse", kXsave},
    Excuse{"Xsave.XsavecWritesTheCompactedFormat", kXsave},
    Excuse{"Xsave.XsaveoptSkipsInitialComponents", kXsave},
    Excuse{"Xsave.XsetbvChecksItsValue", kXsave},
};

// KVM for tests: a guest that runs wild is stopped, and so fails instead of keeping everybody waiting.
//
// QEMU's TCG ends itself when a guest changes its stack by a task-state segment that was loaded as busy, as only
// VMRUN loads them. Its own LTR leaves the type as it was, which no guest can see, so there this does, too.
class Guarded final : public vcpu::Engine {
public:
    explicit Guarded(std::unique_ptr<vcpu::Engine> inner) : vcpu::Engine{inner->signals()}, inner_{std::move(inner)} {}

    vcpu::HaltReason run() override
    {
        const kvm::Watchdog watchdog{*inner_, std::chrono::seconds{10}};
        return inner_->run();
    }
    vcpu::CpuState state() const override { return inner_->state(); }
    void set_state(const vcpu::CpuState& state) override
    {
        constexpr std::uint8_t kBusy = 2;
        vcpu::CpuState fit = state;
        if (kvm::is_qemu_tcg(kvm::host_hypervisor())) {
            fit.tr.attributes.type = static_cast<std::uint8_t>(state.tr.attributes.type & ~kBusy);
        }
        inner_->set_state(fit);
    }
    void set_a20(bool open) override { inner_->set_a20(open); }
    vcpu::Statistics statistics() const override { return inner_->statistics(); }
    std::vector<vcpu::Counter> counters() const override { return inner_->counters(); }
    const std::string& failure() const override { return inner_->failure(); }

private:
    std::unique_ptr<vcpu::Engine> inner_;
};

std::unique_ptr<vcpu::Engine> make_kvm(const vcpu::EngineParts& parts)
{
    auto vm = kvm::Vm::create(parts.memory);
    if (!vm) {
        return nullptr;
    }
    auto engine = kvm::Engine::create(*vm, parts);
    if (!engine) {
        return nullptr;
    }
    return std::make_unique<Guarded>(std::move(*engine));
}

constexpr std::string_view kFerr = "KVM keeps CR0.NE set and shows FERR# to nobody";

// By test: what KVM lets the guest have that the model does not.
constexpr std::array kByDesign{
    Excuse{"Avx.HiddenFeaturesAreUndefined", "the hardware has the features that CPUID hides"},
    Excuse{"Bmi.HiddenFeaturesAreUndefined", "the hardware has the features that CPUID hides"},
    Excuse{"Bmi.CountsAreScansWhereTheModelHasThemNot", "the hardware has the features that CPUID hides"},
    Excuse{"PrefixStacks.ThatChooseTheInstruction", "the hardware has the features that CPUID hides"},
    Excuse{"Modes.UserModeInstructionPrevention", "KVM refuses the bit of CR4 that CPUID does not show"},
    Excuse{"Modes.CpuidFollowsTheApicsSwitch", "IA32_APIC_BASE is KVM's, not the test's"},
    Excuse{"NumericErrors.TheNextX87InstructionWaitsForTheInterrupt", kFerr},
    Excuse{"NumericErrors.HandlerClearsTheExceptionAndTheInstructionRuns", kFerr},
    Excuse{"NumericErrors.WithoutInterruptsTheProcessorStandsStill", kFerr},
    Excuse{"NumericErrors.IgnneLetsTheProgramGoOn", kFerr},
    Excuse{"NumericErrors.FerrFallsWithTheException", kFerr},
    Excuse{"Modes.TscFollowsTheClockAndWrites", "the time-stamp counter is the hardware's, not the test's clock"},
};

std::string excuse(std::string_view test)
{
    static const kvm::Probe kProbe = kvm::probe(std::filesystem::temp_directory_path());
    if (!kProbe.useful()) {
        return kProbe.reason;
    }
    const auto in = [&](std::span<const Excuse> excuses) {
        const auto found = std::ranges::find(excuses, test, &Excuse::test);
        return found == excuses.end() ? std::string{} : std::string{found->why};
    };
    std::string why = in(kByDesign);
    return why.empty() && kvm::is_qemu_tcg(kvm::host_hypervisor()) ? in(kByTcg) : why;
}

} // namespace

const std::vector<EngineKind>& engine_kinds()
{
    static const std::vector<EngineKind> kKinds{
        {.name = "kvm", .make = make_kvm, .excuse = excuse, .logs_reads = true}};
    return kKinds;
}

} // namespace windsor::conformance
