// SPDX-License-Identifier: GPL-2.0-or-later
#include "engines/choice.hpp"

#include "kvm/probe.hpp"

#include <fmt/format.h>

namespace windsor::engines {

namespace {

Choice choice(Type type, std::string_view why)
{
    return {type, std::string{name_of(type)}, fmt::format("engine: {} ({})", name_of(type), why)};
}

Choice automatic(const kvm::Probe& probe)
{
    return probe.useful() ? choice(Type::Kvm, probe.reason)
                          : choice(Type::Translate, "the translator, as " + probe.reason);
}

// Slow is slow, but works.
base::Result<Choice> hardware(const kvm::Probe& probe)
{
    if (probe.useful()) {
        return choice(Type::Kvm, probe.reason + ", as asked for");
    }
    if (probe.verdict == kvm::Verdict::Slow) {
        return choice(Type::Kvm, "as asked for, but " + probe.reason);
    }
    return base::fail("engine = 'kvm' cannot be had, as {}; or leave the key out", probe.reason);
}

} // namespace

base::Result<Choice> choose(std::optional<Type> wanted, const std::filesystem::path& directory,
                            const std::function<void()>& before_trials)
{
    if (!wanted) {
        return automatic(kvm::probe(directory, before_trials));
    }
    switch (*wanted) {
    case Type::Kvm: return hardware(kvm::probe(directory, before_trials));
    case Type::Translate: return choice(Type::Translate, "the translator, as asked for");
    case Type::Emulate: break;
    }
    return choice(Type::Emulate, "the interpreter, as asked for");
}

} // namespace windsor::engines
