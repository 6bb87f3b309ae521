/* SPDX-License-Identifier: MIT */
/* Temporary files: made, locked, and recognised by their name. */
#include "file/temp.h"

#include "file/root.h"
#include "os/random.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX_LEN (sizeof ROOT_OWN_PREFIX - 1)
#define DIGITS (TEMP_ROOM - 1 - PREFIX_LEN)
#define TRIES 16

_Static_assert(DIGITS == 16, "as upload_sweep() is documented");

static const char hex[] = "0123456789abcdef";

static bool choose_name(char name[static TEMP_ROOM])
{
    uint8_t random[DIGITS];

    if (random_fill(random, sizeof random) < 0)
        return false;
    memcpy(name, ROOT_OWN_PREFIX, PREFIX_LEN);
    for (size_t i = 0; i < DIGITS; i++)
        name[PREFIX_LEN + i] = hex[random[i] & 15];
    name[TEMP_ROOM - 1] = 0;
    return true;
}

/* A sweep may meet the file before it is locked, and then removes it: so it counts only
 * if it still has a name once it is ours. A file system without locks is never swept. */
static bool lost_to_sweep(int fd)
{
    struct stat st;

    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return true;
    return fstat(fd, &st) < 0 || st.st_nlink == 0;
}

struct store_result temp_create(int dir, mode_t mode, char name[static TEMP_ROOM],
                                int *fd)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

    for (int i = 0; i < TRIES; i++) {
        int made;

        if (!choose_name(name))
            return store_errno(EIO);
        made = openat(dir, name, flags, mode);
        if (made < 0 && errno == EEXIST)
            continue;
        if (made < 0)
            return store_errno(errno);
        if (!lost_to_sweep(made)) {
            *fd = made;
            return store_ok();
        }
        (void)unlinkat(dir, name, 0);
        close(made);
    }
    return store_fail(STORE_BUSY, "no temporary file could be made");
}

struct store_result temp_set_mode(int fd, mode_t mode)
{
    if (fchmod(fd, mode & 0777) < 0 && errno != EPERM && errno != EOPNOTSUPP)
        return store_errno(errno);
    return store_ok();
}

bool temp_is_name(const char *name)
{
    return strlen(name) == TEMP_ROOM - 1 &&
           memcmp(name, ROOT_OWN_PREFIX, PREFIX_LEN) == 0 &&
           strspn(name + PREFIX_LEN, hex) == DIGITS;
}
