/* SPDX-License-Identifier: MIT */
/* Notes: first those of several figures, here, then those of one, which stand in the table
 * of figures. */
#include "results/notes.h"

#include "results/figures.h"
#include "results/left_out.h"
#include "results/sentence.h"
#include "base/number.h"
#include "report/table.h"

#define LINE_ROOM 1024

struct note {
    const char *when; /* this figure is known, and not 0; NULL: holds decides alone */
    bool (*holds)(const struct probe_view *v); /* and so is this; NULL: it is */
    const char *text;
};

static uint64_t note_number(const struct probe_view *v, const char *key)
{
    return figure_number(v, key);
}

/* ---- what holds ---- */

static bool nothing_sent(const struct probe_view *v)
{
    return note_number(v, "sent") == 0;
}

static bool connected_once(const struct probe_view *v)
{
    return note_number(v, "connect_ns.n") == 1;
}

static bool connected_again(const struct probe_view *v)
{
    return note_number(v, "connect_ns.n") > 1;
}

static bool took_unknown_part(const struct probe_view *v)
{
    return note_number(v, "before_ns.neighbour") == 0;
}

static bool server_reports_marks(const struct probe_view *v)
{
    return note_number(v, "marks.ttl_there") > 0;
}

/* Something is to be seen: routers between, or a DSCP that was asked for or rewritten. */
static bool marks_differ(const struct probe_view *v)
{
    return server_reports_marks(v) &&
           (note_number(v, "marks.ttl_sent") != note_number(v, "marks.ttl_there") ||
            note_number(v, "marks.dscp_sent") != note_number(v, "marks.dscp_there"));
}

static bool has_replies(const struct probe_view *v)
{
    return note_number(v, "received") > 0;
}

static bool marks_kept(const struct probe_view *v)
{
    return has_replies(v) && server_reports_marks(v) &&
           note_number(v, "marks.dscp_sent") == note_number(v, "marks.dscp_there") &&
           (marks_differ(v) || note_number(v, "marks.dscp_sent") > 0);
}

static bool marks_rewritten(const struct probe_view *v)
{
    return has_replies(v) && server_reports_marks(v) &&
           note_number(v, "marks.dscp_sent") != note_number(v, "marks.dscp_there");
}

static bool marks_unreported(const struct probe_view *v)
{
    return has_replies(v) && !server_reports_marks(v);
}

static bool lost_either_way(const struct probe_view *v)
{
    return note_number(v, "server.lost_going") + note_number(v, "server.lost_coming") > 0;
}

static bool lost_no_way(const struct probe_view *v)
{
    return !lost_either_way(v);
}

static bool stalled_once(const struct probe_view *v)
{
    return note_number(v, "stalls.n") == 1;
}

static bool stalled_again(const struct probe_view *v)
{
    return note_number(v, "stalls.n") > 1;
}

/* A tenth of the round trip, or half of what counts as late. */
static bool differs(const struct probe_view *v, const char *rtt, const char *intended)
{
    uint64_t sent = note_number(v, rtt), due = note_number(v, intended);

    return sub_sat(due, sent) >= max_u64(SELF_LATE / 2, sent / 10) && due > 0;
}

static bool has_samples(const struct probe_view *v, uint32_t which)
{
    return note_number(v, "rtt_ns.n") >= histogram_needed(which);
}

/* By the highest percentile that is known. */
static bool p99_9_differs(const struct probe_view *v)
{
    return has_samples(v, 99900) && differs(v, "rtt_ns.p99_9", "intended_ns.p99_9");
}

static bool p99_differs(const struct probe_view *v)
{
    return has_samples(v, 99000) && !has_samples(v, 99900) &&
           differs(v, "rtt_ns.p99", "intended_ns.p99");
}

static bool p50_differs(const struct probe_view *v)
{
    return has_samples(v, 50000) && !has_samples(v, 99000) &&
           differs(v, "rtt_ns.p50", "intended_ns.p50");
}

/* ---- the sentences ---- */

#define SENT_LATE ": kedge sent {left_late:probe:probes} late"

static const struct note notes[] = {
    { NULL, nothing_sent, "nothing was sent: {error}" },
    { NULL, connected_once, "connected in {connect_ns.min} ms" },
    { NULL, connected_again,
      "connected {connect_ns.n} times, in {connect_ns.min} to {connect_ns.max} ms" },
    { "before_ns.resolve", NULL,
      "name resolution: {before_ns.resolve} ms, before the first probe[; the "
      "address in use is {address}]" },
    { "before_ns.neighbour", NULL,
      "neighbour resolution (ARP/ND): {before_ns.neighbour} ms of an uncounted first "
      "exchange of {before_ns.exchange} ms" },
    { "before_ns.exchange", took_unknown_part,
      "neighbour resolution (ARP/ND): by an uncounted first exchange of "
      "{before_ns.exchange} ms" },
    { NULL, marks_kept,
      "sent with TTL {marks.ttl_sent?}, DSCP {marks.dscp_sent?}; arrived with TTL "
      "{marks.ttl_there}, DSCP {marks.dscp_there}; replies arrived with TTL "
      "{marks.ttl_back?}, DSCP {marks.dscp_back?}" },
    { NULL, marks_rewritten,
      "sent with TTL {marks.ttl_sent?}, DSCP {marks.dscp_sent?}; arrived with TTL "
      "{marks.ttl_there}, DSCP {marks.dscp_there} (rewritten on the path); replies "
      "arrived with TTL {marks.ttl_back?}, DSCP {marks.dscp_back?}" },
    { "marks.dscp_sent", marks_unreported,
      "sent with TTL {marks.ttl_sent?}, DSCP {marks.dscp_sent}; replies arrived with TTL "
      "{marks.ttl_back?}, DSCP {marks.dscp_back?} (this peer does not report how probes "
      "arrived)" },
    { "refused", NULL, "{refused} refused[: {error}][, reported by {error_by}]" },
    { "unsent", NULL, "{unsent} not sent[: {error}]" },
    { NULL, lost_either_way,
      "{server.lost_going} lost forward[ (server's socket queue dropped "
      "{server.dropped})][ (server's loop guard refused {server.refused})], "
      "{server.lost_coming} lost on return, {server.lost_unknown} lost, direction "
      "unknown" },
    { "server.lost_unknown", lost_no_way,
      "{server.lost_unknown} lost, direction unknown" },
    { "server.from", NULL,
      "NAT: sent from {server.from}, received by the server from {server.sees_us_as}" },
    { NULL, stalled_once,
      "stalled for {stalls.longest_ns} ms, {stalls.longest_at_ns} ms into the run: "
      "{stalls.longest_waited:probe:probes} waited and were answered (no loss)" },
    { NULL, stalled_again,
      "stalled {stalls.n} times, the longest for {stalls.longest_ns} ms, "
      "{stalls.longest_at_ns} ms into the run: {stalls.longest_waited:probe:probes} "
      "waited and were answered (no loss)" },
    { NULL, p99_9_differs,
      "p99.9 is {intended_ns.p99_9} ms from the intended send time, {rtt_ns.p99_9} ms "
      "from the actual one" SENT_LATE },
    { NULL, p99_differs,
      "p99 is {intended_ns.p99} ms from the intended send time, {rtt_ns.p99} ms from the "
      "actual one" SENT_LATE },
    { NULL, p50_differs,
      "p50 is {intended_ns.p50} ms from the intended send time, {rtt_ns.p50} ms from the "
      "actual one" SENT_LATE },
};

/* Parts of round trips, and whose clock they are by. */
static const struct note clock_notes[] = {
    { "split_ns", NULL,
      "kernel timestamps, p50: send {split_ns.send.p50} ms, network and peer "
      "{split_ns.way.p50} ms, receive {split_ns.receive.p50} ms" },
    { "clocks.no_split", has_replies,
      "no kernel timestamps, all times are by kedge's own clock: {clocks.no_split}" },
    { "server.held_ns", NULL,
      "server processing: p50 {server.held_ns.p50} ms, max {server.held_ns.max} ms" },
};

static void print_note(const struct probe_view *v, const char *text, size_t columns,
                       FILE *out)
{
    uint8_t space[LINE_ROOM];
    struct writer w = { .ptr = space, .room = sizeof space };

    if (sentence_put(&w, text, v))
        table_note(written(&w), columns, out);
}

static bool figure_is_there(const struct figure *f, const struct probe_view *v)
{
    struct value value;

    if (figure_get(f, v, &value) != VALUE_KNOWN)
        return false;
    return (f->kind != VALUE_COUNT && f->kind != VALUE_TIME) || value.number > 0;
}

static bool note_holds(const struct note *n, const struct probe_view *v)
{
    if (n->when && !figure_is_there(figure_of(span_of(n->when)), v))
        return false;
    return !n->holds || n->holds(v);
}

static void print_all(const struct probe_view *v, const struct note *all, size_t count,
                      size_t columns, FILE *out)
{
    for (size_t i = 0; i < count; i++)
        if (note_holds(&all[i], v))
            print_note(v, all[i].text, columns, out);
}

void probe_notes(const struct probe_view *v, const struct note_look *look, FILE *out)
{
    size_t count;
    const struct figure *all = figures(&count);

    print_all(v, notes, sizeof notes / sizeof *notes, look->columns, out);
    if (look->verbose)
        print_all(v, clock_notes, sizeof clock_notes / sizeof *clock_notes, look->columns,
                  out);
    for (size_t i = 0; i < count; i++)
        if (all[i].note && figure_is_there(&all[i], v))
            print_note(v, all[i].note, look->columns, out);
    left_out_note(v, look->columns, out);
}

void probe_run_notes(const struct probe_view *v, const struct note_look *look, FILE *out)
{
    uint8_t space[LINE_ROOM];
    struct writer w = { .ptr = space, .room = sizeof space };

    if (note_number(v, "self_late.clock_steps") > 0 &&
        sentence_put(&w,
                     "wall clock set {self_late.clock_steps:time:times} during the run[, "
                     "last by {self_late.step}]: kernel timestamps of these moments are "
                     "left out",
                     v))
        table_line(written(&w), look->columns, out);
}
