#include <lmdb.h>

// Asks for memory that will be read soon, which may be nowhere near: nothing waits for it, and
// nothing goes wrong where there is none.
static inline void lmdb_prefetch(const void *start, unsigned long count) {
    const char *at = (const char *)start, *end = at + count;
    for (; end - at > 192; at += 256) {
        __builtin_prefetch(at, 0, 2);
        __builtin_prefetch(at + 64, 0, 2);
        __builtin_prefetch(at + 128, 0, 2);
        __builtin_prefetch(at + 192, 0, 2);
    }
    for (; at < end; at += 64) __builtin_prefetch(at, 0, 2);
}
