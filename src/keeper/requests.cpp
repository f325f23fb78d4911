// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/requests.hpp"

#include "base/descriptor_message.hpp"
#include "domain/images.hpp"
#include "domain/registry.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <sys/socket.h>
#include <utility>

namespace windsor::keeper {

namespace {

// Nothing if it cannot be a domain's name.
std::optional<std::string> name_in(const domain::KeeperRequest& request)
{
    const auto* const end = std::ranges::find(request.name, '\0');
    std::string name{request.name.begin(), end};
    if (end == request.name.end() || !domain::check_name(name)) {
        return std::nullopt;
    }
    return name;
}

} // namespace

// The kernel counts the descriptors that are on their way for all processes of a user, and carries no more for any of
// them once they are as many as one process may have open. So there is room for a few answers that nobody reads.
Requests::Requests(base::Fd socket) : socket_{std::move(socket)}
{
    const int least = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
}

void Requests::take(Services& services)
{
    if (!socket_) {
        return;
    }
    domain::KeeperRequest request{};
    const ssize_t got = ::recv(socket_.get(), &request, sizeof request, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        socket_.reset();
        return;
    }
    if (got != sizeof request) {
        answer(EINVAL);
        return;
    }
    serve(request, services);
}

void Requests::serve(const domain::KeeperRequest& request, Services& services)
{
    switch (static_cast<domain::KeeperAsk>(request.kind)) {
    case domain::KeeperAsk::StopHelpers:
        services.stop_helpers();
        answer(0);
        return;
    case domain::KeeperAsk::Restart: restart(request, services); return;
    case domain::KeeperAsk::Ending: services.end_soon(); return;
    case domain::KeeperAsk::Rename: {
        const auto name = name_in(request);
        const base::Result<bool> done = name ? services.rename(*name) : false;
        answer(!name ? EINVAL : !done ? EAGAIN : *done ? 0 : EEXIST);
        return;
    }
    case domain::KeeperAsk::OpenImage: {
        const base::Fd image = services.open_image(request.number);
        answer(image ? 0 : ENOENT, image.get());
        return;
    }
    }
    answer(EINVAL);
}

void Requests::restart(const domain::KeeperRequest& request, Services& services)
{
    const auto name = name_in(request);
    // Once: an intruder's domain would make any number of others.
    if (!name || std::exchange(restarted_, true)) {
        answer(EINVAL);
        return;
    }
    if (!services.restart(*name)) {
        answer(EAGAIN);
    }
}

void Requests::restarted(bool runs)
{
    answer(runs ? 0 : ECHILD);
}

void Requests::answer(int error, int descriptor)
{
    domain::KeeperAnswer answer{.error = error};
    if (socket_) {
        static_cast<void>(base::send_with_descriptor(
            socket_.get(), {static_cast<char*>(static_cast<void*>(&answer)), sizeof answer}, descriptor, MSG_DONTWAIT));
    }
}

std::vector<storage::ImageSpec> configured_images(const config::DomainConfig& config,
                                                  const std::filesystem::path& directory)
{
    std::vector<storage::ImageSpec> images;
    for (config::DiskConfig disk : config.disks) {
        if (disk.path.empty()) {
            continue;
        }
        if (disk.backend == config::DiskBackend::File) {
            disk.path = (directory / disk.path).lexically_normal().string();
        }
        images.push_back(domain::image_spec(disk));
    }
    return images;
}

base::Fd open_configured_image(const config::DomainConfig& config, const std::filesystem::path& directory,
                               unsigned slot)
{
    config::DomainConfig one;
    std::ranges::copy_if(config.disks, std::back_inserter(one.disks),
                         [&](const config::DiskConfig& disk) { return domain::slot_of(disk) == slot; });
    for (const storage::ImageSpec& image : configured_images(one, directory)) {
        auto file = storage::open_file(image);
        return file ? *std::move(file) : base::Fd{};
    }
    return {};
}

} // namespace windsor::keeper
