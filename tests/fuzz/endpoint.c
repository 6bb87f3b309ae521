/* SPDX-License-Identifier: MIT */
/* Endpoint URLs: what parses prints as a URL that parses to the same; what does not has
 * one line that says why. */
#include "fuzz.h"
#include "kedge/endpoint.h"

#include <string.h>

static bool same(const struct kedge_endpoint *a, const struct kedge_endpoint *b)
{
    return a->service == b->service && a->transport == b->transport &&
           strcmp(a->host, b->host) == 0 && a->port == b->port &&
           strcmp(a->path, b->path) == 0 && a->name_len == b->name_len &&
           memcmp(a->name, b->name, a->name_len) == 0 && a->netascii == b->netascii &&
           a->tipc_type == b->tipc_type && a->tipc_instance == b->tipc_instance;
}

static void check(const char *text)
{
    struct kedge_endpoint e, again;
    struct kedge_error error = { 0 };
    char out[KEDGE_ENDPOINT_TEXT];

    if (!kedge_endpoint_parse(text, &e, &error)) {
        MUST(error.cause == KEDGE_BAD_ENDPOINT && error.text[0]);
        MUST(memchr(error.text, 0, sizeof error.text) && !strchr(error.text, '\n'));
        return;
    }
    MUST(memchr(e.host, 0, sizeof e.host) && memchr(e.path, 0, sizeof e.path));
    MUST(e.name_len <= sizeof e.name && !memchr(e.name, 0, e.name_len));
    MUST(kedge_endpoint_print(&e, out) == out && memchr(out, 0, sizeof out));
    MUST(kedge_endpoint_parse(out, &again, NULL) && same(&e, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    MUST(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    check(text);
    free(text);
    return 0;
}
