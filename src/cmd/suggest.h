/* SPDX-License-Identifier: MIT */
/* What somebody meant who typed a word that does not exist: the known word that one or two
 * slips of a finger turn into it. Pure. */
#ifndef CMD_SUGGEST_H
#define CMD_SUGGEST_H

#include "kedge/base.h"

struct suggestion {
    struct kedge_span typed;
    const char *nearest; /* NULL: none is near */
    unsigned slips;      /* from it to what was typed */
};

/* Look at one known word, which lives as long as the suggestion. A slip is a letter too much,
 * one too few, another one, or two that changed places. One slip is allowed for a word of up to
 * four letters, else two. */
void suggest(struct suggestion *s, const char *known);

#endif
