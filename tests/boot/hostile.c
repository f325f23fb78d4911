// SPDX-License-Identifier: GPL-2.0-or-later
// The only program of a guest that tries to hurt its domain: it makes the engine, the chips and the log work as hard as it
// can. Runs as process 1. The kernel option seconds=N says how long each attempt takes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { kPage = 4096, kCode = 32 << 20, kAll = PROT_READ | PROT_WRITE | PROT_EXEC };

static time_t end;
static uint8_t *code; // kCode bytes that can be run

static int goes_on(void)
{
    return time(NULL) < end;
}

// Code that is written anew before each run.
static void rewrite_code(void)
{
    uint8_t move[] = {0xb8, 0, 0, 0, 0, 0xc3}; // mov eax, n; ret
    while (goes_on())
        for (int n = 0; n < 10000; ++n) {
            memcpy(move + 1, &n, sizeof n);
            memcpy(code, move, sizeof move);
            ((int (*)(void))code)();
        }
}

// Ever new code, and an entry at every byte of it.
static void enter_everywhere(void)
{
    memset(code, 0x90, kCode);
    for (size_t at = 63; at < kCode; at += 64)
        code[at] = 0xc3;
    for (size_t at = 0; goes_on(); at = (at + 1) % kCode)
        for (int n = 0; n < 1000; ++n, at = (at + 1) % (kCode - 1000))
            ((void (*)(void))(code + at))();
}

// One page of code at ever new addresses: page tables and what is kept of them.
static void map_everywhere(void)
{
    int file = memfd_create("code", 0);
    if (file < 0 || ftruncate(file, kPage) != 0)
        return;
    uint8_t *page = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    memset(page, 0x90, kPage - 1);
    page[kPage - 1] = 0xc3;
    for (uintptr_t n = 0; goes_on(); ++n) {
        void *where = (void *)(uintptr_t)(0x100000000 + n % 1000000 * (513 * kPage));
        uint8_t *at = mmap(where, kPage, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0);
        if (at == MAP_FAILED) {
            n = 0;
            continue;
        }
        for (int entry = 0; entry < kPage; entry += 97)
            ((void (*)(void))(at + entry))();
        if (n % 64 != 0)
            munmap(at, kPage);
    }
    munmap(page, kPage);
    close(file);
}

// The rights of a page change between all its accesses.
static void change_rights(void)
{
    while (goes_on())
        for (int n = 0; n < 1000; ++n) {
            volatile uint8_t *at = code + n % 64 * kPage;
            mprotect((void *)at, kPage, PROT_READ);
            (void)*at;
            mprotect((void *)at, kPage, kAll);
            *at = (uint8_t)n;
        }
}

// Ports that nobody has, and the debug consoles of firmware.
static void flood_log(void)
{
    while (goes_on())
        for (int n = 0; n < 1000; ++n) {
            outb((unsigned char)('a' + n % 26), 0x402);
            outb('x', 0xe9);
            if (n % 80 == 0) {
                outb('\n', 0x402);
                outb('\n', 0xe9);
            }
            inb((unsigned short)(0x1234 + n));
            outb((unsigned char)n, (unsigned short)(0x2345 + n));
            outl(0x80000000u | (unsigned)n << 8, 0xcf8); // functions of the PCI bus
            outl((unsigned)n, 0xcfc);
        }
}

// The shortest periods that the interval timer and the real-time clock have, and interrupts of the serial line.
static void shorten_timers(void)
{
    outb(0x34, 0x43); // channel 0, mode 2
    outb(2, 0x40);
    outb(0, 0x40);
    outb(0x0a, 0x70);
    outb(0x23, 0x71); // 8192 Hz
    outb(0x0b, 0x70);
    outb(inb(0x71) | 0x40, 0x71);
    outb(0x0b, 0x3fc); // the serial line's interrupt leads somewhere
    while (goes_on())
        for (int n = 0; n < 1000; ++n) {
            outb(0, 0x3f9);
            outb(0x0f, 0x3f9);
            outb(0x0c, 0x70);
            inb(0x71);
        }
    outb(0x34, 0x43);
    outb(0, 0x40);
    outb(0, 0x40);
}

// The guest-physical address of a page of this program; 0: the kernel does not say.
static uint64_t physical(const void *at)
{
    uint64_t entry = 0;
    int file = open("/proc/self/pagemap", O_RDONLY);
    if (file >= 0) {
        if (pread(file, &entry, sizeof entry, (off_t)((uintptr_t)at / kPage * sizeof entry)) != sizeof entry)
            entry = 0;
        close(file);
    }
    return (entry & (((uint64_t)1 << 55) - 1)) * kPage;
}

// The CD-ROM drive reads over the very table that says where it reads to, and over code that runs.
static void transfer_onto_itself(void)
{
    outl(0x80000920, 0xcf8); // the IDE function's fourth base address, PIIX3 datasheet section 2.4
    const unsigned short master = (unsigned short)((inl(0xcfc) & 0xfffc) + 8);
    volatile uint32_t *table = (volatile uint32_t *)code;
    memset(code, 0xc3, 2 * kPage);
    const uint64_t at = physical(code), other = physical(code + kPage);
    if (at == 0 || at >> 32 != 0 || other >> 32 != 0)
        return;
    while (goes_on()) {
        table[0] = (uint32_t)at;
        table[1] = 2048;
        table[2] = (uint32_t)other;
        table[3] = 0x80000000u | 2048;
        outb(0, master);
        outl((uint32_t)at, (unsigned short)(master + 4));
        outb(0xa0, 0x176);
        outb(1, 0x171); // by DMA
        outb(0xa0, 0x177);
        for (int wait = 0; wait < 100000 && (inb(0x177) & 0x88) != 0x08; ++wait)
            ;
        const uint16_t packet[6] = {0x0028, 0, 0x1000, 0, 0x0002, 0}; // READ(10), two blocks from the sixteenth on
        outsw(0x170, packet, 6);
        outb(9, master);
        for (int wait = 0; wait < 10000 && (inb((unsigned short)(master + 2)) & 1) != 0; ++wait)
            ((void (*)(void))(code + kPage + 64))();
        code[kPage + 64] = 0xc3;
    }
    outb(0, master);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } kAttempts[] = {
        {"rewrite code", rewrite_code},   {"enter everywhere", enter_everywhere}, {"map everywhere", map_everywhere},
        {"change rights", change_rights}, {"flood the log", flood_log},           {"transfer onto itself", transfer_onto_itself},
        {"shorten timers", shorten_timers}, // last, since it may never come back from its interrupts
    };
    const char *option = getenv("seconds");
    const int seconds = option != NULL ? atoi(option) : 10;
    code = mmap(NULL, kCode, kAll, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mkdir("/proc", 0755);
    if (code == MAP_FAILED || mount("proc", "/proc", "proc", 0, NULL) != 0 || iopl(3) != 0) {
        printf("hostile FAILED: %s\n", strerror(errno));
        for (;;)
            pause();
    }
    for (size_t n = 0; n < sizeof kAttempts / sizeof kAttempts[0]; ++n) {
        printf("hostile: %s\n", kAttempts[n].name);
        end = time(NULL) + seconds;
        kAttempts[n].run();
    }
    printf("hostile done\n");
    for (;;)
        pause();
}
