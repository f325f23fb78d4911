// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/wall.hpp"

#include <array>

namespace windsor::sandbox {

namespace {

struct Named {
    WallKind kind;
    std::string_view name;
};

constexpr std::array kNames{
    Named{WallKind::Environment, "environment"},
    Named{WallKind::Descriptors, "descriptors"},
    Named{WallKind::Limits, "limits"},
    Named{WallKind::Secrecy, "no-dumps"},
    Named{WallKind::User, "own-user"},
    Named{WallKind::UserNamespace, "user-namespace"},
    Named{WallKind::EmptyRoot, "empty-root"},
    Named{WallKind::IpcNamespace, "ipc-namespace"},
    Named{WallKind::NetworkNamespace, "network-namespace"},
    Named{WallKind::PidNamespace, "pid-namespace"},
    Named{WallKind::Landlock, "landlock"},
    Named{WallKind::Capabilities, "no-capabilities"},
    Named{WallKind::NoNewPrivileges, "no-new-privileges"},
    Named{WallKind::Seccomp, "seccomp"},
};

constexpr auto kKinds = [] {
    std::array<WallKind, kNames.size()> kinds{};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        kinds[i] = kNames[i].kind;
    }
    return kinds;
}();

} // namespace

std::span<const WallKind> all_walls()
{
    return kKinds;
}

std::string_view name_of(WallKind kind)
{
    return kNames[static_cast<std::size_t>(kind)].name;
}

std::string describe(std::span<const Wall> walls)
{
    std::string standing;
    std::string missing;
    for (const Wall& wall : walls) {
        std::string& list = wall.stands ? standing : missing;
        list += list.empty() ? "" : ", ";
        list += wall.name;
        if (!wall.note.empty()) {
            list += " (" + wall.note + ")";
        }
    }
    if (standing.empty()) {
        standing = "none";
    }
    return missing.empty() ? standing : standing + "; without " + missing;
}

} // namespace windsor::sandbox
