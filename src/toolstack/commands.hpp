// SPDX-License-Identifier: GPL-2.0-or-later
// The handlers of the commands, for the table.
#pragma once

#include "toolstack/command.hpp"

namespace windsor::toolstack {

// create.cpp
base::Result<int> create(Context& context, const Arguments& arguments);

// list.cpp
base::Result<int> list(Context& context, const Arguments& arguments);
base::Result<int> vm_list(Context& context, const Arguments& arguments);
base::Result<int> domid(Context& context, const Arguments& arguments);
base::Result<int> domname(Context& context, const Arguments& arguments);
base::Result<int> domstate(Context& context, const Arguments& arguments);
base::Result<int> uptime(Context& context, const Arguments& arguments);
base::Result<int> stats(Context& context, const Arguments& arguments);

// life.cpp
base::Result<int> destroy(Context& context, const Arguments& arguments);
base::Result<int> shutdown(Context& context, const Arguments& arguments);
base::Result<int> reboot(Context& context, const Arguments& arguments);
base::Result<int> reset(Context& context, const Arguments& arguments);
base::Result<int> pause(Context& context, const Arguments& arguments);
base::Result<int> unpause(Context& context, const Arguments& arguments);
base::Result<int> rename(Context& context, const Arguments& arguments);
base::Result<int> trigger(Context& context, const Arguments& arguments);
base::Result<int> button_press(Context& context, const Arguments& arguments);

// media.cpp
base::Result<int> cd_insert(Context& context, const Arguments& arguments);
base::Result<int> cd_eject(Context& context, const Arguments& arguments);
base::Result<int> block_configure(Context& context, const Arguments& arguments);
base::Result<int> block_list(Context& context, const Arguments& arguments);

// save.cpp
base::Result<int> save(Context& context, const Arguments& arguments);

// restore.cpp
base::Result<int> restore(Context& context, const Arguments& arguments);

// processors.cpp
base::Result<int> engine(Context& context, const Arguments& arguments);
base::Result<int> vcpu_list(Context& context, const Arguments& arguments);
base::Result<int> vcpu_pin(Context& context, const Arguments& arguments);

// usb.cpp
base::Result<int> usb_list(Context& context, const Arguments& arguments);
base::Result<int> usb_attach(Context& context, const Arguments& arguments);
base::Result<int> usb_detach(Context& context, const Arguments& arguments);

// migrate.cpp, migrate_receive.cpp
base::Result<int> migrate(Context& context, const Arguments& arguments);
base::Result<int> migrate_receive(Context& context, const Arguments& arguments);

// identity.cpp
base::Result<int> identity(Context& context, const Arguments& arguments);
base::Result<int> hal(Context& context, const Arguments& arguments);

// install.cpp
base::Result<int> install(Context& context, const Arguments& arguments);

// info.cpp
base::Result<int> info(Context& context, const Arguments& arguments);
base::Result<int> dmesg(Context& context, const Arguments& arguments);

// console.cpp
base::Result<int> console(Context& context, const Arguments& arguments);
base::Result<int> vncviewer(Context& context, const Arguments& arguments);

// network.cpp
base::Result<int> network_list(Context& context, const Arguments& arguments);

// rdp.cpp
base::Result<int> rdp(Context& context, const Arguments& arguments);

// screen.cpp
base::Result<int> screen(Context& context, const Arguments& arguments);
base::Result<int> screenshot(Context& context, const Arguments& arguments);
base::Result<int> type(Context& context, const Arguments& arguments);
base::Result<int> key(Context& context, const Arguments& arguments);
base::Result<int> mouse(Context& context, const Arguments& arguments);
base::Result<int> wait(Context& context, const Arguments& arguments);

// help.cpp
base::Result<int> help(Context& context, const Arguments& arguments);

} // namespace windsor::toolstack
