/* SPDX-License-Identifier: MIT */
/* openat2, with patience: a rename elsewhere in the tree makes the kernel give up (EAGAIN), and
 * that is tried again a few times. And whether there is such a call: kernels before 5.6 have none,
 * and an old container's filter, or a service manager's, answers EPERM. What is opened here is
 * never refused by EPERM itself. */
#ifndef FILE_OPENAT2_H
#define FILE_OPENAT2_H

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPENAT2_TRIES = 32 };

/* A descriptor, or -errno. O_CLOEXEC is added to the flags. */
static inline int openat2_tried(int dir, const char *path, int flags, uint64_t resolve,
                                int tries)
{
    struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                            .resolve = resolve };

    for (int i = 0; i < tries; i++) {
        long fd = syscall(SYS_openat2, dir, path, &how, sizeof how);

        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return -EAGAIN;
}

static inline bool openat2_is_missing(int result)
{
    return result == -ENOSYS || result == -EPERM;
}

#endif
