/* SPDX-License-Identifier: MIT */
/* What a session is, and what all of its parts do: say a packet, fail, count. */
#include "transfer/session.h"

#include "base/number.h"
#include "tftp/patience.h"

#include <errno.h>
#include <stdlib.h>

/* Trains of datagrams that one call receives: see UDP_GRO. */
#define INBOX_EACH 65535
#define INBOX_BYTES (32 * INBOX_EACH)

int session_open(const struct net_address *at, struct transfer_session **out)
{
    struct udp_options o = { .at = *at, .gro = true };
    struct transfer_session *x = calloc(1, sizeof *x);
    uint8_t *memory = malloc(INBOX_BYTES);
    int err = x && memory ? udp_open(&o, &x->socket) : -ENOMEM;

    if (!err && (err = udp_let_wait(&x->socket, EXCHANGE_WAIT_MS)) != 0)
        udp_close(&x->socket);
    if (err) {
        free(memory);
        free(x);
        return err;
    }
    x->memory = memory;
    x->error = transfer_no_error();
    x->announced = FETCH_UNKNOWN;
    udp_inbox_init(&x->inbox, memory, INBOX_BYTES, INBOX_EACH);
    *out = x;
    return 0;
}

void session_close(struct transfer_session *x)
{
    udp_close(&x->socket);
    free(x->packets.memory);
    free(x->memory);
    free(x);
}

enum kedge_tftp_outcome session_outcome(const struct transfer_session *x)
{
    return x->asks ? kedge_tftp_client_outcome(&x->client)
                   : kedge_tftp_machine_outcome(&x->client.machine);
}

kedge_nanos session_progress_at(const struct transfer_session *x)
{
    const struct kedge_tftp_half *h = &x->client.machine.half;

    return sub_sat(h->give_up, patience(&h->terms));
}

uint64_t session_bytes(const struct transfer_session *x)
{
    const struct kedge_tftp_machine *m = &x->client.machine;

    if (x->asks && !x->client.answered)
        return 0;
    if (!m->sends)
        return x->block_writer.offset;
    if (m->half.outcome == KEDGE_TFTP_OK && x->file->size != FETCH_UNKNOWN)
        return x->file->size; /* its last ACK need not have come */
    return min_u64(sub_sat(m->half.base, 1) * m->half.terms.blksize, x->file->size);
}

void session_fail(struct transfer_session *x, struct transfer_error error)
{
    if (session_outcome(x) != KEDGE_TFTP_RUNNING) {
        x->over = true; /* lingering after the end, which stays what it was */
        return;
    }
    x->error = error;
    if (x->asks && !x->client.answered)
        x->over = true;
    else
        kedge_tftp_machine_end(&x->client.machine, KEDGE_TFTP_FAILED, error.error);
}

void session_say(struct transfer_session *x, struct kedge_span packet)
{
    struct udp_gso_batch t = { .packets = packet,
                               .stride = packet.len,
                               .peer = x->peer.len ? &x->peer : &x->server };
    unsigned done = udp_send_gso(x->socket.fd, &t);

    (void)done; /* what the socket does not take is lost, as on the wire */
}
