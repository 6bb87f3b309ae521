/* SPDX-License-Identifier: MIT */
/* The file that an option such as --html names: file/atomic_file.h, and one line on standard
 * error for what does not work. */
#ifndef CMD_OUTPUT_FILE_H
#define CMD_OUTPUT_FILE_H

#include "cmd/exit_code.h"
#include "file/atomic_file.h"

struct output_file {
    struct atomic_file file; /* file.out: print to it; NULL when not open */
    const char *verb;        /* "probe" */
    const char *option;      /* "--html ", before the name; or "" */
    const char *name;
};

/* Zeroed memory with verb, option and name is ready for this. A fault is reported, and
 * then it is not open: EXIT_DISK_FULL or EXIT_LOCAL_FILE. */
KEDGE_MUST_CHECK enum exit_code output_file_open(struct output_file *f);

/* As atomic_file_commit(); as output_file_open(). */
KEDGE_MUST_CHECK enum exit_code output_file_commit(struct output_file *f);

/* Report a fault of it, as those two do. */
enum exit_code output_file_report(const struct output_file *f, struct store_result r);

#endif
