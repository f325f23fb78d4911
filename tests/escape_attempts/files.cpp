// SPDX-License-Identifier: GPL-2.0-or-later
#include "attempts.hpp"

#include <array>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace windsor::escape {

namespace {

long read_file(const std::string& path)
{
    const int file = ::open(path.c_str(), O_RDONLY);
    char byte = 0;
    return file < 0 ? -1 : ::read(file, &byte, 1);
}

long write_file(const std::string& path, int flags)
{
    const int file = ::open(path.c_str(), O_WRONLY | flags, 0600);
    return file < 0 ? -1 : ::write(file, "x", 1);
}

} // namespace

std::vector<Attempt> attempts_on_files()
{
    return {
        {"read the creator's file", [](const Surroundings& s) { return read_file(s.folder + "/secret"); }},
        {"write another domain's image", [](const Surroundings& s) { return write_file(s.folder + "/image", 0); }},
        {"make a file in the creator's folder",
         [](const Surroundings& s) { return write_file(s.folder + "/new", O_CREAT); }},
        {"make a file in /tmp", [](const Surroundings&) { return write_file("/tmp/windsor-escape", O_CREAT); }},
        {"read /etc/passwd", [](const Surroundings&) { return read_file("/etc/passwd"); }},
        {"read /etc/shadow", [](const Surroundings&) { return read_file("/etc/shadow"); }},
        {"see whether /etc/passwd is there",
         [](const Surroundings&) -> long {
             struct stat found{};
             return ::stat("/etc/passwd", &found);
         }},
        {"read /proc/self/environ", [](const Surroundings&) { return read_file("/proc/self/environ"); }},
        {"write /proc/self/mem", [](const Surroundings&) -> long { return ::open("/proc/self/mem", O_WRONLY); }},
        {"read /proc/1/status", [](const Surroundings&) { return read_file("/proc/1/status"); }},
        {"read the neighbour's memory by /proc",
         [](const Surroundings& s) -> long {
             return ::open(("/proc/" + std::to_string(s.neighbour) + "/mem").c_str(), O_RDONLY);
         }},
        {"set a value of /proc/sys",
         [](const Surroundings&) -> long { return ::open("/proc/sys/kernel/core_pattern", O_WRONLY); }},
        {"open /dev/kvm", [](const Surroundings&) -> long { return ::open("/dev/kvm", O_RDWR); }},
        {"open /dev/mem", [](const Surroundings&) -> long { return ::open("/dev/mem", O_RDWR); }},
        {"open /dev/null", [](const Surroundings&) -> long { return ::open("/dev/null", O_RDWR); }},
        {"open a new pseudo-terminal", [](const Surroundings&) -> long { return ::open("/dev/ptmx", O_RDWR); }},
        {"remove the creator's file",
         [](const Surroundings& s) -> long { return ::unlink((s.folder + "/image").c_str()); }},
        {"rename the creator's file",
         [](const Surroundings& s) -> long {
             return ::rename((s.folder + "/image").c_str(), (s.folder + "/stolen").c_str());
         }},
        {"change the creator's file's mode",
         [](const Surroundings& s) -> long { return ::chmod((s.folder + "/image").c_str(), 0666); }},
        {"make a directory", [](const Surroundings& s) -> long { return ::mkdir((s.folder + "/made").c_str(), 0700); }},
        {"make a device node",
         [](const Surroundings& s) -> long {
             return ::mknod((s.folder + "/node").c_str(), S_IFCHR | 0600, ::makedev(1, 3));
         }},
        {"open a file by its handle",
         [](const Surroundings&) { return ::syscall(SYS_open_by_handle_at, AT_FDCWD, nullptr, 0); }},
        {"use a descriptor that was left open",
         [](const Surroundings& s) -> long {
             char byte = 0;
             return ::pread(s.secret, &byte, 1, 0);
         }},
        {"mount a file system",
         [](const Surroundings& s) -> long { return ::mount("x", (s.folder + "/place").c_str(), "tmpfs", 0, ""); }},
        {"take a file system away",
         [](const Surroundings& s) -> long { return ::umount2((s.folder + "/place").c_str(), MNT_DETACH); }},
        {"change the root", [](const Surroundings& s) -> long { return ::chroot(s.folder.c_str()); }},
    };
}

} // namespace windsor::escape
