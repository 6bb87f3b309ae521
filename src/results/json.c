/* SPDX-License-Identifier: MIT */
/* The JSON document of a run: the figures of each target, in the order of their table. */
#include "results/table.h"

#include "results/calibration.h"
#include "results/figures.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_MAX 8192 /* of a record, word for word; well within PROBE_JSON_ROOM */

static const char *leaf_of(const struct figure *f)
{
    const char *point = strrchr(f->key, '.');

    return point ? point + 1 : f->key;
}

static void json_value(struct json *j, const struct figure *f, const struct value *v)
{
    const char *key = leaf_of(f);

    switch (f->kind) {
    case VALUE_OBJECT:
    case VALUE_TIMES:
        json_object(j, key);
        return;
    case VALUE_TREND:
        json_i64(j, key, v->trend);
        return;
    case VALUE_FLAG:
        json_bool(j, key, v->number);
        return;
    case VALUE_TEXT:
        json_text(j, key, v->text);
        return;
    case VALUE_RANGE:
        json_array(j, key);
        json_u64(j, NULL, v->low);
        json_u64(j, NULL, v->high);
        json_end(j);
        return;
    default:
        json_u64(j, key, v->number);
    }
}

/* The object that is open, by its key. */
struct opened {
    const char *key;
    size_t len;
};

static bool is_member(const struct opened *o, const struct figure *f)
{
    return strncmp(f->key, o->key, o->len) == 0 && f->key[o->len] == '.';
}

static void json_figures(struct json *j, const struct probe_view *v)
{
    struct opened open[JSON_DEPTH_MAX];
    size_t count, depth = 0;
    const struct figure *all = figures(&count);
    struct value value;

    for (size_t i = 0; i < count; i++) {
        const struct figure *f = &all[i];
        enum value_state state =
            f->uses & FIGURE_HIDDEN ? VALUE_ABSENT : figure_get(f, v, &value);

        for (; depth > 0 && !is_member(&open[depth - 1], f); depth--)
            json_end(j);
        if (state == VALUE_UNKNOWN)
            json_null(j, leaf_of(f));
        if (state != VALUE_KNOWN)
            continue;
        json_value(j, f, &value);
        if (f->kind == VALUE_OBJECT || f->kind == VALUE_TIMES)
            open[depth++] = (struct opened){ f->key, strlen(f->key) };
    }
    for (; depth > 0; depth--)
        json_end(j);
}

/* What was read goes out word for word: so it has what this version knows nothing of. */
static bool json_record(struct json *j, const void *record)
{
    char *text = value_json(record);
    size_t len = text ? strlen(text) : 0;
    bool fits = len > 2 && len <= KEEP_MAX;

    if (fits) /* without the braces */
        json_members(j, (struct kedge_span){ (const uint8_t *)text + 1, len - 2 });
    free(text);
    return fits;
}

void probe_json_target(struct json *j, const struct probe_view *v)
{
    if (!v->record || !json_record(j, v->record))
        json_figures(j, v);
}

static void text_or_null(struct json *j, const char *key, const char *text)
{
    json_text(j, key, *text ? text : NULL);
}

void probe_json_about(struct json *j, const struct probe_about *about)
{
    json_object(j, "host");
    text_or_null(j, "name", about->name);
    text_or_null(j, "system", about->system);
    text_or_null(j, "release", about->release);
    text_or_null(j, "machine", about->machine);
    text_or_null(j, "kedge", about->kedge);
    json_end(j);
    json_object(j, "run");
    text_or_null(j, "started", about->started);
    json_u64_known(j, "count", about->count > 0, about->count);
    json_u64(j, "interval_ns", about->interval);
    json_u64(j, "timeout_ns", about->timeout);
    json_u64(j, "size_bytes", about->size);
    json_bool(j, "poisson", about->poisson);
    json_u64_known(j, "duration_ns", about->duration != KEDGE_NEVER, about->duration);
    json_end(j);
    calibration_json(j, &about->calibration);
}

bool probe_json_document(const struct probe_about *about, uint32_t count,
                         void (*member)(struct json *j, const void *all, uint32_t which),
                         const void *all, FILE *out)
{
    size_t room = PROBE_JSON_ROOM * ((size_t)count + 1);
    uint8_t *space = malloc(room);
    struct kedge_span document;
    struct json j;
    bool ok;

    if (!space)
        return false;
    json_init(&j, space, room);
    json_object(&j, NULL);
    json_u64(&j, "v", 1);
    probe_json_about(&j, about);
    json_array(&j, "targets");
    for (uint32_t i = 0; i < count; i++) {
        json_object(&j, NULL);
        member(&j, all, i);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    ok = json_finish(&j, &document);
    if (ok)
        fprintf(out, "%.*s\n", (int)document.len, (const char *)document.ptr);
    free(space);
    return ok;
}

static void target_of(struct json *j, const void *all, uint32_t which)
{
    const struct probe_view *views = all;

    probe_json_target(j, &views[which]);
}

bool probe_show_json(const struct probe_result *r, FILE *out)
{
    return probe_json_document(&r->about, r->count, target_of, r->views, out);
}
