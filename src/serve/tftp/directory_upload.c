/* SPDX-License-Identifier: MIT */
/* An upload's bytes on their way into the directory: gathered, written, committed or
 * dropped. What may block is one job of a helper at a time. */
#include "serve/tftp/directory_upload.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

enum { GATHER_BYTES = 1 << 16 /* at least the largest block, and whole pages */ };

static struct directory_upload *owner_of(struct upload *upload)
{
    return JOB_OWNER(upload, struct directory_upload, upload);
}

static void upload_resume(struct directory_upload *u, struct store_result result)
{
    u->file->resume(u->file->transfer, result);
}

static struct store_result upload_later(void)
{
    return store_fail(STORE_LATER, "by a helper");
}

static void helper_opened(struct upload *upload)
{
    struct directory_upload *u = owner_of(upload);

    u->opened(u->file);
    u->open = upload->result.error == STORE_OK;
    u->file->slow = upload->slow;
    upload_resume(u, upload->result);
}

struct store_result directory_upload_open(struct directory_upload *u)
{
    if (u->upload.rules->policy == UPLOAD_REFUSE)
        return store_fail(STORE_DENIED, "uploads are refused");
    u->upload.done = helper_opened;
    upload_begin(u->workers, &u->upload);
    return upload_later();
}

static struct store_result write_gathered(struct directory_upload *u)
{
    struct gathered *g = &u->gathered;
    struct iovec iov = { g->bytes, g->len };

    if (g->len == 0)
        return store_ok();
    g->len = 0;
    return upload_write(&u->upload, &iov, 1, g->offset);
}

/* ---- Who has memory for bytes ---- */

static void gatherer_enter(struct gatherers *all, struct directory_upload *u)
{
    u->older = all->newest;
    u->newer = NULL;
    *(u->older ? &u->older->newer : &all->oldest) = u;
    all->newest = u;
    all->count++;
}

static void gatherer_leave(struct gatherers *all, struct directory_upload *u)
{
    *(u->older ? &u->older->newer : &all->oldest) = u->newer;
    *(u->newer ? &u->newer->older : &all->newest) = u->older;
    all->count--;
}

static void forget_bytes(struct directory_upload *u)
{
    if (u->gathered.bytes && !u->upload.slow)
        gatherer_leave(u->gatherers, u);
    free(u->gathered.bytes);
    u->gathered = (struct gathered){ 0 };
}

static struct store_result so_far(const struct directory_upload *u)
{
    return u->failed.error != STORE_OK ? u->failed : store_ok();
}

static void write_out(struct directory_upload *u)
{
    u->failed = write_gathered(u);
    forget_bytes(u);
}

static bool take_memory(struct directory_upload *u)
{
    struct gatherers *all = u->gatherers;

    if (!u->upload.slow && all->count == GATHERERS_MAX)
        write_out(all->oldest);
    u->gathered.bytes = malloc(GATHER_BYTES);
    if (u->gathered.bytes && !u->upload.slow)
        gatherer_enter(all, u);
    return u->gathered.bytes != NULL;
}

static void got_bytes(struct directory_upload *u)
{
    if (u->upload.slow || u->gatherers->newest == u)
        return;
    gatherer_leave(u->gatherers, u);
    gatherer_enter(u->gatherers, u);
}

static struct store_result make_upload_room(struct directory_upload *u, size_t len)
{
    struct gathered *g = &u->gathered;

    if (!g->bytes && !take_memory(u))
        return store_fail(STORE_BUSY, "no memory");
    got_bytes(u);
    /* A slow disk's bytes are taken away after each block, so a peer that waits for its
     * ACKs never gets here. */
    if (u->upload.slow && len > GATHER_BYTES - g->len)
        return store_fail(STORE_IO, "the peer sent more than a window");
    return g->len < GATHER_BYTES ? store_ok() : write_gathered(u);
}

/* As much of it as there is room for; the rest is left in *bytes. */
static void gather(struct gathered *g, struct kedge_span *bytes, uint64_t offset)
{
    size_t len = (size_t)min_u64(bytes->len, GATHER_BYTES - g->len);

    memcpy(g->bytes + g->len, bytes->ptr, len);
    if (g->len == 0)
        g->offset = offset;
    g->len += len;
    bytes->ptr += len;
    bytes->len -= len;
}

/* Committed, or failed with nothing left behind: in both cases the upload is over. */
static void helper_committed(struct upload *upload)
{
    struct directory_upload *u = owner_of(upload);

    u->open = false;
    upload_resume(u, upload->result);
}

static void commit_by_helper(struct directory_upload *u)
{
    u->upload.done = helper_committed;
    upload_commit(u->workers, &u->upload);
}

/* A peer that did not wait for its ACK has sent more meanwhile: that is behind. */
static void forget_written(struct gathered *g)
{
    size_t done = g->iov.iov_len;

    g->len -= done;
    g->offset += done;
    if (g->len > 0)
        memmove(g->bytes, g->bytes + done, g->len);
}

static void helper_wrote(struct upload *upload);

static void write_by_helper(struct directory_upload *u)
{
    struct gathered *g = &u->gathered;

    u->writing = true;
    g->iov = (struct iovec){ g->bytes, g->len };
    u->upload.done = helper_wrote;
    upload_write_later(u->workers, &u->upload, &g->iov, 1, g->offset);
}

static void helper_wrote(struct upload *upload)
{
    struct directory_upload *u = owner_of(upload);
    bool good = upload->result.error == STORE_OK;

    u->writing = false;
    forget_written(&u->gathered);
    if (u->gathered.len == 0)
        forget_bytes(u);
    if (good && u->gathered.len > 0)
        write_by_helper(u);
    else if (good && u->commits)
        commit_by_helper(u);
    else
        upload_resume(u, upload->result);
}

/* Blocks are cut where memory is full: what is written begins and ends at a multiple of
 * that, which the page cache takes by large pieces. */
struct store_result directory_upload_write(struct directory_upload *u,
                                           struct kedge_span bytes, uint64_t offset)
{
    struct store_result result = so_far(u);
    uint64_t end = offset + bytes.len;

    while (result.error == STORE_OK && bytes.len > 0) {
        result = make_upload_room(u, bytes.len);
        if (result.error == STORE_OK)
            gather(&u->gathered, &bytes, end - bytes.len);
    }
    if (result.error != STORE_OK || !u->upload.slow || u->gathered.len == 0)
        return result;
    if (!u->writing)
        write_by_helper(u);
    return upload_later();
}

struct store_result directory_upload_commit(struct directory_upload *u)
{
    struct store_result result;

    if (u->writing) {
        u->commits = true;
        return upload_later();
    }
    result = so_far(u);
    if (result.error == STORE_OK)
        result = write_gathered(u);
    forget_bytes(u);
    if (result.error != STORE_OK)
        return result;
    commit_by_helper(u);
    return upload_later();
}

static void helper_dropped(struct upload *upload)
{
    upload_resume(owner_of(upload), store_ok());
}

struct store_result directory_upload_close(struct directory_upload *u)
{
    forget_bytes(u);
    if (!u->open)
        return store_ok();
    u->open = false;
    u->upload.done = helper_dropped;
    upload_abort(u->workers, &u->upload);
    return upload_later();
}
