/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/client.c. */
/* With: base/bytes.c base/number.c tftp/block.c tftp/rtt.c tftp/bursts.c tftp/pace.c
 *       tftp/sender.c tftp/receiver.c tftp/machine.c tftp/grant.c
 *       tftp/options.c tftp/packet.c */
#include "contracts.h"
#include "machine.h"

#include "tftp/client.c"

enum { FIRST = 12 };

/* Of any length up to SHORT, and around that of a block without options. */
enum {
    SHORT = 24,
    CASES = SHORT + 4,
    LONG = KEDGE_TFTP_HEADER + KEDGE_TFTP_BLKSIZE_DEFAULT
};

#define ANY_DATAGRAM(name)                                                               \
    EACH(name##_case, CASES);                                                            \
    size_t name##_len =                                                                  \
        name##_case > SHORT ? LONG - 2 + name##_case - SHORT : name##_case;              \
    ANY_BYTES(name##_bytes, name##_len);                                                 \
    struct kedge_span name = { name##_bytes, name##_len }

static void any_client(struct kedge_tftp_client *c)
{
    Frama_C_make_unknown((char *)c, sizeof *c);
    c->outcome = any_outcome();
    c->op = any_bool() ? KEDGE_TFTP_RRQ : KEDGE_TFTP_WRQ;
    c->answered = any_bool();
    c->refuse = any_bool();
    c->doubt_told = any_bool();
    any_machine(&c->machine);
}

void prove_client_init(void)
{
    struct kedge_tftp_options asked;
    struct kedge_tftp_client c;

    Frama_C_make_unknown((char *)&asked, sizeof asked);
    kedge_tftp_client_init(&c, any_bool() ? KEDGE_TFTP_RRQ : KEDGE_TFTP_WRQ, &asked,
                           any_u64(), any_u64());
}

static void prove_read(bool answered, struct kedge_span datagram)
{
    struct kedge_tftp_client c;
    struct kedge_span store;

    any_client(&c);
    c.answered = answered;
    kedge_tftp_client_read(&c, datagram, any_u64(), &store);
    readable(store);
}

/* Spec: span_equal_nocase, decimal */
void prove_client_read_first(void)
{
    ANY_SPAN(datagram, FIRST);

    prove_read(false, datagram);
}

/* Spec: kedge_tftp_sender_read */
void prove_client_read_later(void)
{
    ANY_DATAGRAM(datagram);

    prove_read(true, datagram);
}

void prove_client_write(void)
{
    struct kedge_tftp_client c;

    any_client(&c);
    (void)kedge_tftp_client_write(&c, any_u64());
    (void)kedge_tftp_client_deadline(&c);
    (void)kedge_tftp_client_outcome(&c);
}
