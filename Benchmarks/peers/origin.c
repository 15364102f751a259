// The origin all peers fill from: tiles that are the same in every run.
//
// Any path with "bench-SIZE" or "bench-mix" in it and "/Z/X/Y.png" at its end is a tile, numbered
// Y * 4096 + X; a GetMap of such a layer is tile 1. Its bytes are a PNG's: signature, IHDR, a tEXt
// chunk with the number (so that no two tiles are equal, and a store that keeps identical bodies
// once gains nothing), IDAT of random bytes, IEND, all with valid checksums. In the mix two sorts of
// blank tile are equal, as they are in life. /pages/N.html is a page of 2 KB. HEAD gets the head of
// either. GET /requests tells how many tiles were asked for: none during a window of pure hits.
//
// usage: origin PORT MIX        MIX: 1,000 lines "SIZE" or "SIZE blank", by tile number mod 1,000
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { descriptorLimit = 65536, largestBody = 1 << 20, requestRoom = 16384, mixCount = 1000 };
enum { markCount = 65, leastBody = markCount + 24 };  // signature, IHDR, tEXt; then IDAT and IEND

struct tile { size_t size; uint64_t number; };
struct peer { char *request; size_t filled; char *rest; size_t restCount; };

static struct peer peers[descriptorLimit];
static size_t mixSizes[mixCount];
static char mixBlank[mixCount];
static uint64_t tilesServed;
static uint32_t crcTable[256];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint32_t crc(const unsigned char *bytes, size_t count) {
    uint32_t value = 0xFFFFFFFFu;
    for (size_t i = 0; i < count; i++) value = crcTable[(value ^ bytes[i]) & 255] ^ (value >> 8);
    return ~value;
}

static unsigned char *put32(unsigned char *at, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = (unsigned char)(value >> shift);
    return at;
}

// A PNG chunk: length, name and data, checksum. Returns the place behind it.
static unsigned char *putChunk(
    unsigned char *at, const char *name, const void *data, size_t count) {
    unsigned char *start = put32(at, (uint32_t)count);
    memcpy(start, name, 4);
    if (count > 0) memcpy(start + 4, data, count);
    return put32(start + 4 + count, crc(start, count + 4));
}

// The first bytes of a tile, which carry its number.
static void putMark(unsigned char *mark, uint64_t number) {
    static const unsigned char header[13] = { 0, 0, 1, 0, 0, 0, 1, 0, 8, 6, 0, 0, 0 };
    char text[21];
    memcpy(mark, "\x89PNG\r\n\x1a\n", 8);
    memcpy(text, "key", 4);
    snprintf(text + 4, sizeof text - 4, "%016llx", (unsigned long long)number);
    putChunk(putChunk(mark + 8, "IHDR", header, sizeof header), "tEXt", text, 20);
}

// IDAT and IEND of a tile of `size` bytes; made once for each size.
static unsigned char *tailOf(size_t size) {
    static unsigned char *known[largestBody + 1];
    if (known[size] == NULL) {
        size_t count = size - leastBody;
        unsigned char *data = malloc(count + 1), *tail = malloc(size);
        if (data == NULL || tail == NULL) fail("malloc");
        uint64_t state = 0x9E3779B97F4A7C15u ^ size;
        for (size_t i = 0; i < count; i++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            data[i] = (unsigned char)(state >> 32);
        }
        putChunk(putChunk(tail, "IDAT", data, count), "IEND", NULL, 0);
        free(data);
        known[size] = tail;
    }
    return known[size];
}

// Reads a GetMap of layer bench-SIZE, as the viewer spells it or the edge: the tile of its box's corner
// at zoom 12. Returns 0 when it is something else.
static int parseMap(const char *path, struct tile *tile) {
    const char *map = strstr(path, "REQUEST=GetMap"), *layer = strstr(path, "LAYERS=bench-");
    const char *end = strstr(path, " HTTP/1.1\r\n");
    if (map == NULL || layer == NULL || end == NULL || end < map || end < layer) return 0;
    *tile = (struct tile){ .number = 1, .size = strtoull(layer + 13, NULL, 10) };
    const char *box = strstr(path, "&BBOX=");
    if (box != NULL && box < end) {
        const double world = 20037508.342789244, side = 2 * world / 4096;
        char *next;
        double west = strtod(box + 6, &next);
        double south = strtod(next + (*next == '%' ? 3 : 1), NULL);
        tile->number = (uint64_t)((south + world) / side + 0.5) * 4096 + (uint64_t)((west + world) / side + 0.5);
    }
    return tile->size >= leastBody && tile->size <= largestBody;
}

// Reads "…bench-SIZE…/Z/X/Y.png". Returns 0 when the path is no tile's.
static int parseTile(const char *path, struct tile *tile) {
    const char *layer = strstr(path, "bench-"), *end = strstr(path, ".png HTTP/1.1\r\n");
    if (layer == NULL || end == NULL || end < layer) return 0;
    const char *slash = end;
    while (*--slash != '/') if (slash == layer) return 0;
    uint64_t row = strtoull(slash + 1, NULL, 10);
    while (*--slash != '/') if (slash == layer) return 0;
    tile->number = row * 4096 + strtoull(slash + 1, NULL, 10);
    if (strncmp(layer + 6, "mix", 3) == 0) {
        tile->size = mixSizes[tile->number % mixCount];
        if (mixBlank[tile->number % mixCount]) tile->number = 0;
    } else {
        tile->size = strtoull(layer + 6, NULL, 10);
    }
    return tile->size >= leastBody && tile->size <= largestBody;
}

static const char *dateNow(void) {
    static char text[64];
    static time_t shown;
    time_t now = time(NULL);
    if (now != shown) {
        struct tm parts;
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
        shown = now;
    }
    return text;
}

static void hangUp(int fd) {
    free(peers[fd].request);
    free(peers[fd].rest);
    peers[fd] = (struct peer){ 0 };
    close(fd);
}

// Sends all of it, or keeps a copy of the rest for when the socket has room. 0: the peer is gone.
static int sendAll(int fd, struct iovec *parts, int count) {
    struct peer *peer = &peers[fd];
    size_t total = 0;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    ssize_t sent = writev(fd, parts, count);
    if (sent < 0 && errno != EAGAIN) return 0;
    size_t skip = sent > 0 ? (size_t)sent : 0;
    if (skip == total) return 1;
    peer->restCount = total - skip;
    char *at = peer->rest = malloc(peer->restCount);
    if (at == NULL) fail("malloc");
    for (int i = 0; i < count; i++) {
        size_t drop = skip < parts[i].iov_len ? skip : parts[i].iov_len;
        memcpy(at, (char *)parts[i].iov_base + drop, parts[i].iov_len - drop);
        at += parts[i].iov_len - drop;
        skip -= drop;
    }
    return 1;
}

// A page with its number in it, as long as a site's with few words.
static int answerPage(int fd, const char *path, int isHead) {
    static char filler[1537];
    char head[512], body[2304];
    if (filler[0] == 0) memset(filler, 'a', sizeof filler - 1);
    int count = snprintf(body, sizeof body,
        "<!DOCTYPE html><html><head><title>%llu</title></head><body><p>%s</p></body></html>\n",
        strtoull(path, NULL, 10), filler);
    int length = snprintf(head, sizeof head,
        "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: %s\r\nContent-Type: text/html\r\n"
        "Content-Length: %d\r\nCache-Control: public, max-age=600\r\n\r\n", dateNow(), count);
    struct iovec parts[2] = { { head, (size_t)length }, { body, (size_t)count } };
    return sendAll(fd, parts, isHead ? 1 : 2);
}

static int answer(int fd, const char *request) {
    char head[1024];
    unsigned char mark[markCount];
    struct tile tile;
    int isHead = strncmp(request, "HEAD ", 5) == 0;
    const char *page = request + (isHead ? 5 : 4);
    if (strncmp(page, "/pages/", 7) == 0) return answerPage(fd, page + 7, isHead);
    if (parseTile(request, &tile) || parseMap(request, &tile)) {
        tilesServed++;
        int length = snprintf(head, sizeof head,
            "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: %s\r\nContent-Type: image/png\r\n"
            "Content-Length: %zu\r\nLast-Modified: Mon, 06 Jan 2025 00:00:00 GMT\r\n"
            "ETag: \"bench-%zu-%010llu\"\r\nCache-Control: public, max-age=86400\r\n\r\n",
            dateNow(), tile.size, tile.size, (unsigned long long)tile.number);
        putMark(mark, tile.number);
        struct iovec parts[3] = { { head, (size_t)length }, { mark, markCount },
                                  { tailOf(tile.size), tile.size - markCount } };
        return sendAll(fd, parts, isHead ? 1 : 3);
    }
    char body[32];
    int known = strncmp(request, "GET /requests ", 14) == 0;
    int count = snprintf(body, sizeof body, "%llu\n", (unsigned long long)tilesServed);
    int length = snprintf(head, sizeof head,
        "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n"
        "Content-Length: %d\r\n\r\n", known ? "200 OK" : "404 Not Found", dateNow(), count);
    struct iovec parts[2] = { { head, (size_t)length }, { body, (size_t)count } };
    return sendAll(fd, parts, 2);
}

static void serve(int fd) {
    struct peer *peer = &peers[fd];
    if (peer->request == NULL) peer->request = malloc(requestRoom);
    if (peer->request == NULL) fail("malloc");
    ssize_t count = recv(fd, peer->request + peer->filled, requestRoom - 1 - peer->filled, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) return hangUp(fd);
    if (count > 0) peer->filled += (size_t)count;
    peer->request[peer->filled] = 0;
    char *start = peer->request, *end;
    while (peer->restCount == 0 && (end = strstr(start, "\r\n\r\n")) != NULL) {
        if (!answer(fd, start)) return hangUp(fd);
        start = end + 4;
    }
    peer->filled -= (size_t)(start - peer->request);
    memmove(peer->request, start, peer->filled + 1);
    if (peer->filled == requestRoom - 1) hangUp(fd);
}

static void push(int fd) {
    struct peer *peer = &peers[fd];
    ssize_t sent = send(fd, peer->rest, peer->restCount, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return hangUp(fd);
    if (sent <= 0) return;
    peer->restCount -= (size_t)sent;
    memmove(peer->rest, peer->rest + sent, peer->restCount);
    if (peer->restCount > 0) return;
    free(peer->rest);
    peer->rest = NULL;
    serve(fd);
}

static void readMix(const char *path) {
    FILE *file = fopen(path, "r");
    char line[64];
    if (file == NULL) fail(path);
    for (int i = 0; i < mixCount; i++) {
        if (fgets(line, sizeof line, file) == NULL) exit(1);
        mixSizes[i] = strtoull(line, NULL, 10);
        mixBlank[i] = strstr(line, "blank") != NULL;
    }
    fclose(file);
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

static void welcome(int poller, int listener) {
    int on = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= descriptorLimit) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: origin PORT MIX\n");
        return 2;
    }
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int k = 0; k < 8; k++) value = (value >> 1) ^ (value & 1 ? 0xEDB88320u : 0);
        crcTable[i] = value;
    }
    readMix(argv[2]);
    int listener = listenOn(atoi(argv[1])), poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener }, events[256];
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
    for (;;) {
        int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) welcome(poller, listener);
            else if (peers[fd].restCount > 0) push(fd);
            else serve(fd);
        }
    }
}
