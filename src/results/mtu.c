/* SPDX-License-Identifier: MIT */
/* What the search for the MTU found, in words and in JSON. */
#include "results/mtu.h"

#include "results/endpoint_text.h"
#include "results/why.h"
#include "results/table.h"
#include "report/json.h"
#include "report/text.h"

struct count {
    char text[16];
};

static struct count mtu_count(uint32_t v)
{
    struct count c = { "" };
    struct writer w = { .ptr = (uint8_t *)c.text, .room = sizeof c.text - 1 };

    text_count(&w, v);
    return c;
}

static void why_note(const struct mtu_result *r, const struct mtu_way *w, bool back,
                     FILE *out)
{
    char by[NET_ADDRESS_TEXT];

    switch (w->end) {
    case MTU_ALL:
        fprintf(out, ", the most that %s takes\n",
                *r->interface ? r->interface : "the link");
        break;
    case MTU_TOLD:
        fprintf(out, "; %s to %s do not: %s reports an MTU of %s\n",
                mtu_count(w->passes + 1).text, mtu_count(w->limit).text,
                net_address_print_host(&w->by, by), mtu_count(w->told).text);
        break;
    case MTU_THERE:
        fprintf(out, ", the most that the server's link takes\n");
        break;
    default:
        fprintf(out, "; %s to %s are lost without an ICMP error: a black hole%s\n",
                mtu_count(w->passes + 1).text, mtu_count(w->limit).text,
                back ? ", unless a router reported it to the server" : "");
    }
}

static const char *back_why(const struct mtu_result *r)
{
    static const char *const why[] = {
        [MTU_BACK_NO_SERVER] = "it needs a kedge server at udp://",
        [MTU_BACK_NO_SIZE] = "this kedge server cannot answer in another size",
    };

    return why[r->back_unknown];
}

static void way_note(const struct mtu_result *r, const struct mtu_way *w, bool back,
                     FILE *out)
{
    char text[KEDGE_ENDPOINT_TEXT];

    fprintf(out, "%s: %s: ", endpoint_shown(r->endpoint, text),
            back ? "return" : "forward");
    if (w->end == MTU_UNKNOWN) {
        fprintf(out, "not known%s%s\n", back && back_why(r) ? ": " : "",
                back && back_why(r) ? back_why(r) : "");
        return;
    }
    fprintf(out, "%s bytes pass (packets of %s)", mtu_count(w->passes).text,
            mtu_count(w->passes + r->headers).text);
    why_note(r, w, back, out);
}

void mtu_show_text(const struct mtu_result *r, FILE *out)
{
    char text[KEDGE_ENDPOINT_TEXT];

    if (!r->answered) {
        fprintf(out, "%s: no answer%s%s\n", endpoint_shown(r->endpoint, text),
                r->code ? ": " : "", r->code ? why_of_code(r->code) : "");
        return;
    }
    way_note(r, &r->there, false, out);
    way_note(r, &r->back, true, out);
}

static void json_way(struct json *j, const char *key, const struct mtu_result *r,
                     const struct mtu_way *w)
{
    static const char *const ends[] = { [MTU_ALL] = "link",
                                        [MTU_TOLD] = "told",
                                        [MTU_HOLE] = "black hole",
                                        [MTU_THERE] = "their link",
                                        [MTU_UNKNOWN] = "unknown" };
    char by[NET_ADDRESS_TEXT];

    if (w->end == MTU_UNKNOWN) {
        json_null(j, key);
        return;
    }
    json_object(j, key);
    json_u64(j, "payload_bytes", w->passes);
    json_u64(j, "packet_bytes", w->passes + r->headers);
    json_u64(j, "tried_bytes", w->limit);
    json_text(j, "end", ends[w->end]);
    json_u64_known(j, "told_bytes", w->told > 0, w->told);
    json_text(j, "told_by", w->by.len > 0 ? net_address_print_host(&w->by, by) : NULL);
    json_end(j);
}

static void json_result(struct json *j, const void *all, uint32_t which)
{
    const struct mtu_result *r = (const struct mtu_result *)all + which;
    char text[KEDGE_ENDPOINT_TEXT];

    json_text(j, "endpoint", kedge_endpoint_print(r->endpoint, text));
    json_object(j, "mtu");
    json_bool(j, "answered", r->answered);
    json_text(j, "interface", *r->interface ? r->interface : NULL);
    json_u64(j, "interface_bytes", (uint64_t)r->interface_mtu);
    json_way(j, "there", r, &r->there);
    json_way(j, "back", r, &r->back);
    json_text(j, "back_why_not", back_why(r));
    json_text(j, "error", r->code && !r->answered ? why_of_code(r->code) : NULL);
    json_end(j);
}

bool mtu_show_json(const struct probe_about *about, const struct mtu_result *all,
                   size_t count, FILE *out)
{
    return probe_json_document(about, (uint32_t)count, json_result, all, out);
}
