/* SPDX-License-Identifier: MIT */
/* A map file of tftp-hpa at work on one name. A machine without I/O: it says what it
 * needs (does this expression match this text? can this file be had?), is told, and ends
 * with a name, a refusal or a failure. It matches nothing itself and opens no file. The
 * rules that it executes are counted and bounded, as in tftp-hpa. */
#ifndef POLICY_MAP_H
#define POLICY_MAP_H

#include "policy/map_expand.h"
#include "policy/map_rules.h"

#define MAP_STEPS_MAX 4096 /* rules executed for one name, if a map sets no other limit */
#define MAP_BACKREF_MAX 128 /* bytes that a rule with a back-reference looks at */

/* Borrowed: the rules and the text that they point into stay as they are. */
struct map {
    const struct map_rule *rules;
    size_t count;
    uint32_t steps; /* rules executed for one name; 0: MAP_STEPS_MAX */
};

struct map_request {
    struct kedge_span name; /* as the client sent it, without a NUL in it */
    bool put;
    struct map_client client; /* what its spans point to outlives the run */
};

/* What the texts of a run stand in: a third of it is the longest name and its NUL. */
struct map_memory {
    uint8_t *ptr;
    size_t size;
};

enum map_todo {
    MAP_NEED_MATCH, /* match rule->regex on `text`; then map_matched(). A rule with
                       MAP_BACKREF may take seconds: never in a loop of events */
    MAP_NEED_FILE,  /* can the file `text` be had? then map_file() */
    MAP_REWROTE,    /* to be shown: `rule` made the name `text`; then map_go() */
    MAP_DONE,       /* the name is `text` */
    MAP_REFUSED,    /* `rule` refuses; `text` is its message, maybe empty */
    MAP_FAILED,     /* see `failure`; the request is refused */
};

enum map_failure {
    MAP_LOOPS,         /* more rules executed than map.steps */
    MAP_NO_LABEL,      /* a jump whose label came out empty */
    MAP_UNKNOWN_LABEL, /* a jump to `text`, which no line has */
    MAP_NOT_TEXT,      /* a replacement is no text of the locale */
    MAP_TOO_LONG,      /* the name outgrew the room */
    MAP_UNMATCHED,     /* whether a rule matches could not be found out, for now */
    MAP_UNBOUNDED,     /* a back-reference would look at more than MAP_BACKREF_MAX */
};

#define MAP_TEXTS 3

struct map_run {
    /* To be read, by what the last call returned. */
    const struct map_rule *rule; /* at work, or the last one */
    struct kedge_span text;      /* a NUL stands behind it */
    bool not_at_start;           /* MAP_NEED_MATCH: ^ does not match here (REG_NOTBOL) */
    enum map_failure failure;

    /* The machine's own. */
    struct map map;
    const struct map_chars *chars;
    struct map_client client;
    uint32_t unfit; /* rules with one of these letters are passed over */
    size_t index;
    uint32_t steps; /* left */
    size_t offset;  /* gg: where the text begins that is not yet replaced */
    bool again;     /* in the repetition of g or gg */
    struct kedge_span name;
    struct kedge_span made; /* what the rule at work has made of the name */
    uint8_t *rooms[MAP_TEXTS];
    size_t room; /* bytes of each */
};

/* Start on a name. What memory points to, and chars, outlive the run. The name may not
 * fit: that shows as MAP_FAILED. */
KEDGE_MUST_CHECK enum map_todo map_start(struct map_run *r, const struct map *m,
                                         const struct map_request *q,
                                         const struct map_chars *chars,
                                         struct map_memory memory);

/* Go on after MAP_REWROTE. */
KEDGE_MUST_CHECK enum map_todo map_go(struct map_run *r);

/* The answer to MAP_NEED_MATCH: the groups of the match, counted from the start of
 * `text`, or NULL if there is none. */
KEDGE_MUST_CHECK enum map_todo map_matched(struct map_run *r,
                                           const struct map_group groups[MAP_GROUPS]);

/* The same where that cannot be found out: the map has failed, for no rule may be passed over. */
KEDGE_MUST_CHECK enum map_todo map_unmatched(struct map_run *r);

/* The answer to MAP_NEED_FILE. */
KEDGE_MUST_CHECK enum map_todo map_file(struct map_run *r, bool can);

/* Why a map failed, in a few words. */
const char *map_failure_text(enum map_failure f);

#endif
