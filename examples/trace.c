/* --trace for the programs of this folder: each call that one of them makes on a socket,
 * itself or in the library, with the state of TCP that it led to. They know nothing of it:
 * the linker puts these functions between them and the C library (ld --wrap). */
#include "kedge/diagram.h"
#include "kedge/trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The names are ld's. NOLINTBEGIN(bugprone-reserved-identifier) */

/* NAME is called in place of the C library's, which is __real_NAME here. */
#define WRAP(type, name, parameters)                                                     \
    type __real_##name parameters;                                                       \
    type __wrap_##name parameters;                                                       \
    type __wrap_##name parameters

static struct kedge_diagram *diagram;
static struct kedge_trace *trace;
static bool busy;      /* with the trace, which calls sockets itself */
static bool listening; /* a server has no end: it draws after each connection */

static long tell(int fd, const char *name, long result)
{
    if (!trace || busy)
        return result;
    busy = true;
    kedge_trace_call(trace, fd, name, result < 0 ? -errno : result);
    busy = false;
    return result;
}

WRAP(int, socket, (int family, int type, int protocol))
{
    int fd = __real_socket(family, type, protocol);

    return (int)tell(fd, "socket", fd);
}

WRAP(int, bind, (int fd, const struct sockaddr *to, socklen_t len))
{
    return (int)tell(fd, "bind", __real_bind(fd, to, len));
}

WRAP(int, listen, (int fd, int backlog))
{
    listening = true;
    return (int)tell(fd, "listen", __real_listen(fd, backlog));
}

WRAP(int, accept4, (int listener, struct sockaddr *from, socklen_t *len, int flags))
{
    int fd = __real_accept4(listener, from, len, flags);

    return (int)tell(fd, "accept", fd);
}

WRAP(int, connect, (int fd, const struct sockaddr *to, socklen_t len))
{
    return (int)tell(fd, "connect", __real_connect(fd, to, len));
}

/* How a connect that was under way has come out. */
WRAP(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *len))
{
    int n = __real_getsockopt(fd, level, name, value, len);

    if (n == 0 && level == SOL_SOCKET && name == SO_ERROR) {
        errno = *(int *)value;
        (void)tell(fd, "SO_ERROR", errno ? -1 : 0);
    }
    return n;
}

WRAP(ssize_t, send, (int fd, const void *bytes, size_t size, int flags))
{
    return tell(fd, "send", __real_send(fd, bytes, size, flags));
}

WRAP(ssize_t, recv, (int fd, void *bytes, size_t size, int flags))
{
    return tell(fd, "recv", __real_recv(fd, bytes, size, flags));
}

WRAP(ssize_t, sendto,
     (int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
      socklen_t len))
{
    return tell(fd, "sendto", __real_sendto(fd, bytes, size, flags, to, len));
}

WRAP(ssize_t, recvfrom,
     (int fd, void *bytes, size_t size, int flags, struct sockaddr *from, socklen_t *len))
{
    return tell(fd, "recvfrom", __real_recvfrom(fd, bytes, size, flags, from, len));
}

WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags))
{
    return tell(fd, "sendmsg", __real_sendmsg(fd, message, flags));
}

WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags))
{
    return tell(fd, "recvmsg", __real_recvmsg(fd, message, flags));
}

WRAP(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags))
{
    return (int)tell(fd, "sendmmsg", __real_sendmmsg(fd, messages, count, flags));
}

WRAP(int, recvmmsg,
     (int fd, struct mmsghdr *messages, unsigned count, int flags,
      struct timespec *timeout))
{
    return (int)tell(fd, "recvmmsg",
                     __real_recvmmsg(fd, messages, count, flags, timeout));
}

WRAP(int, shutdown, (int fd, int how))
{
    return (int)tell(fd, "shutdown", __real_shutdown(fd, how));
}

static bool is_socket(int fd)
{
    int type;
    socklen_t len = sizeof type;

    return __real_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

WRAP(int, close, (int fd))
{
    if (!trace || busy || !is_socket(fd))
        return __real_close(fd);
    busy = true;
    kedge_trace_close(trace, fd);
    busy = false;
    if (listening)
        (void)kedge_diagram_draw(diagram);
    return 0;
}

WRAP(int, main, (int argc, char **argv))
{
    int status, err = kedge_diagram_option(&diagram, &argc, argv);

    if (err) {
        fprintf(stderr, "%s: --trace: %s\n", argv[0], strerror(-err));
        return 1;
    }
    trace = kedge_trace_open(diagram ? kedge_diagram_saw : NULL, diagram);
    status = __real_main(argc, argv);
    busy = true;
    kedge_trace_settle(trace, KEDGE_SEC);
    kedge_trace_free(trace);
    trace = NULL;
    return kedge_diagram_end(diagram) < 0 ? 1 : status;
}
/* NOLINTEND(bugprone-reserved-identifier) */
