/* SPDX-License-Identifier: MIT */
/* An upload's file, read and hashed while it is sent. */
#include "transfer/source.h"

#include "base/number.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static struct fetch_source *fetch_source_of(void *file)
{
    return (struct fetch_source *)file;
}

/* Each byte once, in order: blocks are read again when they are sent again. */
static void hash(struct fetch_source *s, struct kedge_span bytes, uint64_t offset)
{
    uint64_t known = sub_sat(s->hashed, offset);

    if (!s->wanted || known >= bytes.len)
        return;
    sha256_update(&s->sum, bytes.len - (size_t)known, bytes.ptr + known);
    s->hashed = offset + bytes.len;
}

static struct store_result read_bytes(void *file, const struct block_part *part,
                                      size_t *got)
{
    struct fetch_source *s = fetch_source_of(file);
    struct store_result r;
    uint64_t offset = part->offset;
    size_t left;

    *got = 0;
    r = local_source_read(&s->local, part->iov, part->count, offset, got);
    left = s->wanted ? *got : 0;
    for (const struct iovec *v = part->iov; left > 0; v++) {
        size_t len = min_u64(v->iov_len, left);

        hash(s, (struct kedge_span){ v->iov_base, len }, offset);
        offset += len;
        left -= len;
    }
    return r;
}

static bool is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, 0) > 0;
}

static uint64_t source_ready(struct fetch_file *file, uint64_t from, uint64_t end)
{
    struct fetch_source *s = fetch_source_of(file);
    struct local_source *l = &s->local;

    while (l->stream && !l->sized && l->end < end && is_readable(l->fd))
        if (local_source_take(l, end).error)
            return FETCH_UNKNOWN; /* the reading that follows meets it again */
    if (l->sized)
        s->file.size = l->size;
    return l->sized ? FETCH_UNKNOWN : sub_sat(l->end, from);
}

static struct transfer_error complete(struct fetch_file *file)
{
    struct fetch_source *s = fetch_source_of(file);

    if (local_source_changed(&s->local))
        return fetch_changed();
    return fetch_check_sum(&s->sum, s->wanted, s->sum_text);
}

static bool again(struct fetch_file *file)
{
    const struct local_source *l = &fetch_source_of(file)->local;

    return !l->stream || l->end <= l->keep_room;
}

struct transfer_error fetch_source_open(struct fetch_source *s,
                                        const struct fetch_source_options *o)
{
    size_t window = (size_t)o->window * o->blksize;
    size_t room = min_u64(window, FETCH_RING_MAX) + 4 * (size_t)KEDGE_TFTP_BLKSIZE_MAX;
    struct store_result r;

    *s = (struct fetch_source){ .wanted = o->wanted, .local = { .fd = -1 } };
    sha256_init(&s->sum);
    s->ring = malloc(room);
    r = s->ring ? local_source_open(&s->local, o->path, s->ring, room)
                : store_errno(ENOMEM);
    s->file = (struct fetch_file){ .read = read_bytes,
                                   .size = s->local.sized ? s->local.size : FETCH_UNKNOWN,
                                   .ready = s->local.stream ? source_ready : NULL,
                                   .wait_fd = s->local.fd,
                                   .complete = complete,
                                   .rewind = again };
    return transfer_error_of(r);
}

void fetch_source_close(struct fetch_source *s)
{
    local_source_close(&s->local);
    free(s->ring);
}
