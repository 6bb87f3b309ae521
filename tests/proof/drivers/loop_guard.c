/* SPDX-License-Identifier: MIT */
/* The proof of src/echo/loop_guard.c. */
/* With: base/bytes.c */
#include "contracts.h"
#include "echo/loop_guard.h"

/* Eight slots of those that it has: of more the analysis no longer tells one from another. */
#undef GUARD_SLOTS
#define GUARD_SLOTS 8
#include "echo/loop_guard.c"

#include "proof.h"

enum { PEER = 20, PAYLOAD = 40, CHECKS = 2 };

void prove_marks(void)
{
    ANY_SPAN(bytes, 80);

    (void)mark_of(any_u64(), bytes);
}

/* Any slots: what a few datagrams leave behind, whose place is not known. */
/* Slevel: 300. Spec: stamp_parse. */
void prove_guard_check(void)
{
    static struct guard g;
    static const uint8_t own[] = "Hello UDP Client";

    EACH(says, 1);
    guard_init(&g, any_u64(), (struct kedge_span){ own, says * (sizeof own - 1) });
    guard_own_port(&g, (uint16_t)any_u64());
    for (int i = 0; i < CHECKS; i++) {
        uint8_t peer[PEER], payload[PAYLOAD];
        struct guard_datagram d = { .peer = { peer, PEER },
                                    .port = Frama_C_interval(-1, 65535),
                                    .to_broadcast = any_bool(),
                                    .payload = { payload, PAYLOAD } };

        Frama_C_make_unknown((char *)peer, PEER);
        Frama_C_make_unknown((char *)payload, PAYLOAD);
        (void)guard_word(guard_check(&g, &d, any_u64()));
    }
    (void)guard_refused(&g);
}
