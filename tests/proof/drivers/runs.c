/* SPDX-License-Identifier: MIT */
/* The proof of src/echo/runs.c. */
/* With: base/bytes.c echo/stamp.c echo/probe_extension.c echo/cookie.c */
#include "contracts.h"

#include "echo/runs.c"

#include "proof.h"

enum { PEER = 20 };

static struct runs runs;
static uint8_t peer[PEER];

/* Any memory of runs, and any probe. */
static void any_probe(struct runs_probe *p)
{
    Frama_C_make_unknown((char *)&runs, sizeof runs);
    Frama_C_make_unknown((char *)peer, sizeof peer);
    Frama_C_make_unknown((char *)p, sizeof *p);
    p->peer = (struct kedge_span){ peer, PEER };
    p->in.kernel = any_bool();
}

/* Spec: siphash. Slevel: 100. */
void prove_runs_answer(void)
{
    ANY_BYTES(payload, EXTENDED_SIZE);
    struct runs_probe p;

    any_probe(&p);
    (void)runs_answer(&runs, &p, payload);
}

/* Spec: siphash. Slevel: 100. */
void prove_runs_refused(void)
{
    ANY_SPAN(payload, EXTENDED_SIZE);
    struct runs_probe p;

    any_probe(&p);
    runs_refused(&runs, &p, payload);
}

void prove_runs_init(void)
{
    ANY_BYTES(key, COOKIE_KEY);

    runs_init(&runs, key);
}
