// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/host.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace windsor::toolstack {

namespace fs = std::filesystem;

namespace {

// The value after ':' in the first line of a file that begins with `name`.
std::optional<std::string> field(const char* path, std::string_view name)
{
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(':');
        if (line.starts_with(name) && colon != std::string::npos) {
            const std::size_t start = line.find_first_not_of(" \t", colon + 1);
            return start == std::string::npos ? "" : line.substr(start);
        }
    }
    return std::nullopt;
}

std::uint64_t memory_megabytes(std::string_view name)
{
    const std::string kilobytes = field("/proc/meminfo", name).value_or("0");
    return std::strtoull(kilobytes.c_str(), nullptr, 10) / 1024;
}

bool has_flag(const std::string& flags, const std::string& flag)
{
    return (' ' + flags + ' ').find(' ' + flag + ' ') != std::string::npos;
}

std::string virtualization_words()
{
    const std::string flags = field("/proc/cpuinfo", "flags").value_or("");
    if (has_flag(flags, "vmx")) {
        return "the processor has VT-x";
    }
    if (has_flag(flags, "svm")) {
        return "the processor has AMD-V";
    }
    return "the processor shows neither VT-x nor AMD-V (absent, off in the firmware, or this host is itself a guest)";
}

std::string kvm_words()
{
    if (::access("/dev/kvm", F_OK) != 0) {
        return "there is no /dev/kvm";
    }
    return ::access("/dev/kvm", R_OK | W_OK) == 0 ? "/dev/kvm is there"
                                                  : "/dev/kvm is there, without the right for this user to open it";
}

std::string iommu_words()
{
    std::error_code error;
    const fs::directory_iterator units{"/sys/class/iommu", error};
    if (!error && units != fs::directory_iterator{}) {
        const std::string unit = units->path().filename().string();
        return unit.starts_with("dmar")   ? "VT-d is there and on"
               : unit.starts_with("ivhd") ? "AMD-Vi is there and on"
                                          : "an IOMMU is there and on";
    }
    if (fs::exists("/sys/firmware/acpi/tables/DMAR", error)) {
        return "VT-d is there and off; boot the host with intel_iommu=on";
    }
    if (fs::exists("/sys/firmware/acpi/tables/IVRS", error)) {
        return "AMD-Vi is there and off; boot the host with amd_iommu=on";
    }
    return "neither VT-d nor AMD-Vi is to be seen";
}

} // namespace

HostFacts HostFacts::read()
{
    HostFacts facts;
    utsname names{};
    if (::uname(&names) == 0) {
        facts.system = names.sysname;
        facts.name = names.nodename;
        facts.release = names.release;
        facts.version = names.version;
        facts.machine = names.machine;
    }
    facts.processors = std::thread::hardware_concurrency();
    facts.processor = field("/proc/cpuinfo", "model name").value_or("unknown");
    facts.megahertz = field("/proc/cpuinfo", "cpu MHz").value_or("unknown");
    facts.total_megabytes = memory_megabytes("MemTotal");
    facts.free_megabytes = memory_megabytes("MemAvailable");
    facts.virtualization = virtualization_words();
    facts.kvm = kvm_words();
    facts.iommu = iommu_words();
    return facts;
}

} // namespace windsor::toolstack
