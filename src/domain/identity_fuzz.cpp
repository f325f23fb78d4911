// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as the file of an identity, and any two sectors as a disk that a Windows may be on. What is read is printed
// as it was, and weighed.
#include "domain/activation.hpp"
#include "domain/windows_volume.hpp"

#include <array>
#include <cstdlib>
#include <cstring>

using namespace windsor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto identity = domain::parse_identity(text)) {
        const auto again = domain::parse_identity(domain::print_identity(*identity));
        if (!again || *again != *identity || !domain::changes_between(*identity, *again).empty()) {
            std::abort();
        }
        domain::Identity other = *identity;
        other.macs.clear();
        static_cast<void>(domain::votes_kept(domain::changes_between(other, *identity)));
    }
    std::array<std::uint8_t, domain::kSectorSize> sector{};
    std::memcpy(sector.data(), data, std::min(size, sector.size()));
    static_cast<void>(domain::windows_partition(sector));
    static_cast<void>(domain::volume_serial(sector));
    return 0;
}
