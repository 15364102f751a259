// Counts heap allocations and Swift retains, exactly, thread by thread.
//
// The same source serves twice: linked into a benchmark, which asks about its own thread, and as a
// shared object in LD_PRELOAD, which writes its counts to the file named by CALL_COUNTS for a
// program outside to read (Benchmarks/peers/hitgate).
#pragma once
#include <stdint.h>

/// What one thread did since it began. The file begins with 1,024 of these, little-endian; `thread`
/// is 0 behind the last.
struct CallCounts {
    uint64_t thread;       // the kernel's thread id
    uint64_t allocations;  // malloc, calloc, realloc and the aligned ones
    uint64_t retains;      // swift_retain, swift_retain_n (once), swift_tryRetain
    uint64_t polls;        // epoll_wait: tells which threads are event loops
    uint64_t reserved[4];  // a cache line each, so that threads do not slow one another
};

/// What one place in the code made event loops do. In the file these follow the 1,024 threads;
/// `address` is where the call returns to, 0 in empty entries.
struct CallSite {
    uint64_t address;
    uint64_t allocations;
    uint64_t retains;
    uint64_t reserved;
};

/// The calling thread's counts.
struct CallCounts callCountsOfThisThread(void);

/// Whether the Swift runtime let itself be watched; if not, zero retains mean nothing. Not so with
/// a statically linked runtime, nor on processors other than x86-64.
int callCountsSeeRetains(void);
