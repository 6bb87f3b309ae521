/* SPDX-License-Identifier: MIT */
/* JSON (RFC 8259), written front to back into a buffer of the caller's. Commas and
 * quotes are placed here; what comes out is valid JSON whatever bytes go in: a character
 * that does not print (report/text.h) becomes \uNNNN, as the lines may be looked at on a
 * terminal, and a byte that is not UTF-8 the four characters \xNN. Numbers
 * are integers only. No allocation, no reading.
 *
 * A value takes a key inside an object, and NULL inside an array or at the top. Too
 * little room, a wrong nesting or a second value at the top sets `bad` for good; nothing
 * of it is to be used then. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "base/bytes.h"

#define JSON_DEPTH_MAX 32

struct json {
    struct writer w;
    uint32_t depth;
    uint32_t is_object; /* a bit a level */
    uint32_t has_value; /* a bit a level: the next one needs a comma */
    bool bad;
    bool done; /* the one value at the top is whole */
};

void json_init(struct json *j, uint8_t *buffer, size_t room);

void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j); /* of the innermost object or array */

void json_string(struct json *j, const char *key, struct kedge_span text);
void json_text(struct json *j, const char *key, const char *text); /* NULL: null */
void json_u64(struct json *j, const char *key, uint64_t v);
/* null if it is not known. */
void json_u64_known(struct json *j, const char *key, bool known, uint64_t v);
void json_i64(struct json *j, const char *key, int64_t v);
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);

/* Members of an object that are JSON already: "a":1,"b":2, of at least one. They are not
 * looked at. */
void json_members(struct json *j, struct kedge_span members);

/* The document, without a newline. False if it went bad or is not finished. */
KEDGE_MUST_CHECK bool json_finish(const struct json *j, struct kedge_span *out);

#endif
