// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/topology.hpp"

#include "base/test_folder.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace windsor::toolstack {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text)
{
    fs::create_directories(file.parent_path());
    std::ofstream{file} << text << '\n';
}

// Two sockets of two cores with two threads each, of which the last thread is off; a node a socket.
TEST(Topology, CountsWhatSysfsShows)
{
    const base::TestFolder folder;
    for (unsigned number = 0; number < 8; ++number) {
        const fs::path cpu = folder / "cpu" / ("cpu" + std::to_string(number));
        fs::create_directories(cpu / ("node" + std::to_string(number / 4)));
        if (number != 7) {
            write(cpu / "topology" / "core_id", std::to_string(number % 4 / 2));
            write(cpu / "topology" / "physical_package_id", std::to_string(number / 4));
        }
    }
    fs::create_directories(folder / "cpu" / "cpufreq");
    write(folder / "node" / "node0" / "meminfo", "Node 0 MemTotal:       2048 kB\nNode 0 MemFree:        1024 kB");
    write(folder / "node" / "node0" / "distance", "10 21");
    write(folder / "node" / "node1" / "meminfo", "Node 1 MemTotal:       4096 kB");
    const Topology topology = Topology::read(folder.path());
    ASSERT_EQ(topology.processors.size(), 7u);
    EXPECT_EQ(topology.processors[6].socket, 1u);
    EXPECT_EQ(topology.processors[6].core, 1u);
    EXPECT_EQ(topology.processors[6].node, 1u);
    EXPECT_EQ(topology.highest_processor(), 6u);
    EXPECT_EQ(topology.cores_per_socket(), 2u);
    EXPECT_EQ(topology.threads_per_core(), 1u);
    ASSERT_EQ(topology.nodes.size(), 2u);
    EXPECT_EQ(topology.nodes[0].total_megabytes, 2u);
    EXPECT_EQ(topology.nodes[0].free_megabytes, 1u);
    EXPECT_EQ(topology.nodes[0].distances, "10,21");
    EXPECT_EQ(topology.nodes[1].total_megabytes, 4u);
}

TEST(Topology, AHostThatShowsNothingHasOneNode)
{
    const base::TestFolder folder;
    const Topology topology = Topology::read(folder.path());
    EXPECT_EQ(topology.nodes.size(), 1u);
    EXPECT_EQ(topology.cores_per_socket(), 1u);
    EXPECT_EQ(topology.threads_per_core(), 1u);
}

} // namespace
} // namespace windsor::toolstack
