/* SPDX-License-Identifier: MIT */
/* A pcap file, and the headers around each datagram. */
#include "check/pcap.h"

#include "base/bytes.h"
#include "os/clock.h"

enum {
    SNAP = 65535,
    RAW_IP = 101,
    UDP = 17,
    V4_HEADER = 20,
    V6_HEADER = 40,
    UDP_HEADER = 8
};

void check_pcap_begin(struct check_pcap *p, FILE *out)
{
    const uint32_t head[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, SNAP, RAW_IP };

    p->out = out;
    fwrite(head, sizeof head, 1, p->out);
}

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_v4(struct writer *w, const struct net_address *from,
                   const struct net_address *to, size_t len)
{
    uint16_t sum;

    put_u16(w, 0x4500);
    put_u16(w, (uint16_t)(V4_HEADER + UDP_HEADER + len));
    put_u32(w, 0x4000);
    put_u16(w, 64 << 8 | UDP);
    put_u16(w, 0);
    put(w, (struct kedge_span){ (const uint8_t *)&from->u.v4.sin_addr, 4 });
    put(w, (struct kedge_span){ (const uint8_t *)&to->u.v4.sin_addr, 4 });
    sum = checksum(w->ptr, V4_HEADER);
    w->ptr[10] = (uint8_t)(sum >> 8);
    w->ptr[11] = (uint8_t)sum;
}

static void put_v6(struct writer *w, const struct net_address *from,
                   const struct net_address *to, size_t len)
{
    put_u32(w, 0x60000000);
    put_u16(w, (uint16_t)(UDP_HEADER + len));
    put_u16(w, UDP << 8 | 64);
    put(w, (struct kedge_span){ (const uint8_t *)&from->u.v6.sin6_addr, 16 });
    put(w, (struct kedge_span){ (const uint8_t *)&to->u.v6.sin6_addr, 16 });
}

void check_pcap_write(struct check_pcap *p, const struct net_address *from,
                      const struct net_address *to, struct kedge_span datagram)
{
    uint8_t head[V6_HEADER + UDP_HEADER] = { 0 };
    struct writer w = { .ptr = head, .room = sizeof head };
    uint64_t now_us = clock_wall() / KEDGE_USEC;
    uint32_t packet[4];

    if (datagram.len > SNAP - sizeof head)
        datagram.len = SNAP - sizeof head;
    if (net_address_is_v6(from))
        put_v6(&w, from, to, datagram.len);
    else
        put_v4(&w, from, to, datagram.len);
    put_u16(&w, net_address_port(from));
    put_u16(&w, net_address_port(to));
    put_u16(&w, (uint16_t)(UDP_HEADER + datagram.len));
    put_u16(&w, 0); /* no checksum: the kernel made the real one */
    packet[0] = (uint32_t)(now_us / 1000000);
    packet[1] = (uint32_t)(now_us % 1000000);
    packet[2] = packet[3] = (uint32_t)(w.len + datagram.len);
    fwrite(packet, sizeof packet, 1, p->out);
    fwrite(head, w.len, 1, p->out);
    if (datagram.len > 0)
        fwrite(datagram.ptr, datagram.len, 1, p->out);
}
