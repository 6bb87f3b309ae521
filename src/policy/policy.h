/* SPDX-License-Identifier: MIT */
/* Who may have what. Sections of clients and of files, in the order of the policy file,
 * and a request: out comes a root, a name, rights and limits, each with the section that
 * decided it. For each key the first section that matches and sets it decides. The order
 * of work: the client's root and map, the map, letter case, then the name's rights.
 *
 * A machine without I/O: what it needs of the world (a match, a file, a name's letter case)
 * it asks for, and is told. It opens nothing, grants no option, and allocates nothing. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/client.h"
#include "policy/map.h"
#include "policy/path.h"

#define POLICY_SECTIONS_MAX 16384
#define POLICY_PATH_ROOM 4096 /* of a root with its NUL */

enum policy_key {
    POLICY_GET,     /* number: 1 may be read, 0 refused */
    POLICY_UPLOADS, /* number: 0 refuses; else the caller's */
    POLICY_MAX_UPLOAD,
    POLICY_MODE,
    POLICY_CREATE_DIRECTORIES, /* number: 0 or 1 */
    POLICY_ROOT,               /* text: with %a %m %i; %% is % */
    POLICY_MAP,                /* number: 1 + index in maps; 0: none */
    POLICY_IGNORE_CASE,        /* number: 0 or 1 */
    POLICY_BLKSIZE_MAX,
    POLICY_WINDOWSIZE_MAX,
    POLICY_TIMEOUT, /* nanoseconds */
    POLICY_MAX_TRANSFERS,
    POLICY_KEYS
};

/* Those that a section of files cannot set: they are needed before a name is known. */
#define POLICY_CLIENT_KEYS                                                               \
    (1u << POLICY_ROOT | 1u << POLICY_MAP | 1u << POLICY_IGNORE_CASE |                   \
     1u << POLICY_MAX_TRANSFERS)

struct policy_value {
    uint64_t number;
    struct kedge_span text; /* POLICY_ROOT */
    uint32_t line;          /* of the policy file; 0: none */
};

enum policy_kind {
    POLICY_FLAGS, /* the command line: it matches always, and stands first */
    POLICY_CLIENT,
    POLICY_FILE,
    POLICY_DEFAULT, /* behind the sections, wherever the file has it ... */
    POLICY_TOP,     /* ... and the file's top level last of all */
};

struct policy_section {
    enum policy_kind kind;
    struct policy_match match; /* POLICY_CLIENT */
    struct kedge_span title;   /* as written; POLICY_FILE: the pattern */
    uint32_t has;              /* bits of enum policy_key */
    struct policy_value values[POLICY_KEYS];
};

struct policy_map {
    struct map map;
    struct map_chars chars;
};

/* Borrowed; nothing of it changes while requests run. */
struct policy {
    const struct policy_section *sections; /* in order; DEFAULT and TOP at the end */
    size_t count;
    const struct policy_map *maps;
    size_t map_count;
    const struct path_rules *paths; /* of names behind the map; NULL: none */
};

struct policy_request {
    struct policy_client client;
    bool put;
    bool keep_backslash;    /* else it becomes `/`, behind the map */
    struct kedge_span name; /* as it came */
};

struct policy_choice {
    bool set; /* else nothing in the policy sets this key */
    struct policy_value value;
    const struct policy_section *by;
};

enum policy_verdict {
    POLICY_GRANTED,
    POLICY_REFUSED, /* for good */
    POLICY_LATER,   /* what is missing may come: say nothing, the client asks again */
};

enum policy_reason {
    POLICY_NO_REASON,
    POLICY_GET_REFUSED,
    POLICY_PUT_REFUSED,
    POLICY_MAP_REFUSED,  /* a rule; `text` is its message, maybe empty */
    POLICY_MAP_FAILED,   /* run.map_run.failure */
    POLICY_CASE_TWICE,   /* two names differ in letter case only; see `text` */
    POLICY_NO_MAC,       /* %m, and the client has none */
    POLICY_NO_INTERFACE, /* %i, and it is not known */
    POLICY_BAD_ROOT,     /* the root is too long once filled in */
    POLICY_DOTS,         /* `..` in a name, and there are sections of files */
    POLICY_LONG_NAME,
    POLICY_BAD_PATH, /* path_fault */
};

enum policy_todo {
    POLICY_NEED_MATCH, /* as MAP_NEED_MATCH, of map_run; then policy_matched() */
    POLICY_NEED_FILE,  /* can `name` below `root` be had? then policy_file() */
    POLICY_NEED_CASE,  /* `name` in which letters? then policy_case() */
    POLICY_REWROTE,    /* to be shown: map_run.rule made the name `name`; policy_go() */
    POLICY_DECIDED,
};

struct policy_run {
    /* To be read. Texts have a NUL behind them. */
    enum policy_verdict verdict; /* once decided; then the rest says why */
    enum policy_reason reason;
    struct policy_choice keys[POLICY_KEYS];
    struct kedge_span root; /* filled in; empty if no section sets one */
    struct kedge_span name; /* so far; granted: with single slashes, none in front */
    struct kedge_span text;
    struct map_run map_run;
    enum path_fault path_fault;

    /* The machine's own. */
    const struct policy *policy;
    struct policy_request request;
    struct map_memory memory;
    uint8_t *name_room;
    size_t name_size;
};

/* memory is for a root (POLICY_PATH_ROOM), and for a name, once as it is and thrice for a
 * map: a quarter of what is left. It, *p and what the request points to outlive the run. */
KEDGE_MUST_CHECK enum policy_todo policy_start(struct policy_run *r,
                                               const struct policy *p,
                                               const struct policy_request *q,
                                               struct map_memory memory);
KEDGE_MUST_CHECK enum policy_todo policy_go(struct policy_run *r);
KEDGE_MUST_CHECK enum policy_todo
policy_matched(struct policy_run *r, const struct map_group groups[MAP_GROUPS]);

/* The answer to POLICY_NEED_MATCH where it cannot be found out for now: POLICY_LATER. */
KEDGE_MUST_CHECK enum policy_todo policy_unmatched(struct policy_run *r);

KEDGE_MUST_CHECK enum policy_todo policy_file(struct policy_run *r, bool can);

/* The one name that is there in some letter case (the same as asked if that is there, or
 * if none is); NULL if there are two, which `twice` names for the log. Borrowed until the
 * run ends. */
KEDGE_MUST_CHECK enum policy_todo policy_case(struct policy_run *r,
                                              const struct kedge_span *found,
                                              struct kedge_span twice);

/* The key as the policy file writes it: "max-upload". */
const char *policy_key_name(enum policy_key key);

/* Why it was refused, in one sentence without a full stop. */
const char *policy_reason_text(const struct policy_run *r);

#endif
