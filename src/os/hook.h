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
    HOOK_ARGUMENTS = 4,      /* the first words of a message; the others are variables */
    HOOK_WORDS_MAX = 64,     /* of a message */
    HOOK_MESSAGE_MAX = 16384 /* bytes of it */
};

#define HOOK_PATIENCE                                                                    \
    (30 * KEDGE_SEC) /* with one run; then its process group is killed */

struct hook {
    int fd;    /* -1: none */
    pid_t pid; /* of the helper */
};

struct hook_config {
    const char *program;  /* a path, executed without a shell */
    const char *who;      /* what its faults begin with on standard error */
    const char *prefix;   /* of all variables of messages; in capitals */
    kedge_nanos patience; /* HOOK_PATIENCE, but for tests */
};

/* Fork the helper, at a lower priority. A run gets HOOK_ARGUMENTS arguments; the caller's
 * environment, but for variables with that prefix, and the message's; an empty standard input; and
 * the caller's standard error as its standard output too. What fails in it, and what ends with
 * another status than 0, is said there. 0 or -errno. */
KEDGE_MUST_CHECK int hook_open(struct hook *h, const struct hook_config *config);

/* Hand on a message: words, each with a NUL behind. From any thread; it never waits. 0; -EAGAIN:
 * HOOKS_AT_ONCE run, and as many messages wait as the socket takes; -EMSGSIZE: it is too long;
 * -EPIPE: the helper was killed. */
KEDGE_MUST_CHECK int hook_tell(const struct hook *h, struct kedge_span message);

/* More than half of what the socket takes waits. From any thread. */
KEDGE_MUST_CHECK bool hook_is_half_full(const struct hook *h);

/* The helper is left to end. */
void hook_close(struct hook *h);

#endif
