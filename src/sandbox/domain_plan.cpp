// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/domain_plan.hpp"

namespace windsor::sandbox {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

} // namespace

// Data: tables of translated code, the picture's copies, and for each processor its thread's stack and what it knows of
// the blocks that it has translated. The code itself and guest memory are shared mappings, which RLIMIT_DATA leaves
// out.
Plan plan_for_domain(const DomainNeeds& needs)
{
    return {.role = Role::Domain,
            .mode = needs.mode,
            .limits = {.data_bytes = (3072 + 96 * std::uint64_t{needs.processors}) * kMiB,
                       .file_bytes = needs.largest_file,
                       .threads = 128 + std::uint64_t{needs.processors}},
            .variables = {"TZ"},
            .user = own_user(needs.id)};
}

} // namespace windsor::sandbox
