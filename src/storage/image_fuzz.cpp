// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as an image, and any text as the target of a disk line: what is opened has whole sectors, and is as long as
// the file.
#include "base/test_folder.hpp"
#include "storage/image.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace {

using namespace windsor::storage;

void open_contents(const std::string& path, std::uint8_t choice, std::string_view contents)
{
    std::ofstream{path, std::ios::binary | std::ios::trunc} << contents;
    const bool cdrom = (choice & 1) != 0;
    const auto image = open_image({.target = ((choice & 2) != 0 ? "file:" : "") + path,
                                   .access = cdrom ? Access::ReadOnly : Access::ReadWrite,
                                   .kind = cdrom ? DiskKind::CdRom : DiskKind::HardDisk});
    if (!image) {
        return;
    }
    const Image& open = **image;
    const bool fits = cdrom ? open.size_bytes() >= open.stored_bytes() : open.size_bytes() <= open.stored_bytes();
    if (open.stored_bytes() != contents.size() || open.size_bytes() % (cdrom ? 2048 : 512) != 0 || !fits) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const windsor::base::TestFolder directory;
    if (size == 0) {
        return 0;
    }
    std::string_view text{static_cast<const char*>(static_cast<const void*>(data)), size};
    const std::uint8_t choice = data[0];
    text.remove_prefix(1);
    if ((choice & 0x80) != 0) {
        if (const auto path = resolve_target(std::string{text}); path && path->empty()) {
            std::abort();
        }
        return 0;
    }
    open_contents((directory / "image").string(), choice, text);
    return 0;
}
