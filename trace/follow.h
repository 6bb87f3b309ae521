/* SPDX-License-Identifier: MIT */
/* Which socket a call was made on, and what the kernel says of it after the call: its TCP
 * state (TCP_INFO), and once it is closed what is left of it (sock_diag). A socket is known
 * by its inode: dup(), fork() and execve() do not change it. The lock of the memory is held
 * by the caller; each call that is followed is told (story.h). */
#ifndef TRACE_FOLLOW_H
#define TRACE_FOLLOW_H

#include "trace/memory.h"

/* The socket's entry, made where it has none yet; never NULL. */
struct trace_socket *follow_socket(struct trace *t, int fd, uint64_t inode);

/* A call on fd has returned: c has its name, result (-errno below 0) and words. begins: it
 * made the socket. */
void follow_call(struct trace *t, int fd, uint64_t inode, struct trace_call *c,
                 bool begins);

/* Before close(fd): c keeps what close() will do. After it, with its result in c. */
void follow_closing(struct trace *t, int fd, uint64_t inode, struct trace_call *c);
void follow_closed(struct trace *t, uint64_t inode, struct trace_call *c);

/* Look again at sockets that are closed; what changed is told. How many may change yet.
 * ended: the processes are gone, so what they had open is closed as well. */
unsigned follow_settle(struct trace *t, bool ended);

#endif
