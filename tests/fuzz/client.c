/* SPDX-License-Identifier: MIT */
/* A client from its request to its end, and what it asks next when that was a failure. */
#include "owner.h"
#include "tftp/options.h"
#include "tftp/recover.h"

enum { STEPS_MAX = 500 };

struct world {
    struct kedge_tftp_client client;
    struct owner owner;
    kedge_nanos now;
    bool gets;
    uint64_t size;
    kedge_nanos linger;
};

static void start(struct world *w, const struct kedge_tftp_options *asked,
                  kedge_nanos patience)
{
    w->client = (struct kedge_tftp_client){ 0 };
    kedge_tftp_client_init(&w->client, w->gets ? KEDGE_TFTP_RRQ : KEDGE_TFTP_WRQ, asked,
                           patience, w->now);
    w->client.size = w->size;
    w->client.linger = w->linger;
    owner_init(&w->owner, &w->client.machine, &w->client);
    w->owner.last = w->size == UINT64_MAX ? 5 : UINT64_MAX;
}

/* The packet as the client sees it, and what that says to its owner's books. */
static void deliver(struct world *w, struct kedge_span bytes)
{
    struct kedge_tftp_receiver was = { 0 };
    bool answered = w->client.answered;
    struct kedge_tftp_packet in;
    struct kedge_span store;

    if (answered && !w->gets)
        w->owner.excused |= kedge_tftp_parse(bytes, &in) && in.op == KEDGE_TFTP_ERROR;
    if (answered && w->gets)
        was = w->client.machine.receiver;
    kedge_tftp_client_read(&w->client, bytes, w->now, &store);
    if (!answered && store.ptr) /* DATA 1 is its answer to a plain request */
        was = (struct kedge_tftp_receiver){ .half.terms =
                                                w->client.machine.receiver.half.terms,
                                            .half.base = 1 };
    if (store.ptr) {
        MUST(kedge_tftp_parse(bytes, &in));
        owner_stored(&w->owner, &in, store, &was);
    }
    if (w->client.answered)
        MUST((w->client.granted.has & ~w->client.asked.has) == 0);
    owner_check(&w->owner, w->now);
}

static void step(struct world *w, struct reader *r)
{
    const struct kedge_tftp_machine *m = w->client.answered ? &w->client.machine : NULL;
    uint8_t buf[PACKET_MAX];

    switch (take_u8(r) % 6) {
    case 0:
        w->now = script_time(r, w->now, kedge_tftp_client_deadline(&w->client));
        break;
    case 1:
        w->owner.stingy = take_u8(r);
        w->owner.commits_late = true;
        break;
    default:
        deliver(w, script_packet(r, m, buf));
        break;
    }
    if (w->owner.late && take_u8(r) % 4 > 0)
        return;
    owner_pump(&w->owner, w->now);
}

/* Each change asks for less than before, and there is an end of changes. */
static void check_recovery(const struct kedge_tftp_options *was,
                           const struct tftp_recovery *now)
{
    const struct kedge_tftp_options *asked = &now->asked;

    MUST((asked->has & ~was->has) == 0 && now->attempts <= TFTP_ATTEMPTS_MAX);
    MUST(asked->blksize <= was->blksize && asked->windowsize <= was->windowsize);
    MUST(!(asked->has & KEDGE_TFTP_HAS_BLKSIZE) || asked->blksize >= 8);
    MUST(!(asked->has & KEDGE_TFTP_HAS_WINDOWSIZE) || asked->windowsize >= 1);
    MUST(now->why);
}

static bool failed(const struct world *w)
{
    return kedge_tftp_client_outcome(&w->client) != KEDGE_TFTP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = { 0, 511, 512, 5000, UINT64_MAX, 1ull << 40 };
    static const kedge_nanos times[] = { 0, KEDGE_MSEC, 60 * KEDGE_SEC };
    struct reader r = { .left = { data, size } };
    struct kedge_tftp_options asked = { 0 };
    struct tftp_recovery next;
    struct world w = { .gets = take_u8(&r) % 2, .size = PICK(&r, sizes) };
    kedge_nanos patience = PICK(&r, times);
    struct reader options = { 0 };

    w.now = script_start(&r);
    w.linger = PICK(&r, times);
    options.left = take_some(&r, take_u8(&r));
    (void)options_take(&options, &asked);
    for (tftp_recovery_init(&next, &asked);; asked = next.asked) {
        start(&w, &asked, tftp_recovery_patience(&next, patience));
        owner_pump(&w.owner, w.now);
        for (int i = 0; i < STEPS_MAX && r.left.len > 0 && !w.owner.over; i++)
            step(&w, &r);
        w.now += owner_run_out(&w.owner, w.now);
        if (!failed(&w) || !tftp_recovery_next(&next, &w.client))
            return 0;
        check_recovery(&asked, &next);
    }
}
