// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/firmware_files.hpp"

#include <cstddef>
#include <fstream>
#include <iterator>

namespace windsor::machine {

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kLargest = 16 * kMiB;

base::Result<std::vector<char>> read_file(const std::string& path, const char* what)
{
    std::ifstream file{path, std::ios::binary};
    std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
    if (!file || bytes.empty()) {
        return base::fail("cannot read the {} {}; install Debian's package seabios", what, path);
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
    files.bios = WINDSOR_TRY(read_file(bios, "BIOS"));
    files.vga_bios = WINDSOR_TRY(read_file(vga_bios, "VGA BIOS"));
    return files;
}

} // namespace windsor::machine
