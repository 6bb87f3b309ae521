/* SPDX-License-Identifier: MIT */
/* The whole core of a server: datagrams of several peers on several sockets, time, and an
 * owner whose files open and close when the script says so. */
#include "server_world.h"

enum { STEPS_MAX = 400, SETTLE_TURNS = 400 };

static struct owner *owner_of(struct world *w, const struct tftp_session *s)
{
    return &w->owners[tftp_session_number(&w->t, s)];
}

/* ---- the owner ---- */

static void end(struct world *w, struct tftp_session *s)
{
    MUST(tftp_session_outcome(s) != KEDGE_TFTP_RUNNING);
    w->ending[tftp_session_number(&w->t, s)] = true;
    if (owner_of(w, s)->late)
        return; /* a helper is at work on it */
    w->ending[tftp_session_number(&w->t, s)] = false;
    tftp_sessions_release(&w->t, s, w->now);
}

static void pump(struct world *w, struct tftp_session *s)
{
    struct owner *o = owner_of(w, s);

    if (s->state != TFTP_LIVE || w->ending[tftp_session_number(&w->t, s)] || o->late)
        return;
    owner_pump(o, w->now);
    if (o->over)
        end(w, s);
    else
        tftp_sessions_settle(&w->t, s);
}

/* Its file is there, or is not. */
static void opened(struct world *w, struct tftp_session *s, struct reader *r)
{
    static const uint64_t sizes[] = { 0, 1, 511, 512, 3000, 1ull << 33 };
    struct kedge_tftp_limits limits = { .blksize_max = 1428,
                                        .windowsize_max = 64,
                                        .timeout = w->timeout };
    struct owner *o = owner_of(w, s);
    uint8_t how = take_u8(r);
    uint8_t reply[64];

    if (how % 8 == 0) {
        size_t len =
            tftp_session_refused(s, KEDGE_TFTP_NOT_FOUND, "File not found", reply);

        MUST(len > 0 || s->request_len < KEDGE_TFTP_ERROR_MIN);
        MUST(len <= s->request_len && len <= sizeof reply);
        MUST(tftp_session_outcome(s) == KEDGE_TFTP_REFUSED);
        end(w, s);
        return;
    }
    limits.size_known = s->op == KEDGE_TFTP_RRQ && how % 8 > 2;
    limits.size = PICK(r, sizes);
    tftp_sessions_opened(&w->t, s, &limits, w->now);
    owner_init(o, &s->machine, NULL);
    if (s->machine.sender.last == UINT64_MAX)
        o->last = 1 + limits.size / s->machine.sender.half.terms.blksize;
    pump(w, s);
}

/* The helper that was at work on a session is done. */
static void storage_done(struct world *w, struct reader *r)
{
    struct tftp_session *s = &w->t.all[take_u8(r) % slots(w)];
    struct owner *o = owner_of(w, s);

    if (s->state == TFTP_FREE || !o->late)
        return;
    o->late = false;
    if (w->ending[tftp_session_number(&w->t, s)])
        end(w, s);
    else if (s->state == TFTP_OPENING)
        opened(w, s, r);
    else
        pump(w, s);
}

static void open_new(struct world *w, struct tftp_session *s, struct reader *r)
{
    MUST(s && s->state == TFTP_OPENING && s->linked && s->charged);
    MUST(!w->ending[tftp_session_number(&w->t, s)]);
    *owner_of(w, s) = (struct owner){ 0 };
    if (take_u8(r) % 4 == 0)
        owner_of(w, s)->late = true;
    else
        opened(w, s, r);
}

static void check_answer(const struct tftp_arrival *in, const struct tftp_event *e)
{
    struct kedge_tftp_packet p;

    MUST(e->reply_len > 0);
    MUST(e->reply_len <= in->bytes.len || e->reply_len == KEDGE_TFTP_ERROR_MIN);
    MUST(kedge_tftp_parse((struct kedge_span){ e->reply, e->reply_len }, &p));
    MUST(p.op == KEDGE_TFTP_ERROR && !in->to_broadcast &&
         in->bytes.ptr[1] != KEDGE_TFTP_ERROR);
}

static void handle(struct world *w, const struct tftp_arrival *in,
                   const struct tftp_event *e, struct reader *r)
{
    if (e->replaced) {
        MUST(!e->replaced->linked && e->replaced != e->session);
        end(w, e->replaced);
    }
    switch (e->verdict) {
    case TFTP_DROPPED:
        MUST(!e->session);
        break;
    case TFTP_ANSWER:
        check_answer(in, e);
        break;
    case TFTP_OPEN:
        open_new(w, e->session, r);
        break;
    case TFTP_KEEP:
        MUST(e->session->state == TFTP_WAITING && !e->session->charged);
        break;
    case TFTP_PUMP:
        owner_check(owner_of(w, e->session), w->now);
        pump(w, e->session);
        break;
    }
}

/* ---- the script ---- */

static struct kedge_span script_request(struct reader *r, uint8_t buf[PACKET_MAX])
{
    static const char *const modes[] = { "octet", "netascii", "mail", "OcTeT" };
    struct writer w = { .ptr = buf, .room = PACKET_MAX };
    uint8_t how = take_u8(r);

    put_u16(&w, how & 1 ? KEDGE_TFTP_WRQ : KEDGE_TFTP_RRQ);
    put_string(&w, span_of(how & 2 ? "a" : "firmware/image.bin"));
    put_string(&w, span_of(modes[how >> 2 & 3]));
    if (how & 16)
        put(&w,
            (struct kedge_span){ (const uint8_t *)"blksize\0001024\0tsize\0000\0", 22 });
    if (how & 32)
        put(&w, (struct kedge_span){ (const uint8_t *)"windowsize\0008\0", 13 });
    if (how & 64)
        put(&w, take_some(r, take_u8(r)));
    if (how & 128)
        w.len = take_u8(r) % (w.len + 1);
    return written(&w);
}

static void arrival(struct world *w, struct reader *r, struct tftp_arrival *in)
{
    uint8_t how = take_u8(r);

    *in = (struct tftp_arrival){ .peer = peers[how % PEERS].peer, .listener = how >> 7 };
    in->local[0] = how >> 6 & 1;
    in->to_broadcast = (how >> 3 & 7) == 7;
    in->socket = take_u8(r) % w->t.limits.sockets;
}

static bool starts_as_request(struct kedge_span b)
{
    return b.len >= 2 && b.ptr[0] == 0 && (b.ptr[1] == 1 || b.ptr[1] == 2);
}

/* Hand a datagram to the core, and its verdict to the owner. */
static void deliver(struct world *w, const struct tftp_arrival *in, bool listening,
                    struct reader *r)
{
    struct tftp_session *s = tftp_sessions_find(&w->t, in->listener, &in->peer);
    bool live = s && s->state == TFTP_LIVE;
    struct kedge_tftp_receiver was = { 0 };
    struct kedge_tftp_packet p = { .number = 1 };
    struct tftp_event e;

    if (live && !s->machine.sends)
        was = s->machine.receiver;
    if (live && kedge_tftp_parse(in->bytes, &p) && p.op == KEDGE_TFTP_ERROR)
        owner_of(w, s)->excused = true;
    if (listening && !w->t.limits.single_port)
        tftp_sessions_request(&w->t, in, w->now, &e);
    else
        tftp_sessions_data(&w->t, in, w->now, &e);
    if (listening && !w->t.limits.single_port && !starts_as_request(in->bytes))
        MUST(e.verdict == TFTP_DROPPED); /* silence, or two servers talk for ever */
    if (e.verdict == TFTP_PUMP && starts_as_request(in->bytes))
        owner_of(w, e.session)->unvalidated_most++; /* asked once more: said once more */
    if (e.verdict == TFTP_PUMP && e.store.ptr) {
        MUST(live && e.session == s);
        owner_stored(owner_of(w, s), &p, e.store, &was);
    }
    handle(w, in, &e, r);
}

static void request(struct world *w, struct reader *r, bool any)
{
    uint8_t buf[PACKET_MAX];
    struct tftp_arrival in;

    arrival(w, r, &in);
    in.bytes = any ? script_packet(r, NULL, buf) : script_request(r, buf);
    deliver(w, &in, true, r);
}

/* A packet to a data socket, near what the peer's transfer expects. */
static void data(struct world *w, struct reader *r)
{
    uint8_t buf[PACKET_MAX];
    struct tftp_arrival in;
    struct tftp_session *s;

    arrival(w, r, &in);
    s = tftp_sessions_find(&w->t, in.listener, &in.peer);
    if (s && in.socket != 1)
        in.socket = s->socket;
    in.bytes = script_packet(r, s && s->state == TFTP_LIVE ? &s->machine : NULL, buf);
    deliver(w, &in, false, r);
}

/* ICMP, or the owner's own end of a transfer. */
static void strike(struct world *w, struct reader *r)
{
    struct tftp_session *s = &w->t.all[take_u8(r) % slots(w)];
    uint8_t how = take_u8(r);
    struct owner *o = owner_of(w, s);

    if (s->state != TFTP_LIVE)
        return;
    o->excused = true;
    if (how % 2)
        kedge_tftp_machine_gone(&s->machine, w->now);
    else
        kedge_tftp_machine_end(&s->machine, KEDGE_TFTP_FAILED, how % 4 ? 0 : -1);
    pump(w, s);
}

static void pass_time(struct world *w, struct reader *r)
{
    struct tftp_session *s;

    w->now = script_time(r, w->now, tftp_sessions_deadline(&w->t));
    while ((s = tftp_sessions_due(&w->t, w->now)))
        pump(w, s);
    MUST(tftp_sessions_deadline(&w->t) > w->now);
}

static void admit(struct world *w, struct reader *r)
{
    struct tftp_session *s;

    while ((s = tftp_sessions_admitted(&w->t)))
        open_new(w, s, r);
    check_table(w);
}

static void step(struct world *w, struct reader *r)
{
    uint8_t what = take_u8(r);

    switch (what % 8) {
    case 0:
        pass_time(w, r);
        break;
    case 1:
        request(w, r, true);
        break;
    case 2:
        storage_done(w, r);
        break;
    case 3:
        strike(w, r);
        break;
    case 4: /* storage is going to be slow */
        w->owners[what >> 3 & 3].stingy = take_u8(r) % 4;
        w->owners[what >> 3 & 3].commits_late = true;
        break;
    case 5:
        request(w, r, false);
        break;
    default:
        data(w, r);
        break;
    }
    check_table(w);
    admit(w, r);
}

static void end_all(struct world *w)
{
    for (uint32_t i = 0; i < slots(w); i++)
        if (w->t.all[i].state == TFTP_LIVE) {
            (void)owner_run_out(&w->owners[i], w->now);
            end(w, &w->t.all[i]);
        }
}

/* Storage is done, peers are silent: the table empties by itself. */
static void run_out(struct world *w)
{
    struct reader none = { 0 };

    for (uint32_t i = 0; i < slots(w); i++) {
        struct owner *o = &w->owners[i];

        o->commits_late = false;
        o->stingy = GENEROUS;
        none = (struct reader){ .left = { (const uint8_t[]){ (uint8_t)i }, 1 } };
        storage_done(w, &none);
    }
    for (int i = 0; i < SETTLE_TURNS && tftp_sessions_deadline(&w->t) != KEDGE_NEVER;
         i++) {
        none = (struct reader){ .left = { (const uint8_t[]){ 9 }, 1 } };
        pass_time(w, &none);
        none = (struct reader){ .left = { (const uint8_t[]){ 1, 1, 1 }, 3 } };
        admit(w, &none);
    }
    check_table(w);
    for (uint32_t turns = 0; turns < slots(w); turns++) {
        end_all(w);
        none = (struct reader){ .left = { (const uint8_t[]){ 1, 1, 1 }, 3 } };
        admit(w, &none); /* who waited until now */
    }
    end_all(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data_in, size_t size)
{
    static const kedge_nanos timeouts[] = { 0, 2 * KEDGE_SEC };
    struct reader r = { .left = { data_in, size } };
    uint8_t how = take_u8(&r);
    struct tftp_limits limits = { .room = 1 + how % ROOM_MAX, .single_port = how & 128 };
    struct world w = { 0 };

    limits.sockets = limits.single_port ? 1 : 1 + (how >> 5 & 3);
    limits.unvalidated_max = 1 + take_u8(&r) % 4;
    limits.uploads_max = 1 + limits.unvalidated_max % 3;
    w.timeout = PICK(&r, timeouts);
    limits.key = take_u8(&r);
    w.now = 1 + script_start(&r);
    w.memory = calloc(1, tftp_sessions_memory(&limits));
    MUST(w.memory);
    tftp_sessions_init(&w.t, &limits, w.memory);
    for (int i = 0; i < STEPS_MAX && r.left.len > 0; i++)
        step(&w, &r);
    run_out(&w);
    check_empty(&w);
    free(w.memory);
    return 0;
}
