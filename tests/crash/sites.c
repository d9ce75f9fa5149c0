// Sites at which a process may die: every call that changes a file below one folder, counted, and failed on demand.
//
// Loaded with LD_PRELOAD. `arm` names the folder, the site at which something happens, and what: nothing (0, sites are only
// counted), SIGKILL before the call (1), SIGKILL in the middle of it (2: a write writes half, any other call is done first), an
// error once (3, EIO), or an error from there on (4 ENOSPC: nothing that needs room; 5 EROFS: nothing at all).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { COUNT, KILL, TEAR, FAIL_ONCE, FULL, READ_ONLY };
enum need { ROOM, NO_ROOM };

static char root[PATH_MAX];
static size_t root_length;
static enum mode mode;
static long at;
static atomic_long seen;
static int told = -1;
static _Atomic unsigned char ours[1 << 16]; // descriptors of files below the folder

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void arm(const char *folder, int what, long site, int told_to) {
    root_length = strlen(strncpy(root, folder, sizeof root - 1));
    mode = what;
    at = site;
    told = told_to;
    atomic_store(&seen, 0);
}

long sites_seen(void) { return atomic_load(&seen); }

static int below(int directory, const char *path) {
    char whole[PATH_MAX], link[64];
    if (!root_length || !path) return 0;
    if (path[0] != '/') {
        if (directory == AT_FDCWD) {
            if (!getcwd(whole, sizeof whole)) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
            ssize_t length = readlink(link, whole, sizeof whole - 1);
            if (length < 0) return 0;
            whole[length] = 0;
        }
        return !strncmp(whole, root, root_length);
    }
    return !strncmp(path, root, root_length);
}

static int is_ours(int fd) { return fd >= 0 && fd < (int)sizeof ours && ours[fd]; }

// -1 where the call is to fail, 1 where the process dies when the call is done, else 0. Dies here where it dies before.
static int site(const char *call, const char *path, enum need need) {
    long number = atomic_fetch_add(&seen, 1) + 1;
    if (told >= 0) dprintf(told, "%ld %s %s\n", number, call, path ? path : "");
    if (mode == COUNT || number < at) return 0;
    if (mode == KILL && number == at) kill(getpid(), SIGKILL);
    if (mode == TEAR && number == at) return 1;
    errno = mode == FAIL_ONCE ? EIO : mode == FULL ? ENOSPC : EROFS;
    if ((mode == FAIL_ONCE && number == at) || (mode == FULL && need == ROOM) || mode == READ_ONLY) return -1;
    return 0;
}

static long ended(int fate, long result) {
    if (fate == 1) kill(getpid(), SIGKILL);
    return result;
}

static int opened(int fd, int is_below) {
    if (fd >= 0 && fd < (int)sizeof ours) ours[fd] = is_below;
    return fd;
}

static int writing(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }

#define OPENS(name, before, given, directory, path)                                   \
    int name(before, int flags, ...) {                                                \
        va_list rest;                                                                 \
        va_start(rest, flags);                                                        \
        mode_t permissions = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                                 \
        int writes = writing(flags) && below(directory, path);                        \
        int fate = writes ? site("open", path, (flags & O_CREAT) ? ROOM : NO_ROOM) : 0; \
        if (fate < 0) return -1;                                                      \
        return (int)ended(fate, opened(REAL(name)(given, flags, permissions), below(directory, path))); \
    }
#define BOTH(...) __VA_ARGS__
OPENS(open, const char *path, path, AT_FDCWD, path)
OPENS(open64, const char *path, path, AT_FDCWD, path)
OPENS(openat, BOTH(int directory, const char *path), BOTH(directory, path), directory, path)
OPENS(openat64, BOTH(int directory, const char *path), BOTH(directory, path), directory, path)

int creat(const char *path, mode_t permissions) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, permissions); }
int creat64(const char *path, mode_t permissions) { return open64(path, O_CREAT | O_WRONLY | O_TRUNC, permissions); }

int close(int fd) {
    opened(fd, 0);
    return REAL(close)(fd);
}

// A torn write is one of which the first half reached the file.
#define WRITES(name, type, parameters, given, half)                                   \
    type name parameters {                                                            \
        int fate = is_ours(fd) ? site(#name, NULL, ROOM) : 0;                         \
        if (fate < 0) return -1;                                                      \
        if (fate == 1) return (type)ended(fate, REAL(name) half);                     \
        return REAL(name) given;                                                      \
    }
WRITES(write, ssize_t, (int fd, const void *from, size_t size), (fd, from, size), (fd, from, size / 2))
WRITES(pwrite, ssize_t, (int fd, const void *from, size_t size, off_t to), (fd, from, size, to), (fd, from, size / 2, to))
WRITES(pwrite64, ssize_t, (int fd, const void *from, size_t size, off64_t to), (fd, from, size, to), (fd, from, size / 2, to))
WRITES(writev, ssize_t, (int fd, const struct iovec *from, int count), (fd, from, count), (fd, from, (count + 1) / 2))

#define ON_FD(name, need, parameters, given)                                          \
    int name parameters {                                                             \
        int fate = is_ours(fd) ? site(#name, NULL, need) : 0;                         \
        return fate < 0 ? -1 : (int)ended(fate, REAL(name) given);                    \
    }
ON_FD(fsync, NO_ROOM, (int fd), (fd))
ON_FD(fdatasync, NO_ROOM, (int fd), (fd))
ON_FD(ftruncate, NO_ROOM, (int fd, off_t size), (fd, size))
ON_FD(ftruncate64, NO_ROOM, (int fd, off64_t size), (fd, size))
ON_FD(fallocate, ROOM, (int fd, int how, off_t from, off_t size), (fd, how, from, size))

#define ON_PATH(name, need, directory, path, parameters, given)                       \
    int name parameters {                                                             \
        int fate = below(directory, path) ? site(#name, path, need) : 0;              \
        return fate < 0 ? -1 : (int)ended(fate, REAL(name) given);                    \
    }
ON_PATH(rename, NO_ROOM, AT_FDCWD, to, (const char *from, const char *to), (from, to))
ON_PATH(renameat, NO_ROOM, there, to, (int here, const char *from, int there, const char *to), (here, from, there, to))
ON_PATH(renameat2, NO_ROOM, there, to, (int here, const char *from, int there, const char *to, unsigned int how),
        (here, from, there, to, how))
ON_PATH(link, ROOM, AT_FDCWD, to, (const char *from, const char *to), (from, to))
ON_PATH(linkat, ROOM, there, to, (int here, const char *from, int there, const char *to, int how), (here, from, there, to, how))
ON_PATH(symlink, ROOM, AT_FDCWD, to, (const char *from, const char *to), (from, to))
ON_PATH(mkdir, ROOM, AT_FDCWD, path, (const char *path, mode_t permissions), (path, permissions))
ON_PATH(mkdirat, ROOM, there, path, (int there, const char *path, mode_t permissions), (there, path, permissions))
ON_PATH(unlink, NO_ROOM, AT_FDCWD, path, (const char *path), (path))
ON_PATH(unlinkat, NO_ROOM, there, path, (int there, const char *path, int how), (there, path, how))
ON_PATH(remove, NO_ROOM, AT_FDCWD, path, (const char *path), (path))
ON_PATH(rmdir, NO_ROOM, AT_FDCWD, path, (const char *path), (path))
ON_PATH(chmod, NO_ROOM, AT_FDCWD, path, (const char *path, mode_t permissions), (path, permissions))
