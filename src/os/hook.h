/* SPDX-License-Identifier: MIT */
/* A helper process that runs a program once for each message. It is forked before the caller
 * confines itself and before its first thread: so a process that can execute nothing any more has
 * its hooks all the same. The helper has its user, and no descriptor of it but the socket between
 * them. It ends by itself when the caller does, and what it runs then with it, HOOK_PATIENCE later
 * at the latest. It knows nothing of what a message says. */
#ifndef OS_HOOK_H
#define OS_HOOK_H

#include "base/bytes.h"

#include <sys/types.h>

enum {
    HOOKS_AT_ONCE = 8,
    HOOK_ARGUMENTS = 4, /* the first words of a message; the others are its environment */
    HOOK_WORDS_MAX = 64,     /* of a message */
    HOOK_MESSAGE_MAX = 16384 /* bytes of it */
};

#define HOOK_PATIENCE                                                                    \
    (30 * KEDGE_SEC) /* with one run; then its process group is killed */

struct hook {
    int fd;    /* -1: none */
    pid_t pid; /* of the helper */
};

/* Fork the helper; program is a path, and executed without a shell: PROGRAM and HOOK_ARGUMENTS
 * arguments, the caller's environment and the message's, standard input empty, standard output the
 * caller's standard error. patience: HOOK_PATIENCE, but for tests. What fails in it, and what ends
 * with another status than 0, it says there, as `who`. 0 or -errno. */
KEDGE_MUST_CHECK int hook_open(struct hook *h, const char *program, const char *who,
                               kedge_nanos patience);

/* Hand on a message: words, each with a NUL behind. From any thread; it never waits. 0; -EAGAIN:
 * HOOKS_AT_ONCE run, and as many messages wait as the socket takes; -EMSGSIZE: it is too long;
 * -EPIPE: the helper was killed. */
KEDGE_MUST_CHECK int hook_tell(const struct hook *h, struct kedge_span message);

/* The helper is left to end. */
void hook_close(struct hook *h);

#endif
