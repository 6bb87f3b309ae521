/* SPDX-License-Identifier: MIT */
/* The directory: opens, lends and reads files of the cache, and hands uploads to
 * directory_upload.c. Bytes that are not in memory are read by a helper, and only that
 * transfer waits. */
#include "serve/tftp/directory.h"

#include "base/bytes.h"
#include "net/next_hop.h"
#include "serve/tftp/cold_read.h"
#include "serve/tftp/job_group.h"
#include "serve/tftp/policy_hold.h"

#include <errno.h>
#include <string.h>

struct directory_file {
    struct provided_file base; /* first */
    struct provider_request request;
    struct policy_hold hold;
    bool hushed; /* why it was refused was said less than a minute ago */
    uint64_t generation;
    struct rules rules; /* its root, name, and what an upload may do */
    struct store_job judging;

    /* Of a file to read. */
    struct cached_file *file;
    struct cache_opening opening;
    struct cold_read cold;

    struct directory_upload upload;
};

static struct directory *directory_of(const struct provided_file *file)
{
    return (struct directory *)file->provider;
}

static struct directory_file *own(struct provided_file *file)
{
    return (struct directory_file *)file;
}

static kedge_nanos now_of(const struct directory_file *f)
{
    return loop_now(directory_of(&f->base)->config.loop);
}

static void directory_resume(struct directory_file *f, struct store_result result)
{
    f->base.resume(f->base.transfer, result);
}

static struct store_result directory_later(void)
{
    return store_fail(STORE_LATER, "by a helper");
}

static void forget_memory(struct provider *provider)
{
    struct directory *d = (struct directory *)provider;

    turn_memory_forget(&d->memory, loop_now(d->config.loop));
}

static struct cached_file *find_open(struct directory *d, const struct directory_file *f)
{
    struct turn_question open = { d->config.files, f->rules.root, f->generation,
                                  &f->rules.name, now_of(f) };

    return turn_memory_find(&d->memory, &open);
}

static void set_file(struct directory_file *f, struct cached_file *file)
{
    f->file = file;
    f->base.size = file->size;
}

static void directory_refused(struct directory_file *f, enum store_error error)
{
    f->hushed =
        error == STORE_GONE && !seldom_may_say(directory_of(&f->base)->config.seldom,
                                               f->rules.root, f->generation, now_of(f));
    policy_hold_end(&f->hold, &f->rules, f->request.peer);
}

static void read_opened(struct cache_opening *opening)
{
    struct directory_file *f = JOB_OWNER(opening, struct directory_file, opening);

    if (opening->result.error == STORE_OK) {
        policy_hold_opened(&f->hold);
        set_file(f, opening->file);
    } else {
        directory_refused(f, opening->result.error);
    }
    directory_resume(f, opening->result);
}

static uint32_t group_of_file(const struct directory_file *f)
{
    return job_group(f->rules.root, span_of(f->rules.name.text), f->request.writes);
}

static struct store_result open_read(struct directory *d, struct directory_file *f)
{
    struct cached_file *file = find_open(d, f);

    if (file) {
        set_file(f, file);
        return store_ok();
    }
    f->opening = (struct cache_opening){ .root = f->rules.root,
                                         .name = &f->rules.name,
                                         .group = group_of_file(f),
                                         .done = read_opened };
    cache_open(d->config.files, &f->opening);
    return directory_later();
}

static void cold_read_done(struct cold_read *c, struct store_result result)
{
    directory_resume(JOB_OWNER(c, struct directory_file, cold), result);
}

static struct store_result directory_read(struct provided_file *file,
                                          const struct block_part *part, size_t *got)
{
    struct directory_file *f = own(file);
    struct store_result result = store_ok();

    *got = part->want;
    if (!cold_read_copy(&f->cold, part)) {
        result = cache_read(f->file, part->iov, part->count, part->offset);
        if (result.error == STORE_LATER) {
            f->cold.done = cold_read_done;
            return cold_read_begin(&f->cold, directory_of(file)->config.workers, f->file,
                                   part);
        }
        if (result.error == STORE_OK)
            cache_warm(f->file, part->offset, part->want, now_of(f));
    }
    cold_read_forget(&f->cold);
    return result;
}

static const uint8_t *directory_lend(struct provided_file *file, uint64_t offset,
                                     size_t len)
{
    struct directory_file *f = own(file);
    const uint8_t *bytes = cache_lend(f->file, offset, len, now_of(f));

    if (bytes)
        cold_read_forget(&f->cold);
    return bytes;
}

static bool directory_changed(const struct provided_file *file)
{
    const struct directory_file *f = (const struct directory_file *)file;

    return turn_memory_changed(&directory_of(file)->memory, f->file, now_of(f));
}

/* Who asks again where no descriptor was left shall find some: an upload wants two. */
static void make_descriptor_room(const struct directory *d, int err)
{
    if (err == EMFILE || err == ENFILE)
        cache_evict(d->config.files, 3);
}

static void upload_opened(struct provided_file *file)
{
    struct directory_file *f = own(file);

    if (f->upload.upload.result.error == STORE_OK)
        policy_hold_opened(&f->hold);
    else
        directory_refused(f, f->upload.upload.result.error);
    make_descriptor_room(directory_of(file), f->upload.upload.result.err);
}

static struct store_result open_upload(struct directory *d, struct directory_file *f)
{
    f->upload = (struct directory_upload){
        .file = &f->base,
        .workers = d->config.workers,
        .gatherers = &d->gatherers,
        .opened = upload_opened,
        .upload = { .root = f->rules.root,
                    .rules = &f->rules.uploads,
                    .name = &f->rules.name,
                    .group = group_of_file(f),
                    .expected = f->request.announced_bytes },
    };
    return directory_upload_open(&f->upload);
}

static const char mac_failed[] =
    "the kernel could not be asked for its MAC: no section by MAC counts";

/* The rules are known. */
static struct store_result open_judged(struct directory_file *f)
{
    struct directory *d = directory_of(&f->base);
    struct store_result result = f->rules.result;

    f->base.blksize_max = f->rules.blksize_max;
    f->base.windowsize_max = f->rules.windowsize_max;
    f->base.timeout = f->rules.timeout;
    if (f->rules.mac_pending)
        f->base.note = "its MAC is not known yet: no section by MAC counts";
    if (f->rules.mac_failed && seldom_may_say(d->config.seldom, mac_failed, 0, now_of(f)))
        f->base.note = mac_failed;
    make_descriptor_room(d, result.err);
    if (result.error == STORE_OK)
        result = policy_hold_enter(&f->hold, &f->rules, f->request.peer);
    if (result.error == STORE_OK)
        result = f->request.writes ? open_upload(d, f) : open_read(d, f);
    if (result.error == STORE_OK)
        policy_hold_opened(&f->hold);
    else if (result.error != STORE_LATER)
        directory_refused(f, result.error);
    return result;
}

/* A client that hears nothing makes the kernel learn nothing, so that is done here. */
static void directory_judge(struct directory_file *f)
{
    struct directory *d = directory_of(&f->base);
    const struct directory_config *c = &d->config;
    struct rules_base base = { .root = c->root,
                               .uploads = c->uploads,
                               .quick = !f->judging.lone };

    judged_judge(&d->judged, f->hold.set, &base, &f->request, &f->rules);
    if (f->rules.mac_pending)
        next_hop_resolve(f->request.peer, f->request.ifindex);
}

static void judge_by_helper(struct store_job *job)
{
    directory_judge(JOB_OWNER(job, struct directory_file, judging));
}

/* From the start, but one at a time for the client's network: no more than one helper. */
static void judge_alone(struct directory_file *f)
{
    f->judging.lone = true;
    f->judging.group = job_group_network(f->request.peer);
    workers_submit(directory_of(&f->base)->config.workers, &f->judging);
}

static void judged(struct store_job *job)
{
    struct directory_file *f = JOB_OWNER(job, struct directory_file, judging);
    struct store_result result = directory_later();

    if (f->rules.slow)
        judge_alone(f);
    else
        result = open_judged(f);
    if (result.error != STORE_LATER)
        directory_resume(f, result);
}

static struct store_result judge_later(struct directory *d, struct directory_file *f)
{
    f->judging = (struct store_job){ .run = judge_by_helper,
                                     .done = judged,
                                     .group = job_group(NULL, f->request.name, false) };
    workers_submit(d->config.workers, &f->judging);
    return directory_later();
}

/* Without a policy all have the one root. */
static void take_base(const struct directory_config *c, struct directory_file *f)
{
    f->rules.root = c->root;
    f->rules.uploads = c->uploads;
    f->rules.result = root_name_parse(c->root, f->request.name, &f->rules.name);
}

static struct store_result directory_open(struct provided_file *file,
                                          const struct provider_request *request)
{
    struct directory *d = directory_of(file);
    struct directory_file *f = own(file);

    *f = (struct directory_file){ .base = *file, .request = *request };
    policy_hold_take(&f->hold, d->config.policies);
    if (f->hold.set)
        f->generation = f->hold.set->generation;
    if (f->hold.set && f->hold.set->blocks)
        return judge_later(d, f);
    if (f->hold.set)
        directory_judge(f);
    else
        take_base(&d->config, f);
    return open_judged(f);
}

static struct store_result directory_close(struct provided_file *file)
{
    struct directory_file *f = own(file);

    cold_read_forget(&f->cold);
    if (f->file)
        cache_release(f->file, now_of(f));
    f->file = NULL;
    policy_hold_end(&f->hold, &f->rules, f->request.peer);
    return directory_upload_close(&f->upload);
}

static struct store_result directory_write(struct provided_file *file,
                                           struct kedge_span bytes, uint64_t offset)
{
    return directory_upload_write(&own(file)->upload, bytes, offset);
}

static struct store_result directory_commit(struct provided_file *file)
{
    return directory_upload_commit(&own(file)->upload);
}

static struct provider_story directory_story(const struct provided_file *file)
{
    const struct directory_file *f = (const struct directory_file *)file;
    const struct rules *r = &f->rules;
    struct provider_story story = { .refused = r->result.why == r->why,
                                    .hushed = f->hushed };

    if (*r->rule)
        story.rule = span_of(r->rule);
    if (r->result.error == STORE_OK)
        story.path = span_of(r->name.text);
    if (r->result.error == STORE_OK && f->request.writes)
        story.refused = r->uploads.policy == UPLOAD_REFUSE;
    return story;
}

void directory_init(struct directory *d, const struct directory_config *config)
{
    *d = (struct directory){ .provider = { .file_bytes = sizeof(struct directory_file),
                                           .open = directory_open,
                                           .read = directory_read,
                                           .lend = directory_lend,
                                           .write = directory_write,
                                           .commit = directory_commit,
                                           .changed = directory_changed,
                                           .close = directory_close,
                                           .story = directory_story,
                                           .turn_over = forget_memory },
                             .config = *config };
    seldom_init(&d->seldom);
    if (!config->seldom)
        d->config.seldom = &d->seldom;
}

void directory_free(struct directory *d)
{
    judged_free(&d->judged);
    seldom_free(&d->seldom);
}
