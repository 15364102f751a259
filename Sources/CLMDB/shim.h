#include <lmdb.h>

// Asks for memory that will be read soon, which may be nowhere near: nothing waits for it, and
// nothing goes wrong where there is none.
static inline void lmdb_prefetch(const void *start, unsigned long count) {
    const char *end = (const char *)start + count;
    const char *at = (const char *)((unsigned long)start & ~63ul);
    for (; at < end; at += 64) __builtin_prefetch(at);
}
