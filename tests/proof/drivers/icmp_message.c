/* SPDX-License-Identifier: MIT */
/* The proof of src/echo/icmp_message.c. */
/* With: base/bytes.c */
#include "base/bytes.h"
#include "proof.h"

/* The length of a header that is passed over comes from the packet: each is a case. */
static struct kedge_span take_each(struct reader *r, size_t n)
{
    Frama_C_builtin_split(n, 100);
    return take(r, n);
}

#include "contracts.h"

#define take take_each
#include "echo/icmp_message.c"

/* An error quotes an IPv4 header of up to 60 bytes, or 40 of IPv6, and 8 of ICMP. */
enum { BYTES = 80, PAYLOAD = 3, BEHIND = 1 };

static void prove(enum icmp_version version)
{
    ANY_SPAN(bytes, BYTES);
    struct icmp_message m;

    if (icmp_parse(bytes, version, &m))
        readable(m.payload);
}

/* Shows: icmp_checksum */
void prove_checksum(void)
{
    ANY_SPAN(bytes, BYTES);

    (void)icmp_checksum(bytes);
}

/* Spec: icmp_checksum. Slevel: 5000. */
void prove_parse_v4(void)
{
    prove(ICMP_V4);
}

void prove_parse_v6(void)
{
    prove(ICMP_V6);
}

static void prove_put(enum icmp_version version)
{
    EACH(room, BEHIND + ICMP_HEADER + PAYLOAD + 1);
    EACH(at, room < BEHIND ? room : BEHIND);
    ANY_BYTES(bytes, room);
    ANY_SPAN(payload, PAYLOAD);
    struct writer w = { bytes, at, room, any_bool() };
    struct icmp_message m = { .kind = any_bool() ? ICMP_KIND_REQUEST : ICMP_KIND_REPLY,
                              .identifier = (uint16_t)any_u64(),
                              .sequence = (uint16_t)any_u64(),
                              .payload = payload };

    icmp_echo_put(&w, version, &m);
    //@ assert within: w.len <= w.room;
}

void prove_echo_put_v4(void)
{
    prove_put(ICMP_V4);
}

void prove_echo_put_v6(void)
{
    prove_put(ICMP_V6);
}
