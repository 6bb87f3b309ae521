/* What the program says of itself. */
#ifndef CMD_HELP_H
#define CMD_HELP_H

#include "cmd/exit_code.h"

#include <stdio.h>

/* All verbs, a line each. */
void help_overview(FILE *out);

/* One line on standard error; returns EXIT_USAGE. */
enum exit_code help_unknown_verb(const char *name);

#endif
