/* SPDX-License-Identifier: MIT */
/* Endpoints for people. */
#include "results/endpoint_text.h"

#include "report/text.h"

const char *endpoint_shown(const struct kedge_endpoint *e, char out[KEDGE_ENDPOINT_TEXT])
{
    char url[KEDGE_ENDPOINT_TEXT];
    struct writer w = { .ptr = (uint8_t *)out, .room = KEDGE_ENDPOINT_TEXT - 1 };

    text_printable(&w, span_of(kedge_endpoint_print(e, url)), w.room);
    out[w.len] = 0;
    return out;
}
