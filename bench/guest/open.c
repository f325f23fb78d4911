// SPDX-License-Identifier: GPL-2.0-or-later
// Opens and closes a file.
#include "row.h"

#include <fcntl.h>
#include <unistd.h>

static void open_close(unsigned long units)
{
    for (; units > 0; --units) {
        const int file = open("/dev/null", O_RDONLY);
        CHECK(file >= 0);
        close(file);
    }
}
ROW("kernel", "open", open_close);
