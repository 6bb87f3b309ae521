/* SPDX-License-Identifier: MIT */
/* The steps of explain, as they are said; and of its rules what each sets, and where in the
 * policy it stands. */
#include "cmd/explain.h"

#include "report/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void explain_say(struct explaining *e, const char *step, const char *format, ...)
{
    char text[EXPLAIN_STEP];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (!e->options->json) {
        printf("%-10s%s\n", step, text);
        return;
    }
    json_object(&e->json, NULL);
    json_text(&e->json, "step", step);
    json_text(&e->json, "text", text);
    json_end(&e->json);
}

struct printable explain_shown(struct kedge_span text)
{
    struct printable s = { { 0 } };
    struct writer w = { .ptr = (uint8_t *)s.text, .room = sizeof s.text - 1 };

    text_printable(&w, text, PRINTABLE_NAME);
    return s;
}

/* Where the policy says it: "client 192.0.2.0/24, p.conf:6". */
static struct printable place_of(const struct explaining *e,
                                 const struct policy_choice *c)
{
    const char *kind = rules_kind_text(c->by->kind);
    struct printable p;

    if (c->value.line > 0)
        snprintf(p.text, sizeof p.text, "%s%.100s, %.200s:%" PRIu32, kind,
                 explain_shown(c->by->title).text,
                 printable(e->options->config, PRINTABLE_NAME).text, c->value.line);
    else
        snprintf(p.text, sizeof p.text, "%s",
                 c->by->kind == POLICY_TOP ? "no section sets it" : kind);
    return p;
}

/* The value as the policy file writes it. False: there is nothing to say of it. */
static bool step_value(const struct explaining *e, const struct policy_run *r,
                       enum policy_key key, struct printable *out)
{
    uint64_t number = r->keys[key].value.number;
    size_t room = sizeof out->text;

    switch (key) {
    case POLICY_ROOT:
        *out = explain_shown(r->root);
        return r->root.len > 0;
    case POLICY_GET:
        snprintf(out->text, room, "%s", number ? "allow" : "refuse");
        return true;
    case POLICY_UPLOADS:
        snprintf(out->text, room, "%s", serve_upload_word((enum upload_policy)number));
        return true;
    case POLICY_CREATE_DIRECTORIES:
    case POLICY_IGNORE_CASE:
        snprintf(out->text, room, "%s", number ? "yes" : "no");
        return true;
    case POLICY_MODE:
        snprintf(out->text, room, "%04" PRIo64, number);
        return true;
    case POLICY_MAP:
        *out = printable(e->policy.set.map_paths[number - 1], PRINTABLE_NAME);
        return true;
    case POLICY_TIMEOUT:
        snprintf(out->text, room, "%" PRIu64 " ms", number / KEDGE_MSEC);
        return true;
    case POLICY_BLKSIZE_MAX: /* of the command line, it may be the route's */
        if (number == 0)
            snprintf(out->text, room, "mtu");
        else
            snprintf(out->text, room, "%" PRIu64, number);
        return true;
    default:
        snprintf(out->text, room, "%" PRIu64, number);
        return true;
    }
}

static bool bears_on(const struct explaining *e, enum policy_key key)
{
    bool of_puts = key == POLICY_UPLOADS || key == POLICY_MAX_UPLOAD ||
                   key == POLICY_MODE || key == POLICY_CREATE_DIRECTORIES;

    return e->request.writes ? key != POLICY_GET : !of_puts;
}

static void say_key(struct explaining *e, const struct policy_run *r, enum policy_key key)
{
    struct printable value;

    if (r->keys[key].set && bears_on(e, key) && step_value(e, r, key, &value))
        explain_say(e, "rule", "%s %s (%s)", policy_key_name(key), value.text,
                    place_of(e, &r->keys[key]).text);
}

/* Where the policy asks for it. */
static void say_mac(struct explaining *e, const struct policy_client *c)
{
    uint8_t mac[POLICY_MAC_TEXT];
    struct writer w = { .ptr = mac, .room = sizeof mac };

    if (!e->policy.set.by_mac)
        return;
    if (c->mac_state == POLICY_MAC_PENDING)
        explain_say(e, "mac", "is not known yet: no section by MAC counts");
    else if (c->mac_state == POLICY_MAC_NONE)
        explain_say(e, "mac", "none: not on an attached network, or a link without MACs");
    if (c->mac_state != POLICY_MAC_KNOWN)
        return;
    policy_mac_put(&w, c->mac);
    explain_say(e, "mac", "%.*s (%s)", (int)w.len, (const char *)w.ptr,
                e->options->mac ? "--mac" : "neighbour table");
}

void explain_step(void *explaining, const struct policy_run *run, enum policy_todo step)
{
    struct explaining *e = explaining;

    if (step == POLICY_REWROTE)
        explain_say(e, "map", "line %" PRIu32 ": %s", run->map_run.rule->line,
                    explain_shown(run->name).text);
    if (step != POLICY_DECIDED)
        return;
    say_mac(e, &run->request.client);
    for (unsigned key = 0; key < POLICY_KEYS; key++)
        say_key(e, run, (enum policy_key)key);
    explain_say(e, "name", "%s", explain_shown(run->name).text);
}
