/* SPDX-License-Identifier: MIT */
/* The parser of endpoints written as URLs. */
#include "kedge/endpoint.h"

#include "base/bytes.h"
#include "base/number.h"
#include "net/problem.h"
#include "net/scheme.h"

#include <arpa/inet.h>
#include <string.h>

/* Each step of parsing returns NULL, or why the text is wrong. */

static struct kedge_span first(struct kedge_span s, size_t n)
{
    return (struct kedge_span){ s.ptr, n };
}

static struct kedge_span after(struct kedge_span s, size_t n)
{
    return (struct kedge_span){ s.ptr + n, s.len - n };
}

/* Where c is first; s.len if nowhere. */
static size_t find_byte(struct kedge_span s, uint8_t c)
{
    const uint8_t *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

    return at ? (size_t)(at - s.ptr) : s.len;
}

static bool starts(struct kedge_span s, uint8_t c)
{
    return s.len > 0 && s.ptr[0] == c;
}

/* ---- hosts and ports ---- */

static bool is_host_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_';
}

static const char *parse_name(struct kedge_span text, struct kedge_endpoint *out)
{
    if (text.len >= KEDGE_HOST_MAX)
        return "the host name is longer than 255 bytes";
    if (text.len == 1 && text.ptr[0] == '*')
        return NULL;
    for (size_t i = 0; i < text.len; i++)
        if (!is_host_byte(text.ptr[i]))
            return "the host name has a character that is not allowed";
    if (text.len > 0)
        memcpy(out->host, text.ptr, text.len);
    return NULL;
}

/* What stands between brackets: an address, and maybe %scope, or %25scope as RFC 6874
 * spells it. */
static const char *parse_bracketed(struct kedge_span text, struct kedge_endpoint *out)
{
    char address[INET6_ADDRSTRLEN] = { 0 };
    struct in6_addr bits;
    size_t len = find_byte(text, '%');
    struct kedge_span scope = after(text, len);

    if (len >= sizeof address)
        return "the text in brackets is not an IPv6 address";
    memcpy(address, text.ptr, len);
    if (memchr(address, 0, len) || inet_pton(AF_INET6, address, &bits) != 1)
        return "the text in brackets is not an IPv6 address";
    memcpy(out->host, address, len);
    if (scope.len == 0)
        return NULL;
    scope =
        after(scope, scope.len > 3 && scope.ptr[1] == '2' && scope.ptr[2] == '5' ? 3 : 1);
    if (scope.len == 0 || scope.len > 15)
        return "the scope after % is not an interface";
    for (size_t i = 0; i < scope.len; i++)
        if (!is_host_byte(scope.ptr[i]))
            return "the scope after % is not an interface";
    out->host[len] = '%';
    memcpy(out->host + len + 1, scope.ptr, scope.len);
    return NULL;
}

static const char *parse_port(struct kedge_span text, const struct scheme *s,
                              struct kedge_endpoint *out)
{
    uint64_t port;

    if (s->form == FORM_HOST)
        return "ICMP has no ports";
    if (find_byte(text, ':') < text.len)
        return "an IPv6 address stands in brackets, as in [::1]:69";
    if (!decimal(text, UINT16_MAX, &port))
        return "the port is not a number from 0 to 65535";
    out->port = (uint16_t)port;
    return NULL;
}

/* HOST[:PORT], with nothing behind. */
static const char *parse_authority(struct kedge_span text, const struct scheme *s,
                                   struct kedge_endpoint *out)
{
    bool bracketed = starts(text, '[');
    size_t close = bracketed ? find_byte(text, ']') : 0;
    size_t end = bracketed ? close + 1 : find_byte(text, ':');
    const char *no;

    if (bracketed && close == text.len)
        return "the bracket is not closed";
    no = bracketed ? parse_bracketed(after(first(text, close), 1), out)
                   : parse_name(first(text, end), out);
    if (no)
        return no;
    text = after(text, end);
    if (text.len > 0)
        return starts(text, ':') ? parse_port(after(text, 1), s, out)
                                 : "after the bracket only :PORT may follow";
    if (s->form == FORM_HOST_PORT && s->port == 0)
        return "the port is missing";
    return NULL;
}

/* HOST[:PORT], and at most one slash, as browsers add it. */
static const char *parse_host_port(struct kedge_span text, const struct scheme *s,
                                   struct kedge_endpoint *out)
{
    size_t slash = find_byte(text, '/');

    if (slash + 1 < text.len)
        return "this scheme takes no path";
    return parse_authority(first(text, slash), s, out);
}

/* ---- file names ---- */

/* The next byte of a name, %XX decoded; -1 when % is not followed by two digits. */
static int take_name_byte(struct reader *r)
{
    uint8_t c = take_u8(r);
    int high, low;

    if (c != '%')
        return c;
    high = hex_digit(take_u8(r));
    low = hex_digit(take_u8(r));
    return r->bad || high < 0 || low < 0 ? -1 : high << 4 | low;
}

static const char *parse_file_name(struct kedge_span text, struct kedge_endpoint *out)
{
    struct reader r = { .left = text };

    while (r.left.len > 0) {
        int c = take_name_byte(&r);

        if (c < 0)
            return "in a file name two hexadecimal digits must follow %";
        if (c == 0)
            return "a file name cannot contain a NUL";
        if (out->name_len == KEDGE_NAME_MAX)
            return "the file name is longer than 512 bytes";
        out->name[out->name_len++] = (uint8_t)c;
    }
    return NULL;
}

/* Take ";mode=..." from the end of *text. */
static const char *parse_mode(struct kedge_span *text, struct kedge_endpoint *out)
{
    static const char key[] = ";mode=";
    size_t at = text->len;
    struct kedge_span mode;

    while (at > 0 && text->ptr[at - 1] != ';')
        at--;
    if (at == 0 || text->len - at < sizeof key - 2 ||
        !span_equal_nocase((struct kedge_span){ text->ptr + at - 1, sizeof key - 1 },
                           key))
        return NULL;
    mode = after(*text, at + sizeof key - 2);
    *text = first(*text, at - 1);
    out->netascii = span_equal_nocase(mode, "netascii");
    return out->netascii || span_equal_nocase(mode, "octet")
               ? NULL
               : "the mode is neither netascii nor octet";
}

static const char *parse_tftp(struct kedge_span text, const struct scheme *s,
                              struct kedge_endpoint *out)
{
    size_t slash = find_byte(text, '/');
    const char *no = parse_authority(first(text, slash), s, out);

    if (no || slash == text.len)
        return no;
    text = after(text, slash + 1);
    no = parse_mode(&text, out);
    return no ? no : parse_file_name(text, out);
}

/* ---- the rest ---- */

static const char *parse_path(struct kedge_span text, const struct scheme *s,
                              struct kedge_endpoint *out)
{
    (void)s;
    if (!starts(text, '/') && !starts(text, '@'))
        return "the path is absolute, as in unix:///run/x (or begins with @)";
    if (text.len < 2)
        return "the path is missing";
    if (text.len >= KEDGE_PATH_MAX)
        return "the path of a unix socket is at most 107 bytes long";
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return "the path has a control character"; /* it is printed as it is */
    memcpy(out->path, text.ptr, text.len);
    return NULL;
}

static const char *parse_tipc(struct kedge_span text, const struct scheme *s,
                              struct kedge_endpoint *out)
{
    size_t colon = find_byte(text, ':');
    uint64_t type, instance;

    (void)s;
    if (colon == text.len || !decimal(first(text, colon), UINT32_MAX, &type) ||
        !decimal(after(text, colon + 1), UINT32_MAX, &instance))
        return "a TIPC service is TYPE:INSTANCE, two numbers";
    out->tipc_type = (uint32_t)type;
    out->tipc_instance = (uint32_t)instance;
    return NULL;
}

static const struct scheme *find_scheme(struct kedge_span name)
{
    const struct scheme *s;

    for (size_t i = 0; (s = scheme_at(i)); i++)
        if (span_equal_nocase(name, s->name))
            return s;
    return NULL;
}

static const char *parse_endpoint(struct kedge_span text, struct kedge_endpoint *out)
{
    static const char *(*const forms[])(struct kedge_span, const struct scheme *,
                                        struct kedge_endpoint *) = {
        [FORM_HOST] = parse_host_port, [FORM_HOST_PORT] = parse_host_port,
        [FORM_TFTP] = parse_tftp,      [FORM_PATH] = parse_path,
        [FORM_TIPC] = parse_tipc,
    };
    size_t colon = find_byte(text, ':');
    const struct scheme *s = find_scheme(first(text, colon));

    *out = (struct kedge_endpoint){ 0 };
    if (text.len - colon < 3 || memcmp(text.ptr + colon, "://", 3) != 0)
        return "an endpoint begins with a scheme, as in udp://HOST:PORT";
    if (!s)
        return "no such scheme; there are tcp, udp, icmp, tftp, unix, unix-dgram, "
               "unix-seqpacket, tipc, echo, echo+tcp, echo+udp, echo+unix, "
               "echo+unix-dgram, echo+unix-seqpacket, reply+udp";
    out->service = s->service;
    out->transport = s->transport;
    out->port = s->port;
    return forms[s->form](after(text, colon + 3), s, out);
}

bool kedge_endpoint_parse(const char *text, struct kedge_endpoint *out,
                          struct kedge_error *error)
{
    const char *no = parse_endpoint(span_of(text), out);

    if (no)
        problem_set(error, KEDGE_BAD_ENDPOINT, text, no);
    return no == NULL;
}
