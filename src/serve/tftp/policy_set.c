/* SPDX-License-Identifier: MIT */
/* Keeps a loaded policy: sections in one array, texts in a list, maps by their paths. */
#include "serve/tftp/policy_set.h"

#include <stdlib.h>
#include <string.h>

struct policy_text {
    struct policy_text *next;
    char bytes[];
};

void policy_set_init(struct policy_set *s)
{
    *s = (struct policy_set){ 0 };
    policy_shares_init(&s->shares);
    policy_roots_init(&s->roots);
    case_cache_init(&s->cases);
}

void policy_set_free(struct policy_set *s)
{
    for (size_t i = 0; i < s->policy.map_count; i++)
        map_set_free(&s->maps[i]);
    while (s->texts) {
        struct policy_text *next = s->texts->next;

        free(s->texts);
        s->texts = next;
    }
    free(s->sections);
    policy_shares_free(&s->shares);
    policy_roots_free(&s->roots);
    case_cache_free(&s->cases);
    *s = (struct policy_set){ 0 };
}

static bool grow_set(struct policy_set *s)
{
    size_t room = s->room ? 2 * s->room : 16;
    struct policy_section *more = realloc(s->sections, room * sizeof *more);

    if (!more)
        return false;
    s->sections = more;
    s->room = room;
    return true;
}

struct policy_section *policy_set_add(struct policy_set *s)
{
    if (s->policy.count == POLICY_SECTIONS_MAX ||
        (s->policy.count == s->room && !grow_set(s)))
        return NULL;
    s->sections[s->policy.count] = (struct policy_section){ 0 };
    return &s->sections[s->policy.count++];
}

struct kedge_span policy_set_text(struct policy_set *s, const char *text)
{
    size_t len = strlen(text);
    struct policy_text *t = malloc(sizeof *t + len + 1);

    if (!t)
        return (struct kedge_span){ 0 };
    memcpy(t->bytes, text, len + 1);
    t->next = s->texts;
    s->texts = t;
    return (struct kedge_span){ (const uint8_t *)t->bytes, len };
}

uint64_t policy_set_map(struct policy_set *s, const char *path, struct writer *complaints)
{
    size_t n = s->policy.map_count;
    struct kedge_span kept;

    for (size_t i = 0; i < n; i++)
        if (strcmp(s->map_paths[i], path) == 0)
            return i + 1;
    if (n == POLICY_MAPS_MAX) {
        put(complaints, span_of("too many map files: at most 64\n"));
        return 0;
    }
    kept = policy_set_text(s, path);
    if (!kept.ptr || !map_set_load(&s->maps[n], path, complaints))
        return 0;
    s->map_paths[n] = (const char *)kept.ptr;
    s->policy.map_count++;
    return n + 1;
}

static int by_rank(const struct policy_section *s)
{
    switch (s->kind) {
    case POLICY_FLAGS:
        return 0;
    case POLICY_CLIENT:
    case POLICY_FILE:
        return 1;
    case POLICY_DEFAULT:
        return 2;
    case POLICY_TOP:
        break;
    }
    return 3;
}

/* Insertion: few stand out of order, and equals keep theirs. */
static void sort_by_rank(struct policy_section *s, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct policy_section moved = s[i];
        size_t at = i;

        while (at > 0 && by_rank(&s[at - 1]) > by_rank(&moved)) {
            s[at] = s[at - 1];
            at--;
        }
        s[at] = moved;
    }
}

static bool map_blocks(const struct map *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->rules[i].letters & (MAP_BACKREF | MAP_FILE))
            return true;
    return false;
}

/* Does the root of one of its sections hold a % (second 0), or a % and that letter? */
static bool root_holds(const struct policy_section *s, uint8_t second)
{
    struct kedge_span root = s->values[POLICY_ROOT].text;

    for (size_t i = 0; i + 1 < root.len; i++)
        if (root.ptr[i] == '%' && (!second || root.ptr[i + 1] == second))
            return true;
    return false;
}

static bool is_client_by(const struct policy_section *s, enum policy_match_kind kind)
{
    return s->kind == POLICY_CLIENT && s->match.kind == kind;
}

/* To judge by it takes longer than to look a request up. */
static bool is_long(const struct policy_set *s)
{
    enum { SHORT = 16 };
    size_t steps = s->policy.count;

    for (size_t i = 0; i < s->policy.map_count; i++)
        steps += s->maps[i].map.count;
    return steps > SHORT;
}

static void note_needs(struct policy_set *s)
{
    for (size_t i = 0; i < s->policy.map_count; i++)
        s->blocks = s->blocks || map_blocks(&s->maps[i].map);
    for (size_t i = 0; i < s->policy.count; i++) {
        const struct policy_section *one = &s->sections[i];

        s->blocks =
            s->blocks || root_holds(one, 0) || one->values[POLICY_IGNORE_CASE].number;
        s->by_interface = s->by_interface || root_holds(one, 'i') ||
                          is_client_by(one, POLICY_INTERFACE);
        s->by_mac = s->by_mac || root_holds(one, 'm') || is_client_by(one, POLICY_MAC);
    }
    s->blocks = s->blocks || s->by_mac;
    s->remembers = !s->blocks && !s->by_interface && is_long(s);
}

/* Names are UTF-8; where the system does not have that, letters are those of ASCII. */
static void open_letters(struct policy_set *s)
{
    for (size_t i = 0; i < s->policy.count; i++)
        if (s->sections[i].values[POLICY_IGNORE_CASE].number &&
            !s->cases.letters.locale &&
            match_locale_open(&s->cases.letters, "C.UTF-8") < 0)
            s->cases.letters.locale = (locale_t)0;
}

void policy_set_close(struct policy_set *s)
{
    sort_by_rank(s->sections, s->policy.count);
    note_needs(s);
    open_letters(s);
    s->policy.sections = s->sections;
    for (size_t i = 0; i < s->policy.map_count; i++)
        s->policy_maps[i] = (struct policy_map){ s->maps[i].map, s->maps[i].chars };
    s->policy.maps = s->policy_maps;
}

void policy_set_follow(struct policy_set *s, const struct store_follow *follow)
{
    s->roots.follow = follow;
}

static bool open_root(struct policy_set *s, const struct policy_value *v,
                      struct writer *complaints)
{
    const struct store_root *root = NULL;
    struct store_result result = policy_roots_find(&s->roots, v->text, true, &root);

    if (result.error == STORE_OK)
        return true;
    put(complaints, v->text);
    put(complaints, span_of(": "));
    put(complaints, span_of(result.why));
    put_u8(complaints, '\n');
    return false;
}

static bool is_counted(const struct policy_section *s)
{
    return s->kind != POLICY_TOP;
}

static bool bounds_transfers(const struct policy_set *s)
{
    for (size_t i = 0; i < s->policy.count; i++)
        if (is_counted(&s->sections[i]) && s->sections[i].has >> POLICY_MAX_TRANSFERS & 1)
            return true;
    return false;
}

bool policy_set_open_roots(struct policy_set *s, uint32_t transfers,
                           struct writer *complaints)
{
    bool good = !bounds_transfers(s) || policy_shares_open(&s->shares, transfers);

    if (!good) {
        put(complaints, span_of("max-transfers: no memory, or no random key\n"));
        return false;
    }
    for (size_t i = 0; i < s->policy.count; i++) {
        const struct policy_value *v = &s->sections[i].values[POLICY_ROOT];

        if (v->text.len > 0 && !memchr(v->text.ptr, '%', v->text.len))
            good = open_root(s, v, complaints) && good;
    }
    return good;
}

static struct policy_share_key share_key_of(const struct policy_set *s,
                                            const struct policy_choice *c,
                                            const struct net_address *client)
{
    return policy_share_key((uint32_t)(c->by - s->sections), c->by, client);
}

enum policy_entry policy_set_enter(struct policy_set *s, const struct policy_choice *c,
                                   const struct net_address *client)
{
    struct policy_share_key key;

    if (!s->shares.all || !is_counted(c->by))
        return POLICY_ENTERED;
    key = share_key_of(s, c, client);
    return policy_shares_enter(&s->shares, &key, c->value.number);
}

void policy_set_leave(struct policy_set *s, const struct policy_choice *c,
                      const struct net_address *client)
{
    struct policy_share_key key;

    if (!s->shares.all || !is_counted(c->by))
        return;
    key = share_key_of(s, c, client);
    policy_shares_leave(&s->shares, &key);
}

bool policy_set_uploads(const struct policy_set *s)
{
    for (size_t i = 0; i < s->policy.count; i++)
        if (s->sections[i].values[POLICY_UPLOADS].number > 0)
            return true;
    return false;
}

enum policy_todo policy_set_match(const struct policy_set *s, struct policy_run *r)
{
    const struct map_set *m = &s->maps[r->keys[POLICY_MAP].value.number - 1];
    struct map_group groups[MAP_GROUPS];
    enum match_result result = map_set_groups(m, &r->map_run, groups);

    if (result == MATCH_FAILED)
        return policy_unmatched(r);
    return policy_matched(r, result == MATCH_YES ? groups : NULL);
}
