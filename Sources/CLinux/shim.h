// What Swift's own Glibc module does not carry: epoll, eventfd, and a few functions that the
// headers declare only under _GNU_SOURCE. Declared here as the manual pages give them.
//
// No header is included. A type that two modules declare, iovec or timespec for instance, belongs
// to whichever of them the compiler happens to load first, and public declarations then compile or
// do not by chance.
#pragma once

typedef union epoll_data {
    void *ptr;
    int fd;
    unsigned int u32;
    unsigned long long u64;
} epoll_data_t;

struct epoll_event {
    unsigned int events;
    epoll_data_t data;
}
#ifdef __x86_64__
__attribute__((packed))
#endif
;

enum EPOLL_EVENTS {
    EPOLLIN = 0x001u,
    EPOLLOUT = 0x004u,
    EPOLLERR = 0x008u,
    EPOLLHUP = 0x010u,
    EPOLLRDHUP = 0x2000u,
    EPOLLET = 1u << 31,
};

enum { EPOLL_CLOEXEC = 02000000, EFD_CLOEXEC = 02000000, EFD_NONBLOCK = 00004000 };
#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

int epoll_create1(int flags);
int epoll_ctl(int poller, int operation, int fd, struct epoll_event *event);
int epoll_wait(int poller, struct epoll_event *events, int capacity, int milliseconds);

typedef unsigned long eventfd_t;
int eventfd(unsigned int value, int flags);
int eventfd_read(int fd, eventfd_t *value);
int eventfd_write(int fd, eventfd_t value);

struct sockaddr;
int accept4(int listener, struct sockaddr *peer, unsigned int *length, int flags);
int pthread_setname_np(unsigned long thread, const char *name);
int sched_getaffinity(int thread, __SIZE_TYPE__ size, void *set);
int sched_setaffinity(int thread, __SIZE_TYPE__ size, const void *set);
int malloc_trim(unsigned long kept);
// Lists of iovec.
long process_vm_readv(int process, const void *local, unsigned long localCount, const void *remote,
                      unsigned long remoteCount, unsigned long flags);
