/* The life of the TFTP service: memory, sockets, timer, stop. */
#include "serve/tftp/private.h"

#include "base/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    DATA_EACH =
        65536 + 192, /* a power of two would put all of a batch in one cache set */
    DATA_BATCH = UDP_BATCH,
    REQUEST_EACH = KEDGE_TFTP_REQUEST_MAX + 1,
    QUEUE_MAX = 64 << 20
};

static const kedge_nanos behind_max = 5 * KEDGE_SEC;

static uint32_t data_sockets(const struct tftp_config *c)
{
    uint64_t share;

    if (c->single_port)
        return 1;
    if (c->high == 0)
        return TFTP_DATA_SOCKETS;
    /* Dealt out, not shared: with SO_REUSEPORT an ACK would reach any shard. */
    share = ((uint64_t)(c->high - c->low) + 1) / max_u64(c->shards, 1);
    return (uint32_t)clamp_u64(share, 1, TFTP_DATA_SOCKETS);
}

static int allocate(struct tftp_service *s, const struct tftp_limits *limits)
{
    s->session_memory = calloc(1, tftp_sessions_memory(limits));
    s->transfers = calloc((size_t)limits->room + TFTP_SPARE, sizeof *s->transfers);
    s->request_memory = malloc((size_t)UDP_BATCH * REQUEST_EACH);
    s->data_memory = malloc((size_t)DATA_BATCH * DATA_EACH);
    s->batch = malloc(BATCH_BYTES);
    if (!s->session_memory || !s->transfers || !s->request_memory || !s->data_memory ||
        !s->batch)
        return -ENOMEM;
    tftp_sessions_init(&s->sessions, limits, s->session_memory);
    udp_inbox_init(&s->requests, s->request_memory, (size_t)UDP_BATCH * REQUEST_EACH,
                   REQUEST_EACH);
    udp_inbox_init(&s->data, s->data_memory, (size_t)DATA_BATCH * DATA_EACH, DATA_EACH);
    return 0;
}

int tftp_service_open(struct tftp_service **out, const struct tftp_config *config)
{
    struct tftp_limits limits = { .room = config->room,
                                  .sockets = data_sockets(config),
                                  .single_port = config->single_port,
                                  .unvalidated_max = config->unvalidated_max,
                                  .timeout = config->timeout };
    struct tftp_service *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return -ENOMEM;
    s->config = *config;
    s->route = (struct net_route){ -1, -1 };
    err = getrandom(&limits.key, sizeof limits.key, 0) < 0 ? -errno : 0;
    if (err == 0)
        err = allocate(s, &limits);
    if (err == 0)
        err = net_route_open(&s->route);
    if (err < 0) {
        tftp_service_free(s);
        return err;
    }
    *out = s;
    return 0;
}

static int open_port(struct tftp_listener *l, const struct udp_options *options)
{
    struct tftp_port *p = &l->port[l->ports];
    int err = udp_open(options, &p->socket);

    if (err < 0)
        return err;
    udp_one_address(&p->socket);
    p->number = l->ports++;
    p->requests = p->number == 0;
    p->listener = l;
    return 0;
}

static void close_listener(struct tftp_listener *l)
{
    for (uint32_t i = 0; i < l->ports; i++)
        port_close(&l->port[i]);
    free(l->port);
    *l = (struct tftp_listener){ 0 };
}

/* Room for one small datagram of each transfer: of a rack that boots all ask at once, and
 * all answer. The kernel counts some 800 bytes for one, and doubles what it is asked for. */
static uint32_t queue_for(uint32_t transfers)
{
    return (uint32_t)clamp_u64(400 * (uint64_t)transfers, UDP_RECEIVE_BUFFER, QUEUE_MAX);
}

/* The request port, and the data sockets at the same address. */
static int open_ports(struct tftp_listener *l, const struct tftp_service *s,
                      const struct net_address *at)
{
    struct udp_options options = { .at = *at,
                                   .gro = s->config.single_port,
                                   .receive_buffer = queue_for(s->config.room),
                                   .reuse_port = s->config.shard > 0 };
    uint32_t more = s->config.single_port ? 0 : s->sessions.limits.sockets;
    int err = open_port(l, &options);

    if (err == 0 && s->config.shards > 1)
        err = udp_share(&l->port[0].socket);
    options.reuse_port = false;
    options.receive_buffer = queue_for(s->config.room / s->sessions.limits.sockets);
    net_address_set_port(&options.at, 0);
    options.gro = true; /* the windows of an upload */
    options.low = s->config.low;
    options.high = s->config.high;
    while (err == 0 && more-- > 0)
        err = open_port(l, &options);
    return err;
}

int tftp_service_listen(struct tftp_service *s, struct net_address *at)
{
    struct tftp_listener *l = &s->listeners[s->listener_count];
    int err;

    if (s->listener_count == TFTP_LISTENERS_MAX)
        return -ENOSPC;
    *l = (struct tftp_listener){ .number = s->listener_count };
    l->any = net_address_is_any(at);
    l->port = calloc(TFTP_DATA_SOCKETS + 1, sizeof *l->port);
    if (!l->port)
        return -ENOMEM;
    err = open_ports(l, s, at);
    if (err < 0) {
        close_listener(l);
        return err;
    }
    for (uint32_t i = 0; i < l->ports; i++)
        l->port[i].service = s;
    *at = l->port[0].socket.at;
    s->listener_count++;
    return 0;
}

void tftp_service_all_listen(const struct tftp_service *s)
{
    if (s->listener_count > 0)
        udp_discard(&s->listeners[s->listener_count - 1].port[0].socket);
}

uint16_t tftp_service_port(const struct tftp_service *s, unsigned i)
{
    for (uint32_t k = 0; k < s->listener_count; i -= s->listeners[k].ports, k++)
        if (i < s->listeners[k].ports)
            return net_address_port(&s->listeners[k].port[i].socket.at);
    return 0;
}

/* While packets wait in its queues it is the server that is late, not the peers: what their
 * timers would send again makes it later still. */
static bool too_late_to_judge(struct tftp_service *s)
{
    kedge_nanos now = loop_now(s->config.loop);

    if (!ports_behind(s))
        s->behind_since = 0;
    else if (s->behind_since == 0)
        s->behind_since = now;
    return s->behind_since > 0 && now - s->behind_since < behind_max;
}

static void due(void *owner)
{
    struct tftp_service *s = owner;
    struct tftp_session *session;

    if (too_late_to_judge(s))
        return;
    while ((session = tftp_sessions_due(&s->sessions, loop_now(s->config.loop))))
        transfer_pump(transfer_of(s, session));
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
    ports_look_again(s);
    turn_forget(s);
    s->turn = max_u64(took, s->turn - s->turn / 8);
    (void)too_late_to_judge(s);
    loop_timer_set(s->config.loop, &s->timer, tftp_sessions_deadline(&s->sessions));
}

int tftp_service_start(struct tftp_service *s, struct log *log)
{
    int err;

    s->log = log;
    s->timer = (struct loop_timer){ .due = due, .owner = s };
    s->hook = (struct loop_hook){ .end = turn_over, .owner = s };
    err = loop_timer_add(s->config.loop, &s->timer);
    if (err < 0)
        return err;
    loop_hook_add(s->config.loop, &s->hook);
    s->started = true;
    for (uint32_t i = 0; i < s->listener_count; i++)
        for (uint32_t k = 0; k < s->listeners[i].ports; k++) {
            err = port_watch(&s->listeners[i].port[k]);
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
    struct store_result stopped = store_fail(STORE_IO, "the server was stopped");

    for (uint32_t i = 0; i < s->config.room + TFTP_SPARE; i++) {
        struct tftp_transfer *t = &s->transfers[i];

        if (s->sessions.all[i].state <= TFTP_WAITING || t->ending)
            continue; /* who waits was never heard */
        if (s->sessions.all[i].state == TFTP_LIVE) {
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
        turn_forget(s);
        loop_hook_remove(s->config.loop, &s->hook);
        loop_timer_remove(s->config.loop, &s->timer);
    }
    s->started = false;
    for (uint32_t i = 0; i < s->listener_count; i++)
        close_listener(&s->listeners[i]);
    s->listener_count = 0;
}

void tftp_service_free(struct tftp_service *s)
{
    net_route_close(&s->route);
    free(s->session_memory);
    free(s->transfers);
    free(s->request_memory);
    free(s->data_memory);
    free(s->batch);
    free(s);
}

struct tftp_totals tftp_service_totals(const struct tftp_service *s)
{
    struct tftp_totals totals = s->totals;

    for (unsigned i = 0; i < TFTP_DROPS; i++)
        totals.dropped += s->sessions.dropped[i];
    totals.over_budget = s->sessions.dropped[TFTP_DROP_OVER_BUDGET];
    totals.full = s->sessions.dropped[TFTP_DROP_FULL];
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
    sum->kernel_drops += more->kernel_drops;
}
