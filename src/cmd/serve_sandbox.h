/* SPDX-License-Identifier: MIT */
/* What `kedge serve` is confined to once all is bound and its user is changed, before its first
 * thread: the files of its roots and of its policy, and the system calls of a server. What this
 * kernel cannot do is done without, and said. */
#ifndef CMD_SERVE_SANDBOX_H
#define CMD_SERVE_SANDBOX_H

#include "cmd/exit_code.h"
#include "file/root.h"
#include "os/match.h"
#include "os/sandbox.h"
#include "serve/tftp/policy_set.h"

struct server;

enum serve_sandbox_mode { SERVE_SANDBOX_AUTO, SERVE_SANDBOX_REQUIRE, SERVE_SANDBOX_OFF };

enum { SERVE_SANDBOX_TEXT = 192 };

struct serve_sandbox {
    struct sandbox files;
    char text
        [SERVE_SANDBOX_TEXT]; /* what it got: "landlock 4, seccomp, no capabilities" */
    bool lacks;               /* a part of it */

    const struct store_root *root; /* where no section has its own; NULL: no TFTP */
    const char *root_path;

    /* Kept open: the libraries could not open them later. */
    struct match_locale letters;
    bool letters_open;
    int memory; /* /proc/self/statm, by which a map's child process is limited; or -1 */
};

/* Enter it. Where a part is missing and that is not accepted, it is said on standard error,
 * and then EXIT_SYSTEM. */
KEDGE_MUST_CHECK enum exit_code serve_sandbox_enter(struct server *s);

/* Can what a new policy serves be reached? Else standard error has what needs a restart. */
bool serve_sandbox_fits(const struct serve_sandbox *b, struct policy_set *set);

void serve_sandbox_close(struct serve_sandbox *b);

#endif
