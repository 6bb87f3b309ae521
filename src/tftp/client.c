/* SPDX-License-Identifier: MIT */
/* The client: it asks until it is answered, then it is a sender or a receiver. */
#include "kedge/tftp.h"

#include "base/number.h"
#include "tftp/patience.h"

/* A server's next block may have to come from a disk. */
static const kedge_nanos doubt_min = 200 * KEDGE_MSEC;

void kedge_tftp_client_init(struct kedge_tftp_client *c, enum kedge_tftp_op op,
                            const struct kedge_tftp_options *asked,
                            kedge_nanos patience_ns, kedge_nanos now)
{
    struct kedge_tftp_terms terms = kedge_tftp_terms_of(asked);

    *c = (struct kedge_tftp_client){ .asked = *asked, .op = op, .size = UINT64_MAX };
    terms.patience = patience_ns;
    c->patience = patience(&terms);
    c->confirm = c->patience;
    c->timeout = terms.timeout;
    c->give_up = now + c->patience;
    c->deadline = now;
    kedge_tftp_rtt_init(&c->rtt, terms.timeout, 0);
}

static void client_finish(struct kedge_tftp_client *c, enum kedge_tftp_outcome outcome)
{
    c->outcome = outcome;
    c->deadline = KEDGE_NEVER;
}

/* The first answer is a round trip too, if it answers the only request. A server that
 * took long to open its file tells nothing of the path. */
static void client_measure(struct kedge_tftp_client *c, kedge_nanos now)
{
    struct kedge_tftp_rtt *rtt = &c->machine.sender.half.rtt;

    if (c->asked_times == 1 && now - c->started < rtt->first)
        kedge_tftp_rtt_sample(rtt, now - c->started);
}

static void client_begin_data(struct kedge_tftp_client *c,
                              const struct kedge_tftp_options *granted, bool reply,
                              kedge_nanos now)
{
    struct kedge_tftp_terms terms = kedge_tftp_terms_of(granted);
    struct kedge_tftp_machine *m = &c->machine;

    terms.patience = c->patience;
    terms.confirm = c->confirm;
    if (terms.timeout == 0)
        terms.timeout = c->timeout;
    c->answered = true;
    c->granted = *granted;
    m->sends = c->op == KEDGE_TFTP_WRQ;
    if (!m->sends) {
        kedge_tftp_receiver_init(&m->receiver, &terms, reply, c->linger, now);
        m->receiver.half.validated = true;
        return;
    }
    kedge_tftp_sender_init(&m->sender, &terms, 1, true, now);
    client_measure(c, now);
    if (c->size != UINT64_MAX)
        kedge_tftp_sender_end(&m->sender, c->size / terms.blksize + 1);
}

static void read_oack(struct kedge_tftp_client *c, struct kedge_span body,
                      kedge_nanos now)
{
    struct kedge_tftp_options granted;

    if (c->asked.has && kedge_tftp_accept(&c->asked, body, &granted)) {
        client_begin_data(c, &granted, true, now);
        return;
    }
    c->refuse = true;
    c->code = KEDGE_TFTP_BAD_OPTION;
    client_finish(c, KEDGE_TFTP_FAILED);
}

static void read_first(struct kedge_tftp_client *c, const struct kedge_tftp_packet *in,
                       kedge_nanos now, struct kedge_span *store)
{
    const struct kedge_tftp_options none = { 0 };

    if (in->op == KEDGE_TFTP_ERROR) {
        c->code = in->number;
        client_finish(c, KEDGE_TFTP_REFUSED);
    } else if (in->op == KEDGE_TFTP_OACK) {
        read_oack(c, in->body, now);
    } else if (c->op == KEDGE_TFTP_RRQ && in->op == KEDGE_TFTP_DATA && in->number <= 1 &&
               in->body.len <= KEDGE_TFTP_BLKSIZE_DEFAULT) {
        client_begin_data(c, &none, false, now);
        kedge_tftp_machine_read(&c->machine, in, now, store);
    } else if (c->op == KEDGE_TFTP_WRQ && in->op == KEDGE_TFTP_ACK && in->number == 0) {
        client_begin_data(c, &none, false, now);
    }
}

/* The only block of a get, which may be a whole one of a server that does not send in the size
 * it granted: shorter than that, not shorter than RFC 1350's, of a file of unknown size. */
static bool is_doubtful(const struct kedge_tftp_client *c)
{
    const struct kedge_tftp_receiver *r = &c->machine.receiver;

    return r->phase == KEDGE_TFTP_COMMITTING && r->half.base == 2 &&
           r->bytes >= KEDGE_TFTP_BLKSIZE_DEFAULT &&
           !(c->granted.has & KEDGE_TFTP_HAS_TSIZE && c->granted.tsize > 0);
}

static bool in_doubt(const struct kedge_tftp_client *c, kedge_nanos now)
{
    return now < c->doubt_until &&
           kedge_tftp_machine_outcome(&c->machine) == KEDGE_TFTP_RUNNING;
}

/* Another block than the one in doubt ends it: the file goes on. */
static void read_in_doubt(struct kedge_tftp_client *c, const struct kedge_tftp_packet *in)
{
    if (in->op != KEDGE_TFTP_DATA)
        return;
    c->doubt_told &= in->number != 1;
    if (in->number != 1)
        kedge_tftp_machine_end(&c->machine, KEDGE_TFTP_FAILED, KEDGE_TFTP_ILLEGAL);
}

static void read_later(struct kedge_tftp_client *c, const struct kedge_tftp_packet *in,
                       kedge_nanos now, struct kedge_span *store)
{
    kedge_tftp_machine_read(&c->machine, in, now, store);
    if (in_doubt(c, now))
        read_in_doubt(c, in);
    else if (!c->machine.sends && store->ptr && is_doubtful(c))
        c->doubt_until =
            now + max_u64(2 * kedge_tftp_rto(&c->machine.receiver.half.rtt), doubt_min);
}

/* A second OACK: our ACK 0 was lost. */
static void read_oack_again(struct kedge_tftp_client *c)
{
    struct kedge_tftp_receiver *r = &c->machine.receiver;

    if (!c->machine.sends && c->asked.has && r->half.base == 1 &&
        r->phase == KEDGE_TFTP_TAKING)
        r->due = true;
}

void kedge_tftp_client_read(struct kedge_tftp_client *c, struct kedge_span datagram,
                            kedge_nanos now, struct kedge_span *store)
{
    struct kedge_tftp_packet in;

    *store = (struct kedge_span){ 0 };
    if (c->outcome != KEDGE_TFTP_RUNNING || !kedge_tftp_parse(datagram, &in))
        return;
    if (!c->answered)
        read_first(c, &in, now, store);
    else if (in.op == KEDGE_TFTP_OACK)
        read_oack_again(c);
    else
        read_later(c, &in, now, store);
}

static struct kedge_tftp_action client_ask(struct kedge_tftp_client *c, kedge_nanos now)
{
    if (c->asked_times++ == 0)
        c->started = now;
    else
        c->rtt.doubled++;
    c->deadline = min_u64(now + kedge_tftp_rto(&c->rtt), c->give_up);
    return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_ASK };
}

/* A block in doubt is acknowledged before the file is kept, so that more can come; the ACK
 * that follows the keeping would be the same again. */
static struct kedge_tftp_action write_later(struct kedge_tftp_client *c, kedge_nanos now)
{
    struct kedge_tftp_action a = { .todo = KEDGE_TFTP_WAIT };

    if (in_doubt(c, now) && c->doubt_told)
        return a;
    if (in_doubt(c, now)) {
        c->doubt_told = true;
        return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_REPLY, .first = 1 };
    }
    c->doubt_until = 0;
    a = kedge_tftp_machine_write(&c->machine, now);
    if (a.todo != KEDGE_TFTP_REPLY || !c->doubt_told)
        return a;
    c->doubt_told = false;
    return kedge_tftp_machine_write(&c->machine, now);
}

struct kedge_tftp_action kedge_tftp_client_write(struct kedge_tftp_client *c,
                                                 kedge_nanos now)
{
    if (c->answered)
        return write_later(c, now);
    if (c->refuse) {
        c->refuse = false;
        return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_REFUSE, .code = c->code };
    }
    if (c->outcome == KEDGE_TFTP_RUNNING && now >= c->give_up)
        client_finish(c, KEDGE_TFTP_TIMEOUT);
    if (c->outcome != KEDGE_TFTP_RUNNING)
        return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_OVER };
    if (now >= c->deadline)
        return client_ask(c, now);
    return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_WAIT };
}

kedge_nanos kedge_tftp_client_deadline(const struct kedge_tftp_client *c)
{
    if (!c->answered)
        return c->deadline;
    if (c->doubt_until > 0 && c->doubt_told &&
        kedge_tftp_machine_outcome(&c->machine) == KEDGE_TFTP_RUNNING)
        return c->doubt_until;
    return kedge_tftp_machine_deadline(&c->machine);
}

enum kedge_tftp_outcome kedge_tftp_client_outcome(const struct kedge_tftp_client *c)
{
    return c->answered ? kedge_tftp_machine_outcome(&c->machine) : c->outcome;
}
