/* SPDX-License-Identifier: MIT */
/* What was typed, and names of files, fit for a line of text (report/text.h). */
#ifndef CMD_PRINTABLE_H
#define CMD_PRINTABLE_H

#include "kedge/base.h"

struct printable {
    char text[512];
};

/* At most so many bytes: of a word in a sentence, of a name. More ends in "...". */
#define PRINTABLE_WORD 79
#define PRINTABLE_NAME 255

struct printable printable(const char *text, size_t most);

#endif
