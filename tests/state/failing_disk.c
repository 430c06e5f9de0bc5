/* Preloaded beneath Python and SQLite: the n-th call that changes a file of a journal fails, as a bad disk would. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char *const watched = "/paper-main";
static long calls, fails_at;
static int error_number, for_good, torn;

/* From now on: call *at* (0: none) fails with *number*, and every later one too if *sticky*; *half* tears a write. */
void disk_fails(long at, int number, int sticky, int half) {
    calls = 0, fails_at = at, error_number = number, for_good = sticky, torn = half;
}

long disk_calls(void) { return calls; }

static int refuses_path(const char *path) {
    if (!fails_at || !strstr(path, watched)) return 0;
    calls++;
    return calls == fails_at || (for_good && calls > fails_at);
}

static int refuses(int descriptor) {
    char link[64], path[4096];
    if (!fails_at) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return refuses_path(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL return errno = error_number, -1

#define WRITER(name, offset_type)                                                        \
    ssize_t name(int fd, const void *data, size_t size, offset_type at) {                \
        if (!refuses(fd)) return REAL(name)(fd, data, size, at);                         \
        if (torn) REAL(name)(fd, data, size / 2, at);                                    \
        FAIL;                                                                            \
    }
WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
    if (!refuses(fd)) return REAL(write)(fd, data, size);
    if (torn) REAL(write)(fd, data, size / 2);
    FAIL;
}

int fsync(int fd) { if (refuses(fd)) FAIL; return REAL(fsync)(fd); }
int fdatasync(int fd) { if (refuses(fd)) FAIL; return REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { if (refuses(fd)) FAIL; return REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { if (refuses(fd)) FAIL; return REAL(ftruncate64)(fd, size); }
int rename(const char *from, const char *to) { if (refuses_path(to)) FAIL; return REAL(rename)(from, to); }
int unlink(const char *path) { if (refuses_path(path)) FAIL; return REAL(unlink)(path); }
