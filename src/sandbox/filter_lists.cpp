// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/filter_lists.hpp"

#include <array>
#include <asm/termbits.h>
#include <linux/fs.h>
#include <linux/kvm.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

// Among the headers of C; <fcntl.h> has other names for some of its numbers.
#include <fcntl.h>
#include <sys/ioctl.h>

namespace windsor::sandbox {

namespace {

// What the C and C++ libraries need: memory, locks, clocks, thread ends, signals, and bytes of open files.
constexpr std::array kAnyThread{
    SCMP_SYS(read),          SCMP_SYS(write),           SCMP_SYS(readv),           SCMP_SYS(writev),
    SCMP_SYS(close),         SCMP_SYS(lseek),           SCMP_SYS(fstat),           SCMP_SYS(newfstatat),
    SCMP_SYS(futex),         SCMP_SYS(sched_yield),     SCMP_SYS(nanosleep),       SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),    SCMP_SYS(gettimeofday),    SCMP_SYS(time),
    SCMP_SYS(getpid),        SCMP_SYS(gettid),          SCMP_SYS(getuid),          SCMP_SYS(geteuid),
    SCMP_SYS(getgid),        SCMP_SYS(getegid),         SCMP_SYS(munmap),          SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(brk),             SCMP_SYS(rt_sigaction),    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(sigaltstack),     SCMP_SYS(exit),            SCMP_SYS(exit_group),
    SCMP_SYS(set_robust_list), SCMP_SYS(rseq),          SCMP_SYS(restart_syscall), SCMP_SYS(getrandom),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(poll),        SCMP_SYS(ppoll),           SCMP_SYS(membarrier),
    SCMP_SYS(getrusage),     SCMP_SYS(getrlimit),       SCMP_SYS(sysinfo),         SCMP_SYS(uname),
    SCMP_SYS(eventfd2),
};

constexpr std::array kFiles{
    SCMP_SYS(pread64), SCMP_SYS(pwrite64),  SCMP_SYS(preadv),    SCMP_SYS(pwritev), SCMP_SYS(fsync),
    SCMP_SYS(fdatasync), SCMP_SYS(fallocate), SCMP_SYS(ftruncate), SCMP_SYS(sync_file_range),
};

// Of connections that others have made. Neither options of sockets, with which much of the kernel can be reached, nor
// shutdown(2), which would take a socket from all that have it.
constexpr std::array kConnections{
    SCMP_SYS(recvfrom), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(select), SCMP_SYS(pselect6),
};

constexpr std::array kEventLoop{
    SCMP_SYS(epoll_wait),  SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl),     SCMP_SYS(epoll_create1),
    SCMP_SYS(accept4),     SCMP_SYS(accept),      SCMP_SYS(dup),           SCMP_SYS(pipe2),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(signalfd4),
};

// Of the domain's main thread: the control socket, which has been bound before; memory of a new translator or of KVM,
// and where processors run.
constexpr std::array kDomain{SCMP_SYS(listen), SCMP_SYS(memfd_create), SCMP_SYS(sched_setaffinity), SCMP_SYS(mlock),
                             SCMP_SYS(munlock)};

// Of the keeper: the files of its domain's folder and the images that the configuration names, as far as Landlock and
// the host let it; a control socket that is bound for the domain; the ends of its processes. It makes no process: see
// keeper/nursery.hpp. Processes are signalled by descriptors, so that it ends none but those that it was given.
constexpr std::array kKeeper{
    SCMP_SYS(stat),        SCMP_SYS(lstat),       SCMP_SYS(statx),       SCMP_SYS(access),
    SCMP_SYS(faccessat),   SCMP_SYS(faccessat2),  SCMP_SYS(readlink),    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),  SCMP_SYS(mkdir),       SCMP_SYS(mkdirat),     SCMP_SYS(rmdir),
    SCMP_SYS(unlink),      SCMP_SYS(unlinkat),    SCMP_SYS(rename),      SCMP_SYS(renameat),
    SCMP_SYS(renameat2),   SCMP_SYS(symlink),     SCMP_SYS(symlinkat),   SCMP_SYS(umask),
    SCMP_SYS(getcwd),      SCMP_SYS(flock),       SCMP_SYS(bind),        SCMP_SYS(wait4),
    SCMP_SYS(recvmsg),     SCMP_SYS(pidfd_send_signal), SCMP_SYS(inotify_add_watch),
};

// Of the process that has a guest's connections.
constexpr std::array kInternet{
    SCMP_SYS(connect),  SCMP_SYS(bind),       SCMP_SYS(listen),  SCMP_SYS(accept), SCMP_SYS(accept4),
    SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(recvmsg), SCMP_SYS(stat),
};
constexpr std::array<std::pair<int, int>, 12> kInternetOptions{{{SOL_SOCKET, SO_REUSEADDR},
                                                                {SOL_SOCKET, SO_OOBINLINE},
                                                                {SOL_SOCKET, SO_KEEPALIVE},
                                                                {SOL_SOCKET, SO_SNDBUF},
                                                                {SOL_SOCKET, SO_RCVBUF},
                                                                {IPPROTO_TCP, TCP_NODELAY},
                                                                {IPPROTO_IP, IP_TTL},
                                                                {IPPROTO_IP, IP_RECVERR},
                                                                {IPPROTO_IP, IP_RECVTTL},
                                                                {IPPROTO_IPV6, IPV6_V6ONLY},
                                                                {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
                                                                {IPPROTO_IPV6, IPV6_RECVERR}}};

constexpr std::array kDeadly{
    SCMP_SYS(execve),        SCMP_SYS(execveat),        SCMP_SYS(ptrace),         SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(fork),        SCMP_SYS(vfork),          SCMP_SYS(mount),
    SCMP_SYS(umount2),       SCMP_SYS(pivot_root),      SCMP_SYS(chroot),         SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),     SCMP_SYS(fsopen),          SCMP_SYS(fsmount),        SCMP_SYS(unshare),
    SCMP_SYS(setns),         SCMP_SYS(bpf),             SCMP_SYS(perf_event_open), SCMP_SYS(keyctl),
    SCMP_SYS(add_key),       SCMP_SYS(request_key),     SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(userfaultfd), SCMP_SYS(init_module),    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module), SCMP_SYS(kexec_load),      SCMP_SYS(kexec_file_load), SCMP_SYS(reboot),
    SCMP_SYS(swapon),        SCMP_SYS(swapoff),         SCMP_SYS(mknod),          SCMP_SYS(mknodat),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at), SCMP_SYS(kcmp),     SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),   SCMP_SYS(pidfd_send_signal), SCMP_SYS(setuid),       SCMP_SYS(setgid),
    SCMP_SYS(setresuid),     SCMP_SYS(setresgid),       SCMP_SYS(setgroups),      SCMP_SYS(capset),
    SCMP_SYS(iopl),          SCMP_SYS(ioperm),          SCMP_SYS(modify_ldt),     SCMP_SYS(personality),
    SCMP_SYS(acct),          SCMP_SYS(quotactl),        SCMP_SYS(sethostname),    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime), SCMP_SYS(adjtimex),        SCMP_SYS(syslog),         SCMP_SYS(fanotify_init),
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value)
{
    return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}

scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value)
{
    return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

template <std::size_t Count> void add(Rules& rules, const std::array<int, Count>& calls)
{
    for (const int call : calls) {
        rules.push_back({call});
    }
}

template <typename... Values> void add_equal(Rules& rules, int call, unsigned argument, Values... values)
{
    (rules.push_back({call, {equals(argument, static_cast<std::uint64_t>(values))}}), ...);
}

// Memory is never written and executed through one mapping, and executed at all only where the translator lives.
void add_memory(Rules& rules, bool executable)
{
    constexpr std::uint64_t kBoth = PROT_WRITE | PROT_EXEC;
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
        rules.push_back({call, {masked(2, kBoth, 0)}});
        rules.push_back({call, {masked(2, kBoth, PROT_WRITE)}});
        if (executable) {
            rules.push_back({call, {masked(2, kBoth, PROT_EXEC)}});
        }
    }
}

// For a process that makes no memory for others: only private memory is counted by its limit (RLIMIT_DATA).
void add_counted_memory(Rules& rules)
{
    constexpr std::uint64_t kProtection = PROT_WRITE | PROT_EXEC;
    constexpr std::uint64_t kKind = MAP_SHARED | MAP_ANONYMOUS;
    for (const std::uint64_t protection : {0, PROT_WRITE}) {
        rules.push_back({SCMP_SYS(mprotect), {masked(2, kProtection, protection)}});
        for (const std::uint64_t kind : {0, MAP_SHARED, MAP_ANONYMOUS}) {
            rules.push_back({SCMP_SYS(mmap), {masked(2, kProtection, protection), masked(3, kKind, kind)}});
        }
    }
}

// Signals go to threads of this process, names to this thread, filters only forbid more, and nothing may be asked for
// but what is harmless.
void add_common(Rules& rules)
{
    add(rules, kAnyThread);
    rules.push_back({SCMP_SYS(tgkill), {equals(0, static_cast<std::uint64_t>(::getpid()))}});
    rules.push_back({SCMP_SYS(seccomp), {equals(0, SECCOMP_SET_MODE_FILTER), equals(1, 0)}});
    add_equal(rules, SCMP_SYS(prctl), 0, PR_SET_NAME, PR_GET_NAME, PR_GET_NO_NEW_PRIVS, PR_SET_VMA);
    add_equal(rules, SCMP_SYS(fcntl), 1, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_OFD_SETLK, F_OFD_GETLK);
}

// To who is connected already. A socket that is not, as one that has ceased to listen, would be connected to any
// address by the flag MSG_FASTOPEN, past Landlock.
void add_sending(Rules& rules)
{
    rules.push_back({SCMP_SYS(sendto), {masked(3, MSG_FASTOPEN, 0), equals(4, 0)}});
}

// The console and the network's process have the flags of open files in common with their domain and their successors:
// what does not wait for them shall not begin to.
void add_flags(Rules& rules, Role role)
{
    Rule rule{SCMP_SYS(fcntl), {equals(1, F_SETFL)}};
    if (role == Role::Console || role == Role::Network) {
        rule.arguments.push_back(masked(2, O_NONBLOCK, O_NONBLOCK));
    }
    rules.push_back(std::move(rule));
}

// clone(2) for threads alone: no new namespaces, no processes. clone3(2), whose arguments a filter cannot see, is said
// not to exist; the C library then takes the older call.
void add_threads(Rules& rules)
{
    constexpr std::uint64_t kSpaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                      CLONE_NEWNET | CLONE_NEWCGROUP;
    rules.push_back({SCMP_SYS(clone), {masked(0, kSpaces | CLONE_THREAD, CLONE_THREAD)}});
}

// KVM's, whose numbers have a letter of their own. Without a descriptor of /dev/kvm they reach nothing. ioctl(2)
// numbers are of 32 bits; the kernel takes no notice of others.
void add_kvm(Rules& rules)
{
    rules.push_back({SCMP_SYS(ioctl), {masked(1, 0xff00, KVMIO << 8)}});
}

// Without FIONBIO, which changes the flags of an open file and says how behind a pointer, where a filter sees nothing.
void add_terminal(Rules& rules)
{
    add_equal(rules, SCMP_SYS(ioctl), 1, TCGETS, TCSETS, FIONREAD, TIOCGWINSZ);
}

// The kernel has other protocols for a stream or for datagrams, some in modules that it loads for whoever asks.
void add_internet_sockets(Rules& rules)
{
    constexpr std::uint64_t kType = 0xf; // the other bits are SOCK_CLOEXEC and SOCK_NONBLOCK
    constexpr std::array<std::pair<int, int>, 6> kSockets{{{SOCK_STREAM, 0},
                                                           {SOCK_STREAM, IPPROTO_TCP},
                                                           {SOCK_DGRAM, 0},
                                                           {SOCK_DGRAM, IPPROTO_UDP},
                                                           {SOCK_DGRAM, IPPROTO_ICMP},
                                                           {SOCK_DGRAM, IPPROTO_ICMPV6}}};
    for (const std::uint64_t family : {AF_INET, AF_INET6}) {
        for (const auto& [type, protocol] : kSockets) {
            rules.push_back({SCMP_SYS(socket),
                             {equals(0, family), masked(1, kType, static_cast<std::uint64_t>(type)),
                              equals(2, static_cast<std::uint64_t>(protocol))}});
        }
    }
}

// Sockets of the Internet's families, and what a program of an ordinary user does with them. Of their options those
// that libslirp sets, as with others much of the kernel can be reached. Files are only read.
Rules rules_of_network()
{
    Rules rules;
    add_common(rules);
    add(rules, kConnections);
    add(rules, kInternet);
    add_internet_sockets(rules);
    rules.push_back({SCMP_SYS(sendto), {masked(3, MSG_FASTOPEN, 0)}});
    rules.push_back(
        {SCMP_SYS(sendmsg), {masked(2, MSG_FASTOPEN, 0)}}); // connections go to whoever serves shared folders
    for (const auto& [level, option] : kInternetOptions) {
        rules.push_back(
            {SCMP_SYS(setsockopt),
             {equals(1, static_cast<std::uint64_t>(level)), equals(2, static_cast<std::uint64_t>(option))}});
    }
    constexpr std::uint64_t kChanges = O_ACCMODE | O_CREAT | O_TRUNC | O_PATH | O_DIRECTORY;
    rules.push_back({SCMP_SYS(open), {masked(1, kChanges, O_RDONLY)}});
    rules.push_back({SCMP_SYS(openat), {masked(2, kChanges, O_RDONLY)}});
    add_equal(rules, SCMP_SYS(ioctl), 1, FIONREAD);
    add_flags(rules, Role::Network);
    add_counted_memory(rules);
    return rules;
}

Rules rules_of_keeper()
{
    Rules rules;
    add_common(rules);
    add(rules, kFiles);
    add(rules, kKeeper);
    rules.push_back({SCMP_SYS(recvfrom)});
    rules.push_back({SCMP_SYS(sendmsg), {masked(2, MSG_FASTOPEN, 0)}}); // descriptors go to the domain
    add_sending(rules);
    // A control socket. Datagrams could be sent to any path, which Landlock does not look at.
    constexpr std::uint64_t kControl = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    rules.push_back({SCMP_SYS(socket), {equals(0, AF_UNIX), equals(1, kControl)}});
    // Landlock does not look at modes either: what is opened may be made private, and no path's mode is changed.
    add_equal(rules, SCMP_SYS(fchmod), 1, 0600, 0700);
    constexpr std::uint64_t kOthersRights = S_ISUID | S_ISGID;
    rules.push_back({SCMP_SYS(open), {masked(2, kOthersRights, 0)}});
    rules.push_back({SCMP_SYS(openat), {masked(3, kOthersRights, 0)}});
    add_equal(rules, SCMP_SYS(pipe2), 1, O_CLOEXEC | O_NONBLOCK); // for what a console's process says
    add_counted_memory(rules);
    return rules;
}

} // namespace

std::span<const int> deadly_calls()
{
    return kDeadly;
}

Rules rules_of(Role role)
{
    if (role == Role::Keeper) {
        return rules_of_keeper();
    }
    if (role == Role::Network) {
        return rules_of_network();
    }
    Rules rules;
    const bool domain = role == Role::Domain;
    add_common(rules);
    add(rules, kFiles);
    add(rules, kConnections);
    add_sending(rules);
    add_flags(rules, role);
    add(rules, kEventLoop);
    add_threads(rules);
    add_terminal(rules);
    if (domain) {
        add_memory(rules, true);
        add(rules, kDomain);
        rules.push_back({SCMP_SYS(recvmsg)}); // descriptors come from the keeper and from commands; none leave
        add_kvm(rules);
        add_equal(rules, SCMP_SYS(ioctl), 1, BLKGETSIZE64);
    } else {
        add_counted_memory(rules);
        // Each viewer's way to the thread that serves it. Datagrams could be sent to any path.
        constexpr std::uint64_t kStream = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        rules.push_back({SCMP_SYS(socketpair), {equals(0, AF_UNIX), equals(1, kStream)}});
    }
    return rules;
}

Rules rules_of(ThreadRole role)
{
    Rules rules;
    // Those that run the guest, give it interrupts, and read what its processors hold.
    const bool meets_kvm = role == ThreadRole::Processor || role == ThreadRole::Service || role == ThreadRole::Writer ||
                           role == ThreadRole::Network;
    add_common(rules);
    add_flags(rules, Role::Domain);
    add_memory(rules, role == ThreadRole::Processor);
    if (meets_kvm) {
        add_kvm(rules);
    }
    if (role == ThreadRole::Processor) { // memory for code, with a view to write it and another to execute it
        rules.push_back({SCMP_SYS(memfd_create)});
        rules.push_back({SCMP_SYS(ftruncate)});
    }
    if (role == ThreadRole::Disk || role == ThreadRole::Writer) {
        add(rules, kFiles);
    }
    if (role == ThreadRole::Disk) {
        add_equal(rules, SCMP_SYS(ioctl), 1, BLKGETSIZE64);
    }
    if (role == ThreadRole::Disk || role == ThreadRole::Writer || role == ThreadRole::Viewer) {
        add(rules, kConnections);
        add_sending(rules);
        rules.push_back({SCMP_SYS(recvmsg)});
    }
    if (role == ThreadRole::Viewer) {
        add(rules, kEventLoop);
        add_threads(rules);
        add_terminal(rules);
    }
    return rules;
}

} // namespace windsor::sandbox
