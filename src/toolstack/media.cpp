// SPDX-License-Identifier: GPL-2.0-or-later
// The commands about drives and what is in them.
#include "base/printable.hpp"
#include "config/media.hpp"
#include "config/value.hpp"
#include "domain/images.hpp"
#include "domain/saved_domain.hpp"
#include "storage/image.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/listing.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace windsor::toolstack {

using domain::Json;

namespace {

// Of config's readers, whose errors are sentences.
template <typename T> base::Result<T> checked(std::expected<T, std::string> parsed)
{
    return parsed ? base::Result<T>{*std::move(parsed)} : base::fail("{}", parsed.error());
}

base::Result<Json> drives_of(Connection& connection)
{
    return fitting("drives", connection.client.call("drives"));
}

// Whether the domain says that it has such a drive, and that people change what is in it.
base::Status check_removable(Connection& connection, const std::string& name)
{
    const Json drives = WINDSOR_TRY(drives_of(connection));
    const auto found = std::ranges::find_if(drives, [&](const Json& drive) { return drive["drive"] == name; });
    if (found == drives.end()) {
        return base::fail("domain '{}' has no drive {}; 'block-list' shows which it has", connection.entry.name, name);
    }
    if (!(*found)["removable"].get<bool>()) {
        return base::fail("{} is a hard disk of domain '{}', whose medium cannot be changed while it runs", name,
                          connection.entry.name);
    }
    return {};
}

base::Result<config::DiskAccess> access_named(const std::string& mode)
{
    using enum config::DiskAccess;
    constexpr std::array<std::pair<std::string_view, config::DiskAccess>, 6> kModes{{{"r", ReadOnly},
                                                                                     {"ro", ReadOnly},
                                                                                     {"w", ReadWrite},
                                                                                     {"rw", ReadWrite},
                                                                                     {"w!", SharedWrite},
                                                                                     {"!", SharedWrite}}};
    const auto* const found = std::ranges::find(kModes, mode, &std::pair<std::string_view, config::DiskAccess>::first);
    if (found == kModes.end()) {
        return base::fail("'{}' is no mode of a drive; 'r' reads only, 'w' writes, 'w!' writes although others do",
                          mode);
    }
    return found->second;
}

std::string_view word_of(config::DiskAccess access)
{
    using enum config::DiskAccess;
    return access == ReadOnly ? "r" : access == ReadWrite ? "w" : "w!";
}

// What is to be put in: a disc is read, and a floppy disk used as it is wanted. Which of them it is the drive's name
// says: an intruder in the domain could call a CD-ROM drive something else, to be handed a disc that he can write to.
base::Result<config::DiskConfig> new_disk(const std::string& drive, const std::string& target,
                                          config::DiskAccess access)
{
    config::Medium medium = WINDSOR_TRY(checked(config::parse_medium(target)));
    config::DiskConfig disk;
    disk.vdev = drive;
    disk.kind = config::is_floppy(disk) ? config::DiskKind::Disk : config::DiskKind::Cdrom;
    disk.access = disk.kind == config::DiskKind::Cdrom ? config::DiskAccess::ReadOnly : access;
    disk.backend = medium.backend;
    std::error_code error;
    disk.path = std::filesystem::absolute(medium.path, error).lexically_normal().string();
    if (error) {
        return base::fail("{}: cannot be made an absolute path: {}", medium.path, error.message());
    }
    if (config::valid_utf8(disk.path) != disk.path) { // as all that goes to a domain is
        return base::fail("the name of the medium is not in UTF-8, and cannot be told to the domain; give it another, "
                          "or a link to it");
    }
    return disk;
}

// The domain sees no files: it is handed the image, open and locked.
base::Status insert(Context& context, Connection& connection, const config::DiskConfig& disk, bool force)
{
    storage::ImageSpec spec = domain::image_spec(disk);
    spec.users = domain::domain_names(context.paths.runtime);
    const auto image = WINDSOR_TRY(storage::open_image(spec));
    for (const std::string& note : image->notes()) {
        context.err << context.program << ": " << note << '\n';
    }
    WINDSOR_TRY(domain::add_medium(connection.entry.beginning_file(), disk));
    WINDSOR_TRY(connection.client.call("insert_medium",
                                       {{"drive", disk.vdev},
                                        {"path", disk.path},
                                        {"backend", disk.backend == config::DiskBackend::Physical ? "phy" : "file"},
                                        {"access", word_of(disk.access)},
                                        {"force", force}},
                                       image->fd()));
    return {};
}

struct Change {
    std::string drive;
    std::string target{}; // empty: nothing
    config::DiskAccess access{config::DiskAccess::ReadWrite};
    bool force{false};
};

base::Result<int> change(Context& context, const std::string& domain, const Change& wanted)
{
    const std::string drive = WINDSOR_TRY(checked(config::parse_drive(wanted.drive)));
    Connection connection = WINDSOR_TRY(connect(context, domain));
    WINDSOR_TRY(check_removable(connection, drive));
    if (wanted.target.empty()) {
        WINDSOR_TRY(connection.client.call("eject_medium", {{"drive", drive}, {"force", wanted.force}}));
        return 0;
    }
    const config::DiskConfig disk = WINDSOR_TRY(new_disk(drive, wanted.target, wanted.access));
    WINDSOR_TRY(insert(context, connection, disk, wanted.force));
    return 0;
}

// --- block-list ---

// The formats are those of xm_block_list in Xen's tools/python/xen/xm/main.py and of main_blocklist in
// tools/xl/xl_block.c. There is no XenStore: what stands for the back end's path is what is in the drive, and the event
// channel and the ring of a paravirtual driver are missing as they are in xl's list of emulated drives.
std::string block_line(Dialect dialect, const domain::Entry& entry, const Json& drive)
{
    constexpr int kHost = 0;
    constexpr int kConnected = 4; // a XenBus state
    constexpr int kNone = -1;
    const unsigned number = config::drive_number(drive["drive"].get<std::string>());
    const std::string path = base::printable_line(or_hyphen(drive["path"].get<std::string>()));
    if (dialect == Dialect::Xm) {
        return fmt::format("{:<5}  {:<3}  {:<3}   {:<3}    {:<3}    {:<5} {:<30}  \n", number, kHost, 0, kConnected,
                           kNone, kNone, path);
    }
    return fmt::format("{:<5} {:<3} {:<6} {:<5} {:<6} {:<8} {:<30}\n", number, kHost, entry.id, kConnected, kNone,
                       kNone, path);
}

std::string_view heading(Dialect dialect)
{
    return dialect == Dialect::Xm ? "Vdev  BE handle state evt-ch ring-ref BE-path\n"
                                  : "Vdev  BE  handle state evt-ch ring-ref BE-path                       \n";
}

// As xm shows a device: its number, and what xend knows of it.
std::string long_block(const domain::Entry& entry, const Json& drive)
{
    const auto text = [&](const char* key) { return drive[key].get<std::string>(); };
    const std::string name = text("drive");
    const std::string path = text("path");
    const auto pair = [](const char* key, const std::string& value) {
        return fmt::format("\n        ({} {})", key, config::sxp_atom(value));
    };
    return fmt::format("({}\n    (vbd", config::drive_number(name)) +
           pair("dev", name + (text("kind") == "cdrom" ? ":cdrom" : ":disk")) +
           pair("uname", path.empty() ? "" : text("backend") + ":" + path) + pair("mode", text("access")) +
           pair("backend", "0") + pair("frontend-id", std::to_string(entry.id)) + "\n    )\n)\n";
}

} // namespace

base::Result<int> cd_insert(Context& context, const Arguments& arguments)
{
    if (arguments.operand(2).empty()) {
        return base::fail("the medium's name is empty; 'cd-eject' takes one out");
    }
    return change(context, arguments.operand(0),
                  {.drive = arguments.operand(1),
                   .target = arguments.operand(2),
                   .access = arguments.has("read-only") ? config::DiskAccess::ReadOnly : config::DiskAccess::ReadWrite,
                   .force = arguments.has("force")});
}

base::Result<int> cd_eject(Context& context, const Arguments& arguments)
{
    return change(context, arguments.operand(0), {.drive = arguments.operand(1), .force = arguments.has("force")});
}

base::Result<int> block_configure(Context& context, const Arguments& arguments)
{
    if (arguments.operands().size() == 5 && arguments.operand(4) != "0" && arguments.operand(4) != "Domain-0") {
        return base::fail("the medium is to be served by the domain '{}', and driver domains are not provided",
                          arguments.operand(4));
    }
    return change(context, arguments.operand(0),
                  {.drive = arguments.operand(2),
                   .target = arguments.operand(1),
                   .access = WINDSOR_TRY(access_named(arguments.operand(3))),
                   .force = arguments.has("force")});
}

base::Result<int> block_list(Context& context, const Arguments& arguments)
{
    auto all = Json::array();
    std::string lines;
    for (const std::string& name : arguments.operands()) {
        Connection connection = WINDSOR_TRY(connect(context, name));
        const Json drives = WINDSOR_TRY(drives_of(connection));
        for (const Json& drive : drives) {
            lines += arguments.has("long") ? long_block(connection.entry, drive)
                                           : block_line(context.dialect, connection.entry, drive);
            all.push_back(drive);
        }
    }
    if (!arguments.has("long")) {
        context.out << heading(context.dialect) << lines;
    } else if (context.dialect == Dialect::Xm) {
        context.out << lines;
    } else {
        context.out << all.dump(4) << '\n';
    }
    return 0;
}

} // namespace windsor::toolstack
