/* SPDX-License-Identifier: MIT */
/* A request that was let in: what it says is kept, and its transfer opened or refused. */
#include "serve/tftp/private.h"

#include "base/number.h"

#include <string.h>

/* A session's slot is used again; memory of those that were never used is never touched. */
static struct provided_file *file_of(struct tftp_service *s,
                                     const struct tftp_session *session)
{
    size_t number = tftp_session_number(&s->sessions, session);

    return (void *)(s->files + number * s->config.provider->file_bytes);
}

void request_keep(struct tftp_service *s, const struct tftp_event *event,
                  const struct udp_message *m)
{
    const struct tftp_listener *l = &s->listeners[event->session->listener];
    struct tftp_transfer *t = transfer_of(s, event->session);
    struct kedge_span name = event->request.name;

    memset(t, 0, offsetof(struct tftp_transfer, name)); /* most names are short */
    t->service = s;
    t->session = event->session;
    t->file = file_of(s, event->session);
    t->file->note = NULL;
    t->port = port_of(t);
    t->channel =
        (struct channel){ .fd = t->port->socket.fd, .peer = m->peer, .gso = true };
    t->ifindex = m->local.ifindex;
    if (l->any)
        t->channel.local = m->local;
    t->name_len = (uint16_t)min_u64(name.len, sizeof t->name);
    if (t->name_len > 0)
        memcpy(t->name, name.ptr, t->name_len);
}

static void refuse_for(struct tftp_transfer *t, enum verdict_fault fault,
                       enum store_error error, const char *why)
{
    struct store_result result = store_fail(error, why);

    t->fault = fault;
    transfer_refuse(t, &result);
}

void request_begin(struct tftp_transfer *t)
{
    if (t->service->stopping)
        refuse_for(t, FAULT_STOPPING, STORE_BUSY, "the server is stopping");
    else if (t->session->mode == KEDGE_TFTP_OTHER_MODE)
        refuse_for(t, FAULT_MODE, STORE_DENIED, "mode is neither octet nor netascii");
    else
        transfer_open(t);
}
