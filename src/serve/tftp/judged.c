/* SPDX-License-Identifier: MIT */
/* A table of what was granted: a request has one slot in it, by a hash. */
#include "serve/tftp/judged.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

/* What a judgement hangs on, without a gap up to its name. */
struct judged_key {
    uint64_t generation; /* of the policy; 0: the slot is free */
    uint8_t ip[16];
    uint32_t scope;
    uint8_t writes;
    uint8_t len;
    uint8_t name[JUDGED_NAME];
};

_Static_assert(offsetof(struct judged_key, name) == 8 + 16 + 4 + 1 + 1, "no gap");

struct judged_slot {
    struct judged_key key;
    const struct store_root *root;
    struct upload_rules uploads;
    uint32_t blksize_max;
    uint32_t windowsize_max;
    kedge_nanos timeout;
    struct policy_choice share;
    char name[2 * JUDGED_NAME];
    char rule[RULE_TEXT];
};

void judged_free(struct judged *j)
{
    free(j->slots);
    j->slots = NULL;
}

static struct judged_key judged_key_of(const struct policy_set *set,
                                       const struct provider_request *q)
{
    struct net_raw raw = net_address_raw(q->peer);
    struct judged_key key;

    key.generation = set->generation;
    memcpy(key.ip, raw.ip, sizeof key.ip);
    key.scope = raw.scope;
    key.writes = q->writes;
    key.len = (uint8_t)q->name.len;
    if (key.len > 0)
        memcpy(key.name, q->name.ptr, key.len);
    return key;
}

/* Its bytes, without those that no name stands in. */
static struct kedge_span bytes_of(const struct judged_key *key)
{
    return (struct kedge_span){ (const uint8_t *)key,
                                offsetof(struct judged_key, name) + key->len };
}

/* By words, for it is done for each request. */
static uint64_t hash_words(struct kedge_span s)
{
    uint64_t h = s.len;
    uint64_t word = 0;

    for (; s.len >= sizeof word; s.ptr += sizeof word, s.len -= sizeof word) {
        memcpy(&word, s.ptr, sizeof word);
        h = (h ^ word) * 0xff51afd7ed558ccdULL;
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, s.ptr, s.len);
    h = (h ^ word) * 0xff51afd7ed558ccdULL;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ULL;
    return h ^ h >> 33;
}

/* Who finds names that share a slot gains nothing: they are judged each time, as others are. */
static struct judged_slot *slot_of(const struct judged *j, const struct judged_key *key)
{
    return &j->slots[hash_words(bytes_of(key)) % JUDGED_SLOTS];
}

static void recall(const struct judged_slot *s, struct rules *out)
{
    out->root = s->root;
    out->uploads = s->uploads;
    out->blksize_max = s->blksize_max;
    out->windowsize_max = s->windowsize_max;
    out->timeout = s->timeout;
    out->share = s->share;
    out->result = store_ok();
    out->why[0] = '\0';
    out->mac_pending = false;
    out->mac_failed = false;
    out->slow = false;
    memcpy(out->name.text, s->name, sizeof s->name);
    memcpy(out->rule, s->rule, sizeof s->rule);
}

static void keep_judgement(struct judged_slot *s, const struct judged_key *key,
                           const struct rules *rules)
{
    size_t len = strlen(rules->name.text);

    if (rules->result.error != STORE_OK || len >= sizeof s->name)
        return;
    *s = (struct judged_slot){ .key = *key,
                               .root = rules->root,
                               .uploads = rules->uploads,
                               .blksize_max = rules->blksize_max,
                               .windowsize_max = rules->windowsize_max,
                               .timeout = rules->timeout,
                               .share = rules->share };
    memcpy(s->name, rules->name.text, len);
    memcpy(s->rule, rules->rule, sizeof s->rule);
}

/* Without memory for it all is judged each time. */
static bool remembers(struct judged *j, const struct policy_set *set,
                      const struct provider_request *q)
{
    if (!set->remembers || q->name.len > JUDGED_NAME)
        return false;
    if (!j->slots)
        j->slots = calloc(JUDGED_SLOTS, sizeof *j->slots);
    return j->slots;
}

void judged_judge(struct judged *j, struct policy_set *set, const struct rules_base *base,
                  const struct provider_request *q, struct rules *out)
{
    struct judged_key key;
    struct judged_slot *slot = NULL;

    if (!remembers(j, set, q)) {
        rules_judge(set, base, q, NULL, out);
        return;
    }
    key = judged_key_of(set, q);
    slot = slot_of(j, &key);
    if (memcmp(&slot->key, &key, bytes_of(&key).len) == 0) {
        recall(slot, out);
        return;
    }
    rules_judge(set, base, q, NULL, out);
    keep_judgement(slot, &key, out);
}
