/* SPDX-License-Identifier: MIT */
/* A map file of tftp-hpa, loaded: its rules, their compiled expressions and the character
 * set that both are in. Loading reads the file, compiles on trial in a child process, and
 * blocks: at start, or on a helper thread. A loaded set does not change, so any number of
 * threads may run names through it. */
#ifndef SERVE_TFTP_MAP_SET_H
#define SERVE_TFTP_MAP_SET_H

#include "os/match.h"
#include "policy/map.h"

/* Texts for a map_run: three names of PATH_MAX bytes. */
#define MAP_SET_MEMORY (3 * 4096)

struct map_set {
    struct map map;
    struct map_chars chars;

    /* Owned. */
    uint8_t *text;
    char *regexes; /* C strings, one behind the other */
    struct map_rule *rules;
    struct map_set_expression *expressions; /* one for each rule */
    struct match_locale locale;
};

/* Load the file path, in the character set of the environment. On false, *s is empty and
 * complaints has a line for each fault: file, line, what is wrong, what is allowed. On
 * true, complaints may have warnings. map_set_free() in either case. It must not move in
 * between. */
KEDGE_MUST_CHECK bool map_set_load(struct map_set *s, const char *path,
                                   struct writer *complaints);
void map_set_free(struct map_set *s);

/* Whether the rule at work matches; groups is written then. */
KEDGE_MUST_CHECK enum match_result map_set_groups(const struct map_set *s,
                                                  const struct map_run *r,
                                                  struct map_group groups[MAP_GROUPS]);

/* Answer a run's MAP_NEED_MATCH, and go on. Blocks as long as the C library takes: for a
 * rule with MAP_BACKREF that may be seconds. */
KEDGE_MUST_CHECK enum map_todo map_set_match(const struct map_set *s, struct map_run *r);

#endif
