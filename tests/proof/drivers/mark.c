/* With: base/bytes.c echo/stamp.c */
#include "echo/probe_extension.c"

#include "proof.h"

void prove_mark_parse(void)
{
    ANY_SPAN(payload, MARKED_SIZE + 1);
    struct mark m;

    if (mark_parse(payload, &m))
        m.token += m.report.received_ns;
}

void prove_mark_asks(void)
{
    ANY_SPAN(payload, MARKED_SIZE + 1);
    struct stamp s;
    struct mark m;

    if (mark_asks(payload, &s, &m))
        m.token += s.sequence;
}

void prove_mark_put(void)
{
    EACH(room, MARK_SIZE + 2);
    ANY_BYTES(bytes, room);
    struct writer w = { bytes, room < 1 ? room : 1, room, any_bool() };
    struct mark m;

    Frama_C_make_unknown((char *)&m, sizeof m);
    m.kind = (enum mark_kind)any_from_to(MARK_ASK, MARK_REPORT);
    m.report.kernel = any_bool();
    m.sealed = any_bool();
    mark_put(&w, &m);
    //@ assert within: w.len <= w.room;
}
