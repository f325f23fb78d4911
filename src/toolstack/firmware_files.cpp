// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/firmware_files.hpp"

#include "base/fd.hpp"
#include "base/whole.hpp"
#include "firmware/acpi_file.hpp"
#include "firmware/smbios_structures.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace windsor::toolstack {

namespace {

using Bytes = std::vector<std::uint8_t>;

// One byte more than there may be, so that what checks it sees that it is too long. A pipe is not waited for.
base::Result<Bytes> read_file(const std::string& path, std::size_t most)
{
    const base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat facts{};
    if (!file || ::fstat(file.get(), &facts) != 0) {
        return base::fail("cannot read {}: {}", path, base::errno_text(errno));
    }
    if (!S_ISREG(facts.st_mode)) {
        return base::fail("{} is no file; name one that holds the tables", path);
    }
    const std::string text = base::read_whole(file.get(), most + 1);
    return Bytes{text.begin(), text.end()};
}

template <typename Parse>
base::Status read_checked(const std::string& path, std::size_t most, Parse parse, Bytes& bytes)
{
    bytes.clear();
    if (path.empty()) {
        return {};
    }
    bytes = WINDSOR_TRY(read_file(path, most));
    if (const auto tables = parse(bytes); !tables) {
        return base::fail("{} cannot be used: {}", path, tables.error().message());
    }
    if (bytes.empty()) {
        return base::fail("{} is empty; name a file that holds the tables", path);
    }
    return {};
}

} // namespace

base::Status read_firmware_files(config::DomainConfig& config)
{
    if (const auto read = read_checked(config.smbios_firmware, firmware::kMostSmbiosFile,
                                       firmware::parse_smbios_structures, config.smbios_structures);
        !read) {
        return std::unexpected{config::at_key(config, "smbios_firmware", read.error())};
    }
    if (const auto read = read_checked(config.acpi_firmware, firmware::kMostAcpiFile, firmware::parse_acpi_tables,
                                       config.acpi_tables);
        !read) {
        return std::unexpected{config::at_key(config, "acpi_firmware", read.error())};
    }
    return {};
}

} // namespace windsor::toolstack
