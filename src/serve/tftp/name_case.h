/* SPDX-License-Identifier: MIT */
/* Which name below a root is meant by one whose letters may be of the wrong case. It does
 * not open the file. */
#ifndef SERVE_TFTP_NAME_CASE_H
#define SERVE_TFTP_NAME_CASE_H

#include "file/root.h"
#include "serve/tftp/case_cache.h"

struct name_case {
    bool changed; /* else the name is meant as it was asked for */
    struct root_name
        name;   /* changed: as it is there; parts that are not there, as asked */
    bool twice; /* two names differ from a part in letter case only: those of `part` */
    struct case_found part;
};

/* Part by part: a name that is there exactly is taken, else the only one that is the same
 * but for the case of its letters. A name with a part `..` is not changed. Blocks. OK; or BUSY: no descriptor or
 * memory is left to look, and out says less than there is. */
KEDGE_MUST_CHECK struct store_result name_case_find(const struct store_root *root,
                                                    struct case_cache *cases,
                                                    struct kedge_span asked,
                                                    struct name_case *out);

#endif
