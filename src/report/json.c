/* SPDX-License-Identifier: MIT */
/* A writer of JSON into a fixed buffer. */
#include "report/json.h"

#include "report/text.h"

void json_init(struct json *j, uint8_t *buffer, size_t room)
{
    *j = (struct json){ .w = { .ptr = buffer, .room = room } };
}

static bool in_object(const struct json *j)
{
    return j->depth > 0 && (j->is_object >> (j->depth - 1) & 1);
}

static void put_escaped(struct writer *w, const char *lead, uint8_t byte)
{
    put(w, span_of(lead));
    put_u8(w, (uint8_t) "0123456789abcdef"[byte >> 4]);
    put_u8(w, (uint8_t) "0123456789abcdef"[byte & 15]);
}

static void put_json_text(struct writer *w, struct kedge_span text)
{
    put_u8(w, '"');
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = text_utf8(text, &code);
        struct kedge_span whole = { text.ptr, len };

        if (len == 0) {
            put_escaped(w, "\\\\x", text.ptr[0]);
            len = 1;
        } else if (!text_prints(code)) {
            put_escaped(w, "\\u", (uint8_t)(code >> 8));
            put_escaped(w, "", (uint8_t)code);
        } else {
            if (code == '"' || code == '\\')
                put_u8(w, '\\');
            put(w, whole);
        }
        text = (struct kedge_span){ text.ptr + len, text.len - len };
    }
    put_u8(w, '"');
}

/* What stands in front of each value: a comma, a key. */
static void lead_in(struct json *j, const char *key)
{
    uint32_t level = j->depth > 0 ? 1U << (j->depth - 1) : 0;

    if (j->done || in_object(j) != (key != NULL))
        j->bad = true;
    if (j->has_value & level)
        put_u8(&j->w, ',');
    j->has_value |= level;
    if (key) {
        put_json_text(&j->w, span_of(key));
        put_u8(&j->w, ':');
    }
}

static void value_ends(struct json *j)
{
    j->done = j->depth == 0;
    j->bad |= j->w.bad;
}

static void open_level(struct json *j, const char *key, bool object)
{
    lead_in(j, key);
    if (j->depth == JSON_DEPTH_MAX) {
        j->bad = true;
        return;
    }
    j->is_object &= ~(1U << j->depth);
    j->has_value &= ~(1U << j->depth);
    j->is_object |= (uint32_t)object << j->depth;
    j->depth++;
    put_u8(&j->w, object ? '{' : '[');
}

void json_object(struct json *j, const char *key)
{
    open_level(j, key, true);
}

void json_array(struct json *j, const char *key)
{
    open_level(j, key, false);
}

void json_end(struct json *j)
{
    if (j->depth == 0) {
        j->bad = true;
        return;
    }
    put_u8(&j->w, in_object(j) ? '}' : ']');
    j->depth--;
    value_ends(j);
}

void json_string(struct json *j, const char *key, struct kedge_span text)
{
    lead_in(j, key);
    put_json_text(&j->w, text);
    value_ends(j);
}

void json_text(struct json *j, const char *key, const char *text)
{
    if (text)
        json_string(j, key, span_of(text));
    else
        json_null(j, key);
}

static void word(struct json *j, const char *key, const char *text)
{
    lead_in(j, key);
    put(&j->w, span_of(text));
    value_ends(j);
}

void json_u64(struct json *j, const char *key, uint64_t v)
{
    lead_in(j, key);
    put_decimal(&j->w, v);
    value_ends(j);
}

void json_u64_known(struct json *j, const char *key, bool known, uint64_t v)
{
    if (known)
        json_u64(j, key, v);
    else
        json_null(j, key);
}

void json_i64(struct json *j, const char *key, int64_t v)
{
    lead_in(j, key);
    if (v < 0)
        put_u8(&j->w, '-');
    put_decimal(&j->w, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    value_ends(j);
}

void json_bool(struct json *j, const char *key, bool v)
{
    word(j, key, v ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
    word(j, key, "null");
}

void json_members(struct json *j, struct kedge_span members)
{
    uint32_t level = j->depth > 0 ? 1U << (j->depth - 1) : 0;

    if (!in_object(j))
        j->bad = true;
    if (j->has_value & level)
        put_u8(&j->w, ',');
    j->has_value |= level;
    put(&j->w, members);
    value_ends(j);
}

bool json_finish(const struct json *j, struct kedge_span *out)
{
    if (j->bad || !j->done)
        return false;
    *out = written(&j->w);
    return true;
}
