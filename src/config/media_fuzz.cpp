// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a drive and, behind a line's end, a medium: what is read of them stands in the configuration afterwards,
// can be saved, and is read there as it was meant.
#include "config/devices.hpp"
#include "config/media.hpp"
#include "config/saved_config.hpp"

#include <cstdlib>

namespace {

using namespace windsor::config;

void require(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

DomainConfig machine()
{
    DomainConfig config;
    Value::List texts;
    for (const char* const text : {",hda:cdrom,r", ",hdb:cdrom,r", ",hdc:cdrom,r", ",hdd:cdrom,r"}) {
        std::vector<std::string> warnings;
        config.disks.push_back(parse_disk(text, warnings).value());
        texts.emplace_back(text);
    }
    config.evaluated.emplace_back("disk", texts);
    for (const char* const floppy : {"fda", "fdb"}) {
        config.disks.emplace_back().vdev = floppy;
        config.evaluated.emplace_back(floppy, "");
    }
    return config;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{static_cast<const char*>(static_cast<const void*>(data)), size};
    const auto end = std::min(text.find('\n'), text.size());
    const auto drive = parse_drive(text.substr(0, end));
    const auto medium = parse_medium(text.substr(std::min(end + 1, text.size())));
    require(!medium || (!medium->path.empty() && medium->path.find('\0') == std::string::npos));
    if (!drive || !medium) {
        return 0;
    }
    DomainConfig config = machine();
    change_medium(config, *drive, *medium);
    const DiskConfig* const disk = find_drive(config, *drive);
    require(disk != nullptr && disk->path == medium->path && restore(save(config)));
    const std::string before = to_json(config).dump();
    change_medium(config, *drive, {});
    require(to_json(config).dump() != before && find_drive(config, *drive)->path.empty());
    return 0;
}
