// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain's process asks of its keeper. It may be an intruder's by now: nothing of it is believed.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "domain/keeper_link.hpp"
#include "storage/image.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace windsor::keeper {

// What a keeper does for its domain, and nothing else. Names are such as a domain may have.
class Services {
public:
    virtual ~Services() = default;
    virtual void stop_helpers() = 0;
    virtual void end_soon() = 0;
    // False if a running domain has that name.
    virtual base::Result<bool> rename(const std::string& name) = 0;
    // None if the domain has no such image, or it cannot be opened.
    virtual base::Fd open_image(unsigned slot) = 0;
    // Begins a fresh domain; whether it runs is said by Requests::restarted(). False: none has begun.
    virtual bool restart(const std::string& name) = 0;
};

// The keeper's end of a KeeperLink. It never waits: who asks without reading has no answer.
class Requests {
public:
    // `socket` is of type SOCK_SEQPACKET.
    explicit Requests(base::Fd socket);

    // Readable when take() has something to do; -1 when nobody asks any more.
    int descriptor() const { return socket_.get(); }
    // One request, if one has come.
    void take(Services& services);
    // What has become of a restart.
    void restarted(bool runs);
    void close() { socket_.reset(); }

private:
    void serve(const domain::KeeperRequest& request, Services& services);
    void restart(const domain::KeeperRequest& request, Services& services);
    void answer(int error, int descriptor = -1);

    base::Fd socket_;
    bool restarted_{false}; // or tried
};

// Of all drives that are not empty. `directory` is where relative paths begin.
std::vector<storage::ImageSpec> configured_images(const config::DomainConfig& config,
                                                  const std::filesystem::path& directory);

// The image of the configuration's disk in that slot: what an administrator has named, and nothing else. It is not
// looked into. `directory` is where relative paths begin.
base::Fd open_configured_image(const config::DomainConfig& config, const std::filesystem::path& directory,
                               unsigned slot);

} // namespace windsor::keeper
