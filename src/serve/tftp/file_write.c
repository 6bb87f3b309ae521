/* An upload's file: made, written, kept or dropped. Each of those that may block is one job
 * of a helper, and has one function here for when it is done. */
#include "serve/tftp/private.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

static void forget_late(struct tftp_transfer *t)
{
    free(t->late.bytes);
    t->late = (struct late_write){ 0 };
}

static struct tftp_transfer *job_over(struct upload *upload)
{
    struct tftp_transfer *t = JOB_OWNER(upload, struct tftp_transfer, upload);

    t->job = false;
    return t;
}

struct store_result upload_flush(struct tftp_transfer *t)
{
    struct iovec iov = { t->late.bytes, t->late.len };

    if (t->late.len == 0)
        return store_ok();
    t->late.len = 0;
    return upload_write(&t->upload, &iov, 1, t->late.offset);
}

static struct store_result make_room(struct tftp_transfer *t, size_t len)
{
    if (!t->late.bytes)
        t->late.bytes = malloc(LATE_BYTES);
    if (!t->late.bytes)
        return store_fail(STORE_BUSY, "no memory");
    /* A slow disk's bytes are taken away after each block, so a peer that waits for its
     * ACKs never gets here. */
    if (t->upload.slow && len > LATE_BYTES - t->late.len)
        return store_fail(STORE_IO, "the peer sends more than a window");
    return t->late.len < LATE_BYTES ? store_ok() : upload_flush(t);
}

/* As much of it as there is room for; the rest is left in *bytes. */
static void gather(struct late_write *late, struct kedge_span *bytes, uint64_t offset)
{
    size_t len = (size_t)min_u64(bytes->len, LATE_BYTES - late->len);

    memcpy(late->bytes + late->len, bytes->ptr, len);
    if (late->len == 0)
        late->offset = offset;
    late->len += len;
    bytes->ptr += len;
    bytes->len -= len;
}

/* Blocks are cut where memory is full: what is written begins and ends at a multiple of
 * that, which the page cache takes by large pieces. */
static struct store_result write_upload(void *file, struct kedge_span bytes,
                                        uint64_t offset)
{
    struct tftp_transfer *t = file;
    struct store_result result = store_ok();
    uint64_t end = offset + bytes.len;

    while (result.error == STORE_OK && bytes.len > 0) {
        result = make_room(t, bytes.len);
        if (result.error == STORE_OK)
            gather(&t->late, &bytes, end - bytes.len);
    }
    return result;
}

/* A peer that did not wait for its ACK has sent more meanwhile: that is behind. */
static void forget_written(struct tftp_transfer *t)
{
    size_t done = t->late.iov.iov_len;

    t->late.len -= done;
    t->late.offset += done;
    if (t->late.len > 0)
        memmove(t->late.bytes, t->late.bytes + done, t->late.len);
}

static void late_written(struct upload *upload)
{
    struct tftp_transfer *t = job_over(upload);

    forget_written(t);
    if (t->ending) {
        transfer_end(t);
        return;
    }
    if (upload->result.error != STORE_OK)
        transfer_fail(t, &upload->result);
    transfer_pump(t);
}

bool upload_is_late(struct tftp_transfer *t)
{
    if (t->late.len == 0 || !t->upload.slow)
        return false;
    t->late.iov = (struct iovec){ t->late.bytes, t->late.len };
    t->upload.done = late_written;
    t->job = true;
    upload_write_later(t->service->config.workers, &t->upload, &t->late.iov, 1,
                       t->late.offset);
    return true;
}

/* Kept, or failed with nothing left behind: in both cases the upload is over. */
static void kept(struct upload *upload)
{
    struct tftp_transfer *t = job_over(upload);

    t->uploading = false;
    if (t->ending) {
        transfer_end(t);
        return;
    }
    if (upload->result.error == STORE_OK)
        kedge_tftp_receiver_committed(&t->session->machine.receiver,
                                      loop_now(t->service->config.loop));
    else
        transfer_fail(t, &upload->result);
    transfer_pump(t);
}

void upload_keep(struct tftp_transfer *t)
{
    t->upload.done = kept;
    t->job = true;
    upload_commit(t->service->config.workers, &t->upload);
}

static void dropped(struct upload *upload)
{
    transfer_end(job_over(upload));
}

bool upload_drop(struct tftp_transfer *t)
{
    forget_late(t);
    if (!t->uploading)
        return false;
    t->uploading = false;
    t->upload.done = dropped;
    t->job = true;
    upload_abort(t->service->config.workers, &t->upload);
    return true;
}

static void begun(struct upload *upload)
{
    struct tftp_transfer *t = job_over(upload);

    t->uploading = upload->result.error == STORE_OK;
    if (t->ending)
        transfer_end(t);
    else if (t->uploading)
        transfer_start(t, 0);
    else
        transfer_refuse(t, &upload->result);
}

void upload_open(struct tftp_transfer *t)
{
    const struct tftp_config *config = &t->service->config;
    const struct kedge_tftp_options *asked = &t->session->asked;
    bool octet = t->session->mode == KEDGE_TFTP_OCTET;

    if (config->uploads.policy == UPLOAD_REFUSE) {
        transfer_refuse_for(t, STORE_DENIED, "uploads are refused");
        return;
    }
    t->block_writer =
        (struct block_writer){ .write = write_upload, .file = t, .netascii = !octet };
    t->upload = (struct upload){
        .root = config->root, .rules = &config->uploads, .name = &t->name, .done = begun
    };
    if (octet && (asked->has & KEDGE_TFTP_HAS_TSIZE))
        t->upload.expected = asked->tsize;
    t->job = true;
    upload_begin(config->workers, &t->upload);
}
