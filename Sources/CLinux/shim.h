// What the Swift overlay of the C library does not carry: epoll, eventfd, and a few functions that
// the headers declare only under _GNU_SOURCE, which must stay undefined here, since types such as
// fd_set would differ from those that Swift's own Glibc module was built with.
//
// Nothing else may be included: a type that both modules declare, such as iovec, belongs to
// whichever of them the compiler happens to load first, and public declarations break on it.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct sockaddr;
int accept4(int listener, struct sockaddr *peer, unsigned int *length, int flags);
int pthread_setname_np(unsigned long thread, const char *name);
int sched_getaffinity(int thread, unsigned long size, void *set);
int sched_setaffinity(int thread, unsigned long size, const void *set);
