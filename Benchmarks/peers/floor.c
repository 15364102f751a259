// The floor: the least an event loop can do for a request on this machine.
//
// One process, one epoll, one recv and one send for each request, constant bytes: no parsing, no
// lookup, no log. What a server costs above it is what the server does; what it costs below this
// line is the kernel's. The sizes come from a file, one body size per line, answered in turn, so
// that a mix of sizes has the very order the load generator asks for.
//
// usage: floor PORT SIZES
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { descriptorLimit = 65536, largestBody = 1 << 20, eventsPerWait = 256 };

struct answer { char *bytes; size_t count; };
struct rest { const char *bytes; size_t count; };

static struct answer *answers;
static size_t answerCount, nextAnswer;
static struct rest rests[descriptorLimit];  // what a full socket could not take yet

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// A distinct size is laid out once; equal sizes share the bytes.
static struct answer answerOf(size_t size) {
    static struct answer known[largestBody + 1];
    if (known[size].bytes == NULL) {
        char head[512];
        int length = snprintf(head, sizeof head,
            "HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Mon, 06 Jan 2025 00:00:00 GMT\r\n"
            "Content-Type: image/png\r\nContent-Length: %zu\r\n"
            "Last-Modified: Mon, 06 Jan 2025 00:00:00 GMT\r\nETag: \"bench-%zu-0000000000\"\r\n"
            "Cache-Control: public, max-age=86400\r\nAge: 10\r\nX-Cache: HIT\r\n\r\n", size, size);
        known[size].count = (size_t)length + size;
        known[size].bytes = malloc(known[size].count);
        if (known[size].bytes == NULL) fail("malloc");
        memcpy(known[size].bytes, head, (size_t)length);
        memset(known[size].bytes + length, 'x', size);
    }
    return known[size];
}

static void readSizes(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail(path);
    size_t size, room = 0;
    while (fscanf(file, "%zu", &size) == 1) {
        if (size > largestBody) exit(1);
        if (answerCount == room) {
            room = room ? 2 * room : 1024;
            answers = realloc(answers, room * sizeof *answers);
            if (answers == NULL) fail("realloc");
        }
        answers[answerCount++] = answerOf(size);
    }
    fclose(file);
    if (answerCount == 0) exit(1);
}

static void hangUp(int fd) {
    rests[fd].count = 0;
    close(fd);
}

// Sends what is left; epoll speaks again when the socket has room.
static void push(int fd) {
    ssize_t sent = send(fd, rests[fd].bytes, rests[fd].count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return hangUp(fd);
    if (sent > 0) {
        rests[fd].bytes += sent;
        rests[fd].count -= (size_t)sent;
    }
}

static void serve(int fd) {
    char request[8192];
    ssize_t count = recv(fd, request, sizeof request, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return hangUp(fd);
    if (count < 4 || memcmp(request + count - 4, "\r\n\r\n", 4) != 0) return;
    struct answer answer = answers[nextAnswer];
    if (++nextAnswer == answerCount) nextAnswer = 0;
    rests[fd] = (struct rest){ answer.bytes, answer.count };
    push(fd);
}

static void welcome(int poller, int listener) {
    int on = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= descriptorLimit) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
    }
}

static int listenOn(int port) {
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(fd, 4096) < 0) fail("listen");
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: floor PORT SIZES\n");
        return 2;
    }
    readSizes(argv[2]);
    int listener = listenOn(atoi(argv[1])), poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
    struct epoll_event events[eventsPerWait];
    for (;;) {
        int count = epoll_wait(poller, events, eventsPerWait, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) welcome(poller, listener);
            else if (rests[fd].count > 0) push(fd);
            else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) serve(fd);
        }
    }
}
