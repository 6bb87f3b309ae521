/* SPDX-License-Identifier: MIT */
/* A client's transfer: every address of the server in turn, and at each as many attempts
 * as recovery finds worth making. */
#include "base/number.h"
#include "os/clock.h"
#include "tftp/patience.h"
#include "tftp/recover.h"
#include "transfer/request_check.h"
#include "transfer/result.h"
#include "transfer/source.h"
#include "transfer/target.h"

#include <errno.h>
#include <string.h>

enum {
    HEADERS_V4 = 20 + 8 + KEDGE_TFTP_HEADER, /* around a block, within the MTU */
    HEADERS_V6 = 40 + 8 + KEDGE_TFTP_HEADER,
};

/* Of a socket that nobody gave more to: what Linux counts against it for a datagram is up to
 * twice its length, and it takes one beyond. */
enum { SOCKET_DEFAULT = 208 << 10, COUNTED_BESIDE = 1 << 10 };

struct fetch {
    const struct kedge_endpoint *remote;
    const struct kedge_transfer_options *options;
    struct kedge_transfer_result *result;
    enum kedge_tftp_op op;
    struct fetch_file *file;
    bool stream; /* an upload's: its window is bounded by what is kept */
    const char *what;
    struct transfer_error error; /* of this side, of the last attempt */
    struct net_route route;
    struct tftp_recovery recovery;
    kedge_nanos patience;
    kedge_nanos asking; /* so long the next attempt asks for an answer */
    kedge_nanos started;
    kedge_nanos progress_at;     /* when more bytes came through than ever before */
    uint64_t furthest;           /* so many */
    bool stood_still;            /* the last attempt brought no more than one before it */
    struct net_address stranger; /* as a session's, of the address tried last */
    struct not_understood not_understood; /* the same */
};

static struct transfer_error no_socket(int err, const char *why)
{
    return (struct transfer_error){ KEDGE_TRANSFER_NO_SOCKET, err, why, 0 };
}

static uint32_t path_blksize(const struct fetch *f, const struct net_address *server)
{
    int mtu = net_route_mtu(&f->route, server);
    int headers = net_address_is_v6(server) ? HEADERS_V6 : HEADERS_V4;

    if (mtu <= headers)
        return KEDGE_TFTP_BLKSIZE_DEFAULT;
    return (uint32_t)clamp_u64((uint64_t)(mtu - headers), KEDGE_TFTP_BLKSIZE_DEFAULT,
                               KEDGE_TFTP_BLKSIZE_MAX);
}

/* A window that does not fit the peer's socket loses its own end, of which the peer does not
 * speak: that costs a timeout, more than all that windows of large blocks save. */
static uint32_t window_to_put(uint32_t blksize)
{
    return (uint32_t)min_u64(SOCKET_DEFAULT / 2 / (blksize + COUNTED_BESIDE) + 1,
                             KEDGE_TRANSFER_WINDOW);
}

/* A window that the receive buffer cannot hold would lose its own end. The kernel counts
 * twice what it is asked for. */
static uint32_t window(const struct fetch *f, uint32_t blksize, uint32_t buffer)
{
    uint64_t wanted = f->options->windowsize;
    uint64_t held = buffer / 2 / (blksize + KEDGE_TFTP_HEADER);

    if (wanted == 0)
        wanted = f->op == KEDGE_TFTP_RRQ ? clamp_u64(held, 1, KEDGE_TRANSFER_WINDOW)
                                         : window_to_put(blksize);
    if (f->stream)
        wanted = clamp_u64(FETCH_RING_MAX / blksize, 1, wanted);
    return (uint32_t)wanted;
}

static void ask_timeout(struct kedge_tftp_options *asked, kedge_nanos timeout)
{
    if (timeout == 0)
        return;
    if (timeout % KEDGE_SEC == 0) {
        asked->has |= KEDGE_TFTP_HAS_TIMEOUT;
        asked->timeout_s = (uint32_t)(timeout / KEDGE_SEC);
    } else {
        asked->has |= KEDGE_TFTP_HAS_UTIMEOUT;
        asked->utimeout_us = (uint32_t)(timeout / KEDGE_USEC);
    }
}

static struct kedge_tftp_options what_to_ask(const struct fetch *f,
                                             const struct transfer_session *x)
{
    const struct kedge_transfer_options *o = f->options;
    bool size = f->op == KEDGE_TFTP_RRQ || f->file->size != FETCH_UNKNOWN;
    struct kedge_tftp_options asked = { .has = KEDGE_TFTP_HAS_BLKSIZE };

    if (o->no_options)
        return (struct kedge_tftp_options){ 0 };
    asked.blksize = o->blksize ? o->blksize : path_blksize(f, &x->server);
    ask_timeout(&asked, o->timeout);
    if (f->remote->netascii) /* neither its size is known, nor may it go back */
        return asked;
    asked.windowsize = window(f, asked.blksize, x->socket.receive_buffer);
    asked.has |= KEDGE_TFTP_HAS_WINDOWSIZE;
    if (size) {
        asked.has |= KEDGE_TFTP_HAS_TSIZE;
        asked.tsize = f->op == KEDGE_TFTP_RRQ ? 0 : f->file->size;
    }
    return asked;
}

/* A name may leave no room for options. */
static bool write_request(struct fetch *f, struct transfer_session *x)
{
    struct kedge_tftp_request request = {
        .op = f->op,
        .mode = f->remote->netascii ? KEDGE_TFTP_NETASCII : KEDGE_TFTP_OCTET,
        .name = { f->remote->name, f->remote->name_len },
        .options = f->recovery.asked,
    };

    x->opening_len = kedge_tftp_write_request(x->opening, sizeof x->opening, &request);
    if (x->opening_len > 0)
        return true;
    f->recovery.asked.has = request.options.has = 0;
    x->opening_len = kedge_tftp_write_request(x->opening, sizeof x->opening, &request);
    return x->opening_len > 0;
}

/* Before the next request: a server that ends each transfer in a way that asks for another
 * would else be asked as fast as it answers. */
static kedge_nanos pause_before(const struct fetch *f)
{
    if (!f->recovery.went_away || !f->stood_still)
        return 0;
    return min_u64(KEDGE_SEC, tftp_recovery_stall(f->patience) / 4);
}

static void fetch_begin_session(struct fetch *f, struct transfer_session *x)
{
    kedge_nanos now = clock_now();

    kedge_tftp_client_init(&x->client, f->op, &f->recovery.asked,
                           tftp_recovery_patience(&f->recovery, f->patience), now);
    x->client.give_up = now + f->asking;
    x->client.deadline = now + pause_before(f);
    x->client.confirm = f->patience;
    if (f->options->timeout) {
        x->client.timeout = f->options->timeout;
        kedge_tftp_rtt_init(&x->client.rtt, f->options->timeout, 0);
    }
    if (!f->remote->netascii)
        x->client.size = f->file->size;
    x->options = f->options;
    x->file = f->file;
    x->netascii = f->remote->netascii;
    x->asks = true;
    x->insists = f->recovery.went_away;
}

static kedge_nanos patience_left(const struct fetch *f)
{
    return sub_sat(add_sat(f->progress_at, f->patience), clock_now());
}

static void note_progress(struct fetch *f, const struct transfer_session *x)
{
    f->stood_still = !x->client.answered || f->result->bytes <= f->furthest;
    if (f->stood_still)
        return;
    f->furthest = f->result->bytes;
    f->progress_at = session_progress_at(x);
}

/* All attempts share the user's patience: in less than half of one's there is no other. */
static bool worth_another(struct fetch *f, const struct transfer_session *x)
{
    return tftp_recovery_next(&f->recovery, &x->client) &&
           patience_left(f) >= tftp_recovery_stall(f->patience) / 2;
}

/* The address alone is known of a socket that is bound to any. */
static void note_local(const struct fetch *f, const struct transfer_session *x)
{
    struct net_address at = x->socket.at;

    if (net_address_is_any(&at) && net_route_source(&f->route, &x->server, &at) == 0)
        net_address_set_port(&at, net_address_port(&x->socket.at));
    f->result->local = net_address_to(&at);
}

static bool converse(struct fetch *f, struct transfer_session *x)
{
    if (!write_request(f, x)) {
        f->error = (struct transfer_error){ KEDGE_TRANSFER_BAD_REQUEST, 0,
                                            "the name is too long for a request", 0 };
        transfer_result_error(f->result, f->error);
        return false;
    }
    fetch_begin_session(f, x);
    note_local(f, x);
    session_run(x);
    transfer_result_of(f->result, x);
    f->result->requests += x->client.asked_times;
    f->error = x->error;
    f->result->took = x->finished - f->started;
    if (x->stranger.len > 0)
        f->stranger = x->stranger;
    if (x->not_understood.count > 0)
        f->not_understood = x->not_understood;
    note_progress(f, x);
    return x->error.cause == KEDGE_TRANSFER_DONE &&
           f->result->cause != KEDGE_TRANSFER_DONE && worth_another(f, x);
}

static bool source_for(const struct fetch *f, const struct net_address *server,
                       struct net_address *at)
{
    bool v6 = net_address_is_v6(server);

    if (!f->options->source)
        return net_address_parse(v6 ? "::" : "0.0.0.0", 0, at);
    return net_address_from(f->options->source, at) &&
           at->u.any.sa_family == server->u.any.sa_family;
}

/* One attempt. True: another, for what the recovery says now, is worth making. */
static bool attempt(struct fetch *f, const struct net_address *server, bool others)
{
    struct net_address at;
    struct transfer_session *x = NULL;
    bool again;
    int err = source_for(f, server, &at) ? session_open(&at, &x) : -EAFNOSUPPORT;

    f->result->peer = net_address_to(server);
    if (err) {
        f->error = no_socket(-err, "cannot send from here");
        transfer_result_error(f->result, f->error);
        return false;
    }
    x->server = *server;
    x->others = others;
    if (f->recovery.attempts == 0) {
        struct kedge_tftp_options asked = what_to_ask(f, x);

        tftp_recovery_init(&f->recovery, &asked);
    }
    again = converse(f, x);
    session_close(x);
    return again;
}

/* The plain request was refused as well: then it was not for the options. */
static bool was_no_option(const struct fetch *f)
{
    return f->result->cause == KEDGE_TRANSFER_PEER_ERROR && f->furthest == 0 &&
           f->recovery.plain;
}

static void try_address(struct fetch *f, const struct net_address *server,
                        unsigned others)
{
    kedge_nanos spent = clock_now() - f->started;
    int mtu = net_route_mtu(&f->route, server);

    f->result->addresses++;
    if (mtu == -ENETUNREACH || mtu == -EHOSTUNREACH) {
        f->result->peer = net_address_to(server);
        f->result->cause = KEDGE_TRANSFER_UNREACHABLE;
        f->result->outcome = KEDGE_TFTP_GONE;
        f->result->code = -mtu;
        return;
    }
    f->recovery = (struct tftp_recovery){ 0 };
    f->progress_at = clock_now();
    f->furthest = 0;
    f->stood_still = false;
    f->stranger.len = 0;
    f->not_understood.count = 0;
    f->asking = sub_sat(f->patience, spent) / (others + 1);
    while (attempt(f, server, others > 0)) {
        if (!f->file->rewind(f->file))
            return;
        fetch_result_recovered(f->result, f->recovery.why);
        f->asking = patience_left(f);
    }
    if (was_no_option(f))
        fetch_result_not_recovered(f->result);
}

/* Whether another address may do better: nobody was met at this one. */
static bool nobody(const struct kedge_transfer_result *r)
{
    bool silent = r->cause == KEDGE_TRANSFER_SILENT && r->blocks == 0 && !r->granted.has;

    return silent || r->cause == KEDGE_TRANSFER_CLOSED ||
           r->cause == KEDGE_TRANSFER_UNREACHABLE || r->cause == KEDGE_TRANSFER_NO_SOCKET;
}

static void try_all(struct fetch *f, const struct kedge_addresses *list)
{
    struct net_address server;
    int err = net_route_open(&f->route);

    if (err) {
        f->error = no_socket(-err, "no socket");
        transfer_result_error(f->result, f->error);
        return;
    }
    for (unsigned i = 0; i < list->count; i++) {
        if (!net_address_from(&list->at[i], &server))
            continue;
        try_address(f, &server, list->count - 1 - i);
        if (!nobody(f->result))
            break;
    }
    net_route_close(&f->route);
}

static void init(struct fetch *f)
{
    static const struct kedge_transfer_options none = { 0 };
    struct kedge_tftp_terms terms = { 0 };

    if (!f->options)
        f->options = &none;
    terms.timeout = f->options->timeout;
    terms.patience = f->options->patience;
    f->patience = patience(&terms);
    f->error = transfer_no_error();
    *f->result = (struct kedge_transfer_result){ .cause = KEDGE_TRANSFER_NOT_RESOLVED,
                                                 .outcome = KEDGE_TFTP_FAILED,
                                                 .rtt = KEDGE_NEVER };
}

static bool fetch_finish(const struct fetch *f)
{
    const struct fetch_about about = { f->what, f->error.why, f->stranger,
                                       f->not_understood };

    fetch_result_explain(f->result, &about);
    return f->result->cause == KEDGE_TRANSFER_DONE;
}

/* False: *f->result says why not. */
static bool can_be_asked(struct fetch *f)
{
    f->error = transfer_request_check(f->remote, f->options);
    if (f->error.cause == KEDGE_TRANSFER_DONE)
        return true;
    f->what = "";
    transfer_result_error(f->result, f->error);
    return fetch_finish(f);
}

static bool resolve(struct fetch *f, struct kedge_addresses *list)
{
    struct kedge_error error = { .text = "" };

    if (kedge_resolve(f->remote, list, &error) == 0)
        return true;
    f->result->code = error.code;
    memcpy(f->result->reason, error.text, sizeof f->result->reason);
    return false;
}

static void run_fetch(struct fetch *f, const struct kedge_addresses *list,
                      struct transfer_error opened)
{
    f->started = clock_now();
    f->error = opened;
    if (opened.cause == KEDGE_TRANSFER_DONE)
        try_all(f, list);
    else
        transfer_result_error(f->result, opened);
}

bool kedge_get(const struct kedge_endpoint *remote, const char *path,
               const struct kedge_transfer_options *options,
               struct kedge_transfer_result *result)
{
    struct fetch f = { remote, options, result, .op = KEDGE_TFTP_RRQ };
    struct kedge_addresses list;
    struct fetch_target target;

    init(&f);
    if (!can_be_asked(&f) || !resolve(&f, &list))
        return false;
    f.what = strcmp(path, "-") == 0 ? "standard output" : path;
    f.file = &target.file;
    run_fetch(&f, &list, fetch_target_open(&target, path, f.options->sha256));
    fetch_target_close(&target);
    return fetch_finish(&f);
}

bool kedge_put(const char *path, const struct kedge_endpoint *remote,
               const struct kedge_transfer_options *options,
               struct kedge_transfer_result *result)
{
    struct fetch f = { remote, options, result, .op = KEDGE_TFTP_WRQ };
    struct fetch_source_options from = { .path = path };
    struct kedge_addresses list;
    struct fetch_source source;
    struct transfer_error opened;

    init(&f);
    if (!can_be_asked(&f) || !resolve(&f, &list))
        return false;
    f.what = strcmp(path, "-") == 0 ? "standard input" : path;
    f.file = &source.file;
    from.window = f.options->windowsize ? f.options->windowsize : KEDGE_TRANSFER_WINDOW;
    from.blksize = f.options->blksize ? f.options->blksize : KEDGE_TFTP_BLKSIZE_MAX;
    from.wanted = f.options->sha256;
    opened = fetch_source_open(&source, &from);
    f.stream = source.local.stream;
    run_fetch(&f, &list, opened);
    fetch_source_close(&source);
    return fetch_finish(&f);
}
