/* SPDX-License-Identifier: MIT */
/* The proof of src/echo/probe_extension.c. */
/* With: base/bytes.c echo/stamp.c */
#include "echo/probe_extension.c"

#include "proof.h"

void prove_extension_parse(void)
{
    ANY_SPAN(payload, EXTENDED_SIZE + 1);
    struct probe_extension m;

    if (extension_parse(payload, &m))
        m.cookie += m.report.received_ns;
}

void prove_extension_asks(void)
{
    ANY_SPAN(payload, EXTENDED_SIZE + 1);
    struct stamp s;
    struct probe_extension m;

    if (extension_asks(payload, &s, &m))
        m.cookie += s.sequence;
}

void prove_extension_put(void)
{
    EACH(room, EXTENSION_SIZE + 2);
    ANY_BYTES(bytes, room);
    struct writer w = { bytes, room < 1 ? room : 1, room, any_bool() };
    struct probe_extension m;

    Frama_C_make_unknown((char *)&m, sizeof m);
    m.kind = (enum extension_kind)any_from_to(EXTENSION_ASK, EXTENSION_REPORT);
    m.report.kernel = any_bool();
    m.with_mac = any_bool();
    extension_put(&w, &m);
    //@ assert within: w.len <= w.room;
}
