// New TLS connections, one request each: so many at a time, for so many seconds. "full" shows no
// session; "resumed" shows the latest one that its place got. How many were resumed, and how many
// tickets came, is told. A handshake that fails, and any answer that is not 200 and whole, ends the
// program with an error. A connection is over when the server has ended it, tickets included.
//
// (wrk with "Connection: close" uses the same SSL object again, and with it the session.)
//
// usage: handshakes PORT CONNECTIONS SECONDS full|resumed LAYER KEYS     prints one line of JSON
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { connectionLimit = 1024, headRoom = 4096, timeRoom = 1 << 22 };

struct link {
    SSL *ssl;
    SSL_SESSION *session;  // the latest ticket's
    uint64_t start;
    size_t received, headFilled;
    int hasAsked;
    char head[headRoom];
};

static struct link links[connectionLimit];
static SSL_CTX *context;
static struct sockaddr_in address;
static int poller, isResuming, active;
static const char *layer;
static uint64_t times[timeRoom], bytes, tickets, resumed;
static size_t timeCount;

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, errno != 0 ? strerror(errno) : "unexpected");
    ERR_print_errors_fp(stderr);
    exit(1);
}

#include "keys.h"

static int keepSession(SSL *ssl, SSL_SESSION *session) {
    struct link *link = SSL_get_app_data(ssl);
    tickets++;
    SSL_SESSION_free(link->session);
    link->session = session;
    return 1;
}

static void makeContext(void) {
    context = SSL_CTX_new(TLS_client_method());
    // The certificate was verified before; here only its signature is.
    if (context == NULL || !SSL_CTX_set1_groups_list(context, "X25519")) fail("OpenSSL");
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keepSession);
}

static void openLink(struct link *link) {
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) fail("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    link->start = now();
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        fail("connect");
    link->received = link->headFilled = 0;
    link->hasAsked = 0;
    link->ssl = SSL_new(context);
    if (link->ssl == NULL || !SSL_set_fd(link->ssl, fd)) fail("SSL_new");
    SSL_set_app_data(link->ssl, link);
    SSL_set_tlsext_host_name(link->ssl, "localhost");
    if (isResuming && link->session != NULL && !SSL_set_session(link->ssl, link->session))
        fail("session");
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 .data.ptr = link };
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
    active++;
}

static void ask(struct link *link) {
    char request[512];
    uint32_t key = keys[nextKey];
    if (++nextKey == keyCount) nextKey = 0;
    int length = snprintf(request, sizeof request,
        "GET /geoserver/gwc/service/tms/1.0.0/%s/12/%u/%u.png HTTP/1.1\r\n"
        "Host: 127.0.0.1:%u\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n"
        "Accept: image/avif,image/webp,image/png,*/*;q=0.8\r\n"
        "Accept-Encoding: gzip, deflate\r\nConnection: close\r\n\r\n",
        layer, key % 4096, key / 4096, ntohs(address.sin_port));
    if (SSL_write(link->ssl, request, length) != length) fail("SSL_write");
    link->hasAsked = 1;
}

// The answer must be 200 and have as many bytes as it says.
static void checkAnswer(struct link *link) {
    link->head[link->headFilled] = 0;
    char *end = strstr(link->head, "\r\n\r\n");
    char *length = strcasestr(link->head, "\r\nContent-Length:");
    if (strncmp(link->head, "HTTP/1.1 200", 12) == 0 && end != NULL && length != NULL
        && link->received == (size_t)(end + 4 - link->head) + strtoull(length + 17, NULL, 10))
        return;
    fprintf(stderr, "unexpected answer of %zu bytes: %.300s\n", link->received, link->head);
    exit(1);
}

static void closeLink(struct link *link) {
    checkAnswer(link);
    if (timeCount < timeRoom) times[timeCount++] = now() - link->start;
    bytes += link->received;
    int fd = SSL_get_fd(link->ssl);
    SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(link->ssl);
    link->ssl = NULL;
    close(fd);
    active--;
}

// Whether the call that returned `result` is to be made again when the socket is ready.
static int mustWait(struct link *link, int result) {
    int error = SSL_get_error(link->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

// Goes on as far as the socket allows; true when the server has ended the connection.
static int advance(struct link *link) {
    static char scratch[1 << 15];
    errno = 0;
    ERR_clear_error();
    if (!link->hasAsked) {
        int result = SSL_connect(link->ssl);
        if (result != 1 && mustWait(link, result)) return 0;
        if (result != 1) fail("handshake");
        resumed += SSL_session_reused(link->ssl) ? 1 : 0;
        ask(link);
    }
    for (;;) {
        int count = SSL_read(link->ssl, scratch, sizeof scratch);
        if (count <= 0 && mustWait(link, count)) return 0;
        if (count <= 0 && SSL_get_error(link->ssl, count) != SSL_ERROR_ZERO_RETURN) fail("read");
        if (count <= 0) return 1;
        size_t kept = headRoom - 1 - link->headFilled;
        if ((size_t)count < kept) kept = (size_t)count;
        memcpy(link->head + link->headFilled, scratch, kept);
        link->headFilled += kept;
        link->received += (size_t)count;
    }
}

// Until no connection is left; up to `end` each that is over makes room for the next.
static void run(uint64_t end) {
    struct epoll_event events[256];
    while (active > 0) {
        int ready = epoll_wait(poller, events, 256, 10000);
        if (ready == 0) fail("nothing happened for 10 s");
        for (int i = 0; i < ready; i++) {
            struct link *link = events[i].data.ptr;
            if (link->ssl == NULL || !advance(link)) continue;
            closeLink(link);
            if (now() < end) openLink(link);
        }
    }
}

static int byValue(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void report(uint64_t spent) {
    qsort(times, timeCount, sizeof *times, byValue);
    printf("{\"requests\": %zu, \"microseconds\": %llu, \"bytes\": %llu, \"tickets\": %llu, "
           "\"resumed\": %llu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
           timeCount, (unsigned long long)spent / 1000, (unsigned long long)bytes,
           (unsigned long long)tickets, (unsigned long long)resumed,
           (double)times[timeCount / 2] / 1e3,
           (double)times[timeCount * 99 / 100] / 1e3);
}

int main(int argc, char **argv) {
    int count = argc == 7 ? atoi(argv[2]) : 0;
    if (count < 1 || count > connectionLimit
        || (strcmp(argv[4], "full") != 0 && strcmp(argv[4], "resumed") != 0)) {
        fprintf(stderr, "usage: handshakes PORT CONNECTIONS SECONDS full|resumed LAYER KEYS\n");
        return 2;
    }
    address = (struct sockaddr_in){ .sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)atoi(argv[1])),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    isResuming = strcmp(argv[4], "resumed") == 0;
    layer = argv[5];
    readKeys(argv[6]);
    makeContext();
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) fail("epoll_create1");
    uint64_t start = now();
    if (isResuming) {  // one full handshake, for a session to begin with
        openLink(&links[0]);
        run(0);
        if (links[0].session == NULL) fail("the server gives no ticket");
        // Each place has its own: OpenSSL shows a session of TLS 1.3 no more once it was resumed.
        for (int i = 1; i < count; i++) links[i].session = SSL_SESSION_dup(links[0].session);
    }
    for (int i = 0; i < count; i++) openLink(&links[i]);
    run(start + (uint64_t)(atof(argv[3]) * 1e9));
    report(now() - start);
    return 0;
}
