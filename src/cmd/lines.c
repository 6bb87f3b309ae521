/* SPDX-License-Identifier: MIT */
/* Lines read from a descriptor into a fixed buffer. */
#include "cmd/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static bool take_line(struct lines *l, struct kedge_span *out)
{
    const uint8_t *start = l->space + l->taken;
    size_t waiting = l->used - l->taken;
    const uint8_t *newline = waiting ? memchr(start, '\n', waiting) : NULL;

    if (!newline && !(l->ended && waiting > 0))
        return false;
    out->ptr = start;
    out->len = newline ? (size_t)(newline - start) : waiting;
    l->taken += out->len + (newline ? 1 : 0);
    return true;
}

static void make_line_room(struct lines *l)
{
    memmove(l->space, l->space + l->taken, l->used - l->taken);
    l->used -= l->taken;
    l->taken = 0;
}

/* LINES_ONE: something came, or the end. */
static enum lines_result read_more(struct lines *l)
{
    struct pollfd fds[2] = { { .fd = l->fd, .events = POLLIN },
                             { .fd = l->cancel, .events = POLLIN } };
    ssize_t n;

    if (poll(fds, 2, -1) < 0)
        return errno == EINTR ? LINES_ONE : LINES_FAILED;
    if (fds[1].revents)
        return LINES_CANCELLED;
    n = read(l->fd, l->space + l->used, l->room - l->used);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? LINES_ONE : LINES_FAILED;
    l->used += (size_t)n;
    l->ended = n == 0;
    return LINES_ONE;
}

enum lines_result lines_next(struct lines *l, struct kedge_span *out)
{
    while (!take_line(l, out)) {
        enum lines_result result;

        if (l->ended)
            return LINES_END;
        make_line_room(l);
        if (l->used == l->room)
            return LINES_TOO_LONG;
        result = read_more(l);
        if (result != LINES_ONE)
            return result;
    }
    return LINES_ONE;
}
