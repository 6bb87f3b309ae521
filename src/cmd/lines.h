/* SPDX-License-Identifier: MIT */
/* Lines of a descriptor, one at a time, without their newlines; the last one may be
 * without. Waiting for one can be called off. */
#ifndef CMD_LINES_H
#define CMD_LINES_H

#include "kedge/base.h"

struct lines {
    int fd;
    int cancel;     /* readable: stop waiting. -1: never */
    uint8_t *space; /* room bytes of the caller's: the longest line */
    size_t room;
    size_t used;  /* bytes in space ... */
    size_t taken; /* ... of which the lines before this one */
    bool ended;
};

enum lines_result { LINES_ONE, LINES_END, LINES_TOO_LONG, LINES_CANCELLED, LINES_FAILED };

/* The next line, in l->space until the next call. */
KEDGE_MUST_CHECK enum lines_result lines_next(struct lines *l, struct kedge_span *out);

#endif
