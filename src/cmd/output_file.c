/* SPDX-License-Identifier: MIT */
/* The file that an option names, and its faults in words. */
#include "cmd/output_file.h"

#include "cmd/printable.h"

#include <string.h>

enum exit_code output_file_report(const struct output_file *f, struct store_result r)
{
    fprintf(stderr, "kedge %s: %s%s: %s\n", f->verb, f->option,
            printable(f->name, PRINTABLE_NAME).text, r.err ? strerror(r.err) : r.why);
    return r.error == STORE_FULL ? EXIT_DISK_FULL : EXIT_LOCAL_FILE;
}

enum exit_code output_file_open(struct output_file *f)
{
    struct store_result r = atomic_file_open(&f->file, f->name);

    return r.error ? output_file_report(f, r) : EXIT_OK;
}

enum exit_code output_file_commit(struct output_file *f)
{
    struct store_result r = atomic_file_commit(&f->file);

    return r.error ? output_file_report(f, r) : EXIT_OK;
}
