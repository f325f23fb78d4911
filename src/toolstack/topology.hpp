// SPDX-License-Identifier: GPL-2.0-or-later
// The host's processors and memory by socket, core and NUMA node.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace windsor::toolstack {

struct HostProcessor {
    unsigned number{0};
    unsigned core{0};
    unsigned socket{0};
    unsigned node{0};
};

struct HostNode {
    unsigned number{0};
    std::uint64_t total_megabytes{0};
    std::uint64_t free_megabytes{0};
    std::string distances; // to each node, with commas
};

struct Topology {
    std::vector<HostProcessor> processors; // those that are online
    std::vector<HostNode> nodes;           // one at least

    // From sysfs, or a folder that looks like /sys/devices/system.
    static Topology read(const std::filesystem::path& system = "/sys/devices/system");

    unsigned cores_per_socket() const;
    unsigned threads_per_core() const;
    unsigned highest_processor() const;
};

// Words of CPUID in the order of Xen's hw_caps.
std::array<std::uint32_t, 8> hardware_capabilities();

} // namespace windsor::toolstack
