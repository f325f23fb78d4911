// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/png.hpp"

#include <cerrno>
#include <fstream>

#include <png.h>

namespace windsor::display {

base::Result<std::vector<std::uint8_t>> encode_png(const backend::Picture& picture)
{
    if (picture.size.width == 0 || picture.size.height == 0) {
        return base::fail("there is no picture yet");
    }
    std::vector<std::uint8_t> bytes;
    bytes.reserve(picture.pixels.size() * 3);
    for (const std::uint32_t pixel : picture.pixels) {
        bytes.push_back(static_cast<std::uint8_t>(pixel >> 16));
        bytes.push_back(static_cast<std::uint8_t>(pixel >> 8));
        bytes.push_back(static_cast<std::uint8_t>(pixel));
    }
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = picture.size.width;
    image.height = picture.size.height;
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::vector<std::uint8_t> png(size);
    if (png_image_write_to_memory(&image, png.data(), &size, 0, bytes.data(), 0, nullptr) == 0) {
        return base::fail("cannot make a PNG of the picture: {}", std::string{image.message});
    }
    png.resize(size);
    return png;
}

base::Status write_png(const backend::Picture& picture, const std::string& path)
{
    const auto png = encode_png(picture);
    if (!png) {
        return base::fail("{}: not written: {}", path, png.error().message());
    }
    errno = 0;
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(png->data()), static_cast<std::streamsize>(png->size()));
    file.close();
    if (!file) {
        return base::fail("cannot write the picture to {}: {}", path, base::errno_text(errno));
    }
    return {};
}

} // namespace windsor::display
