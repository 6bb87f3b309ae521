/* Ancillary data of a datagram to be sent. */
#ifndef NET_UDP_CONTROL_H
#define NET_UDP_CONTROL_H

#include "net/udp.h"

/* Point h at `control` (UDP_CONTROL bytes), filled with the local address to leave from
 * and, where segment > 0, with the size of a segment. Neither: no control at all. */
void udp_control_put(struct msghdr *h, uint8_t *control, const struct net_local *local,
                     uint16_t segment);

/* Send one datagram, by the cheaper call where it can say all there is. 0 or an errno. */
KEDGE_MUST_CHECK int udp_send_message(int fd, const struct msghdr *h);

#endif
