#include "results/dropped_samples.h"

static void kind(struct left_out *all, uint32_t *n, const char *const names[2],
                 const struct histogram *h)
{
    all[(*n)++] = (struct left_out){ names[0], names[1], h->left_out };
}

uint32_t left_out_of(const struct probe_view *v, struct left_out out[LEFT_OUT_KINDS])
{
    static const char *const names[LEFT_OUT_KINDS][2] = {
        { "rtt", "round trips" },
        { "intended", "from the intended time" },
        { "send", "parts to leave here" },
        { "way", "parts on the way" },
        { "wire", "parts on the wire" },
        { "receive", "parts to be read here" },
        { "server", "times of the server's" },
    };
    uint32_t n = 0;

    kind(out, &n, names[0], &v->account->rtt);
    kind(out, &n, names[1], &v->account->intended);
    if (v->split) {
        kind(out, &n, names[2], &v->split->send);
        kind(out, &n, names[3], &v->split->way);
        kind(out, &n, names[4], &v->split->wire);
        kind(out, &n, names[5], &v->split->receive);
    }
    if (v->peer)
        kind(out, &n, names[6], &v->peer->held);
    return n;
}

void left_out_note(const struct probe_view *v, FILE *out)
{
    struct left_out all[LEFT_OUT_KINDS];
    uint32_t kinds = left_out_of(v, all);
    char text[KEDGE_ENDPOINT_TEXT];
    const char *before = "";

    for (uint32_t i = 0; i < kinds; i++) {
        if (all[i].count == 0)
            continue;
        if (!*before)
            fprintf(out, "%s: no memory, so that percentiles leave out ",
                    kedge_endpoint_print(v->endpoint, text));
        fprintf(out, "%s%llu %s", before, (unsigned long long)all[i].count, all[i].words);
        before = ", ";
    }
    if (*before)
        fputc('\n', out);
}
