/* SPDX-License-Identifier: MIT */
/* The record of a transfer as key=value and as JSON. */
#include "report/record.h"

#include "base/number.h"
#include "os/clock.h"
#include "report/json.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *record_event_name(enum record_event event)
{
    switch (event) {
    case RECORD_GET:
        return "get";
    case RECORD_PUT:
        return "put";
    case RECORD_REFUSED:
        return "refused";
    case RECORD_PROBE:
        return "probe";
    }
    KEDGE_ASSERT(false);
    return NULL;
}

uint64_t record_wall_ms(void)
{
    return clock_wall() / KEDGE_MSEC;
}

void record_time(struct writer *w, uint64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm = { 0 };
    char text[64];

    if (!gmtime_r(&seconds, &tm)) {
        w->bad = true;
        return;
    }
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             (unsigned)(time_ms % 1000));
    put(w, span_of(text));
}

/* One of the three forms, behind the same two calls. */
struct line {
    struct writer *w;
    struct json *j; /* NULL: text */
    bool environment;
};

static bool plain(struct kedge_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || memchr("\"\\=", text.ptr[i], 3))
            return false;
    return text.len > 0 && !(text.len == 1 && *text.ptr == '-');
}

static void key_text(struct line *l, const char *key)
{
    if (l->w->len > 0)
        put_u8(l->w, ' ');
    put(l->w, span_of(key));
    put_u8(l->w, '=');
}

/* Not within a character: its first bytes alone would read as odd ones. */
static size_t cut_at(struct kedge_span value, size_t most)
{
    size_t at = most;

    while (at > most - 3 && (value.ptr[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static void say_json(struct json *j, const char *key, struct kedge_span value,
                     size_t most)
{
    uint8_t space[RECORD_FILE_MAX];
    struct writer w = { .ptr = space, .room = sizeof space };

    if (!value.ptr) {
        json_null(j, key);
    } else if (value.len <= most) {
        json_string(j, key, value);
    } else {
        put(&w, (struct kedge_span){ value.ptr, cut_at(value, most - 3) });
        put(&w, span_of("..."));
        json_string(j, key, written(&w));
    }
}

/* As it is, but that no such value has a NUL. */
static void say_variable(struct writer *w, const char *key, struct kedge_span value)
{
    const uint8_t *nul = value.len > 0 ? memchr(value.ptr, 0, value.len) : NULL;

    if (!value.ptr)
        return;
    put(w, span_of(RECORD_VARIABLE));
    for (; *key; key++)
        put_u8(w, (uint8_t)(*key >= 'a' && *key <= 'z' ? *key - 'a' + 'A' : *key));
    put_u8(w, '=');
    put(w, (struct kedge_span){ value.ptr, nul ? (size_t)(nul - value.ptr) : value.len });
    put_u8(w, 0);
}

static void say_text(struct line *l, const char *key, struct kedge_span value,
                     size_t most)
{
    if (l->environment) {
        say_variable(l->w, key, value);
        return;
    }
    if (l->j) {
        say_json(l->j, key, value, most);
        return;
    }
    key_text(l, key);
    if (!value.ptr)
        put_u8(l->w, '-');
    else if (value.len <= most && plain(value))
        put(l->w, value);
    else
        text_quoted(l->w, value, most);
}

static void say_field(struct line *l, const char *key, struct kedge_span value)
{
    say_text(l, key, value, RECORD_TEXT_MAX);
}

static void say_number_variable(struct writer *w, const char *key, uint64_t v)
{
    uint8_t digits[24];
    struct writer number = { .ptr = digits, .room = sizeof digits };

    put_decimal(&number, v);
    if (v != RECORD_UNKNOWN)
        say_variable(w, key, written(&number));
}

static void say_number(struct line *l, const char *key, uint64_t v)
{
    if (l->environment) {
        say_number_variable(l->w, key, v);
        return;
    }
    if (l->j && v == RECORD_UNKNOWN)
        json_null(l->j, key);
    else if (l->j)
        json_u64(l->j, key, v);
    else
        key_text(l, key);
    if (!l->j && v == RECORD_UNKNOWN)
        put_u8(l->w, '-');
    else if (!l->j)
        put_decimal(l->w, v);
}

static uint64_t rate(const struct transfer_record *r)
{
    if (r->took == 0 || r->took == RECORD_UNKNOWN || r->bytes == RECORD_UNKNOWN)
        return RECORD_UNKNOWN;
    return mul_div(r->bytes, KEDGE_SEC, r->took);
}

static uint64_t in_units_of(kedge_nanos unit, kedge_nanos v)
{
    return v == RECORD_UNKNOWN ? v : v / unit;
}

static void say_all(struct line *l, const struct transfer_record *r)
{
    uint8_t stamp[64];
    struct writer time = { .ptr = stamp, .room = sizeof stamp };

    record_time(&time, r->time_ms);
    say_field(l, "time", written(&time));
    say_field(l, "event", span_of(record_event_name(r->event)));
    say_field(l, "peer", r->peer);
    say_field(l, "local", r->local);
    say_text(l, "file", r->file, RECORD_FILE_MAX);
    say_field(l, "outcome", span_of(r->outcome));
    say_field(l, "reason", r->reason);
    say_number(l, "bytes", r->bytes);
    say_number(l, "ms", in_units_of(KEDGE_MSEC, r->took));
    say_number(l, "rate_Bps", rate(r));
    say_field(l, "asked", r->asked);
    say_field(l, "granted", r->granted);
    say_number(l, "blocks", r->blocks);
    say_number(l, "resent", r->resent);
    say_number(l, "dup", r->dup);
    say_number(l, "rtt_us", in_units_of(KEDGE_USEC, r->rtt));
    say_field(l, "verdict_id", r->verdict_id);
    say_field(l, "verdict", r->verdict);
    say_field(l, "rule", r->rule);
    say_text(l, "path", r->path, RECORD_FILE_MAX);
    say_field(l, "port", r->port);
}

void record_write(struct writer *w, const struct transfer_record *r,
                  enum record_form form)
{
    struct writer text = { .ptr = w->ptr + w->len, .room = w->room - w->len };
    struct kedge_span document = { 0 };
    struct json j;

    if (form == RECORD_AS_TEXT) {
        say_all(&(struct line){ .w = &text }, r);
        w->bad |= text.bad;
        w->len += w->bad ? 0 : text.len;
        return;
    }
    json_init(&j, text.ptr, text.room);
    json_object(&j, NULL);
    say_all(&(struct line){ .j = &j }, r);
    json_end(&j);
    w->bad |= !json_finish(&j, &document);
    w->len += w->bad ? 0 : document.len;
}

void record_environment(struct writer *w, const struct transfer_record *r)
{
    say_all(&(struct line){ .w = w, .environment = true }, r);
}
