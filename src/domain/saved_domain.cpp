// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/saved_domain.hpp"

#include "base/printable.hpp"
#include "base/private_file.hpp"
#include "base/whole.hpp"
#include "config/cpuid_key.hpp"
#include "config/media.hpp"
#include "domain/images.hpp"
#include "firmware/acpi_file.hpp"
#include "firmware/smbios_structures.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <optional>
#include <sstream>
#include <sys/stat.h>

#include <fmt/ranges.h>
#include <gnutls/crypto.h>

namespace windsor::domain {

namespace {

constexpr std::string_view kDomainRecord = "domain";
// In a saved state: the display adapter's memory, the configuration, processors and chips; some 20 MB in practice.
constexpr std::uint64_t kMostBesidesMemory = std::uint64_t{256} << 20;
constexpr std::size_t kLongestBeginning = 1u << 20;

template <typename T> base::Status next_object(state::StreamReader& reader, std::string_view name, T& object)
{
    const auto record = WINDSOR_TRY(reader.next());
    if (!record || record->name != name) {
        return base::fail("the saved state has no record '{}' where it should be", name);
    }
    return state::read_object(*record, object);
}

base::Status read_head(SavedFile& file)
{
    WINDSOR_TRY(file.reader->begin());
    WINDSOR_TRY(next_object(*file.reader, kDomainRecord, file.domain));
    WINDSOR_TRY(next_object(*file.reader, machine::kNeedsRecord, file.needs));
    file.config = WINDSOR_TRY(config::restore(file.domain.config));
    if (!firmware::parse_smbios_structures(file.config.smbios_structures) ||
        !firmware::parse_acpi_tables(file.config.acpi_tables)) {
        return base::fail("the saved state is damaged: no machine can have the firmware's tables that it holds");
    }
    return {};
}

// Without what changes as long as a domain runs. Nothing if it is no configuration.
std::optional<SavedDomain> lasting(SavedDomain domain)
{
    auto config = config::restore(domain.config);
    if (!config) {
        return std::nullopt;
    }
    for (const config::DiskConfig& disk : std::vector{config->disks}) {
        if (config::is_removable(disk)) {
            config::change_medium(*config, disk.vdev, {});
        }
    }
    domain.config = config::save(*config);
    domain.windsor.clear();
    domain.saved_at = 0;
    domain.engine.clear();
    domain.config.config.name.clear();
    return domain;
}

// Empty if there is no SHA-256, or no configuration, and then like no other.
std::string fingerprint(const SavedDomain& domain)
{
    const auto lasts = lasting(domain);
    if (!lasts) {
        return {};
    }
    const std::vector<std::uint8_t> bytes = state::encode(state::pack(*lasts));
    std::array<std::uint8_t, 32> digest{};
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.data(), bytes.size(), digest.data()) != 0) {
        return {};
    }
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

// Of removable drives, a word each.
std::vector<std::string> media_in(const SavedDomain& domain)
{
    std::vector<std::string> media;
    for (const config::DiskConfig& disk : domain.config.config.disks) {
        if (config::is_removable(disk) && !disk.path.empty()) {
            media.push_back(word_for(disk));
        }
    }
    return media;
}

// A disk that is not there, or not the one that was saved.
base::Status check_disk(const config::DiskConfig& disk, const machine::Needs& needs, Images images)
{
    if (disk.path.empty()) {
        return {};
    }
    const storage::ImageSpec spec = image_spec(disk, storage::Contents::Saved);
    const auto image = WINDSOR_TRY(images == Images::Free ? storage::open_image(spec) : storage::inspect_image(spec));
    const auto saved = std::ranges::find(needs.drives, slot_of(disk), &machine::NeededDrive::slot);
    if (saved != needs.drives.end() && saved->size != image->size_bytes()) {
        return base::fail("{} is {} bytes long, and was {} bytes long when the domain was saved with it as {}",
                          disk.path, image->size_bytes(), saved->size, disk.vdev);
    }
    return {};
}

// The machine that the configuration makes, with media as the saved one's.
machine::Needs own_needs(const SavedFile& file)
{
    machine::Needs own = file.needs;
    own.memory = static_cast<std::uint64_t>(file.config.memory_mb) << 20;
    own.processors = static_cast<std::uint32_t>(file.config.vcpus);
    own.acpi = file.config.acpi == config::Switch::On;
    own.apic = file.config.apic == config::Switch::On;
    own.drives.clear();
    for (const config::DiskConfig& disk : file.config.disks) {
        const auto slot = slot_of(disk);
        const auto saved = std::ranges::find(file.needs.drives, slot, &machine::NeededDrive::slot);
        own.drives.push_back({.slot = slot,
                              .cdrom = disk.kind == config::DiskKind::Cdrom,
                              .size = saved != file.needs.drives.end() ? saved->size : 0});
    }
    return own;
}

} // namespace

base::Result<SavedFile> open_saved(const std::filesystem::path& path)
{
    auto input = WINDSOR_TRY(state::FileInput::open(path));
    const bool own = input->is_own();
    auto file = begin_restore(std::move(input));
    if (!file) {
        return base::fail("{}: {}", path.string(), file.error().message());
    }
    file->own = own;
    return file;
}

base::Result<SavedFile> begin_restore(std::unique_ptr<state::Input> input)
{
    SavedFile file{.domain = {}, .config = {}, .needs = {}, .input = std::move(input), .reader = {}, .own = false};
    file.reader = std::make_unique<state::StreamReader>(*file.input);
    WINDSOR_TRY(read_head(file));
    return file;
}

base::Status begin_saved(state::StreamWriter& to, const SavedDomain& domain)
{
    WINDSOR_TRY(to.begin());
    return to.object(kDomainRecord, domain);
}

std::string word_for(const config::DiskConfig& disk)
{
    constexpr std::array<std::string_view, 3> kModes{"r", "w", "w!"};
    std::string word = fmt::format("{}:{}:{}:", disk.vdev, kModes.at(static_cast<std::size_t>(disk.access)),
                                   disk.backend == config::DiskBackend::Physical ? "phy" : "file");
    for (const char c : disk.path) {
        const bool plain = c > ' ' && c <= '~' && c != '%';
        word += plain ? std::string{c} : fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
    return word;
}

Beginning beginning_of(const SavedDomain& domain)
{
    return {.fingerprint = fingerprint(domain),
            .most_saved_bytes = (domain.config.config.memory_mb << 20) + kMostBesidesMemory,
            .media = media_in(domain)};
}

base::Status write_beginning(const std::filesystem::path& file, const Beginning& beginning)
{
    return base::write_private_file(file,
                                    fmt::format("{} {}\n{}{}", beginning.fingerprint, beginning.most_saved_bytes,
                                                fmt::join(beginning.media, "\n"), beginning.media.empty() ? "" : "\n"));
}

base::Result<Beginning> read_beginning(const std::filesystem::path& file)
{
    const base::Fd open{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    std::istringstream text{base::read_whole(open.get(), kLongestBeginning)};
    Beginning beginning;
    if (!(text >> beginning.fingerprint >> beginning.most_saved_bytes)) {
        return base::fail("cannot tell what the domain was created with: {} cannot be read", file.string());
    }
    for (std::string word; text >> word;) {
        beginning.media.push_back(std::move(word));
    }
    return beginning;
}

// Only at its end, so that several commands can do so at once, and only to a file that is there.
base::Status add_medium(const std::filesystem::path& file, const config::DiskConfig& disk)
{
    const Beginning known = WINDSOR_TRY(read_beginning(file));
    const std::string word = word_for(disk);
    if (std::ranges::find(known.media, word) != known.media.end()) {
        return {};
    }
    const base::Fd open{::open(file.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC)};
    struct stat info{};
    const std::string line = word + '\n';
    if (!open || ::fstat(open.get(), &info) != 0) {
        return base::fail("cannot note which medium the domain is given: {}: {}", file.string(),
                          base::errno_text(errno));
    }
    if (static_cast<std::size_t>(info.st_size) + line.size() >= kLongestBeginning) {
        return base::fail("the domain has been given too many different media; save and restore it first");
    }
    if (!base::write_whole(open.get(), line)) {
        return base::fail("cannot note which medium the domain is given: {}: {}", file.string(),
                          base::errno_text(errno));
    }
    return {};
}

base::Status expect_same(const SavedDomain& saved, const Beginning& known)
{
    const std::string found = fingerprint(saved);
    if (found.empty() || found != known.fingerprint) {
        return base::fail("its process has written another configuration than it was created with: it cannot be "
                          "trusted, and what it has written would be given other images");
    }
    for (const std::string& medium : media_in(saved)) {
        if (std::ranges::find(known.media, medium) == known.media.end()) {
            return base::fail("its process has written that it has a medium that nobody gave it, {}: it cannot be "
                              "trusted",
                              medium);
        }
    }
    return {};
}

base::Result<vcpu::CpuModel> saved_processor(const machine::Needs& needs)
{
    std::vector<std::string> names;
    for (const vcpu::FeatureWord& word : vcpu::missing_features(needs.processor)) {
        for (unsigned bit = 0; bit < 32; ++bit) {
            if ((word.bits >> bit & 1) != 0) {
                names.push_back(config::describe(
                    {.leaf = word.leaf, .subleaf = word.subleaf, .reg = word.reg & 3u, .bit = bit, .value = true}));
            }
        }
    }
    if (!names.empty()) {
        return base::fail("the domain was saved with processor features that this host does not have: {}; restore it "
                          "where they are, or save it with them hidden by the key cpuid",
                          fmt::join(names, ", "));
    }
    return vcpu::restore(needs.processor);
}

std::vector<std::string> obstacles(const SavedFile& file, Images images)
{
    std::vector<std::string> found;
    if (const auto processor = saved_processor(file.needs); !processor) {
        found.push_back(processor.error().message());
    }
    if (const auto same = machine::check(file.needs, own_needs(file)); !same) {
        found.push_back(same.error().message());
    }
    for (const config::DiskConfig& disk : file.config.disks) {
        if (const auto fits = check_disk(disk, file.needs, images); !fits) {
            found.push_back(fits.error().message());
        }
    }
    // They name what the file says: paths, and a processor.
    std::ranges::transform(found, found.begin(), [](const std::string& text) { return base::printable(text); });
    return found;
}

base::Status read_rest(SavedFile& file)
{
    while (WINDSOR_TRY(file.reader->next())) {
    }
    return {};
}

} // namespace windsor::domain
