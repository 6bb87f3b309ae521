/* SPDX-License-Identifier: MIT */
/* The receiving machine: the input is a script of packets, times, and late commits. */
#include "owner.h"

enum { STEPS_MAX = 2000 };

struct world {
    struct kedge_tftp_machine machine;
    struct owner owner;
    kedge_nanos now;
};

static void start(struct world *w, struct reader *r)
{
    static const uint32_t windows[] = { 1, 2, 4, 8, 64, 65535 };
    static const kedge_nanos timeouts[] = { 0, 10 * KEDGE_MSEC, KEDGE_SEC,
                                            255 * KEDGE_SEC };
    static const kedge_nanos times[] = { 0, KEDGE_MSEC, KEDGE_SEC, 60 * KEDGE_SEC };
    uint8_t flags = take_u8(r);
    struct kedge_tftp_terms terms = { .blksize = 8, .rollover = flags >> 2 & 1 };

    w->now = script_start(r);
    terms.window = PICK(r, windows);
    terms.timeout = PICK(r, timeouts);
    terms.patience = PICK(r, times);
    terms.own_delay = flags & 8 ? 30 * KEDGE_MSEC : 0;
    terms.ignore_before = flags & 16 ? w->now + 2 * KEDGE_MSEC : 0;
    kedge_tftp_receiver_init(&w->machine.receiver, &terms, flags & 2, PICK(r, times),
                             w->now);
    w->machine.receiver.half.validated = flags & 1;
    owner_init(&w->owner, &w->machine, NULL);
}

static void end(struct world *w, struct reader *r)
{
    static const int codes[] = { -1, 0, 3 };
    struct kedge_tftp_machine *m = &w->machine;
    enum kedge_tftp_outcome was = kedge_tftp_machine_outcome(m);
    bool ran = was == KEDGE_TFTP_RUNNING;

    if (take_u8(r) % 2)
        kedge_tftp_machine_gone(m, w->now);
    else
        kedge_tftp_machine_end(m, KEDGE_TFTP_FAILED, PICK(r, codes));
    MUST(ran || kedge_tftp_machine_outcome(m) == was);
}

static void step(struct world *w, struct reader *r)
{
    struct kedge_tftp_packet in;
    uint8_t buf[PACKET_MAX];

    switch (take_u8(r) % 8) {
    case 0:
        w->now = script_time(r, w->now, kedge_tftp_machine_deadline(&w->machine));
        break;
    case 1:
        w->owner.commits_late = true;
        break;
    case 2:
        w->owner.unvalidated_most++;
        kedge_tftp_receiver_again(&w->machine.receiver, w->now);
        break;
    case 3:
        if (take_u8(r) > 0xf0)
            end(w, r);
        break;
    default:
        if (kedge_tftp_parse(script_packet(r, &w->machine, buf), &in))
            owner_read(&w->owner, &in, w->now);
        break;
    }
    if (w->owner.late && take_u8(r) % 4 > 0)
        return; /* storage is still at it */
    owner_pump(&w->owner, w->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = { .left = { data, size } };
    struct world w = { 0 };

    start(&w, &r);
    owner_pump(&w.owner, w.now);
    for (int i = 0; i < STEPS_MAX && r.left.len > 0; i++)
        step(&w, &r);
    (void)owner_run_out(&w.owner, w.now);
    return 0;
}
