/* SPDX-License-Identifier: MIT */
/* What became of one transfer, as one line: `key=value` or JSON, with the same keys.
 * Plain values in, bytes out; who reads the clock and where the line goes is not known
 * here.
 *
 * In the text form a value with a space, a quote, an = or an odd byte stands in quotes
 * (text_quoted), an empty one is "", and what is not known is a bare -. In JSON that is
 * null. What is longer than shown is cut and ends in "...". */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include "base/bytes.h"

#define RECORD_FILE_MAX 768   /* bytes of a file's name that are shown */
#define RECORD_TEXT_MAX 256   /* of any other text */
#define RECORD_LINE_MAX 32768 /* always enough for one line */
#define RECORD_UNKNOWN UINT64_MAX

/* As the client sees it. */
enum record_event { RECORD_GET, RECORD_PUT, RECORD_REFUSED, RECORD_PROBE };

/* Texts are borrowed; an empty span with ptr NULL is "not known". */
struct transfer_record {
    uint64_t time_ms; /* wall clock, since 1970-01-01 UTC: the end of the transfer */
    enum record_event event;
    const char *outcome;     /* "ok", "unconfirmed", ...: a name of the protocol's core */
    bool failed;             /* so it counts; the line has no word for it */
    bool met;                /* likewise: the peer has answered */
    struct kedge_span peer;  /* 192.0.2.7:1024, [2001:db8::1]:1024 */
    struct kedge_span local; /* the address and port that were asked */
    struct kedge_span file;  /* as requested, any bytes */
    struct kedge_span reason;  /* a short sentence when not ok, for the log only */
    struct kedge_span asked;   /* blksize=1468,windowsize=4 */
    struct kedge_span granted; /* likewise */
    uint64_t bytes;
    kedge_nanos took; /* ms and rate_Bps are made of it; RECORD_UNKNOWN */
    uint64_t blocks;
    uint64_t resent;
    uint64_t dup;
    kedge_nanos rtt;              /* smoothed; RECORD_UNKNOWN */
    struct kedge_span verdict_id; /* a word that stays; unknown where all is well */
    struct kedge_span verdict;    /* its sentence */
    struct kedge_span rule;       /* what in the server's policy decided */
    struct kedge_span path;       /* of the file below its root, any bytes */
    struct kedge_span port;       /* "data" or "request": where the answers left from */
};

enum record_form { RECORD_AS_TEXT, RECORD_AS_JSON };

const char *record_event_name(enum record_event event);

/* Append the line, without a newline. Sets w->bad if it does not fit. */
void record_write(struct writer *w, const struct transfer_record *r,
                  enum record_form form);

#define RECORD_VARIABLE "KEDGE_"

/* Append what is known as variables of an environment, KEDGE_EVENT=get and so on, each with a NUL
 * behind; their values are whole, and their bytes any. Sets w->bad if it does not fit. */
void record_environment(struct writer *w, const struct transfer_record *r);

/* The wall clock now, for `time_ms`. */
uint64_t record_wall_ms(void);

/* 2026-11-22T19:04:00.123Z */
void record_time(struct writer *w, uint64_t time_ms);

#endif
