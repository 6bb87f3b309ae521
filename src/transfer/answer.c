/* One request answered: the server's side of one transfer, and nothing beside it. */
#include "base/number.h"
#include "os/clock.h"
#include "transfer/result.h"
#include "transfer/served.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPEATS_MAX = 64,
    WINDOW_MAX = 64,
    BLKSIZE_SAFE = 1228,
    HEADERS_MAX = 40 + 8 + KEDGE_TFTP_HEADER
};

struct answering {
    const struct kedge_transfer_request *request;
    const struct kedge_transfer_options *options;
    struct kedge_transfer_result *result;
    struct kedge_tftp_request wish;
    struct kedge_tftp_options granted;
    struct net_address peer;
    struct fetch_served served;
    struct transfer_error error;
};

/* A socket of its own at the address that was asked; where that is any, the kernel
 * chooses. */
static int open_socket(const struct answering *a, struct transfer_session **out)
{
    struct kedge_address any = { .len = sizeof any.storage };
    struct net_address at;

    if (getsockname(a->request->socket, (struct sockaddr *)&any.storage, &any.len) < 0)
        return -errno;
    if (!net_address_from(&any, &at) || at.u.any.sa_family != a->peer.u.any.sa_family)
        return -EAFNOSUPPORT;
    net_address_set_port(&at, 0);
    return session_open(&at, out);
}

static uint32_t blksize_max(const struct answering *a)
{
    uint32_t most = a->options->blksize ? a->options->blksize : KEDGE_TFTP_BLKSIZE_MAX;
    struct net_route route;
    int mtu;

    if (a->wish.options.blksize <= BLKSIZE_SAFE || net_route_open(&route) < 0)
        return (uint32_t)min_u64(most, BLKSIZE_SAFE);
    mtu = net_route_mtu(&route, &a->peer);
    net_route_close(&route);
    if (mtu < BLKSIZE_SAFE + HEADERS_MAX)
        return (uint32_t)min_u64(most, BLKSIZE_SAFE);
    return (uint32_t)min_u64(most, (uint64_t)mtu - HEADERS_MAX);
}

static void grant(struct answering *a)
{
    uint32_t window = a->options->windowsize ? a->options->windowsize : WINDOW_MAX;
    struct kedge_tftp_limits limits = { .blksize_max = blksize_max(a),
                                        .windowsize_max = window };

    if (a->wish.op == KEDGE_TFTP_RRQ) {
        limits.size_known = true;
        limits.size = a->served.file.size;
    }
    a->granted = kedge_tftp_grant(&a->wish, &limits);
}

/* The reply to the request: an OACK, or to a plain one ACK 0 or DATA 1. */
static void write_opening(const struct answering *a, struct transfer_session *x)
{
    if (a->granted.has)
        x->opening_len =
            kedge_tftp_write_oack(x->opening, sizeof x->opening, &a->granted);
    else if (a->wish.op == KEDGE_TFTP_WRQ)
        x->opening_len = kedge_tftp_write_ack(x->opening, sizeof x->opening, 0);
}

static void begin(struct answering *a, struct transfer_session *x)
{
    struct kedge_tftp_terms terms = kedge_tftp_terms_of(&a->granted);
    struct kedge_tftp_machine *m = &x->client.machine;
    kedge_nanos now = net_clock();

    terms.patience = a->options->patience;
    m->sends = a->wish.op == KEDGE_TFTP_RRQ;
    if (m->sends)
        kedge_tftp_sender_init(&m->sender, &terms, a->granted.has ? 0 : 1, false, now);
    else
        kedge_tftp_receiver_init(&m->receiver, &terms, true, 0, now);
    if (m->sends && a->wish.mode == KEDGE_TFTP_OCTET)
        kedge_tftp_sender_end(&m->sender, a->served.file.size / terms.blksize + 1);
    if (a->wish.op == KEDGE_TFTP_WRQ && a->wish.mode == KEDGE_TFTP_OCTET &&
        a->wish.options.has & KEDGE_TFTP_HAS_TSIZE && a->wish.options.tsize > 0)
        x->announced = a->wish.options.tsize;
    x->client.asked = a->wish.options;
    x->client.granted = a->granted;
    x->options = a->options;
    x->file = &a->served.file;
    x->netascii = a->wish.mode == KEDGE_TFTP_NETASCII;
}

/* Not longer than the request: who sends in another's name must not gain by it. A read is
 * refused by 1 or 2 alone: U-Boot begins again for ever on others. */
static void refuse(const struct answering *a, struct transfer_session *x)
{
    bool found = a->error.error != KEDGE_TFTP_NOT_FOUND;
    bool reads = a->wish.op == KEDGE_TFTP_RRQ;
    uint16_t code = reads && found ? KEDGE_TFTP_ACCESS : a->error.error;
    uint8_t error[128];
    size_t room = min_u64(sizeof error, a->request->datagram.len);
    size_t len = kedge_tftp_write_error(error, room, code, a->error.why);

    if (len > 0)
        session_say(x, (struct kedge_span){ error, len });
}

static void converse(struct answering *a, struct transfer_session *x)
{
    a->error = fetch_served_open(&a->served, a->request, &a->wish);
    if (a->error.cause != KEDGE_TRANSFER_DONE) {
        refuse(a, x);
        transfer_result_error(a->result, a->error);
        return;
    }
    grant(a);
    write_opening(a, x);
    begin(a, x);
    session_run(x);
    transfer_result_of(a->result, x);
    a->error = x->error;
    fetch_served_close(&a->served);
}

static void run(struct answering *a)
{
    kedge_nanos started = net_clock();
    struct transfer_session *x = NULL;
    int err = open_socket(a, &x);

    if (!x) {
        a->error =
            (struct transfer_error){ KEDGE_TRANSFER_NO_SOCKET, -err, "no socket", 0 };
        transfer_result_error(a->result, a->error);
        return;
    }
    x->peer = a->peer;
    a->result->local = net_address_to(&x->socket.at);
    converse(a, x);
    a->result->took = net_clock() - started;
    session_close(x);
}

/* The peer asked again while it was served, as clients do that wait: that is answered. */
static void drop_repeats(const struct answering *a)
{
    const struct kedge_span said = a->request->datagram;
    uint8_t datagram[KEDGE_TFTP_REQUEST_MAX];

    for (int i = 0; i < REPEATS_MAX; i++) {
        struct kedge_address from = { .len = sizeof from.storage };
        struct net_address peer;
        ssize_t len = recvfrom(a->request->socket, datagram, sizeof datagram,
                               MSG_PEEK | MSG_DONTWAIT, (struct sockaddr *)&from.storage,
                               &from.len);

        if (len < 0 || (size_t)len != said.len ||
            memcmp(datagram, said.ptr, said.len) != 0 ||
            !net_address_from(&from, &peer) || !net_address_equal(&peer, &a->peer))
            return;
        if (recv(a->request->socket, datagram, sizeof datagram, MSG_DONTWAIT) < 0)
            return;
    }
}

static bool understood(struct answering *a)
{
    bool known = kedge_tftp_parse_request(a->request->datagram, &a->wish) &&
                 a->wish.mode != KEDGE_TFTP_OTHER_MODE &&
                 net_address_from(&a->request->peer, &a->peer);

    if (known)
        return true;
    a->error =
        (struct transfer_error){ KEDGE_TRANSFER_BAD_REQUEST, 0, "not a request", 0 };
    transfer_result_error(a->result, a->error);
    return false;
}

bool kedge_answer(const struct kedge_transfer_request *request,
                  const struct kedge_transfer_options *options,
                  struct kedge_transfer_result *result)
{
    static const struct kedge_transfer_options none = { 0 };
    struct answering *a = calloc(1, sizeof *a);
    struct fetch_about about = { "", "out of memory" };

    *result = (struct kedge_transfer_result){ .cause = KEDGE_TRANSFER_LOCAL_FILE,
                                              .outcome = KEDGE_TFTP_FAILED,
                                              .peer = request->peer,
                                              .rtt = KEDGE_NEVER };
    if (a) {
        a->request = request;
        a->options = options ? options : &none;
        a->result = result;
        if (understood(a)) {
            run(a);
            drop_repeats(a);
        }
        about.why = a->error.why ? a->error.why : "";
    }
    fetch_result_explain(result, &about);
    free(a);
    return result->cause == KEDGE_TRANSFER_DONE;
}
