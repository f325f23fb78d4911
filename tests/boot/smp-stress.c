// SPDX-License-Identifier: GPL-2.0-or-later
// The only program of a guest with several processors: works on all of them at once, and checks what only goes wrong
// between processors. Runs as process 1. The kernel option rounds=N makes it longer or shorter.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kMost = 32, kPage = 4096, kPages = 16 };

static unsigned processors;
static unsigned rounds = 8;
static const char *stage = "start";

static void fail(const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("\nstress FAILED: %s: %s\n", stage, text);
    for (;;)
        pause();
}

static void need(bool good, const char *what)
{
    if (!good)
        fail("%s: %s", what, strerror(errno));
}

static void stay_on(unsigned processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor % processors, &set);
    need(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static void *map(int protection, int flags, size_t size)
{
    void *at = mmap(NULL, size, protection, flags | MAP_ANONYMOUS, -1, 0);
    need(at != MAP_FAILED, "mmap");
    return at;
}

static void *map_shared(size_t size)
{
    return map(PROT_READ | PROT_WRITE, MAP_SHARED, size);
}

// Gives the host's processor to another thread now and then, as there may be fewer than here.
static void relax(unsigned *turns)
{
    __builtin_ia32_pause();
    if (++*turns % 256 == 0)
        sched_yield();
}

#define AWAIT(condition)                                                                                               \
    for (unsigned turns_ = 0; !(condition);)                                                                           \
    relax(&turns_)

// --- Workers: one on each processor ---

typedef void Work(unsigned self);

struct Start {
    Work *work;
    unsigned self;
};

static void *thread_main(void *argument)
{
    const struct Start *start = argument;
    stay_on(start->self);
    start->work(start->self);
    return NULL;
}

static void on_threads(Work *work)
{
    pthread_t threads[kMost];
    struct Start starts[kMost];
    for (unsigned i = 0; i < processors; ++i) {
        starts[i] = (struct Start){work, i};
        need(pthread_create(&threads[i], NULL, thread_main, &starts[i]) == 0, "pthread_create");
    }
    for (unsigned i = 0; i < processors; ++i)
        pthread_join(threads[i], NULL);
}

static pid_t spawn(Work *work, unsigned self)
{
    const pid_t child = fork();
    need(child >= 0, "fork");
    if (child == 0) {
        stay_on(self);
        work(self);
        _exit(0);
    }
    return child;
}

static void reap(pid_t child)
{
    int status = 0;
    need(waitpid(child, &status, 0) == child, "waitpid");
    if (status != 0)
        fail("a process ended with status %#x", status);
}

static void on_processes(Work *work)
{
    pid_t children[kMost];
    for (unsigned i = 0; i < processors; ++i)
        children[i] = spawn(work, i);
    for (unsigned i = 0; i < processors; ++i)
        reap(children[i]);
}

// --- Faults that are expected ---

static __thread sigjmp_buf on_fault;
static __thread volatile sig_atomic_t expecting;

static void segv(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    if (!expecting)
        fail("an access to %p faulted", info->si_addr);
    siglongjmp(on_fault, 1);
}

static bool store_faults(volatile unsigned *at, unsigned value)
{
    if (sigsetjmp(on_fault, 1) != 0) {
        expecting = 0;
        return true;
    }
    expecting = 1;
    *at = value;
    expecting = 0;
    return false;
}

// --- fork, and pages that are shared until written ---

static volatile unsigned *private_pages;

static void fill(unsigned from, unsigned step, unsigned value)
{
    for (unsigned page = from; page < kPages; page += step)
        for (unsigned word = 0; word < kPage / sizeof value; word += 64)
            private_pages[page * (kPage / sizeof value) + word] = value + page;
}

static void check(unsigned from, unsigned step, unsigned value, const char *whose)
{
    for (unsigned page = from; page < kPages; page += step)
        for (unsigned word = 0; word < kPage / sizeof value; word += 64) {
            const unsigned found = private_pages[page * (kPage / sizeof value) + word];
            if (found != value + page)
                fail("page %u of %s has %#x instead of %#x", page, whose, found, value + page);
        }
}

static void fork_child(unsigned self)
{
    const unsigned before = private_pages[kPages * (kPage / sizeof before)];
    check(0, 2, before, "a child");
    fill(0, 2, before + 0x1000);
    fill(1, 2, before + 0x2000 + self);
    check(0, 2, before + 0x1000, "a child");
    check(1, 2, before + 0x2000 + self, "a child");
}

static void fork_parent(unsigned self)
{
    private_pages = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, (kPages + 1) * kPage);
    for (unsigned round = 0; round < rounds * 8; ++round) {
        const unsigned value = (self << 24) | (round << 16);
        private_pages[kPages * (kPage / sizeof value)] = value;
        fill(0, 1, value);
        const pid_t child = spawn(fork_child, self + round);
        fill(1, 2, value + 0x7000);
        check(0, 2, value, "a parent");
        check(1, 2, value + 0x7000, "a parent");
        reap(child);
        check(0, 2, value, "a parent");
        check(1, 2, value + 0x7000, "a parent");
    }
}

static void forks(void) { on_processes(fork_parent); }

// --- Mappings that come and go, in one address space and in many ---

static void map_and_unmap(unsigned self)
{
    for (unsigned round = 0; round < rounds * 16; ++round) {
        volatile unsigned *at = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, kPages * kPage);
        for (unsigned page = 0; page < kPages; ++page) {
            if (at[page * 1024] != 0)
                fail("a new page has %#x", at[page * 1024]);
            at[page * 1024] = self + round + page;
        }
        need(mprotect((void *)at, kPages * kPage / 2, PROT_READ) == 0, "mprotect");
        for (unsigned page = 0; page < kPages; ++page) {
            if (store_faults(&at[page * 1024 + 1], page) != (page < kPages / 2))
                fail("page %u took a store, or did not", page);
            if (at[page * 1024] != self + round + page)
                fail("page %u has %#x", page, at[page * 1024]);
        }
        need(munmap((void *)at, kPages * kPage) == 0, "munmap");
        if (!store_faults(at, 1))
            fail("a page that is gone took a store"); // nobody maps there: all have their own places by now
    }
}

static void mappings(void)
{
    on_processes(map_and_unmap);
}

// --- Queued signals: none may be lost ---

struct Mail {
    volatile pid_t process[kMost];
    unsigned ready, done;
    unsigned received[kMost];
    unsigned sum[kMost];
};
static struct Mail *mail;
static unsigned mail_self;

static void receive(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    ++mail->received[mail_self];
    mail->sum[mail_self] += (unsigned)info->si_value.sival_int;
}

static void send_signals(unsigned self)
{
    const unsigned count = rounds * 100;
    mail_self = self;
    mail->process[self] = getpid();
    __atomic_add_fetch(&mail->ready, 1, __ATOMIC_SEQ_CST);
    AWAIT(__atomic_load_n(&mail->ready, __ATOMIC_SEQ_CST) == processors);
    const unsigned next = (self + 1) % processors;
    for (unsigned i = 1; i <= count; ++i)
        while (sigqueue(mail->process[next], SIGRTMIN, (union sigval){.sival_int = (int)i}) != 0) {
            need(errno == EAGAIN, "sigqueue");
            sched_yield();
        }
    AWAIT(__atomic_load_n(&mail->received[self], __ATOMIC_ACQUIRE) == count);
    if (mail->sum[self] != count * (count + 1) / 2)
        fail("signals brought other values than were sent");
    __atomic_add_fetch(&mail->done, 1, __ATOMIC_SEQ_CST);
    AWAIT(__atomic_load_n(&mail->done, __ATOMIC_SEQ_CST) == processors);
}

static void signals(void)
{
    mail = map_shared(sizeof *mail);
    struct sigaction action = {.sa_sigaction = receive, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN, &action, NULL);
    on_processes(send_signals);
}

// --- Locked instructions, also on words beside code that runs ---

struct Shared {
    uint32_t added, exchanged, guarded[2], lock, bits;
    uint16_t half;
    uint8_t byte;
    _Alignas(16) uint32_t pair[2];
    _Alignas(16) uint64_t wide[2];
};
static struct Shared *shared;
static unsigned (*beside)(void); // code in the same page

static void add_to_pair(uint32_t *pair)
{
    uint32_t low = pair[0], high = pair[1];
    bool done;
    do {
        const uint32_t new_low = low + 1, new_high = high + 3;
        __asm__ volatile("lock cmpxchg8b %0" : "+m"(*(uint64_t *)pair), "+a"(low), "+d"(high), "=@ccz"(done)
                         : "b"(new_low), "c"(new_high) : "memory");
    } while (!done);
}

static void add_to_wide(uint64_t *wide)
{
#ifdef __x86_64__
    uint64_t low = wide[0], high = wide[1];
    bool done;
    do {
        const uint64_t new_low = low + 1, new_high = high + 3;
        __asm__ volatile("lock cmpxchg16b %0" : "+m"(*(unsigned __int128 *)wide), "+a"(low), "+d"(high), "=@ccz"(done)
                         : "b"(new_low), "c"(new_high) : "memory");
    } while (!done);
#else
    __atomic_add_fetch((uint32_t *)wide, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch((uint32_t *)(wide + 1), 3, __ATOMIC_SEQ_CST);
#endif
}

static void count_guarded(void)
{
    AWAIT(__atomic_exchange_n(&shared->lock, 1, __ATOMIC_ACQUIRE) == 0);
    shared->guarded[0] = shared->guarded[0] + 1;
    __atomic_store_n(&shared->lock, 0, __ATOMIC_RELEASE);
    bool taken;
    for (unsigned turns = 0;; relax(&turns)) {
        __asm__ volatile("lock btsl $31, %0" : "+m"(shared->bits), "=@ccc"(taken) : : "memory");
        if (!taken)
            break;
    }
    shared->guarded[1] = shared->guarded[1] + 1;
    __asm__ volatile("lock btrl $31, %0" : "+m"(shared->bits) : : "memory", "cc");
}

static void count(unsigned self)
{
    (void)self;
    for (unsigned i = 0; i < rounds * 1000; ++i) {
        __asm__ volatile("lock incl %0" : "+m"(shared->added) : : "memory", "cc");
        __asm__ volatile("lock addw $1, %0" : "+m"(shared->half) : : "memory", "cc");
        __asm__ volatile("lock subb $1, %0" : "+m"(shared->byte) : : "memory", "cc");
        uint32_t by = 5;
        __asm__ volatile("lock xaddl %1, %0" : "+m"(shared->exchanged), "+r"(by) : : "memory", "cc");
        add_to_pair(shared->pair);
        add_to_wide(shared->wide);
        count_guarded();
        if (i % 16 == 0 && beside() != 7)
            fail("code beside the counters gave another result");
    }
}

static void need_count(const char *what, uint64_t found, uint64_t expected)
{
    if (found != expected)
        fail("%s counted %llu instead of %llu", what, (unsigned long long)found, (unsigned long long)expected);
}

static void atomics(void)
{
    static const unsigned char kSeven[] = {0xb8, 7, 0, 0, 0, 0xc3}; // mov eax, 7; ret
    unsigned char *page = map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, kPage);
    memcpy(page, kSeven, sizeof kSeven);
    beside = (unsigned (*)(void))page;
    const uint32_t total = rounds * 1000 * processors;
    for (int with_code = 0; with_code < 2; ++with_code) {
        shared = with_code ? (struct Shared *)(page + 2048) : map_shared(sizeof *shared);
        on_threads(count);
        need_count("lock inc", shared->added, total);
        need_count("lock add of words", shared->half, (uint16_t)total);
        need_count("lock sub of bytes", shared->byte, (uint8_t)-total);
        need_count("lock xadd", shared->exchanged, 5 * total);
        need_count("the lock by xchg", shared->guarded[0], total);
        need_count("the lock by bts", shared->guarded[1], total);
        need_count("cmpxchg8b", shared->pair[0], total);
        need_count("cmpxchg8b", shared->pair[1], 3 * total);
        need_count("cmpxchg16b", shared->wide[0], total);
        need_count("cmpxchg16b", shared->wide[1], 3 * (uint64_t)total);
    }
}

// --- A mapping changed by one thread: the others must not see the old one ---

static volatile unsigned *window;
static unsigned generation; // of what the window shows, at least
static int backing;         // a file: page N says N
static bool ended;

static void look(unsigned self)
{
    if (self == 0) {
        for (unsigned i = 1; i < rounds * 64; ++i) {
            need(mmap((void *)window, kPage, PROT_READ, MAP_SHARED | MAP_FIXED, backing, (off_t)i * kPage) == window, "mmap");
            __atomic_store_n(&generation, i, __ATOMIC_SEQ_CST);
            if (*window != i)
                fail("the changer sees page %u instead of %u", *window, i);
        }
        __atomic_store_n(&ended, true, __ATOMIC_SEQ_CST);
        return;
    }
    while (!__atomic_load_n(&ended, __ATOMIC_SEQ_CST)) {
        const unsigned least = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
        const unsigned found = *window;
        if (found < least)
            fail("processor %u sees page %u after %u", self, found, least);
    }
}

static void remaps(void)
{
    backing = memfd_create("pages", 0);
    need(backing >= 0 && ftruncate(backing, (off_t)rounds * 64 * kPage) == 0, "memfd_create");
    for (unsigned i = 0; i < rounds * 64; ++i)
        need(pwrite(backing, &i, sizeof i, (off_t)i * kPage) == sizeof i, "pwrite");
    window = mmap(NULL, kPage, PROT_READ, MAP_SHARED, backing, 0);
    need(window != MAP_FAILED, "mmap");
    generation = 0;
    ended = false;
    on_threads(look);
    close(backing);
}

// --- The same, with a page that becomes read-only ---

static void write_or_fault(unsigned self)
{
    if (self != 0) {
        while (!__atomic_load_n(&ended, __ATOMIC_SEQ_CST))
            if (store_faults(&window[self], window[self] + 1))
                sched_yield();
        return;
    }
    for (unsigned i = 0; i < rounds * 32; ++i) {
        need(mprotect((void *)window, kPage, PROT_READ) == 0, "mprotect");
        unsigned before[kMost];
        for (unsigned other = 1; other < processors; ++other)
            before[other] = window[other];
        for (unsigned turn = 0; turn < 200; ++turn)
            for (unsigned other = 1; other < processors; ++other)
                if (window[other] != before[other])
                    fail("processor %u wrote to a page that is read-only", other);
        need(mprotect((void *)window, kPage, PROT_READ | PROT_WRITE) == 0, "mprotect");
        if (i % 8 == 0)
            sched_yield();
    }
    __atomic_store_n(&ended, true, __ATOMIC_SEQ_CST);
}

static void protections(void)
{
    window = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, kPage);
    ended = false;
    on_threads(write_or_fault);
}

// --- Code that one writes and others run ---

static void serialize(void)
{
    unsigned a = 0, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d) : : "memory");
}

// mov eax, value; ret, so that the value can be changed by one store; beside it a word that callers count in.
static void write_code(volatile unsigned char *at, uint32_t value)
{
    at[3] = 0xb8;
    *(volatile uint32_t *)(at + 4) = value;
    at[8] = 0xc3;
}

struct Code {
    unsigned char *written, *run; // the same page, perhaps by two addresses
    unsigned count;               // of versions
};
static struct Code code;

static unsigned call(void) { return ((unsigned (*)(void))(code.run + 3))(); }

static void modify_and_call(unsigned self)
{
    if (self == 0) {
        for (unsigned i = 1; i < code.count; ++i) {
            write_code(code.written, i);
            __atomic_store_n(&generation, i, __ATOMIC_SEQ_CST);
            if (i % 16 == 0)
                sched_yield();
        }
        __atomic_store_n(&ended, true, __ATOMIC_SEQ_CST);
        return;
    }
    while (!__atomic_load_n(&ended, __ATOMIC_SEQ_CST)) {
        const unsigned least = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
        serialize();
        const unsigned found = call();
        if (found < least)
            fail("processor %u runs version %u after %u", self, found, least);
        __atomic_add_fetch((uint32_t *)(code.written + 64), 1, __ATOMIC_RELAXED);
        ((volatile unsigned *)code.written)[32 + self] = found;
    }
}

static void modify(unsigned count)
{
    write_code(code.written, 0);
    code.count = count;
    generation = 0;
    ended = false;
    on_threads(modify_and_call);
}

static void code_changes(void)
{
    code.written = code.run = map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, kPage);
    modify(rounds * 2000);
    // The same page by two addresses.
    const int file = memfd_create("code", 0);
    need(file >= 0 && ftruncate(file, kPage) == 0, "memfd_create");
    code.written = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    code.run = mmap(NULL, kPage, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    need(code.written != MAP_FAILED && code.run != MAP_FAILED, "mmap");
    modify(rounds * 2000);
}

// Code that is run for the first time while another processor, which has just written to the page, writes it again.
static unsigned char *fresh;
static unsigned arrived, fresh_version;

static void meet(unsigned round)
{
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    AWAIT(__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) >= round * processors);
}

static void run_fresh(unsigned self)
{
    unsigned step = 0;
    for (unsigned page = 0; page < rounds * 16; ++page) {
        unsigned char *at = fresh + page * kPage;
        if (self == 0) {
            __atomic_store_n(&fresh_version, 0, __ATOMIC_SEQ_CST);
            write_code(at, 0);
        }
        meet(++step);
        if (self == 0) {
            for (volatile unsigned delay = page * 7 % 500; delay != 0; --delay)
                ;
            for (unsigned i = 1; i <= 3; ++i) {
                write_code(at, i);
                __atomic_store_n(&fresh_version, i, __ATOMIC_SEQ_CST);
            }
        } else {
            for (unsigned least = 0; least != 3;) {
                least = __atomic_load_n(&fresh_version, __ATOMIC_SEQ_CST);
                serialize();
                const unsigned found = ((unsigned (*)(void))(at + 3))();
                if (found < least)
                    fail("processor %u runs version %u of page %u after %u", self, found, page, least);
            }
        }
        meet(++step);
    }
}

static void fresh_code(void)
{
    fresh = map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, rounds * 16 * kPage);
    arrived = 0;
    on_threads(run_fresh);
    munmap(fresh, rounds * 16 * kPage);
}

// --- Pipes in a ring: what a processor sends, the next one gets ---

static int ring[kMost][2];

static void pass_on(unsigned self)
{
    const unsigned previous = (self + processors - 1) % processors;
    unsigned char out[1500], in[1500];
    for (unsigned round = 0; round < rounds * 25; ++round) {
        const size_t size = 1 + (round * 37) % sizeof out;
        memset(out, (int)(self + round), size);
        need(write(ring[self][1], out, size) == (ssize_t)size, "write");
        for (size_t got = 0; got < size;) {
            const ssize_t more = read(ring[previous][0], in + got, size - got);
            need(more > 0, "read");
            got += (size_t)more;
        }
        for (size_t i = 0; i < size; ++i)
            if (in[i] != (unsigned char)(previous + round))
                fail("a pipe gave %#x instead of %#x", in[i], (unsigned char)(previous + round));
    }
}

static void pipes(void)
{
    for (unsigned i = 0; i < processors; ++i)
        need(pipe(ring[i]) == 0, "pipe");
    on_processes(pass_on);
}

// --- Clocks: no processor is behind what another has seen ---

static uint64_t latest[2];

static uint64_t read_clock(int which)
{
    if (which == 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    }
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void watch_clocks(unsigned self)
{
    for (unsigned i = 0; i < rounds * 1000; ++i) {
        const int which = i & 1;
        uint64_t last = __atomic_load_n(&latest[which], __ATOMIC_SEQ_CST);
        const uint64_t now = read_clock(which);
        if (now < last)
            fail("%s of processor %u is %llu behind", which ? "RDTSC" : "the clock", self, (unsigned long long)(last - now));
        while (last < now &&
               !__atomic_compare_exchange_n(&latest[which], &last, now, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            ;
    }
}

static void clocks(void) { on_threads(watch_clocks); }

// --- All of it ---

static void run(const char *name, void (*test)(void))
{
    const uint64_t start = read_clock(0);
    stage = name;
    printf("stress: %s", name);
    fflush(stdout);
    const pid_t child = fork();
    need(child >= 0, "fork");
    if (child == 0) {
        test();
        _exit(0);
    }
    reap(child);
    printf(" %llu ms\n", (unsigned long long)((read_clock(0) - start) / 1000000));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *asked = getenv("rounds");
    if (asked != NULL)
        rounds = (unsigned)atoi(asked);
    cpu_set_t online;
    need(sched_getaffinity(0, sizeof online, &online) == 0, "sched_getaffinity");
    processors = (unsigned)CPU_COUNT(&online);
    printf("stress: %u processors online\n", processors);
    if (processors > kMost)
        fail("too many processors");
    struct sigaction action = {.sa_sigaction = segv, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    run("forks", forks);
    run("mappings", mappings);
    run("signals", signals);
    run("atomics", atomics);
    run("remaps", remaps);
    run("protections", protections);
    run("code_changes", code_changes);
    run("fresh_code", fresh_code);
    run("pipes", pipes);
    run("clocks", clocks);
    printf("stress passed: %u processors, %u rounds\n", processors, rounds);
    for (;;)
        pause();
}
