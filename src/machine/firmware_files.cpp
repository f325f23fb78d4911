// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/firmware_files.hpp"

#include <cstddef>
#include <fstream>
#include <iterator>

namespace windsor::machine {

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kLargest = 16 * kMiB;

base::Result<std::vector<char>> read_file(const std::string& path, const char* what, const char* package)
{
    std::ifstream file{path, std::ios::binary};
    std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    if (!file || bytes.empty()) {
        return base::fail("cannot read the {} {}; install Debian's package {}", what, path, package);
    }
    if (bytes.size() > kLargest) {
        return base::fail("the {} {} is larger than {} MiB", what, path, kLargest / kMiB);
    }
    return bytes;
}

} // namespace

base::Result<FirmwareFiles> FirmwareFiles::read(const std::string& bios, const std::string& vga_bios)
{
    FirmwareFiles files;
    files.bios = WINDSOR_TRY(read_file(bios, "BIOS", "seabios"));
    files.vga_bios = WINDSOR_TRY(read_file(vga_bios, "VGA BIOS", "seabios"));
    return files;
}

base::Status FirmwareFiles::read_network_rom(NetworkModel model)
{
    const char* const path = model == NetworkModel::Rtl8139 ? "/usr/lib/ipxe/qemu/pxe-rtl8139.rom"
                                                            : "/usr/lib/ipxe/qemu/pxe-e1000.rom";
    network[model] = WINDSOR_TRY(read_file(path, "boot ROM for networks", "ipxe-qemu"));
    return {};
}

} // namespace windsor::machine
