/* SPDX-License-Identifier: MIT */
/* The one-line errors of public calls. */
#include "net/problem.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define WHAT_MAX 120

static void append_byte(struct kedge_error *e, uint8_t c)
{
    size_t len = strlen(e->text);
    char escaped[5] = { (char)c, 0 };

    if (c < 0x20 || c > 0x7e)
        snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)c);
    if (len + strlen(escaped) < sizeof e->text)
        memcpy(e->text + len, escaped, strlen(escaped) + 1);
}

void problem_append(struct kedge_error *e, struct kedge_span text, size_t most)
{
    for (size_t i = 0; i < text.len && i < most; i++)
        append_byte(e, text.ptr[i]);
    if (text.len > most)
        problem_append(e, span_of("..."), 3);
}

static void append_text(struct kedge_error *e, const char *text, size_t most)
{
    problem_append(e, span_of(text), most);
}

void problem_set(struct kedge_error *e, enum kedge_cause cause, const char *what,
                 const char *why)
{
    if (!e)
        return;
    *e = (struct kedge_error){ .cause = cause };
    append_text(e, what, WHAT_MAX);
    append_text(e, ": ", SIZE_MAX);
    append_text(e, why, SIZE_MAX);
}

void problem_system(struct kedge_error *e, int code, const char *what, const char *why)
{
    char word[128];

    if (!e)
        return;
    problem_set(e, KEDGE_SYSTEM, what, why);
    e->code = code;
    append_text(e, ": ", SIZE_MAX);
    append_text(e, strerror_r(code, word, sizeof word), SIZE_MAX);
}
