// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace windsor::toolstack {

// What `info` and `dmesg` tell of the host.
struct HostFacts {
    std::string system;
    std::string name;
    std::string release;
    std::string version;
    std::string machine;
    unsigned processors{0};
    std::string processor;
    std::string megahertz;
    std::uint64_t total_megabytes{0};
    std::uint64_t free_megabytes{0}; // what could be given to domains
    std::string virtualization;      // VT-x or AMD-V, in words
    std::string kvm;                 // whether /dev/kvm is there, in words
    std::string iommu;               // VT-d or AMD-Vi, in words

    static HostFacts read();
};

} // namespace windsor::toolstack
