/* SPDX-License-Identifier: MIT */
/* Addresses and networks that are answered from the request port, by hash. */
#include "tftp/port_memory.h"

#include <string.h>

#include "tftp/table.h"

/* What is between a client and its server may be mended. A client that is tried again pays
 * with one of its timeouts. */
static const kedge_nanos kept_for = 3600 * KEDGE_SEC;

/* A client that asked for a file's size asks for the file then, from another port: EDK2 within
 * 10 ms. In the same words it is another client at the same address. */
static const kedge_nanos sized_file_after = KEDGE_MSEC;

/* Clients of one address may ask for several files at once. No first timeout is longer than
 * it takes the answer of one to be heard. */
static const kedge_nanos other_file_after = KEDGE_SEC;

static struct tftp_reach *place_of(const struct tftp_sessions *t, uint64_t who)
{
    return &t->reach[who & (t->past - 1)];
}

static uint64_t hash_address(const struct tftp_sessions *t, uint32_t listener,
                             const struct tftp_peer *peer)
{
    struct tftp_peer any_port = *peer;

    any_port.port = 0;
    return hash_peer(t, listener, &any_port);
}

/* Not the hash of an address that ends in zeros. */
static uint64_t hash_network(const struct tftp_sessions *t, uint32_t listener,
                             const struct tftp_peer *peer)
{
    struct tftp_peer network = { .scope = peer->scope };
    struct kedge_span prefix = network_prefix(peer);

    memcpy(network.ip, prefix.ptr, prefix.len);
    return ~hash_peer(t, listener, &network);
}

static bool is_marked(const struct tftp_sessions *t, uint64_t who, kedge_nanos now)
{
    const struct tftp_reach *r = place_of(t, who);

    return r->who == who && r->until > now;
}

static void mark(struct tftp_sessions *t, uint64_t who, kedge_nanos until)
{
    *place_of(t, who) = (struct tftp_reach){ .who = who, .until = until };
}

static void forget_client(struct tftp_sessions *t, uint64_t who)
{
    struct tftp_reach *r = place_of(t, who);

    if (r->who == who)
        *r = (struct tftp_reach){ 0 };
}

/* The answer to its last request, from a data port, was in vain: it asks for something new,
 * and would have said something about the old. */
static bool was_in_vain(const struct tftp_reach *r, uint64_t who,
                        const struct tftp_session *s, kedge_nanos now)
{
    bool goes_on = r->sized && r->file == s->file && r->request != s->request_hash;
    kedge_nanos least = goes_on ? sized_file_after : other_file_after;

    return r->who == who && r->answered != 0 && now - r->answered >= least &&
           now - r->answered < kept_for;
}

bool port_memory_prefers(struct tftp_sessions *t, const struct tftp_session *s,
                         kedge_nanos now)
{
    uint64_t who = hash_address(t, s->listener, &s->peer);

    if (!t->limits.auto_port)
        return false;
    if (was_in_vain(place_of(t, who), who, s, now))
        mark(t, who, now + kept_for);
    return is_marked(t, who, now) ||
           is_marked(t, hash_network(t, s->listener, &s->peer), now);
}

/* What is marked, whoever it is, is not pushed out by what is only asked. */
void port_memory_answered(struct tftp_sessions *t, const struct tftp_session *s,
                          kedge_nanos now)
{
    uint64_t who = hash_address(t, s->listener, &s->peer);
    struct tftp_reach *r = place_of(t, who);

    if (t->limits.auto_port && s->from == TFTP_FROM_DATA && r->until <= now)
        *r = (struct tftp_reach){ .who = who,
                                  .file = s->file,
                                  .request = s->request_hash,
                                  .sized = (s->asked.has & KEDGE_TFTP_HAS_TSIZE) != 0,
                                  .answered = now,
                                  .socket = s->socket };
}

void port_memory_settled(struct tftp_sessions *t, const struct tftp_session *s)
{
    uint64_t who = hash_address(t, s->listener, &s->peer);

    if (t->limits.auto_port && place_of(t, who)->who == who)
        place_of(t, who)->answered = 0;
}

void port_memory_silent(struct tftp_sessions *t, const struct tftp_session *s,
                        kedge_nanos now)
{
    mark(t, hash_address(t, s->listener, &s->peer), now + kept_for);
}

/* All of it came, or the client says by an ERROR that it wants no more. */
static bool is_complete(enum kedge_tftp_outcome outcome)
{
    return outcome == KEDGE_TFTP_OK || outcome == KEDGE_TFTP_UNCONFIRMED ||
           outcome == KEDGE_TFTP_PROBE || outcome == KEDGE_TFTP_ABORTED;
}

/* A mark of a network lasts no longer than the one of the address that it comes from. Else a
 * network that is marked would be so for ever: it never tries a data port again. */
void port_memory_ended(struct tftp_sessions *t, struct tftp_session *s,
                       enum kedge_tftp_outcome outcome)
{
    uint64_t who, network;

    if (!t->limits.auto_port || s->accounted || !is_complete(outcome))
        return;
    s->accounted = true;
    who = hash_address(t, s->listener, &s->peer);
    network = hash_network(t, s->listener, &s->peer);
    if (s->from == TFTP_FROM_DATA && s->heard) {
        forget_client(t, who);
        forget_client(t, network);
    } else if (s->from == TFTP_FROM_REQUEST && outcome == KEDGE_TFTP_OK &&
               place_of(t, who)->who == who && place_of(t, who)->until != 0) {
        mark(t, network, place_of(t, who)->until);
    }
}

bool tftp_sessions_silent(const struct tftp_sessions *t, const struct tftp_arrival *in,
                          uint32_t *socket)
{
    uint64_t who = hash_address(t, in->listener, &in->peer);
    const struct tftp_reach *r = place_of(t, who);

    if (!t->limits.auto_port || r->who != who || r->answered == 0)
        return false;
    *socket = r->socket;
    return true;
}
