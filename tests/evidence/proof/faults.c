/* Kills or fails a process at a chosen call that changes files.  Preloaded by crash.py.

   faults_arm(at, mode, code): the call number `at` from now on is the one.
   mode 0: the process dies before it; 1: after it; 2: half way through a write, else
   before it; 3: the call fails with errno `code`, a write after half of it.
   Calls on the descriptor `ignored` (the pipe of acknowledgements) do not count. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

static long calls, chosen = -1;
static int how, with, ignored = -1;

void faults_arm(long at, int mode, int code, int spared)
{
    calls = 0; chosen = at; how = mode; with = code; ignored = spared;
}

long faults_calls(void) { return calls; }

static int here(void) { return chosen >= 0 && calls++ == chosen; }
static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define AROUND(call)                                     \
    if (!here()) return call;                            \
    if (how == 0 || how == 2) die();                     \
    if (how == 3) { errno = with; return -1; }           \
    { __typeof__(call) done = call; die(); return done; }

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write);
    if (fd == ignored || !here()) return real(fd, data, size);
    if (how == 0) die();
    if (how == 1) { real(fd, data, size); die(); }
    real(fd, data, size / 2);
    if (how == 2) die();
    errno = with;
    return -1;
}

int fsync(int fd) { REAL(fsync); AROUND(real(fd)) }
int fdatasync(int fd) { REAL(fdatasync); AROUND(real(fd)) }
int rename(const char *from, const char *to) { REAL(rename); AROUND(real(from, to)) }
int link(const char *from, const char *to) { REAL(link); AROUND(real(from, to)) }
int unlink(const char *path) { REAL(unlink); AROUND(real(path)) }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); AROUND(real(path, mode)) }

int open64(const char *path, int flags, ...)
{
    REAL(open64);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (!(flags & O_CREAT)) return real(path, flags, mode);
    AROUND(real(path, flags, mode))
}
