// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/steps.hpp"

#include <array>
#include <cerrno>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

using Sets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

std::uint32_t bits_in_word(std::span<const unsigned> capabilities, std::size_t word)
{
    std::uint32_t bits = 0;
    for (const unsigned capability : capabilities) {
        bits |= capability / 32 == word ? std::uint32_t{1} << capability % 32 : 0;
    }
    return bits;
}

// Of those that it has, the kept ones stay; none is passed on.
Sets narrowed(Sets sets, std::span<const unsigned> kept)
{
    for (std::size_t word = 0; word < sets.size(); ++word) {
        const std::uint32_t bits = bits_in_word(kept, word);
        sets[word] = {
            .effective = sets[word].effective & bits, .permitted = sets[word].permitted & bits, .inheritable = 0};
    }
    return sets;
}

bool holds_others(const Sets& sets, std::span<const unsigned> kept)
{
    for (std::size_t word = 0; word < sets.size(); ++word) {
        const std::uint32_t held = sets[word].effective | sets[word].permitted | sets[word].inheritable;
        if ((held & ~bits_in_word(kept, word)) != 0) {
            return true;
        }
    }
    return false;
}

} // namespace

base::Status drop_capabilities(std::span<const unsigned> kept)
{
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    // The bounding set needs a capability to be made smaller; without it, there is none that it could bound.
    for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
        ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    Sets sets{};
    bool good = ::syscall(SYS_capget, &header, sets.data()) == 0;
    sets = narrowed(sets, kept);
    good = good && ::syscall(SYS_capset, &header, sets.data()) == 0;
    if (!good || ::syscall(SYS_capget, &header, sets.data()) != 0) {
        return base::fail("{}", base::errno_text(errno));
    }
    return holds_others(sets, kept) ? base::fail("some are left") : base::Status{};
}

base::Status forbid_new_privileges()
{
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return base::fail("{}", base::errno_text(errno));
    }
    return {};
}

} // namespace windsor::sandbox
