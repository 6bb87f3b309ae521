/* SPDX-License-Identifier: MIT */
/* Values of figures out of JSON. */
#include "results/value.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define NAME_ROOM 32 /* a name of the table is shorter */

static const json_t *member(const void *object, const char *key)
{
    const json_t *at = object;

    while (at && *key) {
        size_t len = strcspn(key, ".");
        char name[NAME_ROOM];

        snprintf(name, sizeof name, "%.*s", (int)len, key);
        at = json_object_get(at, name);
        key += len + (key[len] == '.');
    }
    return at;
}

static bool is_natural(const json_t *v)
{
    return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool is_range(const json_t *v)
{
    return json_array_size(v) == 2 && is_natural(json_array_get(v, 0)) &&
           is_natural(json_array_get(v, 1));
}

static bool fits(const json_t *v, enum value_kind kind)
{
    switch (kind) {
    case VALUE_COUNT:
    case VALUE_TIME:
        return is_natural(v);
    case VALUE_TREND:
        return json_is_integer(v);
    case VALUE_FLAG:
        return json_is_boolean(v);
    case VALUE_TEXT:
        return json_is_string(v);
    case VALUE_RANGE:
        return is_range(v);
    default:
        return json_is_object(v);
    }
}

enum value_state value_read(const void *object, const char *key, enum value_kind kind,
                            struct value *out)
{
    const json_t *v = member(object, key);

    if (!v || (!json_is_null(v) && !fits(v, kind)))
        return VALUE_ABSENT;
    if (json_is_null(v))
        return VALUE_UNKNOWN;
    out->trend = json_integer_value(v);
    out->number = json_is_boolean(v) ? json_is_true(v) : (uint64_t)out->trend;
    out->low = (kedge_nanos)json_integer_value(json_array_get(v, 0));
    out->high = (kedge_nanos)json_integer_value(json_array_get(v, 1));
    out->text = json_string_value(v);
    return VALUE_KNOWN;
}

const char *value_fault(const void *object, const char *key, enum value_kind kind)
{
    static const char *const wanted[] = {
        [VALUE_OBJECT] = "an object",      [VALUE_COUNT] = "a whole number",
        [VALUE_TIME] = "a whole number",   [VALUE_TREND] = "an integer",
        [VALUE_FLAG] = "true or false",    [VALUE_TEXT] = "a text",
        [VALUE_RANGE] = "a pair of times", [VALUE_TIMES] = "an object",
    };
    const json_t *v = member(object, key);

    return !v || json_is_null(v) || fits(v, kind) ? NULL : wanted[kind];
}

char *value_json(const void *object)
{
    return json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
}
