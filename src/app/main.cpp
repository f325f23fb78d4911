// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/arguments.hpp"
#include "toolstack/command.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <iostream>
#include <malloc.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace {

using windsor::toolstack::Dialect;

Dialect dialect_of(std::string_view program)
{
    return program == "xm" ? Dialect::Xm : program == "xl" ? Dialect::Xl : Dialect::Windsor;
}

// Standard descriptors that the caller has closed would be given to the next files opened, and written to.
void fill_standard_descriptors()
{
    int fd = 0;
    do {
        fd = ::open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) {
        ::close(fd);
    }
}

// Buffers of megabytes come and go while states are loaded and sent, and memory that has gone back to the host costs a
// fault a page when it returns.
void keep_freed_memory()
{
    constexpr int kMiB = 1 << 20;
    ::mallopt(M_MMAP_THRESHOLD, 32 * kMiB); // the most that glibc takes
    ::mallopt(M_TRIM_THRESHOLD, 64 * kMiB);
}

// Of the terminal that shows the output; 80 where there is none.
std::size_t output_columns()
{
    constexpr std::size_t kUsual = 80;
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : kUsual;
}

} // namespace

int main(int argc, char** argv)
{
    fill_standard_descriptors();
    keep_freed_memory();
    // A reader that leaves (a pager, a viewer) must not look like a crash of the command.
    std::signal(SIGPIPE, SIG_IGN);
    const std::string called = argc > 0 ? argv[0] : "windsor";
    const std::string name = called.substr(called.rfind('/') + 1);
    const Dialect dialect = dialect_of(name);
    const auto paths = windsor::domain::Paths::of_user();
    if (!paths) {
        std::cerr << name << ": " << paths.error().message() << '\n';
        return 1;
    }
    windsor::toolstack::Context context{.dialect = dialect,
                                        .program = dialect == Dialect::Windsor ? "windsor" : name,
                                        .out = std::cout,
                                        .err = std::cerr,
                                        .paths = *paths,
                                        .columns = output_columns()};
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    windsor::toolstack::hide_passwords({argv, static_cast<std::size_t>(argc)});
    return windsor::toolstack::run(context, words);
}
