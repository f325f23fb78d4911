// SPDX-License-Identifier: GPL-2.0-or-later
// The only program of a guest with a sound card: it loads the driver, plays tones at several rates by the kernel's own
// interface, records, and says how long each took. Runs as process 1.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sound/asound.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { kPeriod = 1024, kPeriods = 4, kMostRate = 48000 };

static int failures;

static int failed(const char* what)
{
    printf("sound: %s: %s\n", what, strerror(errno));
    ++failures;
    return -1;
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static void load(const char* name)
{
    char path[128];
    snprintf(path, sizeof path, "/modules/%s.ko", name);
    const int file = open(path, O_RDONLY);
    if (file < 0 || syscall(SYS_finit_module, file, "", 0) < 0) {
        failed(name);
    }
    close(file);
}

// All that is not asked for may be anything.
static void any(struct snd_pcm_hw_params* params)
{
    memset(params, 0, sizeof *params);
    for (int i = 0; i <= SNDRV_PCM_HW_PARAM_LAST_MASK - SNDRV_PCM_HW_PARAM_FIRST_MASK; ++i) {
        memset(params->masks[i].bits, 0xff, sizeof params->masks[i].bits);
    }
    for (int i = 0; i <= SNDRV_PCM_HW_PARAM_LAST_INTERVAL - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL; ++i) {
        params->intervals[i].max = UINT32_MAX;
    }
    params->rmask = UINT32_MAX;
}

static void set_mask(struct snd_pcm_hw_params* params, int which, unsigned value)
{
    struct snd_mask* mask = &params->masks[which - SNDRV_PCM_HW_PARAM_FIRST_MASK];
    memset(mask->bits, 0, sizeof mask->bits);
    mask->bits[value / 32] = 1U << value % 32;
}

static void set_interval(struct snd_pcm_hw_params* params, int which, unsigned value)
{
    struct snd_interval* interval = &params->intervals[which - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
    memset(interval, 0, sizeof *interval);
    interval->min = interval->max = value;
    interval->integer = 1;
}

static int open_stream(const char* path, unsigned rate)
{
    const int stream = open(path, O_RDWR);
    if (stream < 0) {
        return failed(path);
    }
    struct snd_pcm_hw_params params;
    any(&params);
    set_mask(&params, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
    set_mask(&params, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
    set_mask(&params, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
    set_interval(&params, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
    set_interval(&params, SNDRV_PCM_HW_PARAM_RATE, rate);
    set_interval(&params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, kPeriod);
    set_interval(&params, SNDRV_PCM_HW_PARAM_PERIODS, kPeriods);
    if (ioctl(stream, SNDRV_PCM_IOCTL_HW_PARAMS, &params) < 0 || ioctl(stream, SNDRV_PCM_IOCTL_PREPARE) < 0) {
        close(stream);
        return failed("the stream's parameters");
    }
    return stream;
}

static int16_t samples[2 * kMostRate];

// A second of a tone of 441 Hz, louder on the left.
static void play(unsigned rate)
{
    const int stream = open_stream("/dev/snd/pcmC0D0p", rate);
    if (stream < 0) {
        return;
    }
    for (unsigned i = 0; i < rate; ++i) {
        const double wave = sin(2 * M_PI * 441 * i / rate);
        samples[2 * i] = (int16_t)(16000 * wave);
        samples[2 * i + 1] = (int16_t)(8000 * wave);
    }
    const long long start = now();
    unsigned breaks = 0;
    for (unsigned done = 0; done < rate;) {
        struct snd_xferi chunk = {.buf = samples + 2 * done, .frames = rate - done < kPeriod ? rate - done : kPeriod};
        if (ioctl(stream, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &chunk) < 0) {
            if (errno != EPIPE || ++breaks > 100 || ioctl(stream, SNDRV_PCM_IOCTL_PREPARE) < 0) {
                failed("writing");
                break;
            }
            continue;
        }
        done += (unsigned)chunk.result;
    }
    if (ioctl(stream, SNDRV_PCM_IOCTL_DRAIN) < 0) {
        failed("draining");
    }
    const long long took = now() - start;
    printf("sound: %u frames at %u Hz took %s (%lld ms, %u breaks)\n", rate, rate,
           took > 900 && took < 1600 ? "a second" : "another time", took, breaks);
    close(stream);
}

static void record(unsigned rate)
{
    const int stream = open_stream("/dev/snd/pcmC0D0c", rate);
    if (stream < 0) {
        return;
    }
    memset(samples, 1, sizeof samples);
    const unsigned wanted = 8 * kPeriod;
    const long long start = now();
    unsigned done = 0;
    while (done < wanted) {
        struct snd_xferi chunk = {.buf = samples + 2 * done, .frames = kPeriod};
        if (ioctl(stream, SNDRV_PCM_IOCTL_READI_FRAMES, &chunk) < 0) {
            failed("recording");
            break;
        }
        done += (unsigned)chunk.result;
    }
    unsigned loud = 0;
    for (unsigned i = 0; i < 2 * done; ++i) {
        loud += samples[i] != 0;
    }
    printf("sound: recorded %u frames at %u Hz, %u samples of them not silent (%lld ms)\n", done, rate, loud,
           now() - start);
    close(stream);
}

static void show(const char* path)
{
    char line[256];
    FILE* const file = fopen(path, "r");
    if (file == NULL) {
        failed(path);
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (strstr(line, "ICH") != NULL || strstr(line, "STAC") != NULL) {
            printf("sound: %s", line);
        }
    }
    fclose(file);
}

int main(void)
{
    static const char* const kModules[] = {"soundcore",      "snd",         "snd-timer", "snd-pcm", "ac97_bus",
                                           "snd-ac97-codec", "snd-intel8x0"};
    mount("none", "/dev", "devtmpfs", 0, NULL);
    mount("none", "/proc", "proc", 0, NULL);
    for (unsigned i = 0; i < sizeof kModules / sizeof *kModules; ++i) {
        load(kModules[i]);
    }
    show("/proc/asound/cards");
    show("/proc/asound/card0/codec97#0/ac97#0-0");
    play(48000);
    play(44100);
    play(8000);
    record(44100);
    show("/proc/interrupts");
    printf("sound %s\n", failures == 0 ? "passed" : "FAILED");
    fflush(stdout);
    for (;;) {
        pause();
    }
}
