/* A request that was let in: its file is opened by a helper, or found open; then the
 * transfer starts, or the peer is told why not. */
#include "serve/tftp/private.h"

#include "base/number.h"

#include <string.h>

enum {
    ASK_ROUTE_ABOVE = 1228,
    HEADERS_V4 = 28 + KEDGE_TFTP_HEADER,
    HEADERS_V6 = HEADERS_V4 + 20,
    ETHERNET = 1500
};

int refusal_code(enum kedge_tftp_op op, enum store_error error)
{
    switch (error) {
    case STORE_NOT_FOUND:
    case STORE_BAD_NAME:
        return KEDGE_TFTP_NOT_FOUND;
    case STORE_BUSY:
        return -1; /* it asks again; any ERROR would end its boot */
    case STORE_DENIED:
        return KEDGE_TFTP_ACCESS;
    case STORE_EXISTS:
        return KEDGE_TFTP_EXISTS;
    case STORE_FULL:
    case STORE_TOO_LARGE:
        return KEDGE_TFTP_FULL;
    default: /* reads: 1 or 2 only, for U-Boot begins again for ever on others */
        return op == KEDGE_TFTP_RRQ ? KEDGE_TFTP_ACCESS : KEDGE_TFTP_UNDEFINED;
    }
}

const char *refusal_text(int code)
{
    switch (code) {
    case KEDGE_TFTP_NOT_FOUND:
        return "File not found";
    case KEDGE_TFTP_ACCESS:
        return "Access violation";
    case KEDGE_TFTP_FULL:
        return "Disk full or file too large";
    case KEDGE_TFTP_EXISTS:
        return "File already exists";
    default:
        return "Failed";
    }
}

void transfer_refuse(struct tftp_transfer *t, const struct store_result *why)
{
    int code = refusal_code(t->session->op, why->error);
    uint8_t reply[64];
    size_t len = 0;

    reason_set(t, why->why);
    if (code >= 0)
        len = tftp_session_refused(t->session, (uint16_t)code, refusal_text(code), reply);
    else if (t->session->outcome == KEDGE_TFTP_RUNNING)
        t->session->outcome = KEDGE_TFTP_REFUSED;
    if (len > 0)
        port_say(t->port, &t->channel, (struct kedge_span){ reply, len });
    transfer_end(t);
}

void transfer_refuse_for(struct tftp_transfer *t, enum store_error error, const char *why)
{
    struct store_result result = store_fail(error, why);

    transfer_refuse(t, &result);
}

/* What a datagram to the peer may carry without being cut up on its way. */
static uint32_t blksize_limit(struct tftp_transfer *t)
{
    const struct tftp_service *s = t->service;
    bool v4 = t->channel.peer.u.any.sa_family == AF_INET;
    int mtu;

    if (s->config.blksize_max)
        return s->config.blksize_max;
    if (t->session->asked.blksize <= ASK_ROUTE_ABOVE)
        return ASK_ROUTE_ABOVE;
    mtu = net_route_mtu(&s->route, &t->channel.peer);
    if (mtu < ASK_ROUTE_ABOVE)
        return ASK_ROUTE_ABOVE;
    return (uint32_t)clamp_u64((uint64_t)mtu - (v4 ? HEADERS_V4 : HEADERS_V6),
                               KEDGE_TFTP_BLKSIZE_DEFAULT, KEDGE_TFTP_BLKSIZE_MAX);
}

/* A forged ACK buys a window. Who allows larger ones than the default wants them to have
 * whole packets of an Ethernet. */
static uint32_t window_bytes(uint32_t windowsize_max)
{
    return ETHERNET * (uint32_t)max_u64(windowsize_max, TFTP_WINDOW_DEFAULT);
}

void transfer_start(struct tftp_transfer *t, uint64_t size)
{
    struct tftp_service *s = t->service;
    struct kedge_tftp_limits limits = { .blksize_max = blksize_limit(t),
                                        .windowsize_max = s->config.windowsize_max,
                                        .size_known = t->session->op == KEDGE_TFTP_RRQ,
                                        .size = size,
                                        .window_bytes =
                                            window_bytes(s->config.windowsize_max) };

    if (t->uploading && t->upload.slow)
        limits.windowsize_max = 1; /* each block waits for a helper */
    tftp_sessions_opened(&s->sessions, t->session, &limits, loop_now(s->config.loop));
    t->counted = true;
    s->busy++;
    transfer_pump(t);
}

static void begin_read(struct tftp_transfer *t, struct cached_file *file)
{
    t->file = file;
    t->block_reader =
        (struct block_reader){ .read = transfer_read,
                               .lend = transfer_lend,
                               .file = t,
                               .size = file->id.size,
                               .netascii = t->session->mode == KEDGE_TFTP_NETASCII };
    transfer_start(t, file->id.size);
}

static void opened(struct cache_opening *opening)
{
    struct tftp_transfer *t = JOB_OWNER(opening, struct tftp_transfer, opening);

    t->job = false;
    if (opening->result.error == STORE_OK && t->ending)
        cache_release(opening->file, loop_now(t->service->config.loop));
    if (t->ending)
        transfer_end(t);
    else if (opening->result.error != STORE_OK)
        transfer_refuse(t, &opening->result);
    else
        begin_read(t, opening->file);
}

/* The file, if it is open: asked of the kernel once a turn for a name. It is held while it
 * is remembered. */
static struct cached_file *find(struct tftp_service *s, const struct root_name *name)
{
    struct turn_memory *m = &s->memory;
    kedge_nanos now = loop_now(s->config.loop);

    if (m->file && m->found_at == now && strcmp(m->name.text, name->text) == 0) {
        cache_share(m->file);
        return m->file;
    }
    turn_forget(s);
    m->file = cache_find(s->config.files, s->config.root, name);
    if (!m->file)
        return NULL;
    m->found_at = now;
    m->name = *name;
    cache_share(m->file);
    return m->file;
}

void turn_forget(struct tftp_service *s)
{
    if (s->memory.file)
        cache_release(s->memory.file, loop_now(s->config.loop));
    s->memory.file = NULL;
    s->memory.checked = NULL;
}

static void open_read(struct tftp_transfer *t)
{
    const struct tftp_config *config = &t->service->config;
    struct cached_file *file = find(t->service, &t->name);

    if (file) {
        begin_read(t, file);
        return;
    }
    t->opening =
        (struct cache_opening){ .root = config->root, .name = &t->name, .done = opened };
    t->job = true;
    cache_open(config->files, &t->opening);
}

void request_keep(struct tftp_service *s, const struct tftp_event *event,
                  const struct udp_message *m)
{
    const struct tftp_listener *l = &s->listeners[event->session->listener];
    struct tftp_transfer *t = transfer_of(s, event->session);
    struct kedge_span name = event->request.name;

    *t = (struct tftp_transfer){ .service = s, .session = event->session };
    t->port = &l->port[s->config.single_port ? 0 : event->session->socket + 1];
    t->channel =
        (struct channel){ .fd = t->port->socket.fd, .peer = m->peer, .gso = true };
    if (l->any)
        t->channel.local = m->local;
    t->raw_len = (uint16_t)min_u64(name.len, sizeof t->raw);
    if (t->raw_len > 0)
        memcpy(t->raw, name.ptr, t->raw_len);
    t->named = root_name_parse(s->config.root, name, &t->name);
}

void request_begin(struct tftp_transfer *t)
{
    if (t->service->stopping)
        transfer_refuse_for(t, STORE_BUSY, "the server is stopping");
    else if (t->session->mode == KEDGE_TFTP_OTHER_MODE)
        transfer_refuse_for(t, STORE_DENIED, "mode is neither octet nor netascii");
    else if (t->named.error != STORE_OK)
        transfer_refuse(t, &t->named);
    else if (t->session->op == KEDGE_TFTP_RRQ)
        open_read(t);
    else
        upload_open(t);
}
