#define _GNU_SOURCE
#include "CAllocationCount.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { slotCount = 1024, siteCount = 4096 };  // threads beyond that share the last slot

// What the file holds.
struct table {
    struct CallCounts slots[slotCount];
    struct CallSite sites[siteCount];  // a hash table by address, open addressing
};

static struct table own;
static struct table *shared = &own;
static uint64_t slotsTaken;
static int retainsAreSeen;

// Initial-exec: finding the variable must not allocate, or malloc would call itself.
static __thread struct CallCounts *mine __attribute__((tls_model("initial-exec")));

static struct CallCounts *counts(void) {
    if (mine == NULL) {
        uint64_t index = __atomic_fetch_add(&slotsTaken, 1, __ATOMIC_RELAXED);
        mine = &shared->slots[index < slotCount ? index : slotCount - 1];
        mine->thread = (uint64_t)syscall(SYS_gettid);
    }
    return mine;
}

static void count(uint64_t *counter) {
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

// The entry of a caller, made when it is new; NULL when the table is full.
static struct CallSite *site(uint64_t address) {
    for (uint64_t i = 0, at = address * 0x9E3779B97F4A7C15u >> 52; i < siteCount; i++) {
        struct CallSite *entry = &shared->sites[(at + i) % siteCount];
        uint64_t there = 0;
        if (__atomic_compare_exchange_n(&entry->address, &there, address, 0, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED) || there == address) return entry;
    }
    return NULL;
}

// Who calls is told of event loops only: others may allocate as they like.
static void countAllocation(void *caller) {
    struct CallCounts *counter = counts();
    count(&counter->allocations);
    if (counter->polls == 0) return;
    struct CallSite *entry = site((uint64_t)caller);
    if (entry != NULL) count(&entry->allocations);
}

static void countRetain(void *caller) {
    struct CallCounts *counter = counts();
    count(&counter->retains);
    if (counter->polls == 0) return;
    struct CallSite *entry = site((uint64_t)caller);
    if (entry != NULL) count(&entry->retains);
}

// MARK: - The heap

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    countAllocation(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
    countAllocation(__builtin_return_address(0));
    return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size) {
    countAllocation(__builtin_return_address(0));
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    countAllocation(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    countAllocation(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    countAllocation(__builtin_return_address(0));
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

// MARK: - Event loops

int epoll_wait(int poller, struct epoll_event *events, int room, int milliseconds) {
    typedef int Wait(int, struct epoll_event *, int, int);
    static Wait *next;
    if (next == NULL) next = (Wait *)dlsym(RTLD_NEXT, "epoll_wait");
    count(&counts()->polls);
    return next(poller, events, room, milliseconds);
}

// MARK: - The Swift runtime
//
// It exports the pointers `_swift_retain` and so on for instruments, and a flag that makes it call
// through them. With the flag set, 6.3 strips the tag off a small string before it looks whether
// there is anything to retain, and crashes. So the flag stays off; a jump written over the first
// bytes of the functions brings every call here, those inside the runtime too, and the pointers
// serve to call what would have run.

#if defined(__x86_64__)

static void *(*nextRetain)(void *);
static void *(*nextRetainMany)(void *, uint32_t);
static void *(*nextTryRetain)(void *);

// Tagged and immediate values are no objects; the spare bits of a bridged one are not its address.
static void *retain(void *object) {
    const uint64_t address = 0x00FFFFFFFFFFFFF8;
    countRetain(__builtin_return_address(0));
    if ((intptr_t)object > 0) nextRetain((void *)((uint64_t)object & address));
    return object;
}

static void *retainMany(void *object, uint32_t times) {
    countRetain(__builtin_return_address(0));
    return nextRetainMany(object, times);
}

static void *tryRetain(void *object) {
    countRetain(__builtin_return_address(0));
    return nextTryRetain(object);
}

// Makes `name` jump to `hook`; returns what its pointer, `_name`, calls, or NULL if it cannot.
static void *divert(const char *name, const char *pointerName, void *hook) {
    unsigned char jump[14] = { 0xFF, 0x25, 0, 0, 0, 0 };  // jmp *0(%rip); the address follows
    unsigned char *code = dlsym(RTLD_DEFAULT, name);
    void **pointer = dlsym(RTLD_DEFAULT, pointerName);
    if (code == NULL || pointer == NULL) return NULL;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = (uint64_t)code & ~(page - 1);
    size_t length = (uint64_t)code + sizeof jump - first;
    if (mprotect((void *)first, length, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return NULL;
    memcpy(jump + 6, &hook, sizeof hook);
    memcpy(code, jump, sizeof jump);
    mprotect((void *)first, length, PROT_READ | PROT_EXEC);
    return *pointer;
}

static void hookRuntime(void) {
    nextRetain = (void *(*)(void *))divert("swift_retain", "_swift_retain", (void *)retain);
    nextRetainMany = (void *(*)(void *, uint32_t))divert(
        "swift_retain_n", "_swift_retain_n", (void *)retainMany);
    nextTryRetain =
        (void *(*)(void *))divert("swift_tryRetain", "_swift_tryRetain", (void *)tryRetain);
    retainsAreSeen = nextRetain != NULL && nextRetainMany != NULL && nextTryRetain != NULL;
}

#else

static void hookRuntime(void) {}

#endif

// Earlier counts, of the few calls before this runs, stay behind in `own`.
static void shareTable(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof own) < 0) abort();
    void *memory = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) abort();
    close(fd);
    shared = memory;
    slotsTaken = 0;
    mine = NULL;
}

__attribute__((constructor)) static void begin(void) {
    hookRuntime();
    const char *path = getenv("CALL_COUNTS");
    if (path != NULL && retainsAreSeen) shareTable(path);
}

struct CallCounts callCountsOfThisThread(void) {
    return *counts();
}

int callCountsSeeRetains(void) {
    return retainsAreSeen;
}
