// What the Swift overlay of the C library does not carry.
//
// _GNU_SOURCE must stay undefined: with it, types such as fd_set differ from those that Swift's
// own Glibc module was built with, and the two modules no longer agree. The few functions that the
// headers declare only under it are therefore declared here, as the manual pages give them.
#pragma once
#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#ifndef _GNU_SOURCE
int accept4(int listener, struct sockaddr *peer, socklen_t *length, int flags);
int pthread_setname_np(pthread_t thread, const char *name);
int sched_getaffinity(pid_t thread, size_t size, cpu_set_t *set);
int sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *set);
#endif
