/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/netascii.c. */
#include "tftp/netascii.c"

#include "proof.h"

enum { BYTES = 6 };

typedef size_t translate(struct kedge_netascii *n, struct kedge_span in, uint8_t *out,
                         size_t room, size_t *used);

static void prove(translate *step)
{
    ANY_SPAN(in, BYTES);
    EACH(room, BYTES);
    ANY_BYTES(out, room);
    struct kedge_netascii n = { (uint8_t)any_u64(), any_bool() };
    size_t used;
    size_t len = step(&n, in, out, room, &used);

    //@ assert within: len <= room && used <= in.len;
}

void prove_encode(void)
{
    prove(kedge_netascii_encode);
}

void prove_decode(void)
{
    prove(kedge_netascii_decode);
}

void prove_finish(void)
{
    EACH(room, 2);
    ANY_BYTES(out, room);
    struct kedge_netascii n = { (uint8_t)any_u64(), any_bool() };

    (void)kedge_netascii_finish(&n, out, room);
}
