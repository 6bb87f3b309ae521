/* SPDX-License-Identifier: MIT */
/* A request that was let in: what it says is kept, and its transfer opened or refused. */
#include "serve/tftp/private.h"

#include "base/bytes.h"
#include "base/number.h"

#include <string.h>

/* A session's slot is used again; memory of those that were never used is never touched. */
static struct provided_file *session_file(struct tftp_service *s,
                                          const struct tftp_session *session)
{
    size_t number = tftp_session_number(&s->sessions, session);

    return (void *)(s->files + number * s->config.provider->file_bytes);
}

/* Of two the last counts. */
static struct kedge_span find_cookie(struct kedge_span datagram)
{
    struct reader r = { .left = datagram };
    struct kedge_span cookie = { 0 };

    (void)take(&r, 2);
    (void)take_string(&r); /* name, ... */
    (void)take_string(&r); /* ... and mode */
    while (r.left.len > 0) {
        struct kedge_span name = take_string(&r);
        struct kedge_span value = take_string(&r);

        if (r.bad || name.len == 0)
            break;
        if (span_equal_nocase(name, "cookie"))
            cookie = value;
    }
    return cookie.len <= TFTP_COOKIE_MAX ? cookie : (struct kedge_span){ 0 };
}

/* Both are of one request, for which there is room. */
static void keep_texts(struct tftp_transfer *t, struct kedge_span name,
                       struct kedge_span cookie)
{
    t->name_len = (uint16_t)min_u64(name.len, sizeof t->name);
    t->cookie_len = (uint16_t)min_u64(cookie.len, sizeof t->name - t->name_len);
    if (t->name_len > 0)
        memcpy(t->name, name.ptr, t->name_len);
    if (cookie.ptr)
        memcpy(t->name + t->name_len, cookie.ptr, t->cookie_len);
}

void request_keep(struct tftp_service *s, const struct tftp_event *event,
                  const struct udp_message *m)
{
    const struct tftp_listener *l = &s->listeners[event->session->listener];
    struct tftp_transfer *t = transfer_of(s, event->session);

    memset(t, 0, offsetof(struct tftp_transfer, name)); /* most names are short */
    t->service = s;
    t->session = event->session;
    t->file = session_file(s, event->session);
    t->file->note = NULL;
    t->port = port_of(t);
    t->channel =
        (struct channel){ .fd = t->port->socket.fd, .peer = m->peer, .gso = true };
    t->ifindex = m->local.ifindex;
    if (l->any)
        t->channel.local = m->local;
    keep_texts(t, event->request.name, find_cookie(m->bytes));
    tftp_counters_add(&s->counters, TFTP_REQUESTS, 1);
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
