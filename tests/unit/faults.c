/* SPDX-License-Identifier: MIT */
/* Wrappers of system calls, by the symbols that a program of this C library links to: its
 * arguments pass through as they are, which integers and pointers do on 64-bit machines. */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8 && sizeof(void *) == 8, "an argument is a register");

enum { ARGS = 6, PARTS_MAX = 1024 };

/* What can be done in part: bytes (argument 2 says how many), of an iovec, or messages. */
enum part { WHOLE, BYTES, VECTOR, MESSAGES };

#define OF_FILES                                                                         \
    {                                                                                    \
        EMFILE, ENOMEM, EINTR, EIO, EACCES                                               \
    }
#define OF_NAMES                                                                         \
    {                                                                                    \
        ENOSPC, EIO, EACCES                                                              \
    }

/* name, part, errors */
#define CALLS(X)                                                                         \
    X(malloc, WHOLE, { ENOMEM })                                                         \
    X(calloc, WHOLE, { ENOMEM })                                                         \
    X(open, WHOLE, OF_FILES)                                                             \
    X(openat, WHOLE, OF_FILES)                                                           \
    X(syscall, WHOLE, { EINTR, EMFILE, ENOMEM, EAGAIN, EIO })                            \
    X(close, WHOLE, { EIO, EINTR, ENOSPC })                                              \
    X(fcntl, WHOLE, { EMFILE })                                                          \
    X(read, BYTES, { FAULT_SHORT, EINTR, EAGAIN, EIO })                                  \
    X(write, BYTES, { FAULT_SHORT, EINTR, ENOSPC, EIO })                                 \
    X(pread, BYTES, { EINTR, EIO })                                                      \
    X(preadv, VECTOR, { FAULT_SHORT, EINTR, EIO })                                       \
    X(preadv2, VECTOR, { FAULT_SHORT, EAGAIN, EINTR, EOPNOTSUPP, EIO })                  \
    X(pwritev, VECTOR, { FAULT_SHORT, EINTR, ENOSPC, EIO })                              \
    X(writev, VECTOR, { FAULT_SHORT, EINTR, EAGAIN, ENOSPC, EIO })                       \
    X(sendfile, WHOLE, { EINTR, ENOSPC, EIO })                                           \
    X(fallocate, WHOLE, { EINTR, ENOSPC, EOPNOTSUPP })                                   \
    X(ftruncate, WHOLE, { EINTR, EIO })                                                  \
    X(fsync, WHOLE, { EIO, ENOSPC, EINTR })                                              \
    X(syncfs, WHOLE, { EIO, ENOSPC })                                                    \
    X(flock, WHOLE, { EINTR, EWOULDBLOCK, ENOLCK })                                      \
    X(fchmod, WHOLE, { EIO, EPERM })                                                     \
    X(fstat, WHOLE, { ENOMEM, EIO })                                                     \
    X(fstatat, WHOLE, { ENOMEM, EIO, ENOENT })                                           \
    X(fstatfs, WHOLE, { EIO })                                                           \
    X(statx, WHOLE, { ENOMEM, EIO, ENOSYS })                                             \
    X(lseek, WHOLE, { EIO })                                                             \
    X(readlinkat, WHOLE, { ENOMEM, EIO })                                                \
    X(mkdirat, WHOLE, OF_NAMES)                                                          \
    X(linkat, WHOLE, OF_NAMES)                                                           \
    X(unlinkat, WHOLE, { EIO, EACCES })                                                  \
    X(renameat, WHOLE, OF_NAMES)                                                         \
    X(renameat2, WHOLE, { ENOSPC, EIO, EINVAL, ENOSYS, EPERM })                          \
    X(madvise, WHOLE, { EIO })                                                           \
    X(socket, WHOLE, { EMFILE, ENFILE, ENOMEM, ENOBUFS })                                \
    X(bind, WHOLE, { EADDRINUSE, ENOMEM })                                               \
    X(connect, WHOLE, { EAGAIN, ENETUNREACH })                                           \
    X(listen, WHOLE, { EADDRINUSE })                                                     \
    X(accept4, WHOLE, { EMFILE, ENOMEM, EINTR, ECONNABORTED, EAGAIN })                   \
    X(getsockname, WHOLE, { ENOBUFS })                                                   \
    X(getsockopt, WHOLE, { ENOMEM })                                                     \
    X(setsockopt, WHOLE, { ENOMEM, EPERM })                                              \
    X(shutdown, WHOLE, { ENOTCONN })                                                     \
    X(recv, BYTES, { FAULT_SHORT, EINTR, EAGAIN, ENOMEM })                               \
    X(send, BYTES, { FAULT_SHORT, EINTR, EAGAIN, ENOBUFS })                              \
    X(sendto, WHOLE, { EINTR, EAGAIN, ENOBUFS, ENOMEM, ECONNREFUSED })                   \
    X(recvmsg, WHOLE, { EINTR, EAGAIN, ENOMEM, ECONNREFUSED })                           \
    X(sendmsg, WHOLE, { EINTR, EAGAIN, ENOBUFS, EIO, ECONNREFUSED })                     \
    X(recvmmsg, MESSAGES, { FAULT_SHORT, EINTR, EAGAIN, ECONNREFUSED, ENOMEM, ENOSYS })  \
    X(sendmmsg, MESSAGES, { FAULT_SHORT, EINTR, EAGAIN, ECONNREFUSED, ENOBUFS, EPERM })  \
    X(poll, WHOLE, { EINTR, ENOMEM })                                                    \
    X(ppoll, WHOLE, { EINTR, ENOMEM })                                                   \
    X(epoll_create1, WHOLE, { EMFILE, ENOMEM })                                          \
    X(epoll_ctl, WHOLE, { ENOMEM, ENOSPC })                                              \
    X(epoll_wait, WHOLE, { EINTR })                                                      \
    X(epoll_pwait2, WHOLE, { EINTR, ENOSYS, EPERM })                                     \
    X(eventfd, WHOLE, { EMFILE, ENOMEM })                                                \
    X(timerfd_create, WHOLE, { EMFILE, ENOMEM })                                         \
    X(getrandom, WHOLE, { EINTR })                                                       \
    X(nanosleep, WHOLE, { EINTR })                                                       \
    X(mmap, WHOLE, { ENOMEM })                                                           \
    X(fdopendir, WHOLE, { ENOMEM, EMFILE })                                              \
    X(readdir, WHOLE, { EIO })

#define NUMBER(name, part, ...) call_##name,
enum number { CALLS(NUMBER) CALL_COUNT };

#define ROW(name, part, ...) { #name, __VA_ARGS__ },
static const struct fault_call calls[] = { CALLS(ROW) };

#define PART(name, part, ...) part,
static const enum part parts[] = { CALLS(PART) };

/* Shared with who set LD_PRELOAD: of all calls each `every`-th fails while it is not 0. */
struct plan {
    _Atomic uint32_t every;
    _Atomic uint32_t failed;
};

static struct plan own_plan;
static struct plan *plan = &own_plan;
static _Atomic bool counting, met;
static size_t wanted;
static unsigned nth;
static int wanted_error;
static _Atomic unsigned counts[CALL_COUNT];
static _Atomic uint32_t all_calls;
static _Thread_local bool is_spared;

size_t fault_calls(void)
{
    return CALL_COUNT;
}

const struct fault_call *fault_call(size_t i)
{
    return &calls[i];
}

size_t fault_call_named(const char *name)
{
    for (size_t i = 0; i < CALL_COUNT; i++)
        if (strcmp(calls[i].name, name) == 0)
            return i;
    abort();
}

void faults_begin(size_t call, unsigned n, int error)
{
    for (size_t i = 0; i < CALL_COUNT; i++)
        counts[i] = 0;
    wanted = call;
    nth = n;
    wanted_error = error;
    met = false;
    counting = true;
}

bool faults_end(void)
{
    counting = false;
    return met;
}

unsigned fault_count(size_t call)
{
    return counts[call];
}

void faults_spare(bool spared)
{
    is_spared = spared;
}

/* The errors of a call in turn. */
static int next_error(enum number call, uint32_t n)
{
    size_t count = 0;

    while (count < sizeof calls->errors / sizeof *calls->errors &&
           calls[call].errors[count])
        count++;
    return calls[call].errors[n % count];
}

/* What this call shall end with; 0: as it does. */
static int error_of(enum number call)
{
    uint32_t every = plan->every;
    uint32_t n;

    if (is_spared)
        return 0;
    if (every > 0) {
        n = ++all_calls;
        return n % every == 0 ? next_error(call, plan->failed++) : 0;
    }
    if (!counting)
        return 0;
    n = ++counts[call];
    if (call != wanted || (n != nth && nth != FAULT_EACH))
        return 0;
    met = true;
    return wanted_error;
}

typedef long function(long, long, long, long, long, long);

static function *real(const char *symbol)
{
    function *f;
    void *found = dlsym(RTLD_NEXT, symbol);

    if (!found)
        abort();
    *(void **)&f = found;
    return f;
}

/* A part of what was asked for: half of the bytes, or one message. */
static long in_part(enum number call, function *f, const long a[ARGS])
{
    const struct iovec *v = (const struct iovec *)a[1];
    struct iovec half;
    long n = a[2];

    if (parts[call] == BYTES)
        return f(a[0], a[1], (n + 1) / 2, a[3], a[4], a[5]);
    if (parts[call] == MESSAGES)
        return f(a[0], a[1], n > 0 ? 1 : n, a[3], a[4], a[5]);
    while (n > 1 && v->iov_len == 0) {
        v++;
        n--;
    }
    half = (struct iovec){ v->iov_base, (v->iov_len + 1) / 2 };
    return f(a[0], (long)&half, 1, a[3], a[4], a[5]);
}

static bool gives_pointer(enum number call)
{
    return call == call_fdopendir || call == call_readdir || call == call_malloc ||
           call == call_calloc;
}

static long pass(enum number call, function *f, const long a[ARGS])
{
    bool can =
        call != call_epoll_ctl || a[1] == EPOLL_CTL_ADD; /* others need no memory */
    int error = can ? error_of(call) : 0;

    if (error == FAULT_SHORT)
        return in_part(call, f, a);
    if (error == 0 || call == call_close) { /* which takes the descriptor in any case */
        long result = f(a[0], a[1], a[2], a[3], a[4], a[5]);

        if (error == 0)
            return result;
    }
    errno = error;
    return gives_pointer(call) ? 0 : -1;
}

/* Memory: by --wrap of the linker, for the C library's own is not to fail. */
void *__real_malloc(size_t size) __attribute__((weak));
void *__real_calloc(size_t count, size_t size) __attribute__((weak));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
    return error_of(call_malloc) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return error_of(call_calloc) ? NULL : __real_calloc(count, size);
}

/* The plan of who has set LD_PRELOAD: a file, shared. */
__attribute__((constructor)) static void read_environment(void)
{
    const char *path = getenv("KEDGE_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at = MAP_FAILED;

    if (fd >= 0) {
        at = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (at != MAP_FAILED)
        plan = at;
}

/* A function of this file under the C library's name, which its headers do not see. */
#define WRAP(name, symbol)                                                               \
    static _Atomic(function *) next_##symbol;                                            \
    __attribute__((visibility("default"))) long fault_##symbol(                          \
        long a, long b, long c, long d, long e, long f) __asm__(#symbol);                \
    long fault_##symbol(long a, long b, long c, long d, long e, long f)                  \
    {                                                                                    \
        const long args[ARGS] = { a, b, c, d, e, f };                                    \
                                                                                         \
        if (!next_##symbol)                                                              \
            next_##symbol = real(#symbol);                                               \
        return pass(call_##name, next_##symbol, args);                                   \
    }

#define WRAP_WIDE(name) WRAP(name, name) WRAP(name, name##64)

WRAP_WIDE(open)
WRAP_WIDE(openat)
WRAP_WIDE(fcntl)
WRAP_WIDE(pread)
WRAP_WIDE(preadv)
WRAP_WIDE(pwritev)
WRAP_WIDE(sendfile)
WRAP_WIDE(fallocate)
WRAP_WIDE(ftruncate)
WRAP_WIDE(fstat)
WRAP_WIDE(fstatat)
WRAP_WIDE(fstatfs)
WRAP_WIDE(lseek)
WRAP_WIDE(mmap)
WRAP_WIDE(readdir)
WRAP(close, close)
WRAP(read, read)
WRAP(write, write)
WRAP(writev, writev)
WRAP(fsync, fsync)
WRAP(syncfs, syncfs)
WRAP(flock, flock)
WRAP(fchmod, fchmod)
WRAP(statx, statx)
WRAP(readlinkat, readlinkat)
WRAP(mkdirat, mkdirat)
WRAP(linkat, linkat)
WRAP(unlinkat, unlinkat)
WRAP(renameat, renameat)
WRAP(renameat2, renameat2)
WRAP(madvise, madvise)
WRAP(socket, socket)
WRAP(bind, bind)
WRAP(connect, connect)
WRAP(listen, listen)
WRAP(accept4, accept4)
WRAP(getsockname, getsockname)
WRAP(getsockopt, getsockopt)
WRAP(setsockopt, setsockopt)
WRAP(shutdown, shutdown)
WRAP(recv, recv)
WRAP(send, send)
WRAP(sendto, sendto)
WRAP(recvmsg, recvmsg)
WRAP(sendmsg, sendmsg)
WRAP(recvmmsg, recvmmsg)
WRAP(sendmmsg, sendmmsg)
WRAP(poll, poll)
WRAP(ppoll, ppoll)
WRAP(epoll_create1, epoll_create1)
WRAP(epoll_ctl, epoll_ctl)
WRAP(epoll_wait, epoll_wait)
WRAP(epoll_pwait2, epoll_pwait2)
WRAP(eventfd, eventfd)
WRAP(timerfd_create, timerfd_create)
WRAP(getrandom, getrandom)
WRAP(nanosleep, nanosleep)
WRAP(fdopendir, fdopendir)
WRAP(syscall, syscall)
WRAP(preadv2, preadv2)
WRAP(preadv2, preadv64v2)
/* Of a fortified build. */
WRAP(open, __open64_2)
WRAP(openat, __openat64_2)
WRAP(read, __read_chk)
WRAP(pread, __pread64_chk)
WRAP(recv, __recv_chk)
WRAP(readlinkat, __readlinkat_chk)
WRAP(poll, __poll_chk)
WRAP(ppoll, __ppoll_chk)
