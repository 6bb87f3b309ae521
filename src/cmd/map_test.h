/* SPDX-License-Identifier: MIT */
/* Names through a map file, as `in.tftpd --map-test` shows them: a line in, a line out.
 * A name that a rule refuses shows as `ERROR: ` and the rule's message. No file is looked
 * for: a rule with E finds none. */
#ifndef CMD_MAP_TEST_H
#define CMD_MAP_TEST_H

#include "cmd/exit_code.h"
#include "policy/path.h"

#include <stdbool.h>
#include <stdio.h>

struct map_test {
    const char *map; /* the file; NULL: names stay as they are */
    const char *names;
    bool put;            /* of writes, not of reads */
    bool ipv6;           /* the client is 2001:db8::feed:face:dead:beef, not 192.0.2.34 */
    enum path_form form; /* that each name is brought into at the end */
    uint32_t steps;      /* rules that a name may take; 0: MAP_STEPS_MAX */
};

/* Faults go to standard error. EXIT_USAGE for a map that cannot be used, EXIT_LOCAL_FILE for
 * names that cannot be read. */
enum exit_code map_test_run(const struct map_test *t, FILE *out);

#endif
