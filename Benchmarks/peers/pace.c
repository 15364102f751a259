// An open-model load: requests fall due at random moments of a given mean rate (a Poisson process
// from a fixed seed), whether or not earlier ones have been answered. The time of a request runs
// from the moment it fell due, so that a stall is counted for everyone who would have met it.
//
// (h2load's clients all start at once and fire in step, so with it the median against a server
// that does nothing is the length of its own volley: 1.3 ms here at 20,000 requests per second.)
//
// usage: pace PORT CONNECTIONS RATE SECONDS WARMUP LAYER KEYS       prints one line of JSON
// With "-" for LAYER, KEYS is a file of whole targets, a line each.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { connectionLimit = 4096, headRoom = 4096, waitingLimit = 1 << 20 };

struct link {
    int fd;
    uint64_t due;       // when the request under way fell due, in nanoseconds
    size_t headFilled;
    int64_t bodyLeft;   // -1 while the head is incomplete
    char head[headRoom];
};

static struct link links[connectionLimit];
static int idle[connectionLimit], idleCount;
static uint64_t waiting[waitingLimit];  // fell due while every connection was taken
static size_t waitingFirst, waitingCount;
static const char *layer;
static int port;
static uint64_t *times;
static size_t timeCount, timeRoom, dropped;
static uint64_t measureFrom;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

#include "keys.h"

static char **targets;  // in place of a layer's keys

static void readTargets(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail(path);
    char line[2048];
    size_t room = 1 << 12;
    targets = malloc(room * sizeof *targets);
    while (targets != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (keyCount == room) targets = realloc(targets, (room *= 2) * sizeof *targets);
        if (targets == NULL || (targets[keyCount++] = strdup(line)) == NULL) fail("targets");
    }
    if (targets == NULL || keyCount == 0) fail("targets");
    fclose(file);
}

// The next target in turn; it stays until the one after it.
static const char *nextTarget(void) {
    static char path[128];
    size_t turn = nextKey;
    if (++nextKey == keyCount) nextKey = 0;
    if (targets != NULL) return targets[turn];
    snprintf(path, sizeof path, "/geoserver/gwc/service/tms/1.0.0/%s/12/%u/%u.png", layer,
             keys[turn] % 4096, keys[turn] / 4096);
    return path;
}

// The time to the next request: exponential, from xorshift64*.
static double gap(double rate) {
    static uint64_t state = 88172645463325252u;
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    double uniform = ((double)((state * 2685821657736338717u) >> 11) + 0.5) / 9007199254740992.0;
    return -log(uniform) * 1e9 / rate;
}

static void ask(int index, uint64_t due) {
    struct link *link = &links[index];
    char request[4096];
    int length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n"
        "Accept: image/avif,image/webp,image/png,*/*;q=0.8\r\n"
        "Accept-Encoding: gzip, deflate\r\n\r\n", nextTarget(), port);
    link->due = due;
    link->headFilled = 0;
    link->bodyLeft = -1;
    if (send(link->fd, request, (size_t)length, MSG_NOSIGNAL) != length) fail("send");
}

static void arrive(uint64_t due) {
    if (idleCount > 0) {
        ask(idle[--idleCount], due);
    } else if (waitingCount < waitingLimit) {
        waiting[(waitingFirst + waitingCount++) % waitingLimit] = due;
    } else {
        dropped++;
    }
}

static void answered(int index) {
    if (links[index].due >= measureFrom && timeCount < timeRoom)
        times[timeCount++] = now() - links[index].due;
    if (waitingCount > 0) {
        uint64_t due = waiting[waitingFirst];
        waitingFirst = (waitingFirst + 1) % waitingLimit;
        waitingCount--;
        ask(index, due);
    } else {
        idle[idleCount++] = index;
    }
}

// Reads what is there; true when the answer is complete.
static int receive(struct link *link) {
    static char scratch[1 << 18];
    ssize_t count;
    if (link->bodyLeft < 0) {
        count = recv(link->fd, scratch, sizeof scratch, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return 0;
        if (count <= 0) fail("the server closed the connection");
        size_t kept = (size_t)count;
        if (kept > headRoom - 1 - link->headFilled) kept = headRoom - 1 - link->headFilled;
        memcpy(link->head + link->headFilled, scratch, kept);
        link->head[link->headFilled + kept] = 0;
        char *end = strstr(link->head, "\r\n\r\n");
        char *length = strcasestr(link->head, "\r\nContent-Length:");
        size_t before = link->headFilled;
        link->headFilled += kept;
        if (end == NULL) return 0;
        if (strncmp(link->head, "HTTP/1.1 200", 12) != 0 || length == NULL) {
            fprintf(stderr, "unexpected answer: %.200s\n", link->head);
            exit(1);
        }
        size_t headCount = (size_t)(end + 4 - link->head) - before;
        link->bodyLeft = strtoll(length + 17, NULL, 10) - (count - (ssize_t)headCount);
    }
    while (link->bodyLeft > 0) {
        count = recv(link->fd, scratch, sizeof scratch, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return 0;
        if (count <= 0) fail("the server closed the connection");
        link->bodyLeft -= count;
    }
    return 1;
}

static void openLinks(int poller, int count) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    for (int i = 0; i < count; i++) {
        int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
        links[i].fd = fd;
        idle[idleCount++] = i;
    }
}

static int byValue(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void report(double rate, double seconds) {
    qsort(times, timeCount, sizeof *times, byValue);
    if (timeCount == 0) exit(1);
    double sum = 0;
    for (size_t i = 0; i < timeCount; i++) sum += (double)times[i];
    printf("{\"rate\": %.0f, \"answered_per_second\": %.0f, \"unanswered\": %zu, "
           "\"mean_us\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f}\n",
           rate, (double)timeCount / seconds, waitingCount + dropped, sum / (double)timeCount / 1e3,
           (double)times[timeCount / 2] / 1e3, (double)times[timeCount * 99 / 100] / 1e3,
           (double)times[timeCount * 999 / 1000] / 1e3, (double)times[timeCount - 1] / 1e3);
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: pace PORT CONNECTIONS RATE SECONDS WARMUP LAYER KEYS\n");
        return 2;
    }
    int count = atoi(argv[2]), poller = epoll_create1(EPOLL_CLOEXEC);
    double rate = atof(argv[3]), seconds = atof(argv[4]), warmup = atof(argv[5]);
    if (count < 1 || count > connectionLimit || rate <= 0 || poller < 0) return 2;
    layer = argv[6];
    if (strcmp(layer, "-") == 0) readTargets(argv[7]);
    else readKeys(argv[7]);
    timeRoom = (size_t)(rate * seconds * 1.5) + 1000;
    times = malloc(timeRoom * sizeof *times);
    if (times == NULL) fail("malloc");
    port = atoi(argv[1]);
    openLinks(poller, count);
    uint64_t start = now(), end = start + (uint64_t)((warmup + seconds) * 1e9);
    measureFrom = start + (uint64_t)(warmup * 1e9);
    double due = (double)start + gap(rate);
    struct epoll_event events[256];
    // It spins: the core is its own, and a sleep would be late by more than what is measured.
    for (uint64_t time = start; time < end; time = now()) {
        for (; due <= (double)time; due += gap(rate)) arrive((uint64_t)due);
        int ready = epoll_wait(poller, events, 256, 0);
        for (int i = 0; i < ready; i++)
            if (receive(&links[events[i].data.u32])) answered((int)events[i].data.u32);
    }
    report(rate, seconds);
}
