// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/keeper_plan.hpp"

#include "keeper/requests.hpp"

#include <linux/capability.h>

namespace windsor::keeper {

namespace {

constexpr std::uint64_t kMostData = std::uint64_t{256} << 20;
constexpr std::uint64_t kMostDescriptors = 256;

} // namespace

sandbox::Plan plan_for_keeper(const config::DomainConfig& config, const std::filesystem::path& directory,
                              const domain::Paths& paths)
{
    using Use = sandbox::Reach::Use;
    sandbox::Plan plan{.role = sandbox::Role::Keeper,
                       .mode = config.sandbox,
                       .limits = {.data_bytes = kMostData, .descriptors = kMostDescriptors, .threads = {}},
                       .variables = {"TZ"},
                       .reach = {{.path = paths.runtime.parent_path().string(), .use = Use::Write}},
                       // For images of other users', and for a domain's process, which is of another user's.
                       .capabilities = {CAP_DAC_OVERRIDE, CAP_KILL}};
    for (const storage::ImageSpec& image : configured_images(config, directory)) {
        if (const auto path = storage::resolve_target(image.target)) {
            plan.reach.push_back({*path, image.access == storage::Access::ReadOnly ? Use::Read : Use::Write});
        }
    }
    return plan;
}

} // namespace windsor::keeper
