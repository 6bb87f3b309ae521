/* SPDX-License-Identifier: MIT */
/* A simulated TFTP client. */
#include "asker.h"

#include <string.h>

#include "base/number.h"
#include "content.h"
#include "server.h"

static void begin(struct world *w, struct actor *a)
{
    struct asker *k = a->self;
    kedge_nanos patience = max_u64(30 * KEDGE_SEC, k->patience);

    if (k->recovers)
        patience = tftp_recovery_patience(&k->recovery, patience);
    else if (k->patience)
        patience = k->patience;
    k->socket = -1;
    k->commit_at = KEDGE_NEVER;
    k->attempts++;
    kedge_tftp_client_init(&k->client, k->op, &k->recovery.asked, patience, w->now);
    k->client.linger = k->linger;
    if (k->op == KEDGE_TFTP_WRQ)
        k->client.size = a->file.size;
    if (k->attempts > 1 && !k->same_port)
        a->port++;
    a->open = true;
}

static void ask(struct world *w, struct actor *a)
{
    struct asker *k = a->self;
    uint8_t packet[KEDGE_TFTP_CONTROL_MAX];
    struct kedge_tftp_request request = {
        .op = k->op,
        .mode = k->netascii ? KEDGE_TFTP_NETASCII : KEDGE_TFTP_OCTET,
        .name = { (const uint8_t *)k->name, strlen(k->name) },
        .options = k->client.asked,
    };
    size_t len = kedge_tftp_write_request(packet, sizeof packet, &request);

    k->requests++;
    actor_send(w, a, REQUEST_PORT, (struct kedge_span){ packet, len });
}

static void send_blocks(struct world *w, struct actor *a,
                        const struct kedge_tftp_action *action)
{
    struct asker *k = a->self;
    struct kedge_tftp_sender *s = &k->client.machine.sender;

    for (uint64_t b = action->first; b < action->end; b++) {
        struct datagram body = { .file = a->file.content,
                                 .offset = (b - 1) * s->half.terms.blksize };

        body.body_len =
            (uint32_t)min_u64(s->half.terms.blksize, a->file.size - body.offset);
        actor_send_block(w, a, (uint16_t)k->socket,
                         kedge_tftp_wire(b, s->half.terms.rollover), &body);
        k->blocks++;
    }
    kedge_tftp_sender_sent(s, action->first, action->end, w->now);
}

static void send_small(struct world *w, struct actor *a,
                       const struct kedge_tftp_action *action)
{
    struct asker *k = a->self;
    uint8_t packet[64];
    size_t len;

    if (action->todo == KEDGE_TFTP_REPLY)
        len = kedge_tftp_write_ack(
            packet, sizeof packet,
            kedge_tftp_wire(action->first,
                            k->client.machine.receiver.half.terms.rollover));
    else
        len = kedge_tftp_write_error(packet, sizeof packet, action->code, "failed");
    actor_send(w, a, (uint16_t)k->socket, (struct kedge_span){ packet, len });
}

static void pump(struct world *w, struct actor *a);

/* An attempt is over. Another one may do better. */
static void finish(struct world *w, struct actor *a)
{
    struct asker *k = a->self;

    k->outcome = kedge_tftp_client_outcome(&k->client);
    a->open = false;
    if (k->outcome == KEDGE_TFTP_OK && k->op == KEDGE_TFTP_RRQ)
        k->kept = true;
    if (k->recovers && k->outcome != KEDGE_TFTP_OK &&
        tftp_recovery_next(&k->recovery, &k->client)) {
        begin(w, a);
        pump(w, a);
        return;
    }
    k->over = true;
    k->done_at = w->now;
    actor_wait(w, a, KEDGE_NEVER);
}

static void pump(struct world *w, struct actor *a)
{
    struct asker *k = a->self;
    struct kedge_tftp_action action;

    for (;;) {
        action = kedge_tftp_client_write(&k->client, w->now);
        if (action.todo == KEDGE_TFTP_ASK)
            ask(w, a);
        else if (action.todo == KEDGE_TFTP_BLOCKS)
            send_blocks(w, a, &action);
        else if (action.todo == KEDGE_TFTP_REPLY || action.todo == KEDGE_TFTP_REFUSE)
            send_small(w, a, &action);
        else if (action.todo == KEDGE_TFTP_COMMIT)
            k->commit_at = w->now + k->commit_delay;
        else
            break;
    }
    if (action.todo == KEDGE_TFTP_OVER) {
        finish(w, a);
        return;
    }
    if (kedge_tftp_client_deadline(&k->client) <= w->now)
        world_fail(w, "client %u: its deadline is not in the future", a->id);
    actor_wait(w, a,
               min_u64(min_u64(kedge_tftp_client_deadline(&k->client), k->commit_at),
                       k->resets_at));
}

static void start(struct world *w, struct actor *a)
{
    struct asker *k = a->self;

    tftp_recovery_init(&k->recovery, &k->asked);
    begin(w, a);
    pump(w, a);
}

static void timer(struct world *w, struct actor *a)
{
    struct asker *k = a->self;

    if (k->resets_at <= w->now) {
        k->resets_at = KEDGE_NEVER; /* power was lost, and nothing of it is known */
        k->was_reset = true;
        k->kept = false;
        begin(w, a);
    }
    if (k->commit_at <= w->now) {
        k->commit_at = KEDGE_NEVER;
        kedge_tftp_receiver_committed(&k->client.machine.receiver, w->now);
    }
    pump(w, a);
}

static void store(struct world *w, struct actor *a, struct kedge_span bytes)
{
    struct asker *k = a->self;
    struct kedge_tftp_receiver *r = &k->client.machine.receiver;

    if (!content_is(a->file.content, r->bytes - bytes.len, bytes))
        world_fail(w, "client %u: other bytes came at %llu", a->id,
                   (unsigned long long)(r->bytes - bytes.len));
    if (r->bytes > k->full_at)
        kedge_tftp_machine_end(&k->client.machine, KEDGE_TFTP_FAILED, KEDGE_TFTP_FULL);
}

static void packet(struct world *w, struct actor *a, const struct datagram *d,
                   struct kedge_span bytes)
{
    struct asker *k = a->self;
    struct kedge_span stored;

    if (k->socket >= 0 && k->socket != d->socket && k->client.answered)
        return; /* another transfer's */
    if (!k->client.answered)
        k->socket = d->socket;
    kedge_tftp_client_read(&k->client, bytes, w->now, &stored);
    if (stored.ptr)
        store(w, a, stored);
    pump(w, a);
}

static const char *const named[OUTCOMES] = { "running",  "ok",      "unconfirmed",
                                             "changed",  "probe",   "aborted",
                                             "timeout",  "refused", "gone",
                                             "replaced", "failed" };

/* A server that finds by itself from which port to answer is heard through it, if the client
 * asks again after it was answered: kedge's asks last after 7 s. */
static bool passes(const struct actor *a)
{
    const struct nat *n = a->nat;

    return !n || (n->kind != NAT_SHUT && n->lives == 0 &&
                  a->file.open_delay < 7 * KEDGE_SEC - 2 * a->down.params.delay);
}

/* Nothing stands in its way. */
static bool must_succeed(const struct world *w, const struct actor *a)
{
    const struct asker *k = a->self;
    const struct file *f = &a->file;

    return w->roomy && passes(a) && a->up.troubles + a->down.troubles == 0 &&
           a->up.dropped + a->down.dropped == 0 && a->busy_ppm == 0 && f->refuse < 0 &&
           f->full_at == UINT64_MAX && !f->commit_fails && k->full_at == UINT64_MAX &&
           !k->was_reset;
}

/* What is received is what was sent, or both sides know that it is not. */
static void check(struct world *w, struct actor *a)
{
    struct asker *k = a->self;
    bool get = k->op == KEDGE_TFTP_RRQ;

    if (!k->over)
        world_fail(w, "client %u is not over", a->id);
    if (must_succeed(w, a) && k->outcome != KEDGE_TFTP_OK)
        world_fail(w, "client %u: %s, on a good link", a->id, named[k->outcome]);
    if (get && k->kept && k->client.machine.receiver.bytes != a->file.size)
        world_fail(w, "client %u keeps a part of its file", a->id);
    if (get && !k->kept && a->outcomes[KEDGE_TFTP_OK] > 0 &&
        k->outcome != KEDGE_TFTP_FAILED && /* its ERROR may be lost, and ICMP come */
        !k->was_reset && !a->tells_closed)
        world_fail(w, "client %u: the server says ok, the client %s", a->id,
                   named[k->outcome]);
    if (!get && k->outcome == KEDGE_TFTP_OK && !a->file.kept)
        world_fail(w, "client %u says ok of an upload that is not kept", a->id);
    if (!get && a->file.kept && k->outcome != KEDGE_TFTP_OK &&
        k->outcome != KEDGE_TFTP_UNCONFIRMED)
        world_fail(w, "client %u: its upload is kept, yet it says %s", a->id,
                   named[k->outcome]);
    if (!get && a->outcomes[KEDGE_TFTP_OK] > 0 && !a->file.kept)
        world_fail(w, "client %u: the server says ok of what it does not keep", a->id);
}

const struct actor_kind asker_kind = {
    .name = "kedge", .start = start, .packet = packet, .timer = timer, .check = check
};
