/* SPDX-License-Identifier: MIT */
/* The proof of src/echo/stamp.c. */
/* With: base/bytes.c */
#include "contracts.h"
#include "echo/stamp.c"

#include "proof.h"

/* Shows: stamp_parse */
void prove_stamp_parse(void)
{
    ANY_SPAN(payload, STAMP_SIZE + 2);
    struct stamp s;

    if (stamp_parse(payload, &s))
        s.sequence += s.sent_ns;
}

void prove_stamp_put(void)
{
    EACH(room, STAMP_SIZE + 2);
    EACH(at, room);
    ANY_BYTES(bytes, room);
    struct writer w = { bytes, at, room, any_bool() };
    struct stamp s = { (uint8_t)any_u64(), (uint16_t)any_u64(), any_u64(), any_u64() };

    stamp_put(&w, &s);
    //@ assert within: w.len <= w.room;
}
