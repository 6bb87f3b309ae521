/* SPDX-License-Identifier: MIT */
/* The text of a policy file, as libconfuse is to see it: bounded, and without comments,
 * which it counts as three lines each. */
#ifndef CMD_POLICY_TEXT_H
#define CMD_POLICY_TEXT_H

#include "kedge/base.h"

#define POLICY_FILE_MAX (4u << 20) /* bytes */

/* The whole file and `end` behind it, to be freed; or NULL, and *why. Blocks. */
char *policy_text_read(const char *path, const char *end, const char **why);

/* Comments (#, // and C's) become blanks; the lines stay. False if one is not closed. */
KEDGE_MUST_CHECK bool policy_text_blank(char *text);

#endif
