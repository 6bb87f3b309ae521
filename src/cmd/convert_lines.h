/* SPDX-License-Identifier: MIT */
/* Configuration files as dnsmasq reads them: an option a line, with quotes and comments, and
 * files that name others. What an option means is its caller's. */
#ifndef CMD_CONVERT_LINES_H
#define CMD_CONVERT_LINES_H

#include "cmd/convert.h"

#define CONVERT_DEPTH_MAX 8   /* files within each other */
#define CONVERT_FILES_MAX 256 /* that are read in all */

struct convert_lines {
    struct conversion *c; /* its place is that of the line at hand; faults go there */

    /* Of each line; value is NULL where there is no `=`, and is the callee's to write to
     * until it returns. */
    void (*option)(void *owner, const char *name, char *value);
    void *owner;

    unsigned depth, files; /* so far */
};

/* Read a file; from within option() too. */
void convert_lines_read(struct convert_lines *l, const char *path);

/* Read those of a directory that `list` wants: DIRECTORY[,ENDING...], where files with an
 * ENDING are left out, and with *ENDING they alone are read. */
void convert_lines_read_directory(struct convert_lines *l, char *list);

/* The next of a list with commas, out of its quotes; NULL behind the last. It writes there. */
char *convert_next_item(char **list);

#endif
