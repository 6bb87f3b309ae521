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

/* 0 or -errno. */
KEDGE_MUST_CHECK int check_pcap_open(struct check_pcap *p, const char *path);

/* A datagram, now. Addresses are of one family. */
void check_pcap_write(struct check_pcap *p, const struct net_address *from,
                      const struct net_address *to, struct kedge_span datagram);

/* 0; or -errno where not all could be written. */
KEDGE_MUST_CHECK int check_pcap_close(struct check_pcap *p);

#endif
