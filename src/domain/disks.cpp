// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/disks.hpp"

#include <chrono>
#include <future>
#include <memory>

namespace windsor::domain {

namespace {

constexpr std::chrono::seconds kPatience{60};

} // namespace

base::Status on_all_disks(const std::vector<storage::AsyncDisk*>& disks, DiskOperation operation)
{
    std::vector<std::future<base::Status>> ends;
    for (storage::AsyncDisk* disk : disks) {
        const auto promise = std::make_shared<std::promise<base::Status>>();
        ends.push_back(promise->get_future());
        (disk->*operation)([promise](base::Status status) { promise->set_value(std::move(status)); });
    }
    base::Status first;
    for (std::future<base::Status>& end : ends) {
        if (end.wait_for(kPatience) != std::future_status::ready) {
            return base::fail("a disk of the domain does not take what was written to it");
        }
        base::Status status = end.get();
        if (first && !status) {
            first = std::move(status);
        }
    }
    return first;
}

} // namespace windsor::domain
