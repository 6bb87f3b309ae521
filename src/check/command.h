/* SPDX-License-Identifier: MIT */
/* One run of a client's command: its words filled in, started in a process group of its
 * own with nothing on standard input, its output read and dropped, its end seen. */
#ifndef CHECK_COMMAND_H
#define CHECK_COMMAND_H

#include "kedge/base.h"

#include <sys/types.h>

enum { CHECK_COMMAND_WORDS = 64, CHECK_COMMAND_BYTES = 8192 };

/* What stands for {url}, {host}, {port}, {remote} and {local}. */
struct check_command_values {
    const char *url, *host, *port, *remote, *local;
};

struct check_command {
    pid_t pid;  /* 0: none */
    int output; /* its standard output and error, both; -1: closed */
    int status; /* exit code, or 128 and a signal's number; -1 while it runs */
};

/* 0; or -errno: it cannot be started (ENOENT), or its words are too long (E2BIG). */
KEDGE_MUST_CHECK int check_command_start(struct check_command *c,
                                         const char *const *words, size_t count,
                                         const struct check_command_values *values);

/* Drop what it has printed, and see whether it has ended. True once it has. */
bool check_command_look(struct check_command *c);

/* End it, if it still runs, with all that it started. */
void check_command_end(struct check_command *c);

#endif
