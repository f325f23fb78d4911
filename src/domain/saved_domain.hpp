// SPDX-License-Identifier: GPL-2.0-or-later
// The beginning of a saved domain's file: who it is, and what it needs to come back.
#pragma once

#include "config/saved_config.hpp"
#include "machine/needs.hpp"
#include "state/file.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace windsor::domain {

// From what a configuration came, so that it can be evaluated again for rename-restart.
struct Origin {
    std::string text{};                   // of the file
    std::vector<std::string> overrides{}; // key=value
    std::string directory{};              // from which relative paths count
};

template <typename Archive> void describe(Archive& archive, Origin& origin)
{
    archive.field("text", origin.text);
    archive.field("overrides", origin.overrides);
    archive.field("directory", origin.directory);
}

struct SavedDomain {
    std::string windsor{};     // the version that saved it
    std::int64_t saved_at{0};  // seconds since 1970
    std::string engine{};      // that ran it; any other can go on
    config::SavedConfig config{};
    Origin origin{};
};

template <typename Archive> void describe(Archive& archive, SavedDomain& domain)
{
    archive.field("windsor", domain.windsor);
    archive.field("saved_at", domain.saved_at);
    archive.optional("engine", domain.engine);
    archive.field("config", domain.config);
    archive.field("origin", domain.origin);
}

// The beginning of a saved state that has been read; the machine's records come next.
struct SavedFile {
    SavedDomain domain;
    config::DomainConfig config; // of the domain
    machine::Needs needs;
    std::unique_ptr<state::Input> input;
    std::unique_ptr<state::StreamReader> reader; // of `input`
    bool own{false};                             // a file that nobody but this user and root can have written
};

// The error names the file.
base::Result<SavedFile> open_saved(const std::filesystem::path& path);
// From wherever it comes.
base::Result<SavedFile> begin_restore(std::unique_ptr<state::Input> input);

// Writes what open_saved() reads, but for the machine's needs, which the machine writes itself.
base::Status begin_saved(state::StreamWriter& to, const SavedDomain& domain);

// What is known of a domain from before its guest ran, in a file of its folder: whatever its process says later may be
// an intruder's.
struct Beginning {
    std::string fingerprint;            // SHA-256 of the configuration that does not change while the domain runs
    std::uint64_t most_saved_bytes{0};  // that its saved state has at most
    // The media of removable drives that the configuration has named, and commands since, a word_for() each.
    std::vector<std::string> media{};
};
// A medium in its drive, and how it is used, as one word without blanks: "hdc:r:file:/a%20b.iso".
std::string word_for(const config::DiskConfig& disk);
Beginning beginning_of(const SavedDomain& domain);
base::Status write_beginning(const std::filesystem::path& file, const Beginning& beginning);
base::Result<Beginning> read_beginning(const std::filesystem::path& file);
// By the command that gives the domain a medium, before it does.
base::Status add_medium(const std::filesystem::path& file, const config::DiskConfig& disk);
// Whether a saved state is of that domain and gives it nothing but what it had: it could name other images, which are
// opened when it is restored.
base::Status expect_same(const SavedDomain& saved, const Beginning& known);

// The saved processor; missing features are named.
base::Result<vcpu::CpuModel> saved_processor(const machine::Needs& needs);

// Whose the images are meanwhile: nobody's, or those of the domain that is being moved.
enum class Images : std::uint8_t { Free, InUse };

// What stands in the way of restoring the domain here, a sentence each: processor features, another machine in the
// configuration, images.
std::vector<std::string> obstacles(const SavedFile& file, Images images);
// Whether the rest of it is whole. Starts nothing.
base::Status read_rest(SavedFile& file);

} // namespace windsor::domain

template <> inline constexpr std::uint32_t windsor::state::kVersion<windsor::domain::SavedDomain> =
    windsor::config::kDomainRecordVersion;
