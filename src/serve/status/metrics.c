/* SPDX-License-Identifier: MIT */
/* The families of a server's metrics. */
#include "serve/status/metrics.h"

#include "report/exposition.h"

enum { LABELS = 256 };

struct labels {
    uint8_t space[LABELS];
    struct writer w;
};

static struct kedge_span label(struct labels *l, const char *name, const char *value)
{
    l->w.ptr = l->space;
    l->w.room = sizeof l->space;
    exposition_label(&l->w, name, value);
    return written(&l->w);
}

static void single(struct exposition *e, const char *name, enum exposition_type type,
                   const char *help, uint64_t v)
{
    exposition_family(e, name, type, help);
    exposition_number(e, (struct kedge_span){ 0 }, v);
}

static void list(const struct exposition *e, const char *name,
                 const struct status_list *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct labels l = { 0 };

        exposition_number(e, label(&l, name, all->at[i].word), all->at[i].n);
    }
}

static void build(struct exposition *e, const struct status_figures *f)
{
    struct labels l = { 0 };

    exposition_family(e, "kedge_build_info", EXPOSITION_GAUGE, "Which kedge this is.");
    exposition_number(e, label(&l, "version", f->version), 1);
    exposition_family(e, "kedge_uptime_seconds", EXPOSITION_GAUGE,
                      "Time since the server started.");
    exposition_seconds(e, (struct kedge_span){ 0 }, f->uptime);
}

static void transfers(struct exposition *e, const struct status_figures *f)
{
    exposition_family(
        e, "kedge_tftp_transfers_total", EXPOSITION_COUNTER,
        "Transfers that ended, refused ones too, by direction and outcome.");
    for (unsigned d = 0; d < STATUS_DIRECTIONS; d++)
        for (size_t i = 0; i < f->outcomes[d].count; i++) {
            struct labels l = { 0 };

            (void)label(&l, "direction", status_direction(d));
            exposition_number(e, label(&l, "outcome", f->outcomes[d].at[i].word),
                              f->outcomes[d].at[i].n);
        }
    exposition_family(e, "kedge_tftp_bytes_total", EXPOSITION_COUNTER,
                      "Bytes of files, of transfers that ended.");
    for (unsigned d = 0; d < STATUS_DIRECTIONS; d++) {
        struct labels l = { 0 };

        exposition_number(e, label(&l, "direction", status_direction(d)), f->bytes[d]);
    }
}

void status_metrics(const struct status_figures *f, bool open_metrics, FILE *out)
{
    struct exposition e = { .out = out, .open_metrics = open_metrics };

    build(&e, f);
    single(&e, "kedge_tftp_active_transfers", EXPOSITION_GAUGE,
           "Transfers that are open now.", f->active);
    single(&e, "kedge_tftp_requests_total", EXPOSITION_COUNTER,
           "Requests, each once however often it was repeated.", f->requests);
    transfers(&e, f);
    single(&e, "kedge_tftp_retransmissions_total", EXPOSITION_COUNTER,
           "Blocks, and acknowledgements of uploads, that were sent again.", f->resent);
    single(&e, "kedge_tftp_duplicates_total", EXPOSITION_COUNTER,
           "Acknowledgements and blocks that had come before.", f->duplicates);
    exposition_family(&e, "kedge_tftp_refusals_total", EXPOSITION_COUNTER,
                      "Requests that were refused, by kind.");
    list(&e, "kind", &f->refusals);
    exposition_family(&e, "kedge_tftp_verdicts_total", EXPOSITION_COUNTER,
                      "Verdicts on transfers that ended, by id (docs/verdicts.md).");
    list(&e, "verdict", &f->verdicts);
    exposition_family(
        &e, "kedge_tftp_dropped_total", EXPOSITION_COUNTER,
        "Datagrams that were dropped in silence and have no record, by kind.");
    list(&e, "kind", &f->dropped);
    exposition_end(&e);
}
