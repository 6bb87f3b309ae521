/* SPDX-License-Identifier: MIT */
/* getrandom(2), which is whole up to 256 bytes. */
#include "os/random.h"

#include <errno.h>
#include <sys/random.h>

int random_fill(void *out, size_t len)
{
    ssize_t n;

    KEDGE_ASSERT(len <= 256);
    do
        n = getrandom(out, len, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;
}
