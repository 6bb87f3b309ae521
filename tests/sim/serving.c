/* SPDX-License-Identifier: MIT */
/* The simulated server's transfers and their files. */
#include "serving.h"

#include "base/number.h"
#include "content.h"

/* ---- What leaves ------------------------------------------------------------------- */

struct transfer *transfer_of(struct server *s, const struct tftp_session *session)
{
    return &s->transfers[tftp_session_number(&s->t, session)];
}

uint16_t session_socket(const struct server *s, const struct tftp_session *session)
{
    bool refused = session->state != TFTP_LIVE && s->limits.auto_port;
    bool requests =
        !s->limits.single_port && (session->from != TFTP_FROM_DATA || refused);

    return requests ? REQUEST_PORT : (uint16_t)session->socket;
}

static bool validated(const struct tftp_session *s)
{
    if (s->state != TFTP_LIVE)
        return false;
    return s->machine.half.validated;
}

/* In no time leaves more from the request port than its rate, and a window. */
static void count_debt(struct world *w, const struct datagram *d)
{
    struct server *s = w->server;
    uint64_t paid = mul_div(w->now - s->debt_at, s->limits.request_rate, KEDGE_SEC);

    s->debt_at = w->now;
    s->debt = sub_sat(s->debt, paid) + WIRE_HEADERS + d->head_len + d->body_len;
    if (s->debt > 1564 * (uint64_t)s->window_max)
        world_fail(w, "the request port owes %llu bytes", (unsigned long long)s->debt);
}

/* Until a peer has answered, each request earns a datagram, the timer one in all. */
static void say(struct world *w, struct transfer *t, struct datagram *d)
{
    d->actor = t->actor->id;
    d->port = t->session->peer.port;
    d->socket = session_socket(w->server, t->session);
    if (!validated(t->session)) {
        t->reported_unvalidated++;
        if (t->reported_unvalidated > t->requests + 1)
            world_fail(w, "%llu datagrams to an unproved peer after %llu requests",
                       (unsigned long long)t->reported_unvalidated,
                       (unsigned long long)t->requests);
    }
    if (w->server->limits.request_rate && validated(t->session) && d->body_len > 0 &&
        (d->socket == REQUEST_PORT || w->server->limits.single_port))
        count_debt(w, d);
    if (t->actor->barred && d->socket != REQUEST_PORT)
        t->barred = true;
    else
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
    const struct kedge_tftp_terms *terms = &t->session->machine.sender.half.terms;
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
    uint32_t rollover = t->session->machine.receiver.half.terms.rollover;
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
    uint64_t window = min_u64(s->half.terms.window, s->top);
    uint64_t trouble = t->actor->up.troubles + t->actor->down.troubles;
    uint64_t dropped = t->actor->up.dropped + t->actor->down.dropped;
    bool narrow = dropped > 0 || t->actor->down.params.bits_per_s > 0;
    uint64_t stalls = (w->now - t->began) / (20 * KEDGE_MSEC); /* the least timeout */
    uint64_t bound = s->top * (narrow ? 20 : 1) + window * (2 * trouble + 2 + stalls);

    if (trouble + dropped == 0 && t->expects_bound && s->half.outcome == KEDGE_TFTP_OK)
        bound = s->top;
    bound += t->actor->stopped + t->requests - 1 +
             !s->half.validated; /* each may have brought DATA 1 */
    if (t->blocks > bound)
        world_fail(w, "client %u: %llu blocks left for %llu, with %llu troubles",
                   t->actor->id, (unsigned long long)t->blocks,
                   (unsigned long long)s->top, (unsigned long long)trouble);
}

/* As the owner of real sockets and files does it. */
void transfer_note_icmp(const struct server *s, struct transfer *t,
                        enum verdict_icmp icmp)
{
    struct verdict_facts f;

    verdict_facts_of(&s->t, t->session, &f);
    t->icmp = icmp;
    t->icmp_block = f.block;
}

static bool stopped_again(struct server *s, const struct transfer *t,
                          const struct verdict_facts *f)
{
    bool closed = f->outcome == KEDGE_TFTP_ABORTED && f->code == 0;

    return f->outcome != KEDGE_TFTP_OK && !closed && f->validated && f->block > 1 &&
           verdict_stopped_again(&s->stops, &s->t, t->session, f->block);
}

static enum verdict judge(struct server *s, const struct transfer *t,
                          enum kedge_tftp_outcome outcome)
{
    struct verdict_facts f;

    verdict_facts_of(&s->t, t->session, &f);
    f.fault = outcome == KEDGE_TFTP_OK ? FAULT_NONE : t->fault;
    if (outcome == KEDGE_TFTP_OK || f.block == t->icmp_block)
        f.icmp = t->icmp;
    f.stopped_before = stopped_again(s, t, &f);
    return verdict_of(&f);
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
    t->actor->verdicts[judge(w->server, t, outcome)]++;
    if (t->session->state == TFTP_LIVE && t->session->machine.sends)
        check_blocks(w, t);
}

void transfer_end(struct world *w, struct transfer *t)
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
    uint64_t last = f->size / s->half.terms.blksize + 1;
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
    if (end > last && f->altered) {
        t->fault = FAULT_CHANGED;
        kedge_tftp_machine_end(&t->session->machine, KEDGE_TFTP_CHANGED, 0);
    }
    kedge_tftp_sender_sent(s, a->first, end, w->now);
    tftp_sessions_sent(&w->server->t, t->session, (uint32_t)(end - a->first), w->now);
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
        transfer_end(w, t);
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

    if (running && t->job == IDLE && kedge_tftp_machine_deadline(m) <= w->now &&
        tftp_sessions_may_send(&w->server->t, t->session, w->now))
        world_fail(w, "client %u: a deadline is not in the future", t->actor->id);
    if (!m->sends)
        return;
    if (s->half.base > s->next || s->next > s->top ||
        s->top > s->half.base + s->half.terms.window)
        world_fail(w, "client %u: base %llu, next %llu, top %llu", t->actor->id,
                   (unsigned long long)s->half.base, (unsigned long long)s->next,
                   (unsigned long long)s->top);
}

void transfer_pump(struct world *w, struct transfer *t)
{
    struct kedge_tftp_action a;

    if (t->job != IDLE || t->ending || t->session->state != TFTP_LIVE)
        return;
    while (tftp_sessions_may_send(&w->server->t, t->session, w->now)) {
        a = kedge_tftp_machine_write(&t->session->machine, w->now);
        if (!act(w, t, &a))
            break;
    }
    if (t->ending)
        return;
    tftp_sessions_settle(&w->server->t, t->session);
    check_machine(w, t);
    if (t->barred) {
        t->barred = false;
        if (tftp_sessions_blocked(&w->server->t, t->session, w->now))
            transfer_pump(w, t);
        return;
    }
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
                                        .size = f->size,
                                        .window_bytes = 1500 * w->server->window_max };
    struct datagram d = { .head_len = 0 };

    t->fault = t->session->mode == KEDGE_TFTP_OTHER_MODE ? FAULT_MODE : f->fault;
    if (f->refuse < 0 && t->fault != FAULT_MODE) {
        t->fault = FAULT_NONE;
        tftp_sessions_opened(&w->server->t, t->session, &limits, w->now);
        transfer_pump(w, t);
        return;
    }
    d.head_len = (uint16_t)tftp_session_refused(
        t->session, t->fault == FAULT_MODE ? KEDGE_TFTP_ACCESS : (uint16_t)f->refuse,
        "File not found", d.head);
    if (d.head_len > t->session->request_len)
        world_fail(w, "an ERROR is longer than its request");
    if (d.head_len > 0)
        say(w, t, &d);
    transfer_end(w, t);
}

static void committed(struct world *w, struct transfer *t)
{
    struct kedge_tftp_machine *m = &t->session->machine;
    struct file *f = &t->actor->file;

    if (f->commit_fails) {
        t->fault = f->fault;
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

void transfer_job_over(struct world *w, struct transfer *t)
{
    enum job job = t->job;

    t->job = IDLE;
    if (job == COMMITTING)
        committed(w, t);
    if (t->ending) {
        transfer_end(w, t);
        return;
    }
    if (job == OPENING) {
        opened(w, t);
        return;
    }
    transfer_pump(w, t);
}

void transfer_store(struct world *w, struct transfer *t, struct kedge_span bytes)
{
    struct kedge_tftp_machine *m = &t->session->machine;
    uint64_t offset = m->receiver.bytes - bytes.len;

    if (t->actor->file.content == 0)
        return; /* a stranger's: nobody knows what it is */
    if (!content_is(t->actor->file.content, offset, bytes))
        world_fail(w, "client %u: other bytes are stored at %llu", t->actor->id,
                   (unsigned long long)offset);
    if (m->receiver.bytes > t->actor->file.full_at) {
        t->fault = FAULT_DISK_FULL;
        kedge_tftp_machine_end(m, KEDGE_TFTP_FAILED, KEDGE_TFTP_FULL);
    }
}

void transfer_keep(struct world *w, struct actor *a, struct tftp_session *session)
{
    struct transfer *t = transfer_of(w->server, session);

    *t = (struct transfer){
        .session = session, .actor = a, .requests = 1, .began = w->now
    };
    t->expects_bound = a->down.params.jitter == 0 && a->up.params.jitter == 0 &&
                       a->down.params.bits_per_s == 0 && a->busy_ppm == 0 &&
                       a->late == 0 && w->server->late == 0 && a->file.cold_ppm == 0;
}

void transfer_begin(struct world *w, struct transfer *t)
{
    t->actor->sessions++;
    if (t->actor->file.open_delay > 0)
        work(w, t, OPENING, t->actor->file.open_delay);
    else
        opened(w, t);
}
