// What the load generators share: the keys that are asked for, and the time. `fail` is the includer's.

static uint32_t *keys;
static size_t keyCount, nextKey;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void readKeys(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail(path);
    size_t room = 1 << 16;
    keys = malloc(room * sizeof *keys);
    while (keys != NULL && fscanf(file, "%u", &keys[keyCount]) == 1)
        if (++keyCount == room) keys = realloc(keys, (room *= 2) * sizeof *keys);
    if (keys == NULL || keyCount == 0) fail("keys");
    fclose(file);
}
