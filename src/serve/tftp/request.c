/* SPDX-License-Identifier: MIT */
/* A request that was let in: what it says is kept, and its transfer opened or refused. */
#include "serve/tftp/private.h"

#include "base/number.h"

#include <string.h>

void request_keep(struct tftp_service *s, const struct tftp_event *event,
                  const struct udp_message *m)
{
    const struct tftp_listener *l = &s->listeners[event->session->listener];
    struct tftp_transfer *t = transfer_of(s, event->session);
    struct kedge_span name = event->request.name;

    *t = (struct tftp_transfer){ .service = s,
                                 .session = event->session,
                                 .file = t->file };
    t->port = &l->port[s->config.single_port ? 0 : event->session->socket + 1];
    t->channel =
        (struct channel){ .fd = t->port->socket.fd, .peer = m->peer, .gso = true };
    if (l->any)
        t->channel.local = m->local;
    t->name_len = (uint16_t)min_u64(name.len, sizeof t->name);
    if (t->name_len > 0)
        memcpy(t->name, name.ptr, t->name_len);
}

static void refuse_for(struct tftp_transfer *t, enum store_error error, const char *why)
{
    struct store_result result = store_fail(error, why);

    transfer_refuse(t, &result);
}

void request_begin(struct tftp_transfer *t)
{
    if (t->service->stopping)
        refuse_for(t, STORE_BUSY, "the server is stopping");
    else if (t->session->mode == KEDGE_TFTP_OTHER_MODE)
        refuse_for(t, STORE_DENIED, "mode is neither octet nor netascii");
    else
        transfer_open(t);
}
