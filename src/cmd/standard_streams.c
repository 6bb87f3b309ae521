/* SPDX-License-Identifier: MIT */
/* Standard input, output and error: kept open at start, checked at the end. */
#include "cmd/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void standard_hold(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static bool reader_is_gone(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

    return poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}

/* A stream keeps no errno, only that there was one. */
static const char *why_not(void)
{
    return write(STDOUT_FILENO, "", 0) < 0 ? strerror(errno) : "not all could be written";
}

enum exit_code standard_end(enum exit_code code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (!reader_is_gone())
        fprintf(stderr, "kedge: standard output: %s\n", why_not());
    return code == EXIT_OK ? EXIT_LOCAL_FILE : code;
}
