// SPDX-License-Identifier: GPL-2.0-or-later
// The first program of a Linux guest for amd64, which as an ordinary user tries ways out of a translator: operands of
// compatibility mode whose registers have upper halves, addresses that are none, instructions that change while they
// are translated, and instructions behind as many prefixes as there may be. It says whether everything ends as on a
// processor.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPage = 4096 };

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("attempts FAILED: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    for (;;)
        pause();
}

static void need(int holds, const char *what)
{
    if (!holds)
        fail("%s", what);
}

static uint8_t *pages(uintptr_t at, size_t bytes)
{
    void *got = mmap((void *)at, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | (at != 0 ? MAP_FIXED : 0), -1, 0);
    need(got != MAP_FAILED, "mmap");
    return got;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// --- Upper halves ---

// Goes to 32-bit code at `code` with RBX as it is, EBP = `loops`, EDX = `value`, and comes back with EAX.
extern uint64_t enter32(uint64_t rbx, uint64_t code, uint64_t loops, uint64_t stack, uint64_t value);
extern char back64[];
__asm__("enter32:\n"
        " push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        " mov %rsp, %r12\n" // R8 to R15 survive
        " mov %rdi, %rbx\n mov %rdx, %rbp\n mov %rcx, %rsp\n mov %rsi, %rax\n mov %r8, %rdx\n"
        " movl $0x2b, %ecx\n mov %ecx, %ds\n mov %ecx, %es\n"
        " pushq $0x23\n push %rax\n lretq\n"
        "back64:\n"
        " mov %r12, %rsp\n"
        " pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

static const uintptr_t kLow = 0x10000000;

// again: 8b 03 mov eax, [ebx], or 89 13 mov [ebx], edx; dec ebp; jnz again; jmp far 0x33:trampoline
static void write_code32(uint8_t *code, const uint8_t *access, uint32_t trampoline)
{
    memcpy(code, access, 2);
    memcpy(code + 2, "\x4d\x75\xfb\xea", 4);
    memcpy(code + 6, &trampoline, 4);
    memcpy(code + 10, "\x33\x00", 2);
}

static void upper_halves(void)
{
    // The host's mappings mostly lie close together: within a few times 4 GiB of the window.
    enum { kPlaces = 55, kReach = 8, kMarker = 0x600dda7a };
    uint8_t *low = pages(kLow, 16 * kPage);
    const uint64_t stack = kLow + 15 * kPage, load = kLow, store = kLow + 64;
    const uint64_t back = (uint64_t)(uintptr_t)back64;
    write_code32(low, (const uint8_t *)"\x8b\x03", kLow + kPage);
    write_code32(low + 64, (const uint8_t *)"\x89\x13", kLow + kPage);
    memcpy(low + kPage, "\x48\xb9", 2); // mov rcx, back64; jmp rcx
    memcpy(low + kPage + 2, &back, 8);
    memcpy(low + kPage + 10, "\xff\xe1", 2);
    uint32_t *data = (uint32_t *)(low + 4 * kPage);
    *data = kMarker;
    const double end = seconds() + 4;
    while (seconds() < end) // until the address space is worth a window
        need((uint32_t)enter32((uintptr_t)data, load, 100000, stack, 0) == kMarker, "a clean upper half");
    for (unsigned place = 0; place < kPlaces; ++place) {
        uint32_t *at = (uint32_t *)pages(0x20000000 + place * 0x04000000ul, kPage);
        for (int64_t high = -kReach; high <= kReach; ++high) {
            const uint64_t rbx = (uint64_t)high << 32 | (uint32_t)(uintptr_t)at;
            *at = kMarker;
            const uint64_t got = enter32(rbx, load, 1, stack, 0);
            if ((uint32_t)got != kMarker)
                fail("rbx %016llx leads to %08x", (unsigned long long)rbx, (unsigned)got);
        }
        const uint64_t rbx = 0x7fffull << 32 | (uint32_t)(uintptr_t)at;
        enter32(rbx, store, 1, stack, 0x12345678);
        if (*at != 0x12345678)
            fail("a store through %016llx went elsewhere", (unsigned long long)rbx);
        munmap(at, kPage);
    }
}

// --- Addresses that are none ---

static sigjmp_buf refused;

static void on_refusal(int signal)
{
    siglongjmp(refused, signal);
}

static void need_refusal(uint64_t address, int store)
{
    volatile uint64_t *const at = (uint64_t *)(uintptr_t)address;
    if (sigsetjmp(refused, 1) != 0)
        return;
    if (store)
        *at = 0x1122334455667788;
    else
        (void)*at;
    fail("%016llx can be %s", (unsigned long long)address, store ? "written" : "read");
}

// Bits 61 and 62 set apart what the software TLB does not hold, and what needs the long way: pages with code, as one.
static void no_addresses(void)
{
    enum { kLast = kPage - 3 }; // from there on an operand leaves the page
    uint8_t *code = pages(0, 8 * kPage);
    signal(SIGSEGV, on_refusal);
    for (unsigned page = 0; page < 8; ++page) {
        uint8_t *const at = code + page * kPage;
        *at = 0xc3; // ret
        ((void (*)(void))(uintptr_t)at)();
        *at = 0xc3;
        for (unsigned bit = 47; bit < 64; ++bit) {
            for (uint64_t offset = 0; offset <= kLast; offset += kLast) {
                need_refusal((uint64_t)(uintptr_t)at + offset + (1ul << bit), 0);
                need_refusal((uint64_t)(uintptr_t)at + offset + (1ul << bit), 1);
            }
        }
    }
    for (uint64_t page = 0; page < 0x1000; ++page)
        need_refusal(1ul << 61 | page << 12 | kLast, page & 1);
}

// --- Code that changes meanwhile ---

static volatile uint8_t *opcode;
static volatile int stop;

static void stay_on(int processor)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    need(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static void *toggle(void *unused)
{
    stay_on(1);
    for (unsigned step = 1; !stop; ++step) {
        *opcode = 0x8d; // lea
        for (volatile unsigned k = 0; k < step % 64; ++k) {}
        *opcode = 0x8b; // mov
        for (volatile unsigned k = 0; k < step % 32; ++k) {}
    }
    return unused;
}

static uint64_t call(const void *code, const void *rbx)
{
    uint64_t got;
    __asm__ volatile("push %%rbx\n mov %2, %%rbx\n call *%1\n pop %%rbx\n mov %%r12, %0"
                     : "=r"(got) : "r"(code), "r"(rbx) : "r12", "rax", "memory", "cc");
    return got;
}

static void changing_code(void)
{
    static uint64_t data = 0x1122334455667788;
    uint8_t *code = pages(0, kPage);
    memcpy(code, "\x4c\x8b\x23", 3); // mov r12, [rbx]
    for (unsigned i = 0; i < 60; ++i)
        memcpy(code + 3 + 3 * i, "\x48\xff\xc0", 3); // inc rax
    code[183] = 0xc3;
    opcode = code + 1;
    stay_on(0);
    pthread_t other;
    need(pthread_create(&other, NULL, toggle, NULL) == 0, "pthread_create");
    const double end = seconds() + 8;
    while (seconds() < end) {
        for (unsigned i = 0; i < 1000; ++i) {
            const uint64_t got = call(code, &data);
            if (got != data && got != (uint64_t)(uintptr_t)&data)
                fail("r12 is %016llx, neither the data nor their address", (unsigned long long)got);
        }
    }
    stop = 1;
    pthread_join(other, NULL);
}

// --- Prefixes ---

static void prefixes(void)
{
    static uint64_t cell[16];
    uint8_t *code = pages(0, kPage);
    const uint8_t kinds[] = {0x66, 0x2e, 0x3e, 0xf2, 0xf3};
    for (unsigned kind = 0; kind < sizeof kinds; ++kind) {
        for (unsigned count = 1; count <= 13; ++count) {
            memset(code, kinds[kind], count);
            memcpy(code + count, "\x01\x37\xc3", 3); // add [rdi], esi; ret
            cell[0] = 0;
            ((void (*)(void *, uint64_t))(uintptr_t)code)(cell, 1);
            ((void (*)(void *, uint64_t))(uintptr_t)code)(cell, 1);
            if (cell[0] != 2)
                fail("%u prefixes %02x before ADD: %llx", count, kinds[kind], (unsigned long long)cell[0]);
        }
    }
}

static void attempt(const char *name, void (*work)(void))
{
    printf("attempts: %s\n", name);
    const pid_t child = fork();
    need(child >= 0, "fork");
    if (child == 0) {
        need(setgid(65534) == 0 && setuid(65534) == 0, "setuid");
        work();
        _exit(0);
    }
    int status = 0;
    need(waitpid(child, &status, 0) == child, "waitpid");
    if (status != 0)
        fail("%s ended with status %#x", name, status);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    attempt("upper halves", upper_halves);
    attempt("no addresses", no_addresses);
    attempt("changing code", changing_code);
    attempt("prefixes", prefixes);
    printf("attempts passed\n");
    for (;;)
        pause();
}
