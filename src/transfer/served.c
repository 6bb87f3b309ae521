#include "transfer/served.h"

#include "file/calls.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static struct fetch_served *owner(void *file)
{
    return (struct fetch_served *)file;
}

/* ---- a file that is sent ---- */

static struct store_result read_bytes(void *file, const struct block_part *part,
                                      size_t *got)
{
    struct iov_list list = { part->iov, part->count };
    uint64_t moved;
    int err = iov_all(owner(file)->fd, IOV_READ, list, part->offset, &moved);

    if (err)
        return store_errno(-err);
    if (moved < part->want)
        return store_fail(STORE_CHANGED, "the file was cut short while it was read");
    *got = part->want;
    return store_ok();
}

static struct transfer_error complete(struct fetch_file *file)
{
    const struct fetch_served *s = owner(file);
    struct stat st;
    bool same = fstat(s->fd, &st) == 0 && st.st_size == s->was.st_size &&
                st.st_mtim.tv_sec == s->was.st_mtim.tv_sec &&
                st.st_mtim.tv_nsec == s->was.st_mtim.tv_nsec;

    return same ? transfer_no_error() : fetch_changed();
}

static struct store_result open_to_send(struct fetch_served *s)
{
    struct store_result r = root_open_file(&s->root, &s->name, &s->fd, &s->was);

    if (r.error)
        return r;
    s->file = (struct fetch_file){ .read = read_bytes,
                                   .size = (uint64_t)s->was.st_size,
                                   .wait_fd = -1,
                                   .complete = complete };
    return r;
}

/* ---- a file that is received ---- */

static void job_done(struct upload *upload)
{
    struct fetch_served *s = JOB_OWNER(upload, struct fetch_served, upload);

    s->job = false;
}

/* The store's uploads work by jobs; here there is nothing else to do meanwhile. */
static struct store_result wait_for_job(struct fetch_served *s)
{
    struct pollfd p = { .fd = workers_fd(&s->workers), .events = POLLIN };

    while (s->job) {
        (void)poll(&p, 1, -1);
        workers_collect(&s->workers);
    }
    return s->upload.result;
}

static struct store_result write_bytes(void *file, struct kedge_span bytes,
                                       uint64_t offset)
{
    struct iovec v = { (void *)(uintptr_t)bytes.ptr, bytes.len };

    return upload_write(&owner(file)->upload, &v, 1, offset);
}

static struct transfer_error keep(struct fetch_file *file, uint64_t size,
                                  uint64_t announced)
{
    struct fetch_served *s = owner(file);

    if (announced != FETCH_UNKNOWN && size != announced)
        return fetch_wrong_size();
    s->job = true;
    s->uploading = false;
    upload_commit(&s->workers, &s->upload);
    return transfer_error_of(wait_for_job(s));
}

static struct store_result open_to_receive(struct fetch_served *s)
{
    const struct workers_config one = { .threads = 1 };
    struct store_result r;
    int err = workers_open(&s->workers, &one);

    if (err)
        return store_errno(-err);
    s->upload = (struct upload){
        .root = &s->root, .rules = &s->rules, .name = &s->name, .done = job_done
    };
    s->job = true;
    upload_begin(&s->workers, &s->upload);
    r = wait_for_job(s);
    s->uploading = r.error == STORE_OK;
    if (r.error)
        workers_close(&s->workers);
    s->file = (struct fetch_file){
        .size = FETCH_UNKNOWN, .wait_fd = -1, .write = write_bytes, .keep = keep
    };
    return r;
}

static enum upload_policy policy(const struct kedge_transfer_request *request)
{
    switch (request->uploads) {
    case KEDGE_UPLOADS_CREATE:
        return UPLOAD_CREATE;
    case KEDGE_UPLOADS_OVERWRITE:
        return UPLOAD_OVERWRITE;
    default:
        return UPLOAD_REFUSE;
    }
}

struct transfer_error fetch_served_open(struct fetch_served *s,
                                        const struct kedge_transfer_request *request,
                                        const struct kedge_tftp_request *wish)
{
    struct store_result r;

    *s = (struct fetch_served){ .fd = -1 };
    s->rules = (struct upload_rules){ .policy = policy(request),
                                      .mode = UPLOAD_MODE,
                                      .max_bytes = UPLOAD_NO_LIMIT };
    r = root_open(&s->root, request->directory);
    if (r.error)
        return transfer_error_of(r);
    r = root_name_parse(&s->root, wish->name, &s->name);
    if (!r.error)
        r = wish->op == KEDGE_TFTP_RRQ ? open_to_send(s) : open_to_receive(s);
    if (r.error)
        root_close(&s->root);
    return transfer_error_of(r);
}

void fetch_served_close(struct fetch_served *s)
{
    if (s->uploading) {
        s->job = true;
        upload_abort(&s->workers, &s->upload);
        (void)wait_for_job(s);
    }
    if (s->fd >= 0)
        close(s->fd);
    else
        workers_close(&s->workers);
    root_close(&s->root);
}
