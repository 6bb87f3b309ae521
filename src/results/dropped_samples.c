#include "results/dropped_samples.h"

static void kind(struct dropped_samples *all, uint32_t *n, const char *const names[2],
                 const struct histogram *h)
{
    all[(*n)++] = (struct dropped_samples){ names[0], names[1], h->dropped };
}

uint32_t dropped_samples_of(const struct probe_view *v,
                            struct dropped_samples out[DROPPED_KINDS])
{
    static const char *const names[DROPPED_KINDS][2] = {
        { "rtt", "round trips" },
        { "intended", "from the intended time" },
        { "send", "parts to leave here" },
        { "way", "parts on the way" },
        { "wire", "parts on the wire" },
        { "receive", "parts to be read here" },
        { "server", "times of the server's" },
    };
    uint32_t n = 0;

    kind(out, &n, names[0], &v->stats->rtt);
    kind(out, &n, names[1], &v->stats->intended);
    if (v->kernel_times) {
        kind(out, &n, names[2], &v->kernel_times->send);
        kind(out, &n, names[3], &v->kernel_times->way);
        kind(out, &n, names[4], &v->kernel_times->wire);
        kind(out, &n, names[5], &v->kernel_times->receive);
    }
    if (v->peer)
        kind(out, &n, names[6], &v->peer->held);
    return n;
}

void left_out_note(const struct probe_view *v, FILE *out)
{
    struct dropped_samples all[DROPPED_KINDS];
    uint32_t kinds = dropped_samples_of(v, all);
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
