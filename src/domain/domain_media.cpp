// SPDX-License-Identifier: GPL-2.0-or-later
// Media that are changed while the guest is there. Who asks for it has opened the image, which the domain cannot.
#include "domain/domain.hpp"

#include "base/printable.hpp"
#include "domain/disks.hpp"
#include "domain/images.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>

namespace windsor::domain {

namespace {

using backend::LockedMedium;

constexpr std::size_t kLongestPath = 4096;
// In the order of config::DiskAccess and config::DiskBackend.
constexpr std::array<std::string_view, 3> kAccessWords{"r", "w", "w!"};
constexpr std::array<std::string_view, 2> kBackendWords{"file", "phy"};

std::string_view kind_of(const config::DiskConfig& disk)
{
    return disk.kind == config::DiskKind::Cdrom ? "cdrom" : config::is_floppy(disk) ? "floppy" : "disk";
}

// The place of a word that has been checked.
template <typename E, std::size_t N> E choice(const std::array<std::string_view, N>& words, std::string_view word)
{
    return static_cast<E>(std::ranges::find(words, word) - words.begin());
}

LockedMedium lock_of(const RpcArguments& arguments)
{
    return arguments.truth("force") ? LockedMedium::ComesOut : LockedMedium::Stays;
}

base::Result<Json> done(const base::Status& status)
{
    return status ? base::Result<Json>{Json::object()} : std::unexpected{status.error()};
}

} // namespace

std::vector<Domain::Row> Domain::media_rows()
{
    using enum ValueKind;
    using namespace std::string_view_literals;
    constexpr Phases kThere{Phase::Running, Phase::Paused};
    const Parameter drive{.name = "drive", .help = "its name: hdc, fda"};
    const Parameter force{.name = "force",
                          .kind = Truth,
                          .help = "whether one comes out that the guest has locked in",
                          .otherwise = false};
    return {
        {{.name = "drives",
          .help = "Lists the drives, and what is in them.",
          .permission = Permission::Look,
          .answer = {.kind = Objects,
                     .fields = {{"drive", Text, "its name: hda, hdc, fda"},
                                {"kind", Text, "disk, cdrom or floppy"},
                                {"removable", Truth, "whether people change what is in it"},
                                {"backend", Text, "file or phy"},
                                {"path", Text, "the image or device of what is in it; empty: nothing is"},
                                {"access", Text, "r, w or w!"},
                                {"size", Integer, "bytes of what is in it"},
                                {"locked", Truth, "whether the guest has locked it in"},
                                {"tray_open", Truth, "whether the guest has opened the tray with it"}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(domain.drives()); }},
        {{.name = "insert_medium",
          .help = "Puts a medium into a drive, in place of the one that may be there.",
          .phases = kThere,
          .parameters = {drive,
                         {.name = "path",
                          .help = "the absolute path of the file that comes with the request",
                          .longest = kLongestPath},
                         {.name = "backend", .help = "file or phy", .otherwise = "file"sv, .words = {"file", "phy"}},
                         {.name = "access",
                          .help = "how a floppy disk is used; discs are read",
                          .otherwise = "r"sv,
                          .words = {"r", "w", "w!"}},
                         force},
          .descriptor = "open image"},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             config::Medium medium{.path = arguments.text("path"),
                                   .backend = choice<config::DiskBackend>(kBackendWords, arguments.text("backend")),
                                   .access = choice<config::DiskAccess>(kAccessWords, arguments.text("access"))};
             reply(done(domain.insert(arguments.text("drive"), medium, lock_of(arguments))));
         }},
        {{.name = "eject_medium",
          .help = "Takes out what is in a drive.",
          .phases = kThere,
          .parameters = {drive, force}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const auto disk = domain.removable_drive(arguments.text("drive"));
             reply(disk ? done(domain.change(**disk, nullptr, lock_of(arguments))) : std::unexpected{disk.error()});
         }},
    };
}

Json Domain::drives() const
{
    Json all = Json::array();
    const bus::MachineGuard guard{machine_->lock()};
    for (const config::DiskConfig& disk : settings_.config.disks) {
        const auto found = disks_.find(slot_of(disk));
        const auto medium = found != disks_.end() ? found->second.lock() : nullptr;
        const auto& removable = machine_->removable_drives();
        const auto drive = std::ranges::find(removable, disk.vdev, &backend::RemovableDrive::name);
        const bool is_removable = drive != removable.end();
        all.push_back({{"drive", disk.vdev},
                       {"kind", kind_of(disk)},
                       {"removable", is_removable},
                       {"backend", kBackendWords.at(static_cast<std::size_t>(disk.backend))},
                       {"path", disk.path},
                       {"access", kAccessWords.at(static_cast<std::size_t>(disk.access))},
                       {"size", medium != nullptr ? medium->size_bytes() : 0},
                       {"locked", is_removable && (*drive)->locked()},
                       {"tray_open", is_removable && (*drive)->tray_open()}});
    }
    return all;
}

base::Result<const config::DiskConfig*> Domain::removable_drive(const std::string& name) const
{
    const config::DiskConfig* const disk = config::find_drive(settings_.config, name);
    if (disk == nullptr) {
        return base::fail("the domain has no drive {}; 'block-list' shows which it has", name);
    }
    if (!config::is_removable(*disk)) {
        return base::fail("{} is a hard disk, whose medium cannot be changed", name);
    }
    return disk;
}

base::Status Domain::insert(const std::string& drive, const config::Medium& medium, LockedMedium locked)
{
    base::Fd file = control_->take_descriptor();
    const config::DiskConfig* const known = WINDSOR_TRY(removable_drive(drive));
    if (!medium.path.starts_with('/') || medium.path.find('\0') != std::string::npos) {
        return base::fail("the path of a medium has to begin with '/'");
    }
    config::DiskConfig disk = *known;
    disk.path = medium.path;
    disk.backend = medium.backend;
    disk.access = disk.kind == config::DiskKind::Cdrom ? config::DiskAccess::ReadOnly : medium.access;
    auto image = WINDSOR_TRY(storage::adopt_image(image_spec(disk), std::move(file)));
    for (const std::string& note : image->notes()) {
        log_.warning("{}", note);
    }
    return change(disk, std::move(image), locked);
}

// For later, when images are let go and taken back, it keeps a descriptor: the path is out of reach.
base::Result<std::shared_ptr<storage::AsyncDisk>> Domain::new_medium(std::unique_ptr<storage::Image> image,
                                                                     machine::Executor executor)
{
    const auto copy = [](int file) -> base::Result<base::Fd> {
        base::Fd again{::fcntl(file, F_DUPFD_CLOEXEC, 0)};
        if (!again) {
            return base::fail("an open image cannot be kept: {}", base::errno_text(errno));
        }
        return again;
    };
    const auto kept = std::make_shared<base::Fd>(WINDSOR_TRY(copy(image->fd())));
    const auto on_no_space = [this, path = image->path()] { loop_.post([this, path] { stop_for_space(path); }); };
    return storage::AsyncDisk::create(std::move(image), {.executor = std::move(executor),
                                                         .on_no_space = on_no_space,
                                                         .open = [kept, copy] { return copy(kept->get()); }});
}

// `disk`: the drive with the new medium, or, without an image, in any way.
base::Status Domain::change(const config::DiskConfig& disk, std::unique_ptr<storage::Image> image, LockedMedium locked)
{
    const unsigned slot = slot_of(disk);
    const bool ejects = image == nullptr;
    const config::Medium medium = ejects ? config::Medium{} : config::medium_of(disk);
    std::shared_ptr<storage::AsyncDisk> fresh;
    machine::OpenMedia open;
    if (!ejects) {
        open = [&](machine::Executor executor) -> base::Result<std::shared_ptr<backend::BlockMedia>> {
            fresh = WINDSOR_TRY(new_medium(std::move(image), std::move(executor)));
            return fresh;
        };
    }
    const std::shared_ptr<storage::AsyncDisk> before = disks_[slot].lock();
    const std::string drive = disk.vdev; // since `disk` may be the one that changes
    WINDSOR_TRY(machine_->change_medium(slot, open, locked));
    disks_[slot] = fresh;
    config::change_medium(settings_.config, drive, medium);
    log_.info("{} has {} in it now", drive, ejects ? "nothing" : base::printable_line(medium.path));
    let_go_of(before);
    return {};
}

// What the guest has written to it before is on the host's disk when its lock goes. What there is no space for is
// tried once more when the disk goes: nobody waits here until somebody makes room.
void Domain::let_go_of(const std::shared_ptr<storage::AsyncDisk>& disk)
{
    if (disk == nullptr) {
        return;
    }
    if (disk->waiting_for_space()) {
        log_.error("{} is taken out while there is no space on the host for what the guest has written to it; that is "
                   "lost unless there is some now",
                   base::printable_line(disk->image().path()));
        return;
    }
    if (const auto gone = on_all_disks({disk.get()}, &storage::AsyncDisk::let_go); !gone) {
        log_.error("{}", gone.error().message());
    }
}

} // namespace windsor::domain
