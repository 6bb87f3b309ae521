/* SPDX-License-Identifier: MIT */
/* The table of endpoint schemes. */
#include "net/scheme.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct scheme schemes[] = {
    { "tcp", KEDGE_SOCKET, KEDGE_TCP, FORM_HOST_PORT, 0 },
    { "udp", KEDGE_SOCKET, KEDGE_UDP, FORM_HOST_PORT, 0 },
    { "icmp", KEDGE_SOCKET, KEDGE_ICMP, FORM_HOST, 0 },
    { "unix", KEDGE_SOCKET, KEDGE_UNIX, FORM_PATH, 0 },
    { "unix-dgram", KEDGE_SOCKET, KEDGE_UNIX_DGRAM, FORM_PATH, 0 },
    { "unix-seqpacket", KEDGE_SOCKET, KEDGE_UNIX_SEQPACKET, FORM_PATH, 0 },
    { "tipc", KEDGE_SOCKET, KEDGE_TIPC, FORM_TIPC, 0 },
    { "tftp", KEDGE_TFTP, KEDGE_UDP, FORM_TFTP, 69 },
    { "echo", KEDGE_ECHO, KEDGE_TCP_AND_UDP, FORM_HOST_PORT, 7 },
    { "echo+tcp", KEDGE_ECHO, KEDGE_TCP, FORM_HOST_PORT, 7 },
    { "echo+udp", KEDGE_ECHO, KEDGE_UDP, FORM_HOST_PORT, 7 },
    { "echo+unix", KEDGE_ECHO, KEDGE_UNIX, FORM_PATH, 0 },
    { "echo+unix-dgram", KEDGE_ECHO, KEDGE_UNIX_DGRAM, FORM_PATH, 0 },
    { "echo+unix-seqpacket", KEDGE_ECHO, KEDGE_UNIX_SEQPACKET, FORM_PATH, 0 },
    { "reply+udp", KEDGE_REPLY, KEDGE_UDP, FORM_HOST_PORT, 20001 },
};

const struct scheme *scheme_at(size_t i)
{
    return i < COUNT(schemes) ? &schemes[i] : NULL;
}

const struct scheme *scheme_of(const struct kedge_endpoint *e)
{
    const struct scheme *s;

    for (size_t i = 0; (s = scheme_at(i)); i++)
        if (s->service == e->service && s->transport == e->transport)
            break;
    KEDGE_ASSERT(s);
    return s;
}
