/* SPDX-License-Identifier: MIT */
/* An upload into a file of a directory that may not be written: its bytes wait in a temporary
 * file without a name, and are copied into the file once they are all there. All of it blocks:
 * for a helper. It does not decide whether a file may be written. */
#ifndef FILE_IN_PLACE_H
#define FILE_IN_PLACE_H

#include "file/error.h"

#include <sys/stat.h>

/* The file `last` of the directory dir; *st is what publish_look() saw there. */
struct in_place {
    int dir; /* O_PATH */
    const char *last;
    const struct stat *st;
};

/* True if the directory's sticky bit keeps this process from replacing the file. */
KEDGE_MUST_CHECK bool in_place_is_sticky(const struct in_place *p);

/* Open the file to be written, and a temporary one, both the caller's to close. Errors: BUSY
 * (also: it is another file meanwhile), DENIED, FULL, IO. On failure neither is open. */
KEDGE_MUST_CHECK struct store_result in_place_open(const struct in_place *p, int *target,
                                                   int *temp);

/* target gets the size bytes of temp, and no others, and is safe on the disk. Two at once wait
 * for each other. FULL: it is as it was; IO: it may be half written. */
KEDGE_MUST_CHECK struct store_result in_place_copy(int target, int temp, uint64_t size);

#endif
