/* SPDX-License-Identifier: MIT */
/* Arguments and names of files, escaped for one line of text. */
#include "cmd/printable.h"

#include "report/text.h"

struct printable printable(const char *text, size_t most)
{
    struct printable s = { { 0 } };
    struct writer w = { .ptr = (uint8_t *)s.text, .room = sizeof s.text - 1 };

    text_printable(&w, span_of(text), most);
    return s;
}
