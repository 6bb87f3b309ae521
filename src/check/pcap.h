/* SPDX-License-Identifier: MIT */
/* The packets of a run as a pcap file (of raw IP, LINKTYPE_RAW): written from what was sent
 * and received on sockets, with IP and UDP headers made up around it. */
#ifndef CHECK_PCAP_H
#define CHECK_PCAP_H

#include "net/address.h"

#include <stdio.h>

struct check_pcap {
    FILE *out;
};

/* Write the head of the file. out is the caller's: it sees the faults there, and closes
 * it. */
void check_pcap_begin(struct check_pcap *p, FILE *out);

/* A datagram, now. Addresses are of one family. */
void check_pcap_write(struct check_pcap *p, const struct net_address *from,
                      const struct net_address *to, struct kedge_span datagram);

#endif
