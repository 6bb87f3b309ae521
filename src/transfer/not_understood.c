/* SPDX-License-Identifier: MIT */
/* What was wrong with a packet: mistakes that servers in the field make. */
#include "transfer/not_understood.h"

#include "base/bytes.h"
#include "net/problem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Numbers whose bytes are swapped lie 255 apart at least. */
#define WINDOW_MAX 255

static void count_fault(struct not_understood *n, enum packet_fault fault,
                        const struct kedge_tftp_packet *in)
{
    n->count++;
    n->fault = fault;
    if (in) {
        n->op = in->op;
        n->number = in->number;
    }
}

void not_understood_datagram(struct not_understood *n, struct kedge_span datagram)
{
    bool swapped = datagram.len >= 2 && datagram.ptr[1] == 0 &&
                   datagram.ptr[0] >= KEDGE_TFTP_RRQ &&
                   datagram.ptr[0] <= KEDGE_TFTP_OACK;

    count_fault(n, swapped ? PACKET_SWAPPED_OPCODE : PACKET_UNKNOWN, NULL);
}

static bool is_awaited(const struct awaited *a, uint16_t number)
{
    return (uint16_t)(number - (uint16_t)a->block) < a->window;
}

static bool is_swapped(const struct awaited *a, uint16_t number)
{
    uint16_t other = (uint16_t)(number << 8 | number >> 8);

    return a->window < WINDOW_MAX && !is_awaited(a, number) && is_awaited(a, other);
}

void not_understood_packet(struct not_understood *n, const struct kedge_tftp_packet *in,
                           const struct awaited *a)
{
    bool numbered = in->op == KEDGE_TFTP_DATA || in->op == KEDGE_TFTP_ACK;

    if (numbered && is_swapped(a, in->number))
        count_fault(n, PACKET_SWAPPED_BLOCK, in);
    else if (!a->answered)
        count_fault(n, PACKET_UNEXPECTED, in);
}

void not_understood_port(struct not_understood *n, const struct kedge_tftp_packet *in,
                         uint16_t port)
{
    count_fault(n, PACKET_OTHER_PORT, in);
    n->port = port;
}

static void name_of(const struct not_understood *n, char *out, size_t room)
{
    if (n->op == KEDGE_TFTP_DATA || n->op == KEDGE_TFTP_ACK)
        snprintf(out, room, "%s %u", n->op == KEDGE_TFTP_DATA ? "DATA" : "ACK",
                 n->number);
    else
        snprintf(out, room, "%s", n->op == KEDGE_TFTP_OACK ? "OACK" : "ERROR");
}

static void fault_words(const struct not_understood *n, char *out, size_t room)
{
    char name[16];

    name_of(n, name, sizeof name);
    switch (n->fault) {
    case PACKET_UNKNOWN:
        snprintf(out, room, "no packet of TFTP");
        break;
    case PACKET_SWAPPED_OPCODE:
        snprintf(out, room, "its opcode is in the wrong byte order");
        break;
    case PACKET_SWAPPED_BLOCK:
        snprintf(out, room, "%s, a number in the wrong byte order", name);
        break;
    case PACKET_UNEXPECTED:
        snprintf(out, room, "%s, which is no first answer", name);
        break;
    case PACKET_OTHER_PORT:
        snprintf(out, room, "%s from port %u, which is another", name, n->port);
        break;
    }
}

void not_understood_explain(const struct not_understood *n, struct kedge_error *line)
{
    char text[160], fault[80];

    if (n->count == 0)
        return;
    fault_words(n, fault, sizeof fault);
    snprintf(text, sizeof text, "; %" PRIu64 " packet%s not understood, the last: %s",
             n->count, n->count == 1 ? "" : "s", fault);
    problem_append(line, (struct kedge_span){ (const uint8_t *)text, strlen(text) },
                   SIZE_MAX);
}
