/* SPDX-License-Identifier: MIT */
/* The printer of endpoints as URLs. */
#include "kedge/endpoint.h"

#include "base/bytes.h"
#include "net/scheme.h"

#include <string.h>

static void put_endpoint_text(struct writer *w, const char *text)
{
    put(w, span_of(text));
}

static void put_host(struct writer *w, const char *host)
{
    const char *scope = strchr(host, '%');
    size_t len = scope ? (size_t)(scope - host) : strlen(host);
    bool v6 = strchr(host, ':') != NULL;

    put_endpoint_text(w, v6 ? "[" : "");
    put(w, (struct kedge_span){ (const uint8_t *)host, len });
    /* A scope that looks like an escaped % is escaped. */
    if (scope && strncmp(scope, "%25", 3) == 0 && scope[3])
        put_endpoint_text(w, "%25");
    else if (scope)
        put_endpoint_text(w, "%");
    put_endpoint_text(w, scope ? scope + 1 : "");
    put_endpoint_text(w, v6 ? "]" : "");
}

/* RFC 3986, 3.3, less the quote: what is printed is pasted into a shell between quotes, and
 * a peer that may upload chooses names. */
static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~/!$&()*+,=:@", c));
}

static void put_name(struct writer *w, const struct kedge_endpoint *e)
{
    static const char digits[] = "0123456789ABCDEF";

    if (e->name_len > 0)
        put_u8(w, '/');
    for (size_t i = 0; i < e->name_len; i++) {
        uint8_t c = e->name[i];

        if (is_plain(c)) {
            put_u8(w, c);
        } else {
            put_u8(w, '%');
            put_u8(w, (uint8_t)digits[c >> 4]);
            put_u8(w, (uint8_t)digits[c & 15]);
        }
    }
    if (e->netascii)
        put_endpoint_text(w, e->name_len > 0 ? ";mode=netascii" : "/;mode=netascii");
}

static void put_port(struct writer *w, uint16_t port)
{
    put_u8(w, ':');
    put_decimal(w, port);
}

const char *kedge_endpoint_print(const struct kedge_endpoint *e,
                                 char out[KEDGE_ENDPOINT_TEXT])
{
    const struct scheme *s = scheme_of(e);
    struct writer w = { .ptr = (uint8_t *)out, .room = KEDGE_ENDPOINT_TEXT };

    put_endpoint_text(&w, s->name);
    put_endpoint_text(&w, "://");
    if (s->form == FORM_PATH) {
        put_endpoint_text(&w, e->path);
    } else if (s->form == FORM_TIPC) {
        put_decimal(&w, e->tipc_type);
        put_u8(&w, ':');
        put_decimal(&w, e->tipc_instance);
    } else {
        put_host(&w, *e->host ? e->host : "*");
        if (s->form != FORM_HOST)
            put_port(&w, e->port);
        put_name(&w, e);
    }
    put_u8(&w, 0);
    KEDGE_ASSERT(!w.bad);
    return out;
}
