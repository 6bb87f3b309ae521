/* SPDX-License-Identifier: MIT */
/* A directory of its own for the tests of one file, which leave it empty. */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/kedge-unit-XXXXXX";

static inline int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

#endif
