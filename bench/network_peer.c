// SPDX-License-Identifier: GPL-2.0-or-later
// Both ends of what bench/network measures: "network_peer host PORT SECONDS" on the host prints megabits a second that
// the guest sends and receives by TCP, and how many small UDP datagrams a second come from it, as the host counts all of
// them; "network_peer guest ADDRESS PORT SECONDS" is the other end.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[65536];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// Until the other end has closed; gives the bytes.
static double take(int fd)
{
    double bytes = 0;
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
        bytes += (double)size;
    }
    return bytes;
}

// For so many seconds; gives the bytes, when the other end has taken all of them.
static double give(int fd, double seconds)
{
    double bytes = 0;
    for (const double end = now() + seconds; now() < end;) {
        const ssize_t size = write(fd, buffer, sizeof buffer);
        if (size <= 0) {
            break;
        }
        bytes += (double)size;
    }
    shutdown(fd, SHUT_WR);
    take(fd);
    return bytes;
}

static struct sockaddr_in at(const char* host, const char* port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

static int accepted(int listener)
{
    struct pollfd wait = {.fd = listener, .events = POLLIN};
    if (poll(&wait, 1, 300000) != 1) {
        fputs("network_peer: the guest does not come\n", stderr);
        exit(1);
    }
    return accept(listener, NULL, NULL);
}

static double datagrams_a_second(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    double first = 0, last = 0, count = 0;
    while (poll(&wait, 1, count == 0 ? 60000 : 2000) == 1 && recv(fd, buffer, sizeof buffer, 0) >= 0) {
        last = now();
        first = count == 0 ? last : first;
        ++count;
    }
    return last > first ? (count - 1) / (last - first) : 0;
}

static int host(const char* port, double seconds)
{
    const int one = 1;
    const struct sockaddr_in address = at("127.0.0.1", port);
    const int listener = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (const struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 1) != 0 ||
        bind(datagrams, (const struct sockaddr*)&address, sizeof address) != 0) {
        perror("network_peer");
        return 1;
    }
    int fd = accepted(listener);
    double start = now();
    const double out = take(fd);
    const double out_time = now() - start;
    close(fd);
    fd = accepted(listener);
    start = now();
    const double in = give(fd, seconds);
    const double in_time = now() - start;
    close(fd);
    printf("%.1f %.1f %.0f\n", out * 8e-6 / out_time, in * 8e-6 / in_time, datagrams_a_second(datagrams));
    return 0;
}

static int guest(const char* where, const char* port, double seconds)
{
    const struct sockaddr_in address = at(where, port);
    for (int sends = 1; sends >= 0; --sends) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        while (connect(fd, (const struct sockaddr*)&address, sizeof address) != 0) {
            sleep(1);
        }
        sends != 0 ? give(fd, seconds) : take(fd);
        close(fd);
    }
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (const double end = now() + seconds; now() < end;) {
        sendto(fd, buffer, 18, 0, (const struct sockaddr*)&address, sizeof address); // frames of the least size
    }
    return 0;
}

int main(int count, char** words)
{
    if (count == 4 && strcmp(words[1], "host") == 0) {
        return host(words[2], atof(words[3]));
    }
    if (count == 5 && strcmp(words[1], "guest") == 0) {
        return guest(words[2], words[3], atof(words[4]));
    }
    fputs("usage: network_peer host PORT SECONDS | network_peer guest ADDRESS PORT SECONDS\n", stderr);
    return 2;
}
