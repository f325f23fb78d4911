// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/topology.hpp"

#include <algorithm>
#include <charconv>
#include <cpuid.h>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace windsor::toolstack {

namespace fs = std::filesystem;

namespace {

// Of names such as "cpu12".
std::optional<unsigned> number_in(std::string_view name, std::string_view prefix)
{
    if (!name.starts_with(prefix)) {
        return std::nullopt;
    }
    name.remove_prefix(prefix.size());
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    return error == std::errc{} && end == name.data() + name.size() ? std::optional{number} : std::nullopt;
}

// The entries of a folder with such names, in order.
std::vector<std::pair<unsigned, fs::path>> numbered(const fs::path& folder, std::string_view prefix)
{
    std::vector<std::pair<unsigned, fs::path>> found;
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
        if (const auto number = number_in(entry->path().filename().string(), prefix)) {
            found.emplace_back(*number, entry->path());
        }
    }
    std::ranges::sort(found);
    return found;
}

unsigned read_number(const fs::path& file)
{
    std::ifstream input{file};
    unsigned number = 0;
    input >> number;
    return input ? number : 0;
}

// "Node 0 MemTotal:       24683520 kB"
std::uint64_t node_megabytes(const fs::path& node, std::string_view name)
{
    std::ifstream file{node / "meminfo"};
    for (std::string line; std::getline(file, line);) {
        if (const auto at = line.find(name); at != std::string::npos) {
            return std::strtoull(line.c_str() + at + name.size(), nullptr, 10) / 1024;
        }
    }
    return 0;
}

HostNode read_node(unsigned number, const fs::path& folder)
{
    std::ifstream file{folder / "distance"};
    std::string distances;
    std::getline(file, distances);
    std::ranges::replace(distances, ' ', ',');
    return {.number = number,
            .total_megabytes = node_megabytes(folder, "MemTotal:"),
            .free_megabytes = node_megabytes(folder, "MemFree:"),
            .distances = distances.empty() ? "10" : distances};
}

// A processor's folder has a link to that of its node.
unsigned node_of(const fs::path& processor)
{
    const auto nodes = numbered(processor, "node");
    return nodes.empty() ? 0 : nodes.front().first;
}

} // namespace

Topology Topology::read(const fs::path& system)
{
    Topology topology;
    for (const auto& [number, folder] : numbered(system / "cpu", "cpu")) {
        std::error_code error;
        if (fs::exists(folder / "topology", error)) { // absent of one that is off
            topology.processors.push_back({.number = number,
                                           .core = read_number(folder / "topology" / "core_id"),
                                           .socket = read_number(folder / "topology" / "physical_package_id"),
                                           .node = node_of(folder)});
        }
    }
    for (const auto& [number, folder] : numbered(system / "node", "node")) {
        topology.nodes.push_back(read_node(number, folder));
    }
    if (topology.nodes.empty()) {
        topology.nodes.push_back({.number = 0, .distances = "10"});
    }
    return topology;
}

unsigned Topology::cores_per_socket() const
{
    std::set<std::pair<unsigned, unsigned>> cores;
    std::set<unsigned> sockets;
    for (const HostProcessor& processor : processors) {
        cores.emplace(processor.socket, processor.core);
        sockets.insert(processor.socket);
    }
    return sockets.empty() ? 1 : static_cast<unsigned>(cores.size() / sockets.size());
}

unsigned Topology::threads_per_core() const
{
    std::set<std::pair<unsigned, unsigned>> cores;
    for (const HostProcessor& processor : processors) {
        cores.emplace(processor.socket, processor.core);
    }
    return cores.empty() ? 1 : static_cast<unsigned>(processors.size() / cores.size());
}

unsigned Topology::highest_processor() const
{
    return processors.empty() ? 0 : std::ranges::max(processors, {}, &HostProcessor::number).number;
}

std::array<std::uint32_t, 8> hardware_capabilities()
{
    struct Registers {
        std::uint32_t eax{0};
        std::uint32_t ebx{0};
        std::uint32_t ecx{0};
        std::uint32_t edx{0};
    };
    const auto leaf = [](std::uint32_t number, std::uint32_t subleaf = 0) {
        Registers result;
        __get_cpuid_count(number, subleaf, &result.eax, &result.ebx, &result.ecx, &result.edx);
        return result;
    };
    const Registers basic = leaf(1);
    const Registers extended = leaf(0x80000001);
    const Registers structured = leaf(7);
    return {basic.edx,        basic.ecx,      extended.edx,   extended.ecx,
            leaf(0xd, 1).eax, structured.ebx, structured.ecx, leaf(0x80000007).edx};
}

} // namespace windsor::toolstack
