#include "results/path.h"

#include "probe/warmup.h"
#include "report/text.h"

static const char *ms(char out[32], kedge_nanos v)
{
    struct writer w = { .ptr = (uint8_t *)out, .room = 31 };

    text_ms(&w, v);
    out[w.len] = 0;
    return out;
}

static void before_notes(const struct probe_view *v, FILE *out)
{
    const struct warmup *a = v->warmup;
    char text[KEDGE_ENDPOINT_TEXT], one[32], two[32];

    kedge_endpoint_print(v->endpoint, text);
    if (a->resolve > 0)
        fprintf(out, "%s: its name took %s ms to resolve, which is in no round trip\n",
                text, ms(one, a->resolve));
    if (!a->neighbour)
        return;
    if (a->state == WARMUP_ANSWERED && a->leave > 0)
        fprintf(out,
                "%s: an exchange of %s ms came first, in no count: to find the neighbour "
                "took %s of it\n",
                text, ms(one, a->took), ms(two, a->leave));
    else if (a->state == WARMUP_ANSWERED)
        fprintf(out,
                "%s: an exchange of %s ms came first, in no count, to find the "
                "neighbour\n",
                text, ms(one, a->took));
    else
        fprintf(out, "%s: the neighbour on the way was not found beforehand\n", text);
}

static int dscp(int tos)
{
    return tos < 0 ? -1 : tos >> 2;
}

/* "-" where it is not known. */
static const char *number_or_dash(char out[12], int v)
{
    snprintf(out, 12, v < 0 ? "-" : "%d", v);
    return out;
}

/* What a kedge server had; -1 of another peer. */
static int ttl_there(const struct probe_view *v)
{
    return v->peer->reports > 0 && v->peer->ttl > 0 ? v->peer->ttl : -1;
}

static int dscp_there(const struct probe_view *v)
{
    return ttl_there(v) < 0 ? -1 : v->peer->tos >> 2;
}

/* Only where there is something to see: routers between, or a mark that was rewritten. */
static void marks_note(const struct probe_view *v, FILE *out)
{
    const struct probe_marks *m = v->marks;
    int ttl = ttl_there(v), mark = dscp_there(v), sent = dscp(m->tos_sent);
    bool changed = ttl >= 0 && (ttl != m->ttl_sent || mark != sent);
    char text[KEDGE_ENDPOINT_TEXT], a[12], b[12], c[12], d[12];

    if (v->stats->received == 0 || (!changed && sent <= 0))
        return;
    fprintf(out, "%s: left with TTL %s and DSCP %s, ",
            kedge_endpoint_print(v->endpoint, text), number_or_dash(a, m->ttl_sent),
            number_or_dash(b, sent));
    if (ttl < 0)
        fprintf(out, "and with what it came there this peer does not tell; ");
    else
        fprintf(out, "came there with %s and %s%s; ", number_or_dash(c, ttl),
                number_or_dash(d, mark),
                mark == sent ? "" : ": the mark was rewritten on the way");
    fprintf(out, "answers came with %s and %s\n", number_or_dash(a, m->ttl_back),
            number_or_dash(b, dscp(m->tos_back)));
}

/* Rounds to tenths; less than half of one is no trend, and has no sign. */
static double us(int64_t ns)
{
    return ns > -50 && ns < 50 ? 0 : (double)ns / KEDGE_USEC;
}

/* How long each way is two clocks do not tell. */
static void oneway_note(const struct probe_view *v, FILE *out)
{
    struct one_way_trend going, coming;
    char text[KEDGE_ENDPOINT_TEXT], a[32], b[32];

    if (!v->one_way || !one_way_trends(v->one_way, &going, &coming))
        return;
    fprintf(
        out,
        "%s: one way, of which two clocks tell changes alone: going varied by %s ms, "
        "coming by %s; trend a second: going %+.1f us, coming %+.1f, the path %+.1f, the "
        "clocks %+.1f\n",
        kedge_endpoint_print(v->endpoint, text), ms(a, going.range), ms(b, coming.range),
        us(going.trend_ns), us(coming.trend_ns), us(going.trend_ns + coming.trend_ns),
        us((going.trend_ns - coming.trend_ns) / 2));
}

void probe_way_notes(const struct probe_view *v, FILE *out)
{
    char text[KEDGE_ENDPOINT_TEXT];

    if (v->peer && v->peer->unvalidated > 0)
        fprintf(out,
                "%s: %llu answers did not bear the key's seal, and count for nothing\n",
                kedge_endpoint_print(v->endpoint, text),
                (unsigned long long)v->peer->unvalidated);
    oneway_note(v, out);
    if (v->warmup)
        before_notes(v, out);
    if (v->marks && v->peer)
        marks_note(v, out);
}

/* ---- JSON ---- */

static void put_mark(struct json *j, const char *key, int v)
{
    json_u64_known(j, key, v >= 0, (uint64_t)v);
}

static void json_before(struct json *j, const struct warmup *a)
{
    bool known = a->neighbour && a->state == WARMUP_ANSWERED;

    json_object(j, "before_ns");
    json_u64_known(j, "resolve", a->resolve > 0, a->resolve);
    json_u64_known(j, "exchange", known, a->took);
    json_u64_known(j, "neighbour", known && a->leave > 0, a->leave);
    json_end(j);
}

static void json_marks(struct json *j, const struct probe_view *v)
{
    const struct probe_marks *m = v->marks;

    json_object(j, "marks");
    put_mark(j, "ttl_sent", m->ttl_sent);
    put_mark(j, "ttl_there", ttl_there(v));
    put_mark(j, "ttl_back", m->ttl_back);
    put_mark(j, "dscp_sent", dscp(m->tos_sent));
    put_mark(j, "dscp_there", dscp_there(v));
    put_mark(j, "dscp_back", dscp(m->tos_back));
    json_end(j);
}

/* Null: too few trips, over too short a time, or no stamps of one of the kernels. */
static void json_oneway(struct json *j, const struct one_way_delay *o)
{
    struct one_way_trend going, coming;

    if (!one_way_trends(o, &going, &coming)) {
        json_null(j, "one_way_ns");
        return;
    }
    json_object(j, "one_way_ns");
    json_u64(j, "n", o->n);
    json_u64(j, "going_range", going.range);
    json_u64(j, "coming_range", coming.range);
    json_i64(j, "going_a_second", going.trend_ns);
    json_i64(j, "coming_a_second", coming.trend_ns);
    json_end(j);
}

void probe_way_json(struct json *j, const struct probe_view *v)
{
    if (v->one_way)
        json_oneway(j, v->one_way);
    if (v->warmup)
        json_before(j, v->warmup);
    if (v->marks && v->peer)
        json_marks(j, v);
    if (v->peer)
        json_u64(j, "unproved", v->peer->unvalidated);
}
