/* SPDX-License-Identifier: MIT */
/* Findings as text, JSON and XML. */
#include "check/report.h"

#include "report/json.h"
#include "report/text.h"

#include <string.h>

enum { ID_WIDTH = 26, VERDICT_WIDTH = 10, JSON_MAX = 8192 };

static void print_ms(FILE *out, kedge_nanos t)
{
    fprintf(out, "%6llu.%03llu ms", (unsigned long long)(t / KEDGE_MSEC),
            (unsigned long long)(t / KEDGE_USEC % 1000));
}

/* The packets before, the last of which may be the wrong one itself. */
static void print_log(FILE *out, const struct check_play *p)
{
    uint32_t from = p->logged > CHECK_LOG ? p->logged - CHECK_LOG : 0;
    kedge_nanos began = p->log[from % CHECK_LOG].at;

    if (from > 0)
        fprintf(out, "        ... %u packets before\n", from);
    for (uint32_t i = from; i < p->logged; i++) {
        const struct check_packet *k = &p->log[i % CHECK_LOG];

        fputs("      ", out);
        print_ms(out, k->at - began);
        fprintf(out, "  kedge %5u %c %-5u  %s\n", k->sent ? k->from : k->to,
                k->sent ? '>' : '<', k->sent ? k->to : k->from, check_in_words(k).text);
    }
}

static bool is_bad(const struct check_play *p)
{
    return p->finding.verdict == CHECK_FAILS || p->finding.verdict == CHECK_DEVIATES;
}

static void print_finding(FILE *out, const struct check_play *p)
{
    const struct check_finding *f = &p->finding;

    fprintf(out, "    %s\n", p->row->title);
    print_log(out, p);
    fprintf(out, "    expected: %s\n", f->want);
    if (f->has_wrong) {
        fprintf(out, "    got:      %s, from port %u to %u\n",
                check_in_words(&f->wrong).text, f->wrong.from, f->wrong.to);
        check_hex(out, &f->wrong, f->mark, f->mark_len, 6);
    }
    fprintf(out, "    %s\n", f->lesson);
}

void check_report_line(FILE *out, const struct check_play *p)
{
    const struct check_finding *f = &p->finding;

    fprintf(out, "%-*s %-*s %s", ID_WIDTH, p->row->id, VERDICT_WIDTH,
            check_verdict_name(f->verdict), p->row->section);
    if (f->verdict == CHECK_NOT_TRIED)
        fprintf(out, " (%s)", f->want);
    else if (f->note)
        fprintf(out, " (%s)", f->note);
    fputc('\n', out);
    if (is_bad(p))
        print_finding(out, p);
}

void check_report_end(FILE *out, const struct check_counts *c)
{
    fprintf(out,
            "\n%u pass, %u deviate, %u fail, %u not tried; %llu packets in %llu.%llu s\n",
            c->by[CHECK_PASS], c->by[CHECK_DEVIATES], c->by[CHECK_FAILS],
            c->by[CHECK_NOT_TRIED], (unsigned long long)c->packets,
            (unsigned long long)(c->lasted / KEDGE_SEC),
            (unsigned long long)(c->lasted / (100 * KEDGE_MSEC) % 10));
    if (c->died_at[0])
        fprintf(out, "the server no longer answers since %s\n", c->died_at);
    if (c->one_by_one)
        fputs("the server serves one transfer at a time, so the checks ran one by one\n",
              out);
}

static void put_packet(struct json *j, const char *key, const struct check_packet *k)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * CHECK_HEAD + 1];

    for (uint32_t i = 0; i < k->head_len; i++) {
        hex[2 * i] = digits[k->head[i] >> 4];
        hex[2 * i + 1] = digits[k->head[i] & 15];
    }
    hex[2 * k->head_len] = 0;
    json_object(j, key);
    json_text(j, "by", k->sent ? "kedge" : "peer");
    json_u64(j, "port", k->sent ? k->to : k->from);
    json_u64(j, "kedge_port", k->sent ? k->from : k->to);
    json_u64(j, "bytes", k->len);
    json_text(j, "words", check_in_words(k).text);
    json_text(j, "hex", hex);
    json_end(j);
}

static void print_json(FILE *out, const struct json *j)
{
    struct kedge_span text;

    if (json_finish(j, &text))
        fprintf(out, "%.*s\n", (int)text.len, (const char *)text.ptr);
}

void check_report_json(FILE *out, const struct check_play *p)
{
    const struct check_finding *f = &p->finding;
    uint8_t buffer[JSON_MAX];
    struct json j;

    json_init(&j, buffer, sizeof buffer);
    json_object(&j, NULL);
    json_u64(&j, "v", 1);
    json_text(&j, "event", "check");
    json_text(&j, "id", p->row->id);
    json_text(&j, "group", check_group_name(check_group_of(p->row)));
    json_text(&j, "level", check_level_name(p->row->level));
    json_text(&j, "section", p->row->section);
    json_text(&j, "verdict", check_verdict_name(f->verdict));
    json_text(&j, "why", f->verdict == CHECK_NOT_TRIED ? f->want : NULL);
    json_text(&j, "measured", f->note);
    json_text(&j, "expected", is_bad(p) ? f->want : NULL);
    json_text(&j, "lesson", is_bad(p) ? f->lesson : NULL);
    if (is_bad(p) && f->has_wrong) {
        put_packet(&j, "wrong", &f->wrong);
        json_u64(&j, "wrong_at", f->mark);
        json_u64(&j, "wrong_bytes", f->mark_len);
    }
    json_end(&j);
    print_json(out, &j);
}

void check_report_json_end(FILE *out, const struct check_counts *c)
{
    uint8_t buffer[JSON_MAX];
    struct json j;

    json_init(&j, buffer, sizeof buffer);
    json_object(&j, NULL);
    json_u64(&j, "v", 1);
    json_text(&j, "event", "end");
    json_u64(&j, "pass", c->by[CHECK_PASS]);
    json_u64(&j, "deviates", c->by[CHECK_DEVIATES]);
    json_u64(&j, "fails", c->by[CHECK_FAILS]);
    json_u64(&j, "not_tried", c->by[CHECK_NOT_TRIED]);
    json_u64(&j, "packets", c->packets);
    json_u64(&j, "lasted_ns", c->lasted);
    json_text(&j, "died_at", c->died_at[0] ? c->died_at : NULL);
    json_bool(&j, "one_by_one", c->one_by_one);
    json_end(&j);
    print_json(out, &j);
}

static void put_xml(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c == '<')
            fputs("&lt;", out);
        else if (*c == '&')
            fputs("&amp;", out);
        else if (*c == '"')
            fputs("&quot;", out);
        else
            fputc(*c, out);
}

void check_report_junit(FILE *out, const struct check_play *p, bool strict)
{
    const struct check_finding *f = &p->finding;

    fprintf(out, "  <testcase classname=\"kedge.check.%s\" name=\"%s\"",
            check_group_name(check_group_of(p->row)), p->row->id);
    if (f->verdict == CHECK_NOT_TRIED) {
        fputs("><skipped message=\"", out);
        put_xml(out, f->want);
        fputs("\"/></testcase>\n", out);
        return;
    }
    if (f->verdict == CHECK_PASS || (f->verdict == CHECK_DEVIATES && !strict)) {
        fputs("/>\n", out);
        return;
    }
    fputs("><failure message=\"", out);
    put_xml(out, f->lesson);
    fprintf(out, "\">%s: expected ", p->row->section);
    put_xml(out, f->want);
    if (f->has_wrong) {
        fputs(", got ", out);
        put_xml(out, check_in_words(&f->wrong).text);
    }
    fputs("</failure></testcase>\n", out);
}

void check_report_list(FILE *out, const struct check_row *row)
{
    fprintf(out, "%-*s %-7s %-32s %s\n", ID_WIDTH, row->id, check_level_name(row->level),
            row->section, row->title);
}
