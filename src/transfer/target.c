/* SPDX-License-Identifier: MIT */
/* A download's file, written and hashed, and checked before it is published. */
#include "transfer/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER (256u << 10)

static struct fetch_target *fetch_target_of(void *file)
{
    return (struct fetch_target *)file;
}

static struct store_result flush_target(struct fetch_target *t)
{
    uint64_t offset = t->delivered - t->held_bytes;
    int count = t->held_count;

    t->held_count = 0;
    t->held_bytes = 0;
    return count ? local_target_write(&t->local, t->held, count, offset) : store_ok();
}

static void hold(struct fetch_target *t, struct iovec v)
{
    t->held[t->held_count++] = v;
    t->held_bytes += v.iov_len;
}

static bool holds_borrowed(const struct fetch_target *t)
{
    return t->held_count > 0 && t->held[0].iov_base != t->buffer;
}

/* Small blocks are gathered: a write costs more than their copy. Large ones stay where
 * they are until they are settled, and that is after their ACK has left: so the peer
 * reads the next while this one is written. */
static struct store_result append_to_target(struct fetch_target *t,
                                            struct kedge_span bytes)
{
    bool lent = bytes.len >= FETCH_LENT_MIN;
    struct store_result r = store_ok();

    if (holds_borrowed(t) ? !lent || t->held_count == FETCH_LENT_MAX
                          : lent || t->held_bytes + bytes.len > BUFFER)
        r = flush_target(t);
    if (r.error || bytes.len == 0)
        return r;
    if (lent) {
        hold(t, (struct iovec){ (void *)(uintptr_t)bytes.ptr, bytes.len });
    } else {
        if (t->held_count == 0)
            hold(t, (struct iovec){ t->buffer, 0 });
        memcpy(t->buffer + t->held_bytes, bytes.ptr, bytes.len);
        t->held[0].iov_len = t->held_bytes += bytes.len;
    }
    t->delivered += bytes.len;
    return r;
}

/* A terminal would do what the bytes tell it. Text has no NUL. */
static struct store_result refuse_binary(const struct fetch_target *t,
                                         struct kedge_span bytes)
{
    if (!t->terminal || bytes.len == 0 || !memchr(bytes.ptr, 0, bytes.len))
        return store_ok();
    return store_fail(STORE_IO,
                      "the file is binary, and this is a terminal: use -o FILE");
}

/* A stream that got a part in an earlier attempt gets only what follows it. */
static struct store_result write_bytes(void *file, struct kedge_span bytes,
                                       uint64_t offset)
{
    struct fetch_target *t = fetch_target_of(file);
    uint64_t known = t->delivered - offset;
    struct store_result r;

    KEDGE_ASSERT(offset <= t->delivered);
    if (known >= bytes.len)
        return store_ok();
    r = refuse_binary(t, bytes);
    if (r.error)
        return r;
    bytes = (struct kedge_span){ bytes.ptr + known, bytes.len - (size_t)known };
    if (t->wanted)
        sha256_update(&t->sum, bytes.len, bytes.ptr);
    return append_to_target(t, bytes);
}

/* Who reads a pipe wants what has come; a regular file can wait. */
static struct store_result settle_target(struct fetch_file *file)
{
    struct fetch_target *t = fetch_target_of(file);

    return t->local.stream || holds_borrowed(t) ? flush_target(t) : store_ok();
}

static struct transfer_error keep_target(struct fetch_file *file, uint64_t size,
                                         uint64_t announced)
{
    struct fetch_target *t = fetch_target_of(file);
    struct transfer_error error = transfer_no_error();

    if (announced != FETCH_UNKNOWN && size != announced)
        error = fetch_wrong_size();
    if (error.cause == KEDGE_TRANSFER_DONE)
        error = fetch_check_sum(&t->sum, t->wanted, t->sum_text);
    if (error.cause == KEDGE_TRANSFER_DONE)
        error = transfer_error_of(flush_target(t));
    if (error.cause == KEDGE_TRANSFER_DONE)
        error = transfer_error_of(local_target_commit(&t->local));
    return error;
}

static struct store_result open_local(struct fetch_target *t)
{
    t->held_count = 0;
    t->held_bytes = 0;
    t->delivered = 0;
    sha256_init(&t->sum);
    return local_target_open(&t->local, t->path);
}

static bool again(struct fetch_file *file)
{
    struct fetch_target *t = fetch_target_of(file);

    if (t->local.stream)
        return true;
    local_target_abort(&t->local);
    return open_local(t).error == STORE_OK;
}

struct transfer_error fetch_target_open(struct fetch_target *t, const char *path,
                                        const uint8_t *wanted)
{
    *t = (struct fetch_target){ .path = path,
                                .wanted = wanted,
                                .terminal =
                                    strcmp(path, "-") == 0 && isatty(STDOUT_FILENO),
                                .local = { .fd = -1, .dir = -1 },
                                .buffer = malloc(BUFFER) };
    t->file = (struct fetch_file){ .size = FETCH_UNKNOWN,
                                   .wait_fd = -1,
                                   .write = write_bytes,
                                   .settle = settle_target,
                                   .keep = keep_target,
                                   .rewind = again };
    return transfer_error_of(t->buffer ? open_local(t) : store_errno(ENOMEM));
}

void fetch_target_close(struct fetch_target *t)
{
    local_target_abort(&t->local);
    free(t->buffer);
}
