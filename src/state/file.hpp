// SPDX-License-Identifier: GPL-2.0-or-later
// Saved states in files.
#pragma once

#include "base/fd.hpp"
#include "state/stream.hpp"

#include <filesystem>

namespace windsor::state {

// A file that is there as a whole or not at all: written beside its place, and moved there by commit().
class FileOutput final : public Output {
public:
    static base::Result<std::unique_ptr<FileOutput>> create(const std::filesystem::path& path);
    // Leaves nothing behind unless commit() has succeeded.
    ~FileOutput() override;
    FileOutput(const FileOutput&) = delete;
    FileOutput& operator=(const FileOutput&) = delete;

    base::Status write(std::span<const std::uint8_t> bytes) override;
    // All is on stable storage, and under its name, when this has succeeded.
    base::Status commit();

private:
    FileOutput(std::filesystem::path path, std::filesystem::path temporary, base::Fd file);
    base::Status flush();

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    base::Fd file_;
    std::vector<std::uint8_t> buffer_;
    bool committed_{false};
};

class FileInput final : public Input {
public:
    static base::Result<std::unique_ptr<FileInput>> open(const std::filesystem::path& path);

    base::Result<std::size_t> read(std::span<std::uint8_t> into) override;

private:
    FileInput(std::filesystem::path path, base::Fd file) : path_{std::move(path)}, file_{std::move(file)} {}

    std::filesystem::path path_;
    base::Fd file_;
    std::vector<std::uint8_t> buffer_;
    std::size_t position_{0};
};

} // namespace windsor::state
