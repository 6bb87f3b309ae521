/* SPDX-License-Identifier: MIT */
/* Which name below a root is meant by one whose letters may be of the wrong case. It does
 * not open the file. */
#ifndef SERVE_TFTP_NAME_CASE_H
#define SERVE_TFTP_NAME_CASE_H

#include "file/root.h"
#include "os/match.h"

/* Of a directory with more entries than these the rest is not looked at. */
#define NAME_CASE_ENTRIES 65536

struct name_case {
    bool changed; /* else the name is meant as it was asked for */
    struct root_name
        name;   /* changed: as it is there; parts that are not there, as asked */
    bool twice; /* two names differ from a part in letter case only: these */
    char first[256];
    char second[256];
};

/* Part by part: a name that is there exactly is taken, else the only one that is the same
 * but for the case of its letters. A name with a part `..` is not changed. letters has the
 * character set; one byte for one if it is not open. Blocks. OK; or BUSY: no descriptor or
 * memory is left to look, and out says less than there is. */
KEDGE_MUST_CHECK struct store_result name_case_find(const struct store_root *root,
                                                    const struct match_locale *letters,
                                                    struct kedge_span asked,
                                                    struct name_case *out);

#endif
