/* SPDX-License-Identifier: MIT */
/* The simulated server's sockets and turns. */
#include "serving.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

struct server *server_open(const struct world_setup *setup)
{
    struct server *s = calloc(1, sizeof *s);
    uint32_t room = setup->sessions;
    uint32_t slots = room + TFTP_SPARE;

    s->limits = (struct tftp_limits){ .room = room,
                                      .sockets = setup->sockets ? setup->sockets : 1,
                                      .single_port = setup->sockets == 0,
                                      .auto_port = setup->auto_port,
                                      .request_rate = setup->request_rate,
                                      .unvalidated_max = setup->unvalidated_max,
                                      .uploads_max = 1024,
                                      .key = mix64(setup->seed),
                                      .secret = { mix64(setup->seed + 1),
                                                  mix64(setup->seed + 2) } };
    s->memory = calloc(1, tftp_sessions_memory(&s->limits));
    tftp_sessions_init(&s->t, &s->limits, s->memory);
    s->transfers = calloc(slots, sizeof *s->transfers);
    deadlines_init(&s->jobs, malloc(slots * sizeof(struct deadline_entry)),
                   malloc(slots * sizeof(uint32_t)), slots);
    s->request_queue = setup->sockets;
    s->window_max = setup->window_max;
    s->blksize_max = setup->blksize_max;
    s->burst = setup->burst;
    s->turn_most = setup->turn;
    s->late = setup->late;
    s->turn_at = KEDGE_NEVER;
    return s;
}

void server_close(struct server *s)
{
    for (uint32_t i = 0; i <= s->request_queue; i++)
        free(s->queues[i].ring);
    free(s->jobs.heap);
    free(s->jobs.place);
    free(s->transfers);
    free(s->memory);
    free(s);
}

const struct tftp_sessions *server_sessions(const struct server *s)
{
    return &s->t;
}

/* ---- What comes ----------------------------------------------------------------------- */

static bool is_request(struct kedge_span bytes)
{
    return bytes.len >= 2 && bytes.ptr[0] == 0 &&
           (bytes.ptr[1] == KEDGE_TFTP_RRQ || bytes.ptr[1] == KEDGE_TFTP_WRQ);
}

/* Rule 7: ERROR only in answer to what is no ERROR, never to a peer that has a transfer. */
static void answer(struct world *w, const struct tftp_arrival *in, struct datagram *d,
                   const struct tftp_event *event)
{
    bool asks = is_request(in->bytes);
    bool talks =
        in->bytes.len >= 4 && in->bytes.ptr[0] == 0 &&
        (in->bytes.ptr[1] == KEDGE_TFTP_DATA || in->bytes.ptr[1] == KEDGE_TFTP_ACK);

    if (!asks && (d->socket == REQUEST_PORT || !talks))
        world_fail(w, "an answer to what is neither request nor packet");
    if (talks && tftp_sessions_find(&w->server->t, 0, &in->peer))
        world_fail(w, "ERROR 5 to a peer with a live transfer");
    if (event->reply_len > max_u64(in->bytes.len, KEDGE_TFTP_ERROR_MIN))
        world_fail(w, "an answer is longer than what it answers");
    d->head_len = (uint16_t)event->reply_len;
    d->body_len = 0;
    memcpy(d->head, event->reply, event->reply_len);
    d->socket = d->socket == REQUEST_PORT ? 0 : d->socket;
    world_reply(w, d);
}

static void handle(struct world *w, const struct tftp_arrival *in, struct datagram *d,
                   const struct tftp_event *event)
{
    const struct verdict_facts malformed = { .fault = FAULT_MALFORMED };
    struct transfer *t;

    if (event->replaced)
        transfer_end(w, transfer_of(w->server, event->replaced));
    if (event->verdict == TFTP_ANSWER && event->malformed)
        w->actors[d->actor].verdicts[verdict_of(&malformed)]++;
    if (event->verdict == TFTP_ANSWER)
        answer(w, in, d, event);
    if (event->verdict == TFTP_OPEN || event->verdict == TFTP_KEEP)
        transfer_keep(w, &w->actors[d->actor], event->session);
    if (event->verdict == TFTP_OPEN)
        transfer_begin(w, transfer_of(w->server, event->session));
    if (event->verdict != TFTP_PUMP)
        return;
    t = transfer_of(w->server, event->session);
    t->requests += is_request(in->bytes);
    if (event->store.ptr)
        transfer_store(w, t, event->store);
    transfer_pump(w, t);
}

/* The address of a client: four of them in a /24. */
static struct tftp_peer peer_of(const struct datagram *d)
{
    struct tftp_peer p = { .ip = { [10] = 0xff, 0xff, 10 }, .port = d->port };

    p.ip[13] = (uint8_t)(d->address >> 10);
    p.ip[14] = (uint8_t)(d->address >> 2);
    p.ip[15] = (uint8_t)(d->address & 3);
    return p;
}

static struct tftp_arrival arrival_of(struct world *w, const struct datagram *d)
{
    return (struct tftp_arrival){ .peer = peer_of(d),
                                  .local = { [10] = 0xff, 0xff, 10, 9, 9, 9 },
                                  .socket = d->socket == REQUEST_PORT
                                                ? TFTP_REQUEST_SOCKET
                                                : d->socket,
                                  .to_broadcast = d->to_broadcast,
                                  .bytes = world_bytes(w, d) };
}

/* A word about what left from one port says nothing of the other. That nobody listens is none
 * about the request port: the other one's answer may be what has its client. */
static void heard_icmp(struct world *w, const struct datagram *d)
{
    struct tftp_peer peer = peer_of(d);
    struct tftp_session *session = tftp_sessions_find(&w->server->t, 0, &peer);
    bool requests = d->socket == REQUEST_PORT && w->server->limits.auto_port;

    if (!session || session->state != TFTP_LIVE ||
        session_socket(w->server, session) != d->socket)
        return;
    transfer_note_icmp(w->server, transfer_of(w->server, session),
                       (enum verdict_icmp)d->icmp);
    if (requests || (d->icmp != ICMP_SAYS_CLOSED && d->icmp != ICMP_SAYS_REJECTED))
        return;
    kedge_tftp_machine_gone(&session->machine, w->now);
    transfer_pump(w, transfer_of(w->server, session));
}

static void look_at_data(struct world *w, struct datagram *d)
{
    struct tftp_arrival in = arrival_of(w, d);
    struct tftp_event event;

    if (d->icmp != ICMP_SAYS_NOTHING) {
        heard_icmp(w, d);
        return;
    }
    if (w->server->limits.single_port)
        in.socket = 0;
    tftp_sessions_data(&w->server->t, &in, w->now, &event);
    handle(w, &in, d, &event);
}

static bool dequeue(struct server *s, struct queue *q, struct datagram *out)
{
    if (q->len == 0)
        return false;
    memcpy(out, &q->ring[q->head],
           offsetof(struct datagram, head) + q->ring[q->head].head_len);
    q->head = (q->head + 1) % q->room;
    q->len--;
    s->waiting--;
    return true;
}

static void drain(struct world *w, struct queue *q)
{
    struct datagram d;

    while (dequeue(w->server, q, &d))
        look_at_data(w, &d);
}

static uint64_t answers_to(const struct world *w, const struct datagram *d)
{
    return w->actors[d->actor].blocks + w->actors[d->actor].replies;
}

/* A port that is used again overtakes its last ACK: the data socket of the transfer that
 * the peer still has is emptied first. */
static void look_at_request(struct world *w, struct datagram *d)
{
    struct server *s = w->server;
    struct tftp_arrival in = arrival_of(w, d);
    struct tftp_session *session = tftp_sessions_find(&s->t, 0, &in.peer);
    struct tftp_event event;
    uint64_t before;
    uint32_t silent;

    if (d->icmp != ICMP_SAYS_NOTHING) {
        heard_icmp(w, d);
        return;
    }
    if (session)
        drain(w, &s->queues[session->socket]);
    if (tftp_sessions_silent(&s->t, &in, &silent))
        drain(w, &s->queues[silent]);
    in = arrival_of(w, d);
    before = answers_to(w, d);
    if (s->limits.auto_port)
        tftp_sessions_data(&s->t, &in, w->now, &event);
    else
        tftp_sessions_request(&s->t, &in, w->now, &event);
    handle(w, &in, d, &event);
    if (is_request(in.bytes) && answers_to(w, d) > before + 1)
        world_fail(w, "client %u: more than one answer to a request", d->actor);
}

void server_arrive(struct world *w, const struct datagram *d)
{
    struct server *s = w->server;
    bool asked = s->limits.single_port || d->socket == REQUEST_PORT;
    struct queue *q;

    if (!asked && d->socket >= s->request_queue)
        return; /* no such socket */
    q = &s->queues[asked ? s->request_queue : d->socket];
    if (!q->ring) {
        q->room = s->request_queue > FEW_SOCKETS && !asked ? QUEUE_SHORT : QUEUE;
        q->ring = malloc(q->room * sizeof *q->ring);
    }
    if (q->len == q->room) {
        w->actors[d->actor].up.troubles++;
        return;
    }
    memcpy(&q->ring[(q->head + q->len++) % q->room], d,
           offsetof(struct datagram, head) + d->head_len);
    s->waiting++;
    if (s->turn_at == KEDGE_NEVER)
        s->turn_at = w->now + (s->late ? dice_between(&w->dice, KEDGE_MSEC, s->late)
                                       : dice_below(&w->dice, s->turn_most + 1));
}

/* Sockets are looked at in any order, requests often before data. */
static void own_delay(struct world *w)
{
    struct server *s = w->server;
    uint32_t first = (uint32_t)dice_below(&w->dice, s->request_queue + 1);
    struct datagram d;

    s->turn_at = KEDGE_NEVER;
    for (uint32_t i = 0; i <= s->request_queue && s->waiting > 0; i++) {
        uint32_t number = (first + i) % (s->request_queue + 1);

        if (number < s->request_queue)
            drain(w, &s->queues[number]);
        else
            while (dequeue(s, &s->queues[number], &d)) {
                if (s->limits.single_port)
                    look_at_data(w, &d);
                else
                    look_at_request(w, &d);
            }
    }
}

/* On a busy host each wait is over so much too late. */
static kedge_nanos woken_at(struct world *w, kedge_nanos due)
{
    struct server *s = w->server;

    if (s->late == 0 || due == KEDGE_NEVER)
        return due;
    if (due != s->woken_for)
        s->woken_at = due + dice_between(&w->dice, KEDGE_MSEC, s->late);
    s->woken_for = due;
    return s->woken_at;
}

kedge_nanos server_next(struct world *w)
{
    struct server *s = w->server;
    kedge_nanos due = min_u64(tftp_sessions_deadline(&s->t), deadlines_next(&s->jobs));

    return min_u64(s->turn_at, woken_at(w, due));
}

void server_act(struct world *w)
{
    struct server *s = w->server;
    struct tftp_session *session;
    uint32_t number;

    if (s->turn_at <= w->now)
        own_delay(w);
    while (deadlines_pop(&s->jobs, w->now, &number))
        transfer_job_over(w, &s->transfers[number]);
    while ((session = tftp_sessions_due(&s->t, w->now)))
        transfer_pump(w, transfer_of(s, session));
    while ((session = tftp_sessions_admitted(&s->t)))
        transfer_begin(w, transfer_of(s, session));
}

void server_check(struct world *w)
{
    const struct tftp_sessions *t = &w->server->t;

    if (t->used != 0)
        world_fail(w, "%u sessions are not given back", t->used);
    for (unsigned i = 0; i < t->past; i++)
        if (t->network[i].unvalidated != 0 || t->network[i].transfers != 0 ||
            t->network[i].uploads != 0 || t->network[i].waiting.oldest != 0)
            world_fail(w, "a budget is not given back");
}
