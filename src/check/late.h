/* SPDX-License-Identifier: MIT */
/* Answers to requests of checks that are over: a server that serves one transfer at a time
 * comes to them late, and would wait for each in vain. Their sockets are kept for a while,
 * and what comes there is told that it is over. This holds no play. */
#ifndef CHECK_LATE_H
#define CHECK_LATE_H

#include "check/live.h"

enum {
    CHECK_LATE_MAX = 48,    /* sockets; the oldest makes room */
    CHECK_LATE_ANSWERS = 16 /* by one socket, at most */
};

struct check_late {
    struct {
        int fd; /* where `answers` is 0: none */
        uint32_t answers;
    } sockets[CHECK_LATE_MAX];
    uint32_t next; /* that is taken, or makes room */
};

/* Take over the sockets of a play that have sent a request, before it is closed. */
void check_late_take(struct check_late *late, struct check_live *live);

/* Its descriptors, into `out` (of `room`); returns how many. */
uint32_t check_late_poll(const struct check_late *late, struct pollfd *out,
                         uint32_t room);

/* Read what is there, and end what is no ERROR. */
void check_late_read(struct check_late *late);

void check_late_close(struct check_late *late);

#endif
