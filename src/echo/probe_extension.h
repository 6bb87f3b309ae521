/* SPDX-License-Identifier: MIT */
/* The probe extension: 32 bytes behind the stamp by which a probe asks a kedge server for
 * more than an echo, and in which the server answers. Ask: my cookie, or none. Cookie: yours
 * is not valid for this address; this one is. Report: what the server knows of this probe
 * and its run. An answer has the length of the probe and is written over it; a report of
 * another size may be asked for, and only a valid cookie gets it. Pure.
 *
 * On the wire, behind the 24 bytes of the stamp:
 *   ask     u8 1 | u8 flags (bit 0: a MAC of 16 bytes follows the extension, and the
 *           answer is to have one as well) | u16 size of the answer, 0: as long |
 *           4 bytes of 0 | u64 cookie | 16 bytes of 0
 *   cookie  u8 2 | u8 0 | u16 port | 4 bytes of 0 | u64 cookie | 16 bytes of address
 *           (IPv4 as ::ffff:a.b.c.d): where the probe came from
 *   report  u8 3 | u8 clock (1: the kernel's) | u8 TTL | u8 traffic class | u32 seen |
 *           u32 highest | u32 dropped | u32 refused | u64 received_ns | u32 held_ns */
#ifndef ECHO_PROBE_EXTENSION_H
#define ECHO_PROBE_EXTENSION_H

#include "echo/stamp.h"

#define EXTENSION_SIZE 32
#define EXTENDED_SIZE                                                                    \
    (STAMP_SIZE + EXTENSION_SIZE) /* of the shortest payload that can ask */

/* A client that shares a key with the server adds a MAC to its extension, and the server's
 * answers have one too. The MAC covers the stamp and the extension; how it is computed is
 * not known here. */
#define SEAL_SIZE 16
#define AUTHENTICATED_SIZE (EXTENDED_SIZE + SEAL_SIZE)

enum extension_kind { EXTENSION_ASK = 1, EXTENSION_TOKEN = 2, EXTENSION_REPORT = 3 };

struct extension_report {
    bool kernel;          /* received_ns is when the kernel had it, else this program */
    uint8_t ttl;          /* as received; 0: not known */
    uint8_t tos;          /* as received: DSCP and ECN; 0 where it is not known */
    uint32_t seen;        /* probes of this run so far, each counted once */
    uint32_t highest;     /* the low half of the highest sequence among them */
    uint32_t dropped;     /* by the server's socket since the run began, of all clients */
    uint32_t refused;     /* of this run, by the guard */
    uint64_t received_ns; /* on the server's clock, since 1970 */
    uint32_t held_ns;     /* from then until it answered; all ones: as long, or longer */
};

struct probe_extension {
    enum extension_kind kind;
    uint64_t cookie;     /* ASK (0: none yet), TOKEN */
    bool with_mac;       /* ASK: a MAC follows */
    uint16_t size;       /* ASK: of the answer, if that is to have DF; 0: as long */
    uint8_t address[16]; /* TOKEN */
    uint16_t port;
    struct extension_report report; /* REPORT */
};

/* Append the 32 bytes of an extension; bad if they do not fit. */
void extension_put(struct writer *w, const struct probe_extension *m);

/* Read the extension of a payload that has a stamp in front. False if it is short, or of
 * another kind, and then *out is not to be read. */
KEDGE_MUST_CHECK bool extension_parse(struct kedge_span payload,
                                      struct probe_extension *out);

/* True for a probe that asks, and then what it says; an answer of a server is none. */
KEDGE_MUST_CHECK bool extension_asks(struct kedge_span payload, struct stamp *stamp,
                                     struct probe_extension *extension);

#endif
