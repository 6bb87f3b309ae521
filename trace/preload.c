/* SPDX-License-Identifier: MIT */
/* The functions that stand in front of the C library's: each calls it, and reports what
 * came of it (see.h). `kedge trace` has them loaded by LD_PRELOAD. */
/* Here the C library's names are defined: none of them may be renamed or made inline. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include "trace/calls.h"
#include "trace/hook.h"
#include "trace/see.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>

/* What a program compiled with _FORTIFY_SOURCE calls; no header declares them.
 * NOLINTBEGIN(bugprone-reserved-identifier) */
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t room);
ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t bound, int flags,
                       struct sockaddr *from, socklen_t *len);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room);
/* NOLINTEND(bugprone-reserved-identifier) */

/* The C library declares addresses of sockets as a union of pointers, or as one of them. */
#pragma GCC diagnostic ignored "-Wpedantic"

#define WRAP(type, name, parameters)                                                     \
    __attribute__((visibility("default"))) type name parameters

/* ---- a socket's life ---- */

WRAP(int, socket, (int family, int type, int protocol))
{
    return see_begun(NEXT(socket)(family, type, protocol), "socket", -1);
}

WRAP(int, socketpair, (int family, int type, int protocol, int fds[2]))
{
    int result = NEXT(socketpair)(family, type, protocol, fds);

    for (int i = 0; result == 0 && i < 2; i++)
        (void)see_begun(fds[i], "socketpair", -1);
    return result;
}

WRAP(int, bind, (int fd, const struct sockaddr *at, socklen_t len))
{
    return see_bind(fd, NEXT(bind)(fd, at, len));
}

WRAP(int, listen, (int fd, int backlog))
{
    return see_listen(fd, backlog, NEXT(listen)(fd, backlog));
}

WRAP(int, accept, (int fd, struct sockaddr *from, socklen_t *len))
{
    return see_begun(NEXT(accept)(fd, from, len), "accept", fd);
}

WRAP(int, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags))
{
    return see_begun(NEXT(accept4)(fd, from, len, flags), "accept4", fd);
}

WRAP(int, connect, (int fd, const struct sockaddr *to, socklen_t len))
{
    return see_connect(fd, to, len, NEXT(connect)(fd, to, len));
}

WRAP(int, shutdown, (int fd, int how))
{
    static const char *const names[] = { "shutdown SHUT_RD", "shutdown SHUT_WR",
                                         "shutdown SHUT_RDWR" };

    return (int)see_call(fd, how >= 0 && how <= SHUT_RDWR ? names[how] : "shutdown",
                         NEXT(shutdown)(fd, how));
}

WRAP(int, close, (int fd))
{
    return see_close(fd);
}

/* How a connect that was under way has come out. */
WRAP(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *len))
{
    int result = NEXT(getsockopt)(fd, level, name, value, len), error = errno;

    if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && *len >= sizeof errno) {
        errno = *(int *)value;
        (void)see_call(fd, "SO_ERROR", errno ? -1 : 0);
        errno = error;
    }
    return result;
}

WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len))
{
    return see_option(fd, level, name, value, len);
}

WRAP(int, dup, (int fd))
{
    return (int)see_call(fd, "dup", NEXT(dup)(fd));
}

static int hook_refuses(int fd)
{
    if (!hook_owns(fd))
        return 0;
    errno = EBADF;
    return 1;
}

WRAP(int, dup2, (int fd, int to))
{
    return hook_refuses(to) ? -1 : (int)see_call(fd, "dup2", NEXT(dup2)(fd, to));
}

WRAP(int, dup3, (int fd, int to, int flags))
{
    return hook_refuses(to) ? -1 : (int)see_call(fd, "dup3", NEXT(dup3)(fd, to, flags));
}

WRAP(int, poll, (struct pollfd * fds, nfds_t count, int timeout))
{
    int result = NEXT(poll)(fds, count, timeout);

    see_poll(fds, count, timeout, result);
    return result;
}

/* ---- bytes that leave ---- */

#define OUT(call, bytes, size)                                                           \
    .name = #call, .out = true, .one = { (void *)(uintptr_t)(bytes), (size) }
#define IN(call, bytes, size) .name = #call, .one = { (bytes), (size) }

WRAP(ssize_t, send, (int fd, const void *bytes, size_t size, int flags))
{
    struct see_data d = { OUT(send, bytes, size) };

    return see_data(fd, &d, NEXT(send)(fd, bytes, size, flags));
}

WRAP(ssize_t, sendto,
     (int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
      socklen_t len))
{
    struct see_data d = { OUT(sendto, bytes, size), .address = to, .address_len = len };

    return see_data(fd, &d, NEXT(sendto)(fd, bytes, size, flags, to, len));
}

static struct see_data data_of(const struct msghdr *m, const char *name, int flags)
{
    return (struct see_data){ .name = name,
                              .flags = flags,
                              .iov = m->msg_iov,
                              .count = m->msg_iovlen,
                              .address = m->msg_name,
                              .address_len = m->msg_namelen,
                              .message = m };
}

WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags))
{
    ssize_t result = NEXT(sendmsg)(fd, message, flags);
    struct see_data d = { .name = "sendmsg" };

    if (result >= 0)
        d = data_of(message, "sendmsg", flags);
    d.out = true;
    return see_data(fd, &d, result);
}

WRAP(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags))
{
    struct see_data d = { .name = "sendmmsg", .out = true, .flags = flags };

    return see_messages(fd, &d, messages, NEXT(sendmmsg)(fd, messages, count, flags));
}

WRAP(ssize_t, write, (int fd, const void *bytes, size_t size))
{
    struct see_data d = { OUT(write, bytes, size) };

    return see_data(fd, &d, NEXT(write)(fd, bytes, size));
}

WRAP(ssize_t, writev, (int fd, const struct iovec *iov, int count))
{
    ssize_t result = NEXT(writev)(fd, iov, count);
    struct see_data d = { .name = "writev", .out = true };

    if (result >= 0) {
        d.iov = iov;
        d.count = (size_t)count;
    }
    return see_data(fd, &d, result);
}

WRAP(ssize_t, sendfile, (int to, int from, off_t *offset, size_t size))
{
    return see_call(to, "sendfile", NEXT(sendfile)(to, from, offset, size));
}

WRAP(ssize_t, sendfile64, (int to, int from, __off64_t *offset, size_t size))
{
    return see_call(to, "sendfile", NEXT(sendfile64)(to, from, offset, size));
}

/* ---- bytes that come ---- */

WRAP(ssize_t, recv, (int fd, void *bytes, size_t size, int flags))
{
    struct see_data d = { IN(recv, bytes, size), .flags = flags };

    return see_data(fd, &d, NEXT(recv)(fd, bytes, size, flags));
}

WRAP(ssize_t, __recv_chk, (int fd, void *bytes, size_t size, size_t room, int flags))
{
    struct see_data d = { IN(recv, bytes, size), .flags = flags };

    return see_data(fd, &d, NEXT(__recv_chk)(fd, bytes, size, room, flags));
}

/* The kernel says the length that the address has, which may not all have fitted. */
static void set_from(struct see_data *d, const struct sockaddr *from,
                     const socklen_t *len, socklen_t room)
{
    if (!from || !len)
        return;
    d->address = from;
    d->address_len = *len < room ? *len : room;
}

WRAP(ssize_t, recvfrom,
     (int fd, void *bytes, size_t size, int flags, struct sockaddr *from, socklen_t *len))
{
    struct see_data d = { IN(recvfrom, bytes, size), .flags = flags };
    socklen_t room = from && len ? *len : 0;
    ssize_t result = NEXT(recvfrom)(fd, bytes, size, flags, from, len);

    set_from(&d, from, len, room);
    return see_data(fd, &d, result);
}

WRAP(ssize_t, __recvfrom_chk,
     (int fd, void *bytes, size_t size, size_t bound, int flags, struct sockaddr *from,
      socklen_t *len))
{
    struct see_data d = { IN(recvfrom, bytes, size), .flags = flags };
    socklen_t room = from && len ? *len : 0;
    ssize_t result = NEXT(__recvfrom_chk)(fd, bytes, size, bound, flags, from, len);

    set_from(&d, from, len, room);
    return see_data(fd, &d, result);
}

WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags))
{
    ssize_t result = NEXT(recvmsg)(fd, message, flags);
    struct see_data d = { .name = "recvmsg", .flags = flags };

    if (result >= 0)
        d = data_of(message, "recvmsg", flags);
    return see_data(fd, &d, result);
}

WRAP(int, recvmmsg,
     (int fd, struct mmsghdr *messages, unsigned count, int flags,
      struct timespec *timeout))
{
    struct see_data d = { .name = "recvmmsg", .flags = flags };

    return see_messages(fd, &d, messages,
                        NEXT(recvmmsg)(fd, messages, count, flags, timeout));
}

WRAP(ssize_t, read, (int fd, void *bytes, size_t size))
{
    struct see_data d = { IN(read, bytes, size) };

    return see_data(fd, &d, NEXT(read)(fd, bytes, size));
}

WRAP(ssize_t, __read_chk, (int fd, void *bytes, size_t size, size_t room))
{
    struct see_data d = { IN(read, bytes, size) };

    return see_data(fd, &d, NEXT(__read_chk)(fd, bytes, size, room));
}

WRAP(ssize_t, readv, (int fd, const struct iovec *iov, int count))
{
    ssize_t result = NEXT(readv)(fd, iov, count);
    struct see_data d = { .name = "readv" };

    if (result >= 0) {
        d.iov = iov;
        d.count = (size_t)count;
    }
    return see_data(fd, &d, result);
}

WRAP(int, __poll_chk, (struct pollfd * fds, nfds_t count, int timeout, size_t room))
{
    int result = NEXT(__poll_chk)(fds, count, timeout, room);

    see_poll(fds, count, timeout, result);
    return result;
}

/* ---- descriptors closed by the dozen: those of the trace stay ---- */

static int close_all(unsigned first, unsigned last, int flags)
{
    return first > last ? 0 : (int)syscall(SYS_close_range, first, last, flags);
}

static int close_around(unsigned first, unsigned last, int flags)
{
    unsigned kept[2];
    int low, high, result = 0;

    if (!hook_range(&low, &high))
        return close_all(first, last, flags);
    kept[0] = (unsigned)low;
    kept[1] = (unsigned)high;
    for (int i = 0; i < 2 && result == 0; i++) {
        if (kept[i] < first || kept[i] > last)
            continue;
        if (kept[i] > first)
            result = close_all(first, kept[i] - 1, flags);
        first = kept[i] + 1;
    }
    return result == 0 ? close_all(first, last, flags) : result;
}

WRAP(int, close_range, (unsigned first, unsigned last, int flags))
{
    if (first > last) {
        errno = EINVAL;
        return -1;
    }
    return close_around(first, last, flags);
}

WRAP(void, closefrom, (int low))
{
    unsigned first = low < 0 ? 0 : (unsigned)low;

    if (close_around(first, ~0U, 0) < 0)
        for (int fd = (int)first; fd < sysconf(_SC_OPEN_MAX); fd++)
            if (!hook_owns(fd))
                (void)NEXT(close)(fd);
}

/* Those that are open now, but for the two of the trace. 0 or an errno. */
static int add_close_of_open(posix_spawn_file_actions_t *actions, int low, int below)
{
    DIR *list = opendir("/proc/self/fd");
    const struct dirent *entry;
    int err = 0;

    if (!list) /* without /proc the child is not traced, but runs */
        return NEXT(posix_spawn_file_actions_addclosefrom_np)(actions, low);
    while (err == 0 && (entry = readdir(list))) {
        char *end;
        long fd = strtol(entry->d_name, &end, 10);

        if (end != entry->d_name && fd >= low && fd < below && fd != dirfd(list) &&
            !hook_owns((int)fd))
            err = posix_spawn_file_actions_addclose(actions, (int)fd);
    }
    closedir(list);
    return err;
}

/* What posix_spawn() closes in its child passes by this library: Python's subprocess closes so
 * all but three. */
WRAP(int, posix_spawn_file_actions_addclosefrom_np,
     (posix_spawn_file_actions_t * actions, int low))
{
    int first, last, err;

    if (low < 0 || !hook_range(&first, &last) || low > last)
        return NEXT(posix_spawn_file_actions_addclosefrom_np)(actions, low);
    err = add_close_of_open(actions, low, last);
    return err ? err : NEXT(posix_spawn_file_actions_addclosefrom_np)(actions, last + 1);
}
