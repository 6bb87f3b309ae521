/* SPDX-License-Identifier: MIT */
/* Names as tftp-hpa takes them once its map is through: brought into a form (its --normalize),
 * and checked against the directories of its command line (its path validation). Pure. */
#ifndef POLICY_PATH_H
#define POLICY_PATH_H

#include "base/bytes.h"

enum path_form {
    PATH_AS_IS,
    PATH_ROOTED, /* a slash in front where there is none */
    PATH_FLAT,   /* also single slashes, no `.`, and no `..` nor what it takes back */
};

struct path_rules {
    enum path_form form;
    bool validate;                 /* a name that is not below one of dirs is refused */
    const struct kedge_span *dirs; /* absolute; how many slashes they have is no matter */
    size_t dir_count;
};

enum path_fault {
    PATH_SOUND,
    PATH_RELATIVE,
    PATH_DOTS,    /* `.` or `..` is a part of it */
    PATH_CONTROL, /* a byte below 32 */
    PATH_OUTSIDE,
};

/* Take the next part off a name, and the slash behind it; `slash` says whether one stood there.
 * A part between two slashes is empty. With `backslash`, a backslash separates too. */
struct kedge_span path_part(struct kedge_span *left, bool backslash, bool *slash);

/* A part is `.`, or `..`. */
KEDGE_MUST_CHECK bool path_is_dot(struct kedge_span part);
KEDGE_MUST_CHECK bool path_is_up(struct kedge_span part);

/* Append the name in that form. */
void path_put(struct writer *w, enum path_form form, struct kedge_span name);

/* The name of a directory by itself: all that can be wrong but PATH_OUTSIDE. */
KEDGE_MUST_CHECK enum path_fault path_check(struct kedge_span name);

/* A name that path_put() has formed. PATH_SOUND too where the rules do not validate. */
KEDGE_MUST_CHECK enum path_fault path_validate(const struct path_rules *rules,
                                               struct kedge_span name);

/* In a few words. */
const char *path_fault_text(enum path_fault f);

#endif
