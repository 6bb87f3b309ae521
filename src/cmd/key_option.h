/* SPDX-License-Identifier: MIT */
/* --key of `kedge serve` and `kedge probe`. */
#ifndef CMD_KEY_OPTION_H
#define CMD_KEY_OPTION_H

#include "cmd/exit_code.h"
#include "file/key.h"

/* Read the key of that file. What does not work is said for `verb` on standard error. */
KEDGE_MUST_CHECK enum exit_code key_option(const char *verb, const char *file,
                                           struct store_key *out);

#endif
