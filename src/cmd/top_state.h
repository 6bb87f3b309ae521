/* SPDX-License-Identifier: MIT */
/* What `kedge top` knows of a server: one document of its control socket (or of /status), as far
 * as it is shown. Texts are as the server has them: any bytes, to be escaped where they are
 * shown. */
#ifndef CMD_TOP_STATE_H
#define CMD_TOP_STATE_H

#include "base/bytes.h"

enum {
    TOP_ROWS = 256,
    TOP_ENDS = 32,
    TOP_TEXT = 256, /* bytes of a name or a verdict */
    TOP_WORD = 80,  /* of an address or an id */
};
#define TOP_UNKNOWN UINT64_MAX

struct top_text {
    size_t len;
    uint8_t bytes[TOP_TEXT];
};

struct top_row {
    char peer[TOP_WORD];
    char mac[TOP_WORD]; /* "": not known */
    struct top_text file;
    bool writes;
    uint64_t bytes, size; /* size may be TOP_UNKNOWN */
    uint64_t rate;        /* bytes a second */
    uint64_t blksize, windowsize, resent, dup;
    uint64_t age_ms;
};

struct top_end {
    uint64_t time_ms;
    char peer[TOP_WORD];
    char outcome[TOP_WORD];
    char event[TOP_WORD];
    char verdict_id[TOP_WORD]; /* "": all is well */
    struct top_text file, verdict;
};

struct top_state {
    char version[TOP_WORD];
    uint64_t time_ms, uptime_ms;
    uint64_t active, requests, resent;
    uint64_t got, put; /* bytes, of transfers that ended */
    uint64_t ok, failed;
    uint64_t shards_silent;
    size_t row_count, end_count;
    struct top_row rows[TOP_ROWS];
    struct top_end ends[TOP_ENDS];
};

#endif
