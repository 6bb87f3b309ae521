#include "server.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "content.h"

enum { QUEUE = 512, SOCKETS_MAX = 9, SOCKET_TURNS_MAX = 64 };

/* Datagrams that wait in a socket. */
struct queue {
    struct datagram *ring; /* QUEUE */
    uint32_t head;
    uint32_t len;
};

enum job { IDLE, OPENING, READING, COMMITTING };

/* What is kept beside a session. */
struct transfer {
    struct tftp_session *session;
    struct actor *actor;
    enum job job; /* a helper is at work: nothing else may happen to it */
    bool ending;
    bool over;          /* its outcome is told */
    bool expects_bound; /* its blocks are counted */
    uint64_t requests;
    uint64_t said_unproved; /* datagrams to a peer that had not answered */
    uint64_t blocks;
    kedge_nanos began;
};

struct server {
    struct tftp_sessions t;
    struct tftp_limits limits;
    void *memory;
    struct transfer *transfers;
    struct deadlines jobs;
    struct queue queues[SOCKETS_MAX]; /* data sockets, then the request port */
    uint32_t request_queue;
    uint32_t window_max;
    uint32_t blksize_max;
    uint32_t burst;
    kedge_nanos turn_most;
    kedge_nanos turn_at;
};

struct server *server_open(const struct world_setup *setup)
{
    struct server *s = calloc(1, sizeof *s);
    uint32_t room = setup->sessions;

    s->limits = (struct tftp_limits){ .room = room,
                                      .sockets = setup->sockets ? setup->sockets : 1,
                                      .single_port = setup->sockets == 0,
                                      .unproved_max = setup->unproved_max,
                                      .key = mix64(setup->seed) };
    s->memory = calloc(1, tftp_sessions_memory(&s->limits));
    tftp_sessions_init(&s->t, &s->limits, s->memory);
    s->transfers = calloc(room, sizeof *s->transfers);
    deadlines_init(&s->jobs, malloc(room * sizeof(struct deadline_entry)),
                   malloc(room * sizeof(uint32_t)), room);
    s->request_queue = setup->sockets;
    for (uint32_t i = 0; i <= s->request_queue; i++)
        s->queues[i].ring = malloc(QUEUE * sizeof(struct datagram));
    s->window_max = setup->window_max;
    s->blksize_max = setup->blksize_max;
    s->burst = setup->burst;
    s->turn_most = setup->turn;
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

/* ---- What leaves ------------------------------------------------------------------- */

static struct transfer *transfer_of(struct server *s, const struct tftp_session *session)
{
    return &s->transfers[tftp_session_number(&s->t, session)];
}

static bool proved(const struct tftp_session *s)
{
    if (s->state != TFTP_LIVE)
        return false;
    return s->machine.sends ? s->machine.sender.proved : s->machine.receiver.proved;
}

/* Until a peer has answered, each request earns a datagram, the timer one in all. */
static void say(struct world *w, struct transfer *t, struct datagram *d)
{
    d->actor = t->actor->id;
    d->port = t->session->peer.port;
    d->socket = (uint8_t)t->session->socket;
    if (!proved(t->session)) {
        t->said_unproved++;
        if (t->said_unproved > t->requests + 1)
            world_fail(w, "%llu datagrams to an unproved peer after %llu requests",
                       (unsigned long long)t->said_unproved,
                       (unsigned long long)t->requests);
    }
    world_reply(w, d);
}

static void say_oack(struct world *w, struct transfer *t)
{
    struct datagram d = { .head_len = 0 };

    d.head_len = (uint16_t)kedge_tftp_write_oack(d.head, WIRE_HEAD, &t->session->granted);
    say(w, t, &d);
}

static void say_block(struct world *w, struct transfer *t, uint64_t block)
{
    const struct kedge_tftp_terms *terms = &t->session->machine.sender.terms;
    const struct file *f = &t->actor->file;
    struct datagram d = { .file = f->content, .offset = (block - 1) * terms->blksize };

    d.body_len = (uint32_t)min_u64(terms->blksize, f->size - d.offset);
    d.head_len = (uint16_t)kedge_tftp_write_data(d.head, WIRE_HEAD,
                                                 kedge_tftp_wire(block, terms->rollover));
    t->blocks++;
    say(w, t, &d);
}

static void say_ack(struct world *w, struct transfer *t, uint64_t block)
{
    uint32_t rollover = t->session->machine.receiver.terms.rollover;
    struct datagram d = { .head_len = 0 };

    if (block == 0 && t->session->granted.has) {
        say_oack(w, t);
        return;
    }
    d.head_len = (uint16_t)kedge_tftp_write_ack(d.head, WIRE_HEAD,
                                                kedge_tftp_wire(block, rollover));
    say(w, t, &d);
}

static void say_error(struct world *w, struct transfer *t, uint16_t code)
{
    struct datagram d = { .head_len = 0 };

    d.head_len = (uint16_t)kedge_tftp_write_error(d.head, 64, code, "failed");
    say(w, t, &d);
}

/* ---- How a transfer ends ------------------------------------------------------------ */

/* No storm: a trouble of the network costs a window each way at most, and so does a turn of
 * the clock without an answer; a queue that overflows, some blocks for each; all else is one
 * block sent once. */
static void check_blocks(struct world *w, const struct transfer *t)
{
    const struct kedge_tftp_sender *s = &t->session->machine.sender;
    uint64_t window = min_u64(s->terms.window, s->top);
    uint64_t trouble = t->actor->up.troubles + t->actor->down.troubles;
    uint64_t dropped = t->actor->up.dropped + t->actor->down.dropped;
    uint64_t stalls = (w->now - t->began) / (50 * KEDGE_MSEC);
    uint64_t bound = s->top * (dropped ? 20 : 1) + window * (2 * trouble + 2 + stalls);

    if (trouble + dropped == 0 && t->expects_bound && s->outcome == KEDGE_TFTP_OK)
        bound = s->top;
    bound += t->requests - 1 + !s->proved; /* each may have brought DATA 1 */
    if (t->blocks > bound)
        world_fail(w, "client %u: %llu blocks left for %llu, with %llu troubles",
                   t->actor->id, (unsigned long long)t->blocks,
                   (unsigned long long)s->top, (unsigned long long)trouble);
}

static void tell(struct world *w, struct transfer *t)
{
    enum kedge_tftp_outcome outcome = tftp_session_outcome(t->session);

    if (t->over)
        return;
    t->over = true;
    if (outcome == KEDGE_TFTP_RUNNING)
        world_fail(w, "a transfer ends without an outcome");
    t->actor->outcomes[outcome]++;
    if (t->session->state == TFTP_LIVE && t->session->machine.sends)
        check_blocks(w, t);
}

static void end(struct world *w, struct transfer *t)
{
    tell(w, t);
    t->ending = true;
    if (t->job != IDLE)
        return; /* what a helper still works on ends first, and calls this again */
    tftp_sessions_release(&w->server->t, t->session, w->now);
}

static void work(struct world *w, struct transfer *t, enum job job, kedge_nanos time)
{
    t->job = job;
    deadlines_set(&w->server->jobs, tftp_session_number(&w->server->t, t->session),
                  w->now + time);
}

/* ---- What a machine wants ------------------------------------------------------------ */

/* True if the machine may be asked for more. */
static bool send_blocks(struct world *w, struct transfer *t,
                        const struct kedge_tftp_action *a)
{
    struct kedge_tftp_sender *s = &t->session->machine.sender;
    const struct file *f = &t->actor->file;
    uint64_t last = f->size / s->terms.blksize + 1;
    uint64_t end = min_u64(a->end, last + 1);

    if (a->first == 0) {
        say_oack(w, t);
        kedge_tftp_sender_sent(s, 0, 1, w->now);
        return true;
    }
    if (dice_ppm(&w->dice, f->cold_ppm)) {
        kedge_tftp_sender_sent(s, a->first, a->first, w->now);
        work(w, t, READING, f->read_delay);
        return false;
    }
    if (w->server->burst)
        end = min_u64(end, a->first + w->server->burst);
    if (end > last)
        kedge_tftp_sender_end(s, last);
    for (uint64_t b = a->first; b < end; b++)
        say_block(w, t, b);
    kedge_tftp_sender_sent(s, a->first, end, w->now);
    return true;
}

static bool act(struct world *w, struct transfer *t, const struct kedge_tftp_action *a)
{
    switch (a->todo) {
    case KEDGE_TFTP_BLOCKS:
        return send_blocks(w, t, a);
    case KEDGE_TFTP_REPLY:
        say_ack(w, t, a->first);
        return true;
    case KEDGE_TFTP_COMMIT:
        work(w, t, COMMITTING, t->actor->file.commit_delay);
        return false;
    case KEDGE_TFTP_REFUSE:
        say_error(w, t, a->code);
        return true;
    case KEDGE_TFTP_OVER:
        end(w, t);
        return false;
    default:
        return false;
    }
}

/* What holds of every machine at any time. */
static void check_machine(struct world *w, const struct transfer *t)
{
    const struct kedge_tftp_machine *m = &t->session->machine;
    const struct kedge_tftp_sender *s = &m->sender;
    bool running = kedge_tftp_machine_outcome(m) == KEDGE_TFTP_RUNNING;

    if (running && t->job == IDLE && kedge_tftp_machine_deadline(m) <= w->now)
        world_fail(w, "client %u: a deadline is not in the future", t->actor->id);
    if (!m->sends)
        return;
    if (s->base > s->next || s->next > s->top || s->top > s->base + s->terms.window)
        world_fail(w, "client %u: base %llu, next %llu, top %llu", t->actor->id,
                   (unsigned long long)s->base, (unsigned long long)s->next,
                   (unsigned long long)s->top);
}

static void pump(struct world *w, struct transfer *t)
{
    struct kedge_tftp_action a;

    if (t->job != IDLE || t->ending || t->session->state != TFTP_LIVE)
        return;
    do
        a = kedge_tftp_machine_write(&t->session->machine, w->now);
    while (act(w, t, &a));
    if (t->ending)
        return;
    tftp_sessions_settle(&w->server->t, t->session);
    check_machine(w, t);
    if (tftp_session_outcome(t->session) != KEDGE_TFTP_RUNNING)
        tell(w, t);
}

/* ---- The store ----------------------------------------------------------------------- */

static void opened(struct world *w, struct transfer *t)
{
    const struct file *f = &t->actor->file;
    struct kedge_tftp_limits limits = { .blksize_max = w->server->blksize_max,
                                        .windowsize_max = w->server->window_max,
                                        .size_known = !f->size_unknown,
                                        .size = f->size };
    struct datagram d = { .head_len = 0 };

    if (f->refuse < 0) {
        tftp_sessions_opened(&w->server->t, t->session, &limits, w->now);
        pump(w, t);
        return;
    }
    d.head_len = (uint16_t)tftp_session_refused(t->session, (uint16_t)f->refuse,
                                                "File not found", d.head);
    if (d.head_len > t->session->request_len)
        world_fail(w, "an ERROR is longer than its request");
    if (d.head_len > 0)
        say(w, t, &d);
    end(w, t);
}

static void committed(struct world *w, struct transfer *t)
{
    struct kedge_tftp_machine *m = &t->session->machine;
    struct file *f = &t->actor->file;

    if (f->commit_fails) {
        kedge_tftp_machine_end(m, KEDGE_TFTP_FAILED, KEDGE_TFTP_FULL);
        return;
    }
    if (f->content && m->receiver.bytes != f->size)
        world_fail(w, "client %u: %llu of %llu bytes are kept", t->actor->id,
                   (unsigned long long)m->receiver.bytes, (unsigned long long)f->size);
    f->kept = true;
    f->times_kept++;
    if (t->ending)
        return; /* replaced meanwhile; what is kept stays */
    kedge_tftp_receiver_committed(&m->receiver, w->now);
}

static void job_over(struct world *w, struct transfer *t)
{
    enum job job = t->job;

    t->job = IDLE;
    if (job == COMMITTING)
        committed(w, t);
    if (t->ending) {
        end(w, t);
        return;
    }
    if (job == OPENING) {
        opened(w, t);
        return;
    }
    pump(w, t);
}

static void store(struct world *w, struct transfer *t, struct kedge_span bytes)
{
    struct kedge_tftp_machine *m = &t->session->machine;
    uint64_t offset = m->receiver.bytes - bytes.len;

    if (t->actor->file.content == 0)
        return; /* a stranger's: nobody knows what it is */
    if (!content_is(t->actor->file.content, offset, bytes))
        world_fail(w, "client %u: other bytes are stored at %llu", t->actor->id,
                   (unsigned long long)offset);
    if (m->receiver.bytes > t->actor->file.full_at)
        kedge_tftp_machine_end(m, KEDGE_TFTP_FAILED, KEDGE_TFTP_FULL);
}

/* ---- What comes ----------------------------------------------------------------------- */

static void begin(struct world *w, struct actor *a, struct tftp_session *session)
{
    struct transfer *t = transfer_of(w->server, session);

    *t = (struct transfer){
        .session = session, .actor = a, .requests = 1, .began = w->now
    };
    t->expects_bound = a->down.params.jitter == 0 && a->up.params.jitter == 0 &&
                       a->down.params.bits_per_s == 0 && a->busy_ppm == 0 &&
                       a->file.cold_ppm == 0;
    a->sessions++;
    if (a->file.open_delay > 0)
        work(w, t, OPENING, a->file.open_delay);
    else
        opened(w, t);
}

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
    struct transfer *t;

    if (event->replaced)
        end(w, transfer_of(w->server, event->replaced));
    if (event->verdict == TFTP_ANSWER)
        answer(w, in, d, event);
    if (event->verdict == TFTP_OPEN)
        begin(w, &w->actors[d->actor], event->session);
    if (event->verdict != TFTP_PUMP)
        return;
    t = transfer_of(w->server, event->session);
    t->requests += is_request(in->bytes);
    if (event->store.ptr)
        store(w, t, event->store);
    pump(w, t);
}

/* The address of a client: four of them in a /24. */
static struct tftp_peer peer_of(const struct datagram *d)
{
    struct tftp_peer p = { .ip = { [10] = 0xff, 0xff, 10 }, .port = d->port };

    p.ip[13] = (uint8_t)(d->actor >> 10);
    p.ip[14] = (uint8_t)(d->actor >> 2);
    p.ip[15] = (uint8_t)(d->actor & 3);
    return p;
}

static struct tftp_arrival arrival_of(struct world *w, const struct datagram *d)
{
    return (struct tftp_arrival){ .peer = peer_of(d),
                                  .local = { [10] = 0xff, 0xff, 10, 9, 9, 9 },
                                  .socket = d->socket,
                                  .to_many = d->to_many,
                                  .bytes = world_bytes(w, d) };
}

/* Nobody listens at a peer's port: only its own transfer on that socket ends. */
static void unreachable(struct world *w, const struct datagram *d)
{
    struct tftp_peer peer = peer_of(d);
    struct tftp_session *session = tftp_sessions_find(&w->server->t, 0, &peer);

    if (!session || session->socket != d->socket || session->state != TFTP_LIVE)
        return;
    kedge_tftp_machine_gone(&session->machine);
    pump(w, transfer_of(w->server, session));
}

static void look_at_data(struct world *w, struct datagram *d)
{
    struct tftp_arrival in = arrival_of(w, d);
    struct tftp_event event;

    if (d->unreachable) {
        unreachable(w, d);
        return;
    }
    if (w->server->limits.single_port)
        in.socket = 0;
    tftp_sessions_data(&w->server->t, &in, w->now, &event);
    handle(w, &in, d, &event);
}

static bool dequeue(struct queue *q, struct datagram *out)
{
    if (q->len == 0)
        return false;
    memcpy(out, &q->ring[q->head],
           offsetof(struct datagram, head) + q->ring[q->head].head_len);
    q->head = (q->head + 1) % QUEUE;
    q->len--;
    return true;
}

static void drain(struct world *w, struct queue *q)
{
    struct datagram d;

    while (dequeue(q, &d))
        look_at_data(w, &d);
}

/* A port that is used again overtakes its last ACK: the data socket of the transfer that
 * the peer still has is emptied first. */
static void look_at_request(struct world *w, struct datagram *d)
{
    struct server *s = w->server;
    struct tftp_arrival in = arrival_of(w, d);
    struct tftp_session *session = tftp_sessions_find(&s->t, 0, &in.peer);
    struct tftp_event event;

    if (session)
        drain(w, &s->queues[session->socket]);
    in = arrival_of(w, d);
    tftp_sessions_request(&s->t, &in, w->now, &event);
    handle(w, &in, d, &event);
}

void server_arrive(struct world *w, const struct datagram *d)
{
    struct server *s = w->server;
    bool asked = s->limits.single_port || d->socket == REQUEST_PORT;
    struct queue *q;

    if (!asked && d->socket >= s->request_queue)
        return; /* no such socket */
    q = &s->queues[asked ? s->request_queue : d->socket];
    if (q->len == QUEUE) {
        w->actors[d->actor].up.troubles++;
        return;
    }
    memcpy(&q->ring[(q->head + q->len++) % QUEUE], d,
           offsetof(struct datagram, head) + d->head_len);
    if (s->turn_at == KEDGE_NEVER)
        s->turn_at = w->now + dice_below(&w->dice, s->turn_most + 1);
}

/* Sockets are looked at in any order, requests often before data. */
static void turn(struct world *w)
{
    struct server *s = w->server;
    uint32_t first = (uint32_t)dice_below(&w->dice, s->request_queue + 1);
    struct datagram d;

    s->turn_at = KEDGE_NEVER;
    for (uint32_t i = 0; i <= s->request_queue; i++) {
        uint32_t number = (first + i) % (s->request_queue + 1);

        if (number < s->request_queue)
            drain(w, &s->queues[number]);
        else
            while (dequeue(&s->queues[number], &d)) {
                if (s->limits.single_port)
                    look_at_data(w, &d);
                else
                    look_at_request(w, &d);
            }
    }
}

kedge_nanos server_next(const struct server *s)
{
    kedge_nanos next = min_u64(s->turn_at, tftp_sessions_deadline(&s->t));

    return min_u64(next, deadlines_next(&s->jobs));
}

void server_act(struct world *w)
{
    struct server *s = w->server;
    struct tftp_session *session;
    uint32_t number;

    if (s->turn_at <= w->now)
        turn(w);
    while (deadlines_pop(&s->jobs, w->now, &number))
        job_over(w, &s->transfers[number]);
    while ((session = tftp_sessions_due(&s->t, w->now)))
        pump(w, transfer_of(s, session));
}

void server_check(struct world *w)
{
    const struct tftp_sessions *t = &w->server->t;

    if (t->used != 0)
        world_fail(w, "%u sessions are not given back", t->used);
    for (unsigned i = 0; i < TFTP_BUDGETS; i++)
        if (t->unproved[i] != 0)
            world_fail(w, "a budget is not given back");
}
