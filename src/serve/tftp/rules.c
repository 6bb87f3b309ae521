/* SPDX-License-Identifier: MIT */
/* Feeds the policy machine for one request, and turns its word into what a transfer needs. */
#include "serve/tftp/rules.h"

#include "base/number.h"
#include "net/next_hop.h"
#include "serve/tftp/name_case.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of a section's title; a rule has room for it, a key, a kind and a line. */
enum { TITLE_MAX = 29 };

/* One judgement. */
struct judging {
    struct policy_set *set;
    const struct rules_base *base;
    const struct rules_watcher *watcher;
    struct policy_run run;
    struct store_result
        busy; /* what could not be looked for, and may be there in a moment */
    bool mac_failed;
    struct net_raw raw;
    char host[NET_ADDRESS_TEXT];
    char interface[IF_NAMESIZE];
    struct name_case found;
    uint8_t twice[2 * sizeof(struct root_name)];
    uint8_t memory[POLICY_SET_MEMORY];
};

/* What fails for a moment puts the request off; else the client has no MAC here. */
static void note_mac_failure(struct judging *j, int err)
{
    if (err == EAGAIN || err == EBUSY || err == EINTR)
        j->busy = store_fail(STORE_BUSY, "the kernel could not be asked for its MAC now");
    if (err == EMFILE || err == ENFILE || err == ENOMEM || err == ENOBUFS)
        j->busy = store_errno(err == ENOBUFS ? ENOMEM : err);
    j->mac_failed = true;
}

/* The kernel's answer takes a while: only where the policy asks. */
static enum policy_mac find_mac(struct judging *j, const struct provider_request *q,
                                uint8_t mac[POLICY_MAC_BYTES])
{
    if (!j->set->by_mac)
        return POLICY_MAC_NONE;
    if (j->base->mac) {
        memcpy(mac, j->base->mac, POLICY_MAC_BYTES);
        return POLICY_MAC_KNOWN;
    }
    switch (next_hop_mac(q->peer, q->ifindex, mac)) {
    case NEXT_HOP_MAC_KNOWN:
        return POLICY_MAC_KNOWN;
    case NEXT_HOP_MAC_PENDING:
        return POLICY_MAC_PENDING;
    case NEXT_HOP_MAC_FAILED:
        note_mac_failure(j, errno);
        break;
    case NEXT_HOP_NO_MAC:
        break;
    }
    return POLICY_MAC_NONE;
}

/* To name an interface is a system call or three: likewise. */
static struct policy_client policy_client_of(struct judging *j,
                                             const struct provider_request *q)
{
    bool v4 = q->peer->u.any.sa_family == AF_INET;
    struct policy_client c = { 0 };

    c.mac_state = find_mac(j, q, c.mac);
    j->raw = net_address_raw(q->peer);
    c.address = v4 ? (struct kedge_span){ j->raw.ip + 12, 4 }
                   : (struct kedge_span){ j->raw.ip, 16 };
    c.text = span_of(net_address_print_host(q->peer, j->host));
    if (j->set->by_interface && q->ifindex && if_indextoname(q->ifindex, j->interface))
        c.interface = span_of(j->interface);
    return c;
}

static struct store_result rules_root(struct judging *j, const struct store_root **out)
{
    *out = j->base->root;
    if (j->run.root.len == 0)
        return store_ok();
    return policy_roots_find(&j->set->roots, j->run.root, j->set->blocks, out);
}

static struct store_result look_for(struct judging *j, int *fd)
{
    const struct store_root *root = NULL;
    struct root_name name;
    struct stat st;
    struct store_result result = rules_root(j, &root);

    if (result.error == STORE_OK)
        result = root_name_parse(root, j->run.name, &name);
    return result.error == STORE_OK ? root_open_file(root, &name, fd, &st) : result;
}

static void note_busy(struct judging *j, struct store_result result)
{
    if (result.error == STORE_BUSY || result.error == STORE_GONE)
        j->busy = result;
}

/* Can the name that E asks about be had? */
static bool file_is_there(struct judging *j)
{
    int fd = -1;
    struct store_result result = look_for(j, &fd);

    note_busy(j, result);
    if (result.error != STORE_OK)
        return false;
    close(fd);
    return true;
}

/* In which letters is the name there? Without its root, as it was asked for. */
static enum policy_todo find_case(struct judging *j)
{
    struct policy_run *r = &j->run;
    const struct store_root *root = NULL;
    struct kedge_span name = r->name;
    struct writer w = { .ptr = j->twice, .room = sizeof j->twice };

    if (rules_root(j, &root).error != STORE_OK)
        return policy_case(r, &name, (struct kedge_span){ 0 });
    note_busy(j, name_case_find(root, &j->set->cases, name, &j->found));
    if (!j->found.twice) {
        if (j->found.changed)
            name = span_of(j->found.name.text);
        return policy_case(r, &name, (struct kedge_span){ 0 });
    }
    put(&w, span_of(j->found.part.first));
    put(&w, span_of(" and "));
    put(&w, span_of(j->found.part.second));
    return policy_case(r, NULL, written(&w));
}

static enum policy_todo feed(struct judging *j, enum policy_todo todo)
{
    if (j->watcher)
        j->watcher->step(j->watcher->owner, &j->run, todo);
    switch (todo) {
    case POLICY_NEED_MATCH:
        return policy_set_match(j->set, &j->run);
    case POLICY_NEED_FILE:
        return policy_file(&j->run, file_is_there(j));
    case POLICY_NEED_CASE:
        return find_case(j);
    case POLICY_REWROTE:
        return policy_go(&j->run);
    case POLICY_DECIDED:
        break;
    }
    return todo;
}

static uint64_t number_or(const struct policy_run *r, enum policy_key key, uint64_t base)
{
    return r->keys[key].set ? r->keys[key].value.number : base;
}

static void take_limits(struct rules *out, const struct policy_run *r,
                        const struct rules_base *base)
{
    out->uploads = base->uploads;
    out->uploads.policy =
        (enum upload_policy)number_or(r, POLICY_UPLOADS, base->uploads.policy);
    out->uploads.mode = (uint32_t)number_or(r, POLICY_MODE, base->uploads.mode);
    out->uploads.max_bytes = number_or(r, POLICY_MAX_UPLOAD, base->uploads.max_bytes);
    out->uploads.create_directories = number_or(r, POLICY_CREATE_DIRECTORIES, 0) > 0;
    out->blksize_max = (uint32_t)number_or(r, POLICY_BLKSIZE_MAX, 0);
    out->windowsize_max = (uint32_t)number_or(r, POLICY_WINDOWSIZE_MAX, 0);
    out->timeout = number_or(r, POLICY_TIMEOUT, 0);
    out->share = r->keys[POLICY_MAX_TRANSFERS];
}

/* The line that decided, for a person: 0 if none did. */
static uint32_t line_of_refusal(const struct policy_run *r)
{
    switch (r->reason) {
    case POLICY_GET_REFUSED:
        return r->keys[POLICY_GET].value.line;
    case POLICY_PUT_REFUSED:
        return r->keys[POLICY_UPLOADS].value.line;
    case POLICY_MAP_REFUSED:
    case POLICY_MAP_FAILED:
        return r->map_run.rule ? r->map_run.rule->line : 0;
    default:
        return r->keys[POLICY_ROOT].value.line;
    }
}

/* Why no section by MAC was this client's. */
static const char *mac_note(const struct judging *j)
{
    const struct policy_run *r = &j->run;

    if (!j->set->by_mac || r->reason == POLICY_NO_MAC)
        return "";
    switch (r->request.client.mac_state) {
    case POLICY_MAC_PENDING:
        return "; its MAC is not known yet";
    case POLICY_MAC_NONE:
        return j->mac_failed ? "; its MAC could not be asked for"
                             : "; it has no MAC on this network";
    case POLICY_MAC_KNOWN:
        break;
    }
    return "";
}

/* A refusal that the client's MAC may lift, once the kernel knows it. Until then nothing that
 * is sent gets to the client either. */
static bool is_put_off(const struct policy_run *r)
{
    return r->verdict == POLICY_LATER ||
           r->request.client.mac_state == POLICY_MAC_PENDING;
}

static struct store_result rules_refused(const struct judging *j, struct rules *out)
{
    const struct policy_run *r = &j->run;
    bool map = r->reason == POLICY_MAP_REFUSED || r->reason == POLICY_MAP_FAILED;
    uint32_t line = line_of_refusal(r);

    if (r->reason == POLICY_CASE_TWICE)
        snprintf(out->why, sizeof out->why, "%s: %.*s", policy_reason_text(r),
                 (int)r->text.len, (const char *)r->text.ptr);
    else if (line > 0)
        snprintf(out->why, sizeof out->why, "%s (line %u of the %s)%s",
                 policy_reason_text(r), (unsigned)line, map ? "map" : "policy",
                 mac_note(j));
    else
        snprintf(out->why, sizeof out->why, "%s%s", policy_reason_text(r), mac_note(j));
    return store_fail(is_put_off(r) ? STORE_BUSY : STORE_DENIED, out->why);
}

const char *rules_kind_text(enum policy_kind kind)
{
    static const char *const texts[] = { [POLICY_FLAGS] = "command line",
                                         [POLICY_CLIENT] = "client ",
                                         [POLICY_FILE] = "file ",
                                         [POLICY_TOP] = "top level",
                                         [POLICY_DEFAULT] = "default" };

    return texts[kind];
}

/* The key whose choice was the last word, for a request that the map did not refuse; none:
 * POLICY_KEYS. Of a file that may be read, its root is what the policy chose. */
static enum policy_key deciding_key(const struct policy_run *r)
{
    switch (r->reason) {
    case POLICY_GET_REFUSED:
        return POLICY_GET;
    case POLICY_PUT_REFUSED:
        return POLICY_UPLOADS;
    case POLICY_CASE_TWICE:
        return POLICY_IGNORE_CASE;
    case POLICY_NO_MAC:
    case POLICY_NO_INTERFACE:
    case POLICY_BAD_ROOT:
        return POLICY_ROOT;
    case POLICY_NO_REASON:
        if (r->request.put)
            return POLICY_UPLOADS;
        return r->keys[POLICY_GET].set ? POLICY_GET : POLICY_ROOT;
    default:
        return POLICY_KEYS;
    }
}

static void put_line(struct writer *w, uint32_t line)
{
    if (line == 0)
        return;
    put(w, span_of(", line "));
    put_decimal(w, line);
}

static void put_title(struct writer *w, struct kedge_span title)
{
    put(w, (struct kedge_span){ title.ptr, min_u64(title.len, TITLE_MAX) });
    if (title.len > TITLE_MAX)
        put(w, span_of("..."));
}

/* The server's own setting, which no section touches, is no rule. */
static void put_rule(struct writer *w, const struct policy_choice *c, enum policy_key key)
{
    const struct policy_section *by = c->by;

    if (!c->set || (by->kind == POLICY_TOP && c->value.line == 0))
        return;
    put(w, span_of(policy_key_name(key)));
    put(w, span_of(": "));
    put(w, span_of(rules_kind_text(by->kind)));
    if (by->kind == POLICY_CLIENT || by->kind == POLICY_FILE)
        put_title(w, by->title);
    put_line(w, c->value.line);
}

static void note_rule(const struct policy_run *r, struct rules *out)
{
    bool map = r->reason == POLICY_MAP_REFUSED || r->reason == POLICY_MAP_FAILED;
    enum policy_key key = deciding_key(r);
    struct writer w = { .ptr = (uint8_t *)out->rule, .room = sizeof out->rule - 1 };

    if (map) {
        put(&w, span_of("map"));
        put_line(&w, line_of_refusal(r));
    } else if (key != POLICY_KEYS) {
        put_rule(&w, &r->keys[key], key);
    }
    out->rule[w.len] = 0;
}

static struct store_result settle_rules(struct judging *j, struct rules *out)
{
    struct policy_run *r = &j->run;
    struct store_result found;

    if (j->busy.error != STORE_OK)
        return j->busy;
    if (r->verdict != POLICY_GRANTED)
        return rules_refused(j, out);
    found = rules_root(j, &out->root);
    if (found.error != STORE_OK)
        return found;
    take_limits(out, r, j->base);
    return root_name_parse(out->root, r->name, &out->name);
}

/* Not where the time of a match is bounded. */
static bool is_too_slow(const struct judging *j, enum policy_todo todo)
{
    return j->base->quick && todo == POLICY_NEED_MATCH &&
           j->run.map_run.rule->letters & MAP_BACKREF;
}

/* What else it has is written before it is read, and too large to be cleared for a request. */
static void begin_judging(struct judging *j, struct policy_set *set,
                          const struct rules_base *base,
                          const struct rules_watcher *watcher)
{
    j->set = set;
    j->base = base;
    j->watcher = watcher;
    j->busy = store_ok();
    j->mac_failed = false;
}

void rules_judge(struct policy_set *set, const struct rules_base *base,
                 const struct provider_request *q, const struct rules_watcher *watcher,
                 struct rules *out)
{
    struct judging j;
    struct policy_request request;
    enum policy_todo todo;

    begin_judging(&j, set, base, watcher);
    request = (struct policy_request){ .client = policy_client_of(&j, q),
                                       .put = q->writes,
                                       .keep_backslash = base->root->keep_backslash,
                                       .name = q->name };
    todo = policy_start(&j.run, &set->policy, &request,
                        (struct map_memory){ j.memory, sizeof j.memory });
    while (todo != POLICY_DECIDED && !is_too_slow(&j, todo))
        todo = feed(&j, todo);
    if (watcher)
        watcher->step(watcher->owner, &j.run, todo);
    *out = (struct rules){ .root = base->root,
                           .mac_pending =
                               j.run.request.client.mac_state == POLICY_MAC_PENDING,
                           .mac_failed = j.mac_failed,
                           .slow = todo != POLICY_DECIDED };
    if (out->slow)
        return;
    note_rule(&j.run, out);
    out->result = settle_rules(&j, out);
}

static void say_full(struct rules *rules, enum policy_entry entry)
{
    const struct policy_choice *share = &rules->share;

    if (entry == POLICY_SHARES_FULL)
        snprintf(rules->why, sizeof rules->why,
                 "all transfers that the policy can count are running");
    else
        snprintf(rules->why, sizeof rules->why,
                 "its %s has as many transfers as it may have (line %u of the policy)",
                 policy_share_is_one(share->by) ? "section" : "network",
                 (unsigned)share->value.line);
}

struct store_result rules_enter(struct policy_set *set, struct rules *rules,
                                const struct net_address *client)
{
    struct writer w = { .ptr = (uint8_t *)rules->rule, .room = sizeof rules->rule - 1 };
    enum policy_entry entry = POLICY_ENTERED;

    if (rules->share.set)
        entry = policy_set_enter(set, &rules->share, client);
    if (entry == POLICY_ENTERED)
        return store_ok();
    put_rule(&w, &rules->share, POLICY_MAX_TRANSFERS);
    rules->rule[w.len] = 0;
    say_full(rules, entry);
    return store_fail(STORE_BUSY, rules->why);
}

void rules_leave(struct policy_set *set, const struct rules *rules,
                 const struct net_address *client)
{
    if (rules->share.set)
        policy_set_leave(set, &rules->share, client);
}
