// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/saver.hpp"

#include <chrono>
#include <future>
#include <memory>

namespace windsor::domain {

namespace {

constexpr std::chrono::seconds kFlushPatience{60};

} // namespace

Saver::Saver(Work work)
    : work_{std::move(work)}, total_{work_.machine.saved_bytes()}, thread_{[this] {
          result_ = save();
          work_.done();
      }}
{
}

Saver::~Saver()
{
    cancel();
    join();
}

void Saver::join()
{
    if (thread_.joinable()) {
        thread_.join();
    }
}

base::Status Saver::save()
{
    const auto file = WINDSOR_TRY(state::FileOutput::create(work_.file));
    state::StreamWriter writer{*file};
    WINDSOR_TRY(begin_saved(writer, work_.domain));
    WINDSOR_TRY(work_.machine.save(writer, [this](std::uint64_t bytes) {
        bytes_ = bytes;
        return !cancelled_;
    }));
    WINDSOR_TRY(flush_disks());
    if (cancelled_) {
        return base::fail("saving was interrupted");
    }
    return file->commit();
}

// What the guest has written belongs to its saved state, whatever becomes of the host.
base::Status Saver::flush_disks()
{
    for (storage::AsyncDisk* disk : work_.disks) {
        const auto flushed = std::make_shared<std::promise<base::Status>>();
        auto end = flushed->get_future();
        disk->flush([flushed](base::Status status) { flushed->set_value(std::move(status)); });
        if (end.wait_for(kFlushPatience) != std::future_status::ready) {
            return base::fail("a disk of the domain does not take what was written to it");
        }
        WINDSOR_TRY(end.get());
    }
    return {};
}

} // namespace windsor::domain
