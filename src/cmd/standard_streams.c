/* SPDX-License-Identifier: MIT */
/* Standard input, output and error: kept open at start, checked at the end. */
#include "cmd/standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
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

/* Why not all was written. A stream keeps no errno, only that there was one: so a device is
 * asked again, and a file system for its free room. */
static int why_not(void)
{
    struct statvfs at;

    if (write(STDOUT_FILENO, "", 0) < 0)
        return errno;
    return fstatvfs(STDOUT_FILENO, &at) == 0 && at.f_blocks > 0 && at.f_bavail == 0
               ? ENOSPC
               : EIO;
}

enum exit_code standard_end(enum exit_code code)
{
    int err;

    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    err = why_not();
    if (!reader_is_gone())
        fprintf(stderr, "kedge: standard output: %s\n", strerror(err));
    if (code != EXIT_OK)
        return code;
    return err == ENOSPC || err == EDQUOT ? EXIT_DISK_FULL : EXIT_LOCAL_FILE;
}
