// SPDX-License-Identifier: GPL-2.0-or-later
// Saved states in files.
#pragma once

#include "base/fd.hpp"
#include "state/stream.hpp"

#include <filesystem>
#include <string>

namespace windsor::state {

// A file that is there as a whole or not at all: made beside its place, and moved there by commit(). Who writes it may
// be another process.
class NewFile {
public:
    static base::Result<NewFile> create(const std::filesystem::path& path);
    NewFile(NewFile&&) noexcept = default;
    NewFile& operator=(NewFile&&) = delete;
    // Leaves nothing behind unless commit() has succeeded.
    ~NewFile();

    int descriptor() const { return file_.get(); }
    // Where it is until then.
    const std::filesystem::path& temporary() const { return temporary_; }
    // It stands under its name, for good, when this has succeeded.
    base::Status commit();

private:
    NewFile(std::filesystem::path path, std::filesystem::path temporary, base::Fd file);

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    base::Fd file_; // none: committed, or moved from
};

// Writes an open file.
class FileOutput final : public Output {
public:
    // Messages call it `name`.
    FileOutput(base::Fd file, std::string name) : file_{std::move(file)}, name_{std::move(name)} {}

    base::Status write(std::span<const std::uint8_t> bytes) override;
    // All is written when this has succeeded.
    base::Status flush();
    // All is on stable storage when this has succeeded; of a pipe that is the reader's business.
    base::Status finish();

private:
    base::Fd file_;
    std::string name_;
    std::vector<std::uint8_t> buffer_;
};

class FileInput final : public Input {
public:
    static base::Result<std::unique_ptr<FileInput>> open(const std::filesystem::path& path);

    base::Result<std::size_t> read(std::span<std::uint8_t> into) override;
    // Whether nobody but this process's user and root can have written it.
    bool is_own() const;

private:
    FileInput(std::filesystem::path path, base::Fd file) : path_{std::move(path)}, file_{std::move(file)} {}

    std::filesystem::path path_;
    base::Fd file_;
    std::vector<std::uint8_t> buffer_;
    std::size_t position_{0};
};

} // namespace windsor::state
