/* SPDX-License-Identifier: MIT */
/* The rules of a tftp-hpa map file, read from its text. A rule is a line: letters, a
 * regular expression and a replacement. This reads and checks all but the regular
 * expression, which is compiled elsewhere; it opens no file and allocates nothing.
 * Letters, escapes and errors are those of tftp-hpa 7.3. */
#ifndef POLICY_MAP_RULES_H
#define POLICY_MAP_RULES_H

#include "base/bytes.h"

#define MAP_RULES_MAX 4096      /* rules and labels of one file */
#define MAP_FILE_MAX (1u << 20) /* bytes of one file */

enum map_letter {
    MAP_REWRITE = 1u << 0,  /* r: replace what matched */
    MAP_GLOBAL = 1u << 1,   /* g: again from the start until nothing matches */
    MAP_ONWARDS = 1u << 2,  /* gg: again behind the replacement, as sed does */
    MAP_EXIT = 1u << 3,     /* e: the last rule if it matches */
    MAP_FILE = 1u << 4,     /* E: the same, but only if the file can be had */
    MAP_RESTART = 1u << 5,  /* s: start again with the first rule */
    MAP_ABORT = 1u << 6,    /* a: refuse the request */
    MAP_JUMP = 1u << 7,     /* j: go on at a label */
    MAP_NOCASE = 1u << 8,   /* i: letters match in either case */
    MAP_INVERSE = 1u << 9,  /* ~: act if it does not match */
    MAP_GET = 1u << 10,     /* G: for reads only */
    MAP_PUT = 1u << 11,     /* P: for writes only */
    MAP_IPV4 = 1u << 12,    /* 4 */
    MAP_IPV6 = 1u << 13,    /* 6 */
    MAP_LABEL = 1u << 14,   /* the line is a label, not a rule */
    MAP_BACKREF = 1u << 15, /* the expression refers back (\1): its time is unbounded */
};

struct map_rule {
    uint32_t line;             /* from 1 */
    uint32_t letters;          /* enum map_letter, or-ed */
    struct kedge_span regex;   /* in the file's text; empty for a label */
    struct kedge_span pattern; /* the replacement, message or label; may be empty */
};

enum map_fault {
    MAP_SOUND,
    MAP_BAD_LETTER, /* at[0] is no letter of a rule */
    MAP_BAD_PAIR,   /* the two letters `pair` exclude each other */
    MAP_REGEX_MISSING,
    MAP_TOO_MANY, /* more than MAP_RULES_MAX lines with a rule */
};

struct map_problem {
    enum map_fault fault;
    uint32_t line;
    uint8_t letter;   /* MAP_BAD_LETTER */
    const char *pair; /* MAP_BAD_PAIR: "ra" */
};

/* Takes NUL and CR out of a file's text, as tftp-hpa does. Returns the bytes that are
 * left. */
size_t map_clean(uint8_t *text, size_t len);

/* A file that is read line by line. Zero but for `left`, which map_clean() went over. */
struct map_lines {
    struct kedge_span left;
    uint32_t line;
};

enum map_line {
    MAP_LINE_END,
    MAP_LINE_RULE,
    MAP_LINE_BAD, /* the file cannot be used, and reading may go on for further faults */
};

/* The next rule or label. *out is written for MAP_LINE_RULE, and *why for MAP_LINE_BAD
 * (never MAP_TOO_MANY, which the caller sees). */
KEDGE_MUST_CHECK enum map_line map_next(struct map_lines *l, struct map_rule *out,
                                        struct map_problem *why);

/* What is wrong and what is allowed, without file and line: into w, no NUL. */
void map_problem_text(struct writer *w, const struct map_problem *why);

/* True if an extended regular expression refers back to a group (\1 to \9 outside of
 * brackets). POSIX matching of such an expression takes exponential time. */
bool map_regex_refers_back(struct kedge_span regex);

#endif
