/* SPDX-License-Identifier: MIT */
/* The rows of `kedge check`: what a TFTP server or client must do, as data. A row is a rule
 * with its section, and a script that shows it: a small table of events, played by the one
 * player (check/play.h) over raw datagrams. A script says what is sent, what has to come
 * back, and for how long nothing may come. This header holds no socket and no clock. */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "kedge/base.h"

/* Where the rule stands: in an RFC as a must or a should; or in no RFC (robust), and then
 * the row names the program in the field that needs it. */
enum check_level { CHECK_MUST, CHECK_SHOULD, CHECK_ROBUST };

enum check_group {
    CHECK_REQUEST,
    CHECK_LOCKSTEP,
    CHECK_UPLOAD,
    CHECK_NETASCII,
    CHECK_OPTIONS,
    CHECK_WINDOW,
    CHECK_MANNERS,
    CHECK_CLIENT,
    CHECK_GROUPS
};

enum check_verdict {
    CHECK_RUNNING,
    CHECK_PASS,
    CHECK_DEVIATES, /* a should or a robust row that failed */
    CHECK_FAILS,
    CHECK_NOT_TRIED
};

/* What one step does. Steps that send take no time; the others wait. */
enum check_do {
    /* To the request port. */
    CHECK_RRQ, /* of file `text`, with `options`, in `mode`; filled up to `number` bytes by
                    an option that nobody knows, or to `size` by zeros */
    CHECK_WRQ,   /* of a new name, to hold `size` bytes */
    CHECK_RAW,   /* `size` bytes of `text` */
    CHECK_AGAIN, /* the last request of this side once more */
    /* To the peer of this side's transfer. */
    CHECK_ACK,
    CHECK_LONG_ACK, /* with a fifth byte */
    CHECK_DATA,     /* block `number` of the file; `size` bytes of it, or CHECK_BLOCK */
    CHECK_ERROR,    /* code `number` with `text`; without its NUL if size is 1 */
    CHECK_OACK,     /* with `options` */
    CHECK_STRAY, /* from side `size` to the peer of side 0: ACK or ERROR as `text` says */
    /* That wait, at most for `time`. */
    CHECK_EXPECT,   /* one packet that is as `text` says (check/match.h) */
    CHECK_OFFERS,   /* an OACK as `text` says; else the row is not tried */
    CHECK_QUIET,    /* nothing for `time`; `size` repeats are let pass */
    CHECK_REPEAT,   /* the last packet again, byte for byte */
    CHECK_PAUSE,    /* look away for `time`; what comes is counted */
    CHECK_BLOCKS,   /* DATA `number` and on, `size` of them, in order, each once */
    CHECK_READ,     /* the rest of the file, to its end, and its bytes */
    CHECK_WRITE,    /* send the rest of the file, to the last ACK */
    CHECK_GAPS,     /* the repeats of the last packet come at growing gaps */
    CHECK_INTERVAL, /* the first repeat comes after `size` seconds */
    CHECK_STOPS,    /* the repeats come to an end */
    CHECK_AMPLIFY,  /* at most `size` packets in all for one request */
    CHECK_FEWER,    /* at most `size` packets come in `time` */
    CHECK_NEVER,    /* no packet that is as `text` says; an ERROR ends the wait */
    CHECK_ONCE,     /* an OACK has option `text` once at most, or there is none */
    CHECK_TEXT,     /* the last ERROR's text ends in NUL and names no path */
    CHECK_TIDS,     /* sides 0 to `size`: the ports they are answered from */
    CHECK_NEW_TID,  /* this side's peer is not the request port */
    CHECK_FITS,     /* the granted blksize fits the MTU of the route */
    CHECK_HEARD,    /* `size` repeats have come so far, or more */
    CHECK_FORGET,   /* this side's peer: what comes next is a new transfer */
    CHECK_CROWD,    /* `size` requests at once, and all are served */
    CHECK_ALIVE,    /* a plain request is still answered */
    /* Of a client. */
    CHECK_ASKED,        /* a request comes; not tried if it is the other one */
    CHECK_ASKED_OPTION, /* the request has option `text`; else not tried */
    CHECK_SAME_TID,     /* the request comes again, from the same port */
    CHECK_EXITS,        /* COMMAND ends: 0 it says that all is well, 1 that it is not */
    CHECK_KEPT          /* the file it kept is whole (1), or is none (0) */
};

enum { CHECK_BLOCK = 0xffffff, CHECK_SIDES = 8, CHECK_LISTENER = CHECK_SIDES - 2 };

struct check_step {
    enum check_do what;
    uint32_t side;   /* which socket of this check; a transfer of its own */
    uint32_t number; /* a block, or the code of an ERROR */
    uint32_t size;
    const char *text;
    const char *options; /* "blksize=8 tsize=0", in that order; NULL: none */
    const char *mode;    /* NULL: octet */
    const char *unless;  /* of EXPECT, NEVER: such a packet: the row is not tried ... */
    const char *unless_why; /* ... because of this */
    kedge_nanos time;       /* 0: as long as is usual for it */
    const char *lesson;     /* for a learner, if this step fails; NULL: the row's */
    bool deviates;          /* a failure of this step alone is never more than that */
    bool silent;            /* nor is it if nothing came: the rule is of what comes */
    bool asks;              /* of EXITS: or the client asks once more */
};

struct check_row {
    const char *id;      /* a word that stays: GROUP-WHAT */
    const char *section; /* "RFC 1350 4", or who needs it */
    const char *title;   /* one line, no full stop */
    const char *rule;    /* what is demanded, in our words */
    const char *why;     /* what breaks otherwise */
    const char *lesson;  /* one sentence for a learner */
    const struct check_step *steps;
    const char *skip; /* not played at all, and why */
    uint32_t count;   /* of steps */
    enum check_level level;
    bool puts;    /* it uploads: only where the user has given a name */
    bool alone;   /* nothing else may run meanwhile: it may kill a server */
    bool last;    /* behind all others: some servers are held up by it for good */
    bool lasts;   /* half a minute or more: it is begun first */
    bool writing; /* of a client: it uploads */
};

#define CHECK_SCRIPT(...)                                                                \
    .steps = (const struct check_step[]){ __VA_ARGS__ },                                 \
    .count =                                                                             \
        sizeof((const struct check_step[]){ __VA_ARGS__ }) / sizeof(struct check_step)

/* All rows of a group, in the order they are shown. */
struct check_rows {
    const struct check_row *rows;
    uint32_t count;
};
extern const struct check_rows check_request_rows, check_lockstep_rows, check_upload_rows,
    check_netascii_rows, check_options_rows, check_window_rows, check_manners_rows,
    check_client_rows;

/* The row i of all groups; NULL behind the last one. */
const struct check_row *check_row_at(uint32_t i);

/* NULL if there is none of that id. */
const struct check_row *check_row_find(const char *id);

const char *check_group_name(enum check_group group);
/* By the word in front of its id. */
enum check_group check_group_of(const struct check_row *row);
const char *check_level_name(enum check_level level);
/* "pass", "deviates", "FAILS", "not tried". */
const char *check_verdict_name(enum check_verdict verdict);

/* Whether `only`, a list of ids and groups between commas, names the row. NULL names all. */
bool check_row_chosen(const struct check_row *row, const char *only);

/* The first word of `only` that names nothing, as a span; empty if all do. */
struct kedge_span check_only_unknown(const char *only);

#endif
