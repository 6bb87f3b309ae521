/* SPDX-License-Identifier: MIT */
/* The command line. ../README.md tells what each option means. */
#ifndef BADLINK_OPTIONS_H
#define BADLINK_OPTIONS_H

#include "badlink.h"

/* Fill in defaults and what the words say. Prints why and exits where they are wrong: 2
 * for an unknown option, 1 for a bad value. */
void options_parse(struct badlink *b, int argc, char **argv);

#endif
