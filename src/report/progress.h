/* SPDX-License-Identifier: MIT */
/* The progress of one transfer on a terminal: one line that is drawn over and over, with
 * a bar where the size is known, the rate and the time left; or for how long nothing came, and
 * how long that is waited. Silent where the descriptor
 * is not a terminal. Draws at most ten times a second, whatever it is told. */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include "base/bytes.h"

#define PROGRESS_UNKNOWN UINT64_MAX
#define PROGRESS_STILL KEDGE_SEC /* without progress: then the rate means nothing */

struct progress {
    int fd;
    bool on;    /* a terminal, and not asked to be quiet */
    bool drawn; /* there is a line to take away */
    struct kedge_span label;
    uint64_t total;
    kedge_nanos start;
    kedge_nanos next;     /* no drawing before */
    kedge_nanos patience; /* without progress; 0: not known. May be set later. */
    uint64_t furthest;    /* bytes so far ... */
    kedge_nanos moved;    /* ... and since when */
};

/* label (a file's name, any bytes) is borrowed until progress_end. total in bytes, or
 * PROGRESS_UNKNOWN; it may be set later. */
void progress_start(struct progress *p, int fd, bool quiet, struct kedge_span label,
                    kedge_nanos now);
void progress_update(struct progress *p, uint64_t done, kedge_nanos now);

/* Take the line away. */
void progress_end(struct progress *p);

/* What one drawing says, in at most `width` columns: pure, for the above and its tests. */
struct progress_view {
    struct kedge_span label;
    uint64_t done;
    uint64_t total;
    kedge_nanos elapsed;
    kedge_nanos waited; /* without a byte more; PROGRESS_STILL or more is said */
    kedge_nanos patience;
};
void progress_line(struct writer *w, const struct progress_view *view, size_t width);

/* Whether fd is a terminal on which something can be drawn in place: TERM calls some dumb. */
bool terminal_draws(int fd);
/* What a terminal does not take now it misses: the next drawing comes soon. */
void terminal_draw(int fd, struct kedge_span bytes);

#endif
