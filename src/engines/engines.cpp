// SPDX-License-Identifier: GPL-2.0-or-later
#include "engines/engines.hpp"

#include "emulate/core/interpreter.hpp"
#include "kvm/engine.hpp"
#include "kvm/host.hpp"
#include "translate/run/translator.hpp"

#include <algorithm>
#include <array>

namespace windsor::engines {

namespace {

// What the makers below are given.
struct Order {
    std::span<const vcpu::EngineParts> processors;
    const Settings& settings;
    base::Log& log;
    int kvm;
};

base::Result<vcpu::CpuModel> as_it_is(const vcpu::CpuModel& model, int /*kvm*/)
{
    return model;
}

base::Result<Engines> make_interpreters(const Order& order)
{
    Engines engines;
    for (const vcpu::EngineParts& parts : order.processors) {
        auto engine = std::make_unique<emulate::Interpreter>(parts);
        engine->set_trace(order.settings.trace.get());
        engines.push_back(std::move(engine));
    }
    return engines;
}

// Each processor translates for itself; many have less room each.
std::size_t code_bytes(std::size_t processors)
{
    constexpr std::size_t kAll = std::size_t{128} << 20;
    constexpr std::size_t kLeast = std::size_t{32} << 20;
    return std::max(kAll / processors, kLeast);
}

// Each page of a window may be a mapping of its own, with another one behind it, and the host gives a process some
// 65,000 of these.
std::size_t window_pages(std::size_t processors)
{
    constexpr std::size_t kLeast = 1024;
    return std::max(translate::Windows::Options{}.pages / processors, kLeast);
}

base::Result<translate::Options> translate_options(const Order& order)
{
    base::Log& log = order.log;
    translate::Options options;
    if (const std::string& names = order.settings.interpreted; !names.empty()) {
        const auto switches = translate::parse_switches(names);
        if (!switches) {
            return base::fail("the key 'interpret' names neither a class nor a kind of instructions: '{}'", names);
        }
        options.interpreted = *switches;
    }
    options.code_bytes = code_bytes(order.processors.size());
    options.windows.pages = window_pages(order.processors.size());
    options.verify = order.settings.verify == Verify::Yes;
    options.on_violation = [&log](const std::string& what) {
        log.guest("verify", "a piece of guest code is left to the interpreter: {}", what);
    };
    options.report = [&log](const std::string& text) { log.guest("translator", "{}", text); };
    return options;
}

base::Result<Engines> make_translators(const Order& order)
{
    const translate::Options options = WINDSOR_TRY(translate_options(order));
    Engines engines;
    for (const vcpu::EngineParts& parts : order.processors) {
        auto engine = WINDSOR_TRY(translate::Translator::create(parts, options));
        engine->set_trace(order.settings.trace.get());
        engines.push_back(std::move(engine));
    }
    return engines;
}

bool has_apic(const vcpu::CpuModel& model)
{
    constexpr std::uint32_t kApic = 1 << 9; // CPUID.1:EDX
    return (model.cpuid(1, 0, {}, 0).edx & kApic) != 0;
}

void log_apics(const kvm::Vm& vm, const kvm::ApicChoice& choice, base::Log& log)
{
    if (vm.apics() == kvm::Apics::Kernel) {
        log.info("the local APICs are KVM's");
    } else if (choice.apics == kvm::Apics::Kernel) {
        log.info("the local APICs are Windsor's: KVM on this host has none alone (KVM_CAP_SPLIT_IRQCHIP)");
    } else if (!choice.why_outside.empty()) {
        log.info("the local APICs are Windsor's: {}", choice.why_outside);
    }
}

base::Result<Engines> make_kvm(const Order& order)
{
    kvm::ApicChoice choice;
    if (has_apic(order.processors.front().model)) {
        choice = kvm::choose_apics(order.settings.kvm_apics, kvm::host_hypervisor());
    }
    const std::shared_ptr<kvm::Vm> vm =
        WINDSOR_TRY(kvm::Vm::create(order.processors.front().memory, choice.apics, order.kvm));
    log_apics(*vm, choice, order.log);
    Engines engines;
    for (const vcpu::EngineParts& parts : order.processors) {
        engines.push_back(WINDSOR_TRY(kvm::Engine::create(vm, parts)));
    }
    return engines;
}

struct Family {
    Type type;
    std::string_view name;
    base::Result<vcpu::CpuModel> (*fit)(const vcpu::CpuModel& model, int kvm);
    base::Result<Engines> (*make)(const Order& order);
};

// In the order of the enumeration.
constexpr std::array kFamilies{
    Family{Type::Emulate, "emulate", as_it_is, make_interpreters},
    Family{Type::Translate, "translate", as_it_is, make_translators},
    Family{Type::Kvm, "kvm", kvm::fit_to_host, make_kvm},
};
static_assert(std::ranges::is_sorted(kFamilies, {}, &Family::type));

const Family& family_of(Type type)
{
    return kFamilies.at(static_cast<std::size_t>(type));
}

} // namespace

std::string_view name_of(Type type)
{
    return family_of(type).name;
}

std::optional<Type> type_named(std::string_view name)
{
    const auto* const found = std::ranges::find(kFamilies, name, &Family::name);
    return found != kFamilies.end() ? std::optional{found->type} : std::nullopt;
}

base::Result<vcpu::CpuModel> fit_model(Type type, const vcpu::CpuModel& model, int kvm)
{
    return family_of(type).fit(model, kvm);
}

base::Status check_trace(Type type, std::size_t processors)
{
    if (type == Type::Kvm) {
        return base::fail("KVM cannot trace instructions: leave out the key 'trace', or set engine = 'translate'");
    }
    if (processors > 1) {
        return base::fail("a trace is of one processor: leave out the key 'trace', or set vcpus = 1");
    }
    return {};
}

base::Result<Engines> make(Type type, std::span<const vcpu::EngineParts> processors, const Settings& settings,
                           base::Log& log, int kvm)
{
    if (settings.trace != nullptr) {
        WINDSOR_TRY(check_trace(type, processors.size()));
    }
    return family_of(type).make({.processors = processors, .settings = settings, .log = log, .kvm = kvm});
}

} // namespace windsor::engines
