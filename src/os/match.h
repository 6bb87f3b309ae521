/* SPDX-License-Identifier: MIT */
/* POSIX extended regular expressions and the characters of a locale. It knows nothing of
 * the rules that use them. Matching cannot be stopped once it runs: an expression with a
 * back-reference may take seconds on a few hundred bytes, so its owner runs it on a
 * helper thread, on short texts. */
#ifndef OS_MATCH_H
#define OS_MATCH_H

#include "kedge/base.h"

#include <locale.h>
#include <regex.h>

#define MATCH_GROUPS 10
#define MATCH_NONE UINT32_MAX /* a group that took no part */

#define MATCH_COMPILE_S 1 /* of a processor, for all expressions of a file together */
#define MATCH_COMPILE_BYTES (64ull << 20) /* memory, likewise */
#define MATCH_COMPILE_WALL_MS                                                            \
    30000 /* the last resort: a busy machine gives it less time */

struct match_group {
    uint32_t from; /* bytes from the start of the text; MATCH_NONE: it did not match */
    uint32_t to;
};

/* The character set that expressions and texts are in. */
struct match_locale {
    locale_t locale;
};

/* name as setlocale(3) takes it for LC_CTYPE: "" is what the environment says, and where
 * the system does not have that, C. Returns 0, or -ENOENT (no such locale) or -ENOMEM. */
KEDGE_MUST_CHECK int match_locale_open(struct match_locale *l, const char *name);
void match_locale_close(struct match_locale *l);

struct match_expression {
    regex_t regex;
    const struct match_locale *locale;
};

enum match_kind {
    MATCH_NOCASE = 1,    /* letters match in either case */
    MATCH_NO_GROUPS = 2, /* only whether it matches is asked */
};

struct match_pattern {
    const char *text;
    unsigned kinds; /* enum match_kind, or-ed */
};

/* Compile. l outlives the expression. Returns 0, or the number of regcomp(3), with what
 * is wrong in `error`. Compiling is unbounded in time and memory: a text that a person
 * wrote goes through match_trial() first. */
KEDGE_MUST_CHECK int match_compile(struct match_expression *e,
                                   const struct match_locale *l,
                                   const struct match_pattern *p, char *error,
                                   size_t error_size);
void match_free(struct match_expression *e);

enum match_result {
    MATCH_NO,
    MATCH_YES,
    MATCH_FAILED, /* no memory: whether it matches is not known */
};

/* Whether it matches text, a C string. groups is written then, MATCH_GROUPS of them, or
 * NULL. not_at_start: ^ does not match at the front. Never longer than UINT32_MAX - 1
 * bytes. */
KEDGE_MUST_CHECK enum match_result match_run(const struct match_expression *e,
                                             const char *text, bool not_at_start,
                                             struct match_group *groups);

/* The nth pattern of those that are to be tried; false behind the last. */
typedef bool (*match_nth_fn)(const void *owner, size_t n, struct match_pattern *out);

enum match_trial { MATCH_FINE, MATCH_TOO_COSTLY, MATCH_UNTRIED };

/* Compile all of them in a child process that has MATCH_COMPILE_S and
 * MATCH_COMPILE_BYTES. *bad is the one that took too much. MATCH_UNTRIED: no child
 * process could be had, errno says why. Wrong expressions are not found here. */
KEDGE_MUST_CHECK enum match_trial match_trial(const struct match_locale *l,
                                              match_nth_fn nth, const void *owner,
                                              size_t *bad);

#define MATCH_CHAR_MAX 16

struct match_char {
    size_t taken; /* bytes of the text; 0: they are no character */
    size_t len;   /* bytes in out; 0: the locale has no such letter */
    uint8_t out[MATCH_CHAR_MAX];
};

/* The character at the front of text (never empty), in upper case (fold > 0), in lower
 * case (fold < 0) or as it is. */
struct match_char match_character(const struct match_locale *l, struct kedge_span text,
                                  int fold);

#endif
