/* SPDX-License-Identifier: MIT */
/* The life of the TFTP service: memory, sockets, timer, stop. */
#include "serve/tftp/private.h"

#include "base/number.h"
#include "os/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATA_EACH =
        65536 + 192, /* a power of two would put all of a batch in one cache set */
    DATA_BATCH = UDP_BATCH,
    REQUEST_EACH = KEDGE_TFTP_REQUEST_MAX + 1,
};

static const kedge_nanos behind_max = 5 * KEDGE_SEC;

static int allocate_sessions(struct tftp_service *s, const struct tftp_limits *limits)
{
    size_t count = (size_t)limits->room + TFTP_SPARE;
    size_t each = limits->auto_port ? DATA_EACH : REQUEST_EACH; /* it may be DATA */

    s->session_memory = calloc(1, tftp_sessions_memory(limits));
    s->transfers = calloc(count, sizeof *s->transfers);
    s->files = calloc(count, s->config.provider->file_bytes);
    s->request_memory = malloc(UDP_BATCH * each);
    s->data_memory = malloc((size_t)DATA_BATCH * DATA_EACH);
    s->batch = malloc(BATCH_BYTES);
    if (outboxes_open(s) < 0)
        return -ENOMEM;
    if (!s->session_memory || !s->transfers || !s->files || !s->request_memory ||
        !s->data_memory || !s->batch)
        return -ENOMEM;
    tftp_sessions_init(&s->sessions, limits, s->session_memory);
    udp_inbox_init(&s->requests, s->request_memory, UDP_BATCH * each, each);
    udp_inbox_init(&s->data, s->data_memory, (size_t)DATA_BATCH * DATA_EACH, DATA_EACH);
    return 0;
}

int tftp_service_open(struct tftp_service **out, const struct tftp_config *config)
{
    struct tftp_limits limits = { .room = config->room,
                                  .sockets = listener_data_sockets(config),
                                  .single_port = config->single_port,
                                  .auto_port = config->auto_port,
                                  .request_rate = config->request_rate,
                                  .unvalidated_max = config->unvalidated_max,
                                  .uploads_max = config->uploads_max
                                                     ? config->uploads_max
                                                     : TFTP_UPLOADS_DEFAULT };
    struct tftp_service *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return -ENOMEM;
    s->config = *config;
    s->route = (struct net_route){ -1, -1 };
    err = random_fill(&limits.key, sizeof limits.key);
    if (err == 0)
        err = random_fill(&limits.secret, sizeof limits.secret);
    if (err == 0)
        err = allocate_sessions(s, &limits);
    if (err == 0)
        err = net_route_open(&s->route);
    if (err < 0) {
        tftp_service_free(s);
        return err;
    }
    *out = s;
    return 0;
}

static int listen_on(struct tftp_service *s, int fd, const struct net_address *at)
{
    int err;

    if (s->listener_count == TFTP_LISTENERS_MAX)
        return -ENOSPC;
    err = listener_open(&s->listeners[s->listener_count], s, at, fd);
    s->listener_count += err == 0;
    return err;
}

int tftp_service_listen(struct tftp_service *s, struct net_address *at)
{
    int err = listen_on(s, 0, at);

    if (err == 0)
        *at = s->listeners[s->listener_count - 1].port[0].socket.at;
    return err;
}

bool tftp_service_range_failed(const struct tftp_service *s)
{
    return s->range_failed;
}

int tftp_service_adopt(struct tftp_service *s, int fd, const struct net_address *at)
{
    KEDGE_ASSERT(s->config.shards <= 1 && fd > 0);
    return listen_on(s, fd, at);
}

void tftp_service_all_listen(const struct tftp_service *s)
{
    if (s->listener_count > 0)
        udp_discard(&s->listeners[s->listener_count - 1].port[0].socket);
}

uint32_t tftp_service_data_ports(const struct tftp_service *s)
{
    return s->sessions.limits.sockets;
}

/* While packets wait in its queues it is the server that is late, not the peers: what their
 * timers would send again makes it later still. True while no peer's silence counts. */
static bool note_backlog(struct tftp_service *s)
{
    kedge_nanos now = loop_now(s->config.loop);

    if (!dispatch_is_behind(s))
        s->behind_since = 0;
    else if (s->behind_since == 0)
        s->behind_since = now;
    return s->behind_since > 0 && now - s->behind_since < behind_max;
}

static void service_due(void *owner)
{
    struct tftp_service *s = owner;
    struct tftp_session *session;

    if (note_backlog(s))
        return;
    while ((session = tftp_sessions_due(&s->sessions, loop_now(s->config.loop))))
        transfer_pump(transfer_of(s, session));
}

static void provider_turn_over(struct tftp_service *s)
{
    if (s->config.provider->turn_over)
        s->config.provider->turn_over(s->config.provider);
}

/* The end of a turn: what was said leaves, and the timer is set to the next deadline. */
static void turn_over(void *owner)
{
    struct tftp_service *s = owner;
    kedge_nanos took = loop_last_turn(s->config.loop);
    struct tftp_session *session;

    while ((session = tftp_sessions_admitted(&s->sessions)))
        request_begin(transfer_of(s, session));
    ports_flush(s);
    dispatch_move_barred(s);
    dispatch_look_again(s);
    provider_turn_over(s);
    s->turn = max_u64(took, s->turn - s->turn / 8);
    (void)note_backlog(s);
    loop_timer_set(s->config.loop, &s->timer, tftp_sessions_deadline(&s->sessions));
}

int tftp_service_start(struct tftp_service *s, struct tftp_recorder recorder)
{
    int err;

    s->recorder = recorder;
    s->timer = (struct loop_timer){ .due = service_due, .owner = s };
    s->hook = (struct loop_hook){ .end = turn_over, .owner = s };
    err = loop_timer_add(s->config.loop, &s->timer);
    if (err < 0)
        return err;
    loop_hook_add(s->config.loop, &s->hook);
    s->started = true;
    for (uint32_t i = 0; i < s->listener_count; i++)
        for (uint32_t k = 0; k < s->listeners[i].ports; k++) {
            err = dispatch_watch(&s->listeners[i].port[k]);
            if (err < 0)
                return err;
        }
    return 0;
}

void tftp_service_stop(struct tftp_service *s)
{
    s->stopping = true;
}

uint32_t tftp_service_busy(const struct tftp_service *s)
{
    return s->busy;
}

static void end_all(struct tftp_service *s)
{
    struct store_result stopped = store_fail(STORE_BUSY, "the server was stopped");

    for (uint32_t i = 0; i < s->config.room + TFTP_SPARE; i++) {
        struct tftp_transfer *t = &s->transfers[i];

        if (s->sessions.all[i].state <= TFTP_WAITING || t->ending)
            continue; /* who waits was never heard */
        if (s->sessions.all[i].state == TFTP_LIVE) {
            t->fault = FAULT_STOPPING;
            transfer_fail(t, &stopped);
            transfer_pump(t);
        }
        if (!t->ending)
            transfer_end(t);
    }
}

void tftp_service_close(struct tftp_service *s)
{
    if (s->started) {
        end_all(s);
        ports_flush(s);
        provider_turn_over(s);
        loop_hook_remove(s->config.loop, &s->hook);
        loop_timer_remove(s->config.loop, &s->timer);
    }
    s->started = false;
    for (uint32_t i = 0; i < s->listener_count; i++)
        listener_close(&s->listeners[i]);
    s->listener_count = 0;
    s->full = NULL; /* nor are their outboxes: what a full socket held is lost */
}

void tftp_service_free(struct tftp_service *s)
{
    net_route_close(&s->route);
    free(s->session_memory);
    free(s->transfers);
    free(s->files);
    free(s->request_memory);
    free(s->data_memory);
    free(s->batch);
    outboxes_free(s);
    free(s);
}

const struct tftp_counters *tftp_service_counters(const struct tftp_service *s)
{
    return &s->counters;
}

void tftp_service_tell_drops(struct tftp_service *s)
{
    for (unsigned i = 0; i < TFTP_DROPS; i++)
        tftp_counters_set(&s->counters, TFTP_SILENT_DROPS + i, s->sessions.dropped[i]);
    tftp_counters_set(&s->counters, TFTP_SILENT_DROPS + (unsigned)TFTP_DROPS_BY_KERNEL,
                      s->totals.kernel_drops);
}

struct tftp_totals tftp_service_totals(const struct tftp_service *s)
{
    struct tftp_totals totals = s->totals;

    for (unsigned i = 0; i < TFTP_DROPS; i++)
        totals.dropped += s->sessions.dropped[i];
    totals.over_budget = s->sessions.dropped[TFTP_DROP_OVER_BUDGET];
    totals.full = s->sessions.dropped[TFTP_DROP_FULL];
    totals.uploads = s->sessions.dropped[TFTP_DROP_UPLOADS];
    totals.slowed = s->sessions.slowed;
    return totals;
}

void tftp_totals_add(struct tftp_totals *sum, const struct tftp_totals *more)
{
    for (size_t i = 0; i < sizeof sum->outcomes / sizeof *sum->outcomes; i++)
        sum->outcomes[i] += more->outcomes[i];
    sum->bytes += more->bytes;
    sum->dropped += more->dropped;
    sum->over_budget += more->over_budget;
    sum->full += more->full;
    sum->uploads += more->uploads;
    sum->slowed += more->slowed;
    sum->kernel_drops += more->kernel_drops;
}
