// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/saver.hpp"

#include "domain/disks.hpp"
#include "domain/start_thread.hpp"
#include "sandbox/thread_role.hpp"
#include "state/file.hpp"

#include <memory>

namespace windsor::domain {

Saver::Saver(Work work) : work_{std::move(work)}, total_{work_.machine.saved_bytes()} {}

base::Status Saver::start()
{
    return start_thread(thread_, [this] {
        sandbox::confine_thread(sandbox::ThreadRole::Writer);
        result_ = save();
        ended_ = true;
        work_.done();
    });
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
    state::FileOutput file{std::move(work_.file), "the file"};
    state::StreamWriter writer{file};
    WINDSOR_TRY(begin_saved(writer, work_.domain));
    WINDSOR_TRY(work_.machine.save(writer, [this](std::uint64_t bytes) {
        bytes_ = bytes;
        return !cancelled_;
    }));
    // What the guest has written belongs to its saved state, whatever becomes of the host.
    WINDSOR_TRY(on_all_disks(work_.disks, &storage::AsyncDisk::flush));
    if (cancelled_) {
        return base::fail("saving was interrupted");
    }
    return file.finish();
}

} // namespace windsor::domain
