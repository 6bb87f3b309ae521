/* SPDX-License-Identifier: MIT */
/* The option --key: the shared key is loaded from its file. */
#include "cmd/key_option.h"

#include "cmd/printable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum exit_code key_option(const char *verb, const char *file, struct store_key *out)
{
    int err = key_read(out, file);

    if (!err)
        return EXIT_OK;
    fprintf(stderr, "kedge %s: --key %s: ", verb, printable(file, PRINTABLE_NAME).text);
    if (err == -EINVAL)
        fprintf(stderr, "a key has %d to %d bytes\n", KEY_MIN, KEY_MAX);
    else
        fprintf(stderr, "%s\n", strerror(-err));
    return EXIT_LOCAL_FILE;
}
