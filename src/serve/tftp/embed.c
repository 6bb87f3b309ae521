/* SPDX-License-Identifier: MIT */
/* The server of kedge/server.h: one shard (shard.h), driven by its caller. */
#include "kedge/server.h"

#include "net/problem.h"
#include "serve/tftp/shard.h"

#include <errno.h>
#include <stdlib.h>

struct kedge_server {
    struct shard shard;
    bool has_shard;
    struct store_root root;
    bool has_root;
    void (*done)(void *owner, const struct kedge_server_record *record);
    void *owner;
    uint16_t port;
};

static enum kedge_server_event event_of(enum record_event event)
{
    switch (event) {
    case RECORD_GET:
        return KEDGE_SERVER_GET;
    case RECORD_PUT:
        return KEDGE_SERVER_PUT;
    case RECORD_PROBE:
        return KEDGE_SERVER_PROBE;
    default:
        return KEDGE_SERVER_REFUSED;
    }
}

static void give_record(void *owner, const struct transfer_record *r)
{
    const struct kedge_server *s = owner;
    struct kedge_server_record out = { .event = event_of(r->event),
                                       .outcome = r->outcome,
                                       .reason = r->reason,
                                       .file = r->file,
                                       .peer = r->peer,
                                       .local = r->local,
                                       .asked = r->asked,
                                       .granted = r->granted,
                                       .bytes = r->bytes,
                                       .blocks = r->blocks,
                                       .resent = r->resent,
                                       .duplicates = r->dup,
                                       .took = r->took,
                                       .rtt = r->rtt };

    _Static_assert(RECORD_UNKNOWN == KEDGE_NEVER, "what is not known looks alike");
    s->done(s->owner, &out);
}

static enum upload_policy policy_of(enum kedge_uploads uploads)
{
    switch (uploads) {
    case KEDGE_UPLOADS_CREATE:
        return UPLOAD_CREATE;
    case KEDGE_UPLOADS_OVERWRITE:
        return UPLOAD_OVERWRITE;
    case KEDGE_UPLOADS_VERSION:
        return UPLOAD_VERSION;
    default:
        return UPLOAD_REFUSE;
    }
}

static int open_service(struct kedge_server *s, const struct kedge_server_options *o)
{
    struct directory_config directory = {
        .root = &s->root,
        .uploads = { .policy = policy_of(o->uploads),
                     .mode = o->upload_mode ? o->upload_mode : UPLOAD_MODE,
                     .max_bytes =
                         o->upload_bytes_max ? o->upload_bytes_max : UPLOAD_NO_LIMIT },
    };
    struct tftp_config config = {
        .room = o->transfers ? o->transfers : KEDGE_SERVER_TRANSFERS,
        .unvalidated_max = TFTP_UNVALIDATED_DEFAULT,
        .windowsize_max = TFTP_WINDOW_DEFAULT,
        .single_port = o->single_port,
        .request_rate = TFTP_REQUEST_RATE_DEFAULT,
    };

    return shard_serve(&s->shard, &config, &directory);
}

/* Every address of the host, at one port. */
static int listen_all(struct kedge_server *s, const struct kedge_addresses *addresses)
{
    int err = 0;

    for (unsigned i = 0; i < addresses->count && err == 0; i++) {
        struct net_address at;

        if (!net_address_from(&addresses->at[i], &at))
            return -EAFNOSUPPORT;
        if (s->port)
            net_address_set_port(&at, s->port);
        err = tftp_service_listen(s->shard.tftp, &at);
        s->port = net_address_port(&at);
    }
    return err;
}

static int open_shard(struct kedge_server *s, const struct kedge_addresses *addresses,
                      const struct kedge_server_options *o)
{
    struct tftp_recorder recorder = { o->done ? give_record : NULL, s };
    int err = shard_open(&s->shard);

    s->has_shard = err == 0;
    if (err == 0)
        err = open_service(s, o);
    if (err == 0)
        err = listen_all(s, addresses);
    if (err == 0)
        err = shard_start(&s->shard, recorder);
    return err;
}

static bool opens_root(struct kedge_server *s, const char *directory,
                       struct kedge_error *error)
{
    struct store_result result = root_open(&s->root, directory);

    s->has_root = result.error == STORE_OK;
    if (s->has_root)
        return true;
    problem_set(error, KEDGE_SYSTEM, directory, result.why);
    if (error)
        error->code = result.err;
    return false;
}

struct kedge_server *kedge_server_open(const struct kedge_endpoint *at,
                                       const struct kedge_server_options *options,
                                       struct kedge_error *error)
{
    struct kedge_addresses addresses;
    struct kedge_server *s;
    int err;

    if (kedge_resolve(at, &addresses, error) < 0)
        return NULL;
    s = calloc(1, sizeof *s);
    if (!s) {
        problem_system(error, ENOMEM, "server", "cannot be opened");
        return NULL;
    }
    s->done = options->done;
    s->owner = options->owner;
    if (opens_root(s, options->directory, error)) {
        err = open_shard(s, &addresses, options);
        if (err == 0)
            return s;
        problem_system(error, -err, *at->host ? at->host : "*", "cannot be served at");
    }
    kedge_server_close(s);
    return NULL;
}

uint16_t kedge_server_port(const struct kedge_server *s)
{
    return s->port;
}

int kedge_server_fd(const struct kedge_server *s)
{
    return loop_fd(&s->shard.loop);
}

kedge_nanos kedge_server_deadline(const struct kedge_server *s)
{
    return loop_deadline(&s->shard.loop);
}

int kedge_server_step(struct kedge_server *s)
{
    return loop_step(&s->shard.loop);
}

int kedge_server_run(struct kedge_server *s)
{
    int err = loop_step(&s->shard.loop);

    while (err == 0 && !kedge_server_is_over(s))
        err = loop_turn(&s->shard.loop, KEDGE_NEVER);
    return err;
}

void kedge_server_stop(struct kedge_server *s)
{
    shard_stop(&s->shard);
}

bool kedge_server_is_over(const struct kedge_server *s)
{
    return shard_idle(&s->shard);
}

void kedge_server_close(struct kedge_server *s)
{
    if (!s)
        return;
    if (s->has_shard)
        shard_close(&s->shard);
    if (s->has_shard && !shard_free(&s->shard))
        return; /* a helper hangs in a disk, and may come back */
    if (s->has_root)
        root_close(&s->root);
    free(s);
}
