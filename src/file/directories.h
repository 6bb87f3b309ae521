/* SPDX-License-Identifier: MIT */
/* The directories that an upload's name needs and that are not there: made below the root,
 * and removed again if no file came to them. */
#ifndef FILE_DIRECTORIES_H
#define FILE_DIRECTORIES_H

#include "file/root.h"

#define DIRECTORIES_MODE 0755 /* less the umask */

/* Make what is missing of name's directories, from the root on; *made is how many, the last
 * ones of the name. Where it fails none is left and *made is 0. Blocks. Errors: NOT_FOUND
 * (something else has such a name, or a part is `..`), BAD_NAME (a part is too long), DENIED,
 * FULL, IO. */
KEDGE_MUST_CHECK struct store_result directories_make(const struct store_root *root,
                                                      const struct root_name *name,
                                                      unsigned *made);

/* Remove the last `made` of name's directories, each that is empty. Blocks. */
void directories_remove(const struct store_root *root, const struct root_name *name,
                        unsigned made);

/* Whether directories_make() would go ahead: *dir is then the directory (O_PATH) that is
 * there and would get the first one; the caller closes it. Errors as of directories_make(),
 * and whether *dir may be written is not looked at. */
KEDGE_MUST_CHECK struct store_result
directories_look(const struct store_root *root, const struct root_name *name, int *dir);

#endif
