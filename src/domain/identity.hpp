// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain keeps from its first start on, whatever becomes of its configuration: by its UUID and its hardware a
// guest knows its machine again, and Windows its licence.
#pragma once

#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "domain/uuid.hpp"
#include "firmware/hal.hpp"
#include "firmware/smbios_texts.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::domain {

// How far `windsor install` has come.
enum class InstallStage : std::uint8_t { None, First, Second, Done };

// Whose texts the tables have where the configuration does not choose them.
enum class SmbiosSource : std::uint8_t { Windsor, Host };

// What a drive tells of itself. The drive is known by its place and its kind.
struct KnownDrive {
    std::string vdev; // hda to hdd
    config::DiskKind kind{config::DiskKind::Disk};
    config::DriveTexts told{};

    bool operator==(const KnownDrive&) const = default;
};

struct Identity {
    std::string name;          // of the domain
    std::string configuration; // the absolute path of its file; empty if it has come without one
    std::string uuid;          // 8-4-4-4-12 lower-case digits
    // The hardware that the installed system has been told of.
    firmware::HalKeys hal{};
    std::uint64_t memory_mb{0};
    std::vector<std::string> macs; // of the network cards, in the order of the configuration
    std::string graphics;
    std::string cdrom;     // empty: no drive
    std::string disk;      // the first hard disk; empty: none
    std::string processor; // its maker, family, model and stepping
    std::string volume;    // the serial number of the volume that Windows starts from; empty: there is no Windows
    // What the SMBIOS tables say. Files from before they were kept have none, and default_smbios_texts() was said.
    firmware::SmbiosTexts smbios{};
    SmbiosSource smbios_source{SmbiosSource::Windsor};
    std::string firmware_files{}; // the tables that the configuration's files have, in words; empty: none
    std::vector<KnownDrive> drives{}; // also those that the configuration has not any more; none in older files
    InstallStage stage{InstallStage::None};

    bool operator==(const Identity&) const = default;
};

// What a configuration with UUID, MAC addresses and SMBIOS texts comes to. The path is that of its file.
Identity identity_of(const config::DomainConfig& config, const std::string& path);

// As text, a line each: "windsor-identity 2", and then a word, a space and its value; docs/identity.md.
std::string print_identity(const Identity& identity);
// The error says which line is wrong. Takes any text, however long.
base::Result<Identity> parse_identity(std::string_view text);

// What the first versions of Windsor had a drive tell, and all that are known from then go on to. A version with others
// gives those to domains that it has not known.
config::DriveTexts first_drive_texts(const Uuid& uuid, const config::DiskConfig& disk);

// The serial number of a drive, which follows from the domain's UUID and the drive's place: 16 characters.
std::string drive_serial(const Uuid& uuid, const config::DiskConfig& disk);

// The files, in a directory of the user's data.
class IdentityStore {
public:
    explicit IdentityStore(const std::filesystem::path& data) : directory_{data / "identity"} {}

    // By the name and the configuration's path, or else by the UUID, and that name if several have it; or, without a
    // UUID, what has come to this host under that name without a file. Nothing if it is not known. Fails if the file
    // that should have it cannot be read or is damaged.
    base::Result<std::optional<Identity>> find(const std::string& name, const std::string& configuration,
                                               const std::string& uuid) const;
    // Those of that name, or of that UUID.
    base::Result<std::vector<Identity>> named(std::string_view name_or_uuid) const;
    // With mode 0600, in the place of what is known by the same name and path. Fails also if the text would be damaged.
    base::Status write(const Identity& identity) const;
    base::Status remove(const Identity& identity) const;

    std::filesystem::path file_of(const std::string& name, const std::string& configuration) const;

private:
    std::vector<Identity> readable() const; // damaged ones and copies are left out

    std::filesystem::path directory_;
};

} // namespace windsor::domain
