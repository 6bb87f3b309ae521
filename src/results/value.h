/* SPDX-License-Identifier: MIT */
/* The value of a figure, and how it is read from the JSON of a run. */
#ifndef RESULTS_VALUE_H
#define RESULTS_VALUE_H

#include "kedge/endpoint.h"

enum value_kind {
    VALUE_OBJECT,
    VALUE_COUNT,
    VALUE_TIME,  /* ns */
    VALUE_TREND, /* ns a second, with a sign */
    VALUE_FLAG,
    VALUE_TEXT,
    VALUE_RANGE, /* ns, from low to high */
    VALUE_TIMES  /* an object that is a histogram of times */
};

enum value_state {
    VALUE_ABSENT,  /* the target does not have it: the key is missing */
    VALUE_UNKNOWN, /* null */
    VALUE_KNOWN
};

struct value {
    uint64_t number; /* COUNT, TIME; FLAG: 0 or 1 */
    int64_t trend;
    kedge_nanos low, high;
    const char *text; /* borrowed, or in space */
    char space[KEDGE_ENDPOINT_TEXT];
};

/* The member of that key (rtt_ns.p50: of an object in it) of an object of jansson. ABSENT:
 * it is not there, or of another kind. Text stays the object's. */
enum value_state value_read(const void *object, const char *key, enum value_kind kind,
                            struct value *out);

/* The whole object as JSON, in memory to free. NULL: no memory. */
char *value_json(const void *object);

/* NULL: the member may stand there. Else what it is not: "a whole number". */
const char *value_fault(const void *object, const char *key, enum value_kind kind);

#endif
