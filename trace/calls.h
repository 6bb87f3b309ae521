/* SPDX-License-Identifier: MIT */
/* The C library's own functions behind those of this library, found by dlsym(3) at first
 * use. */
#ifndef TRACE_CALLS_H
#define TRACE_CALLS_H

#include <poll.h>
#include <spawn.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define CALLS(X)                                                                         \
    X(socket)                                                                            \
    X(socketpair)                                                                        \
    X(bind)                                                                              \
    X(listen)                                                                            \
    X(accept)                                                                            \
    X(accept4)                                                                           \
    X(connect)                                                                           \
    X(shutdown)                                                                          \
    X(close)                                                                             \
    X(dup)                                                                               \
    X(dup2)                                                                              \
    X(dup3)                                                                              \
    X(getsockopt)                                                                        \
    X(setsockopt)                                                                        \
    X(send)                                                                              \
    X(sendto)                                                                            \
    X(sendmsg)                                                                           \
    X(sendmmsg)                                                                          \
    X(recv)                                                                              \
    X(recvfrom)                                                                          \
    X(recvmsg)                                                                           \
    X(recvmmsg)                                                                          \
    X(read)                                                                              \
    X(readv)                                                                             \
    X(write)                                                                             \
    X(writev)                                                                            \
    X(sendfile)                                                                          \
    X(sendfile64)                                                                        \
    X(poll)                                                                              \
    X(__read_chk)                                                                        \
    X(__recv_chk)                                                                        \
    X(__recvfrom_chk)                                                                    \
    X(__poll_chk)                                                                        \
    X(posix_spawn_file_actions_addclosefrom_np)

#define CALL_NUMBER(name) CALL_##name,
enum call_number { CALLS(CALL_NUMBER) CALL_COUNT };
#undef CALL_NUMBER

typedef void (*call_function)(void);

/* The next one of this name after ours. Where the C library lacks it, the program could
 * not have called it: a trap. */
call_function call_next(enum call_number number);

#define NEXT(name) ((__typeof__(&name))call_next(CALL_##name))

#endif
