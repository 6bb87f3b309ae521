/* SPDX-License-Identifier: MIT */
/* Tests of a session that hears a peer: what it borrows of its inbox reaches the file. */
#include "place.h"

#include "os/clock.h"
#include "transfer/session.h"
#include "transfer/target.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum { BLKSIZE = FETCH_LENT_MIN };

struct peer {
    int fd;
    struct sockaddr_in at, session;
};

static void peer_open(struct peer *p)
{
    socklen_t len = sizeof p->at;

    p->at = (struct sockaddr_in){ .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    p->session = p->at;
    p->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(p->fd, (struct sockaddr *)&p->at, len), 0);
    assert_int_equal(getsockname(p->fd, (struct sockaddr *)&p->at, &len), 0);
}

static void peer_send(const struct peer *p, const void *bytes, size_t len)
{
    const struct sockaddr *to = (const struct sockaddr *)&p->session;

    assert_int_equal(sendto(p->fd, bytes, len, 0, to, sizeof p->session), len);
}

static void peer_send_block(const struct peer *p, uint8_t number, size_t len)
{
    uint8_t packet[KEDGE_TFTP_HEADER + BLKSIZE] = { 0, KEDGE_TFTP_DATA, 0, number };

    memset(packet + KEDGE_TFTP_HEADER, number, len);
    peer_send(p, packet, KEDGE_TFTP_HEADER + len);
}

static void get_from(struct transfer_session *x, struct peer *p, struct fetch_target *t)
{
    static const struct kedge_transfer_options none = { 0 };
    const struct kedge_tftp_options asked = { .has = KEDGE_TFTP_HAS_BLKSIZE,
                                              .blksize = BLKSIZE };

    p->session.sin_port = htons(net_address_port(&x->socket.at));
    x->server.len = sizeof p->at;
    x->server.u.v4 = p->at;
    x->options = &none;
    x->file = &t->file;
    x->asks = true;
    x->now = clock_now();
    x->block_writer = (struct block_writer){ .write = t->file.write, .file = &t->file };
    kedge_tftp_client_init(&x->client, KEDGE_TFTP_RRQ, &asked, KEDGE_SEC, x->now);
    assert_int_equal(kedge_tftp_client_write(&x->client, x->now).todo, KEDGE_TFTP_ASK);
}

static void assert_blocks(struct path path)
{
    static const size_t sizes[] = { BLKSIZE, BLKSIZE, 5 };
    static char want[2 * BLKSIZE + 5];
    size_t len = 0;

    for (size_t i = 0; i < COUNT(sizes); len += sizes[i++])
        memset(want + len, (int)i + 1, sizes[i]);
    assert_bytes(path, want, len);
}

/* As after a while away: each is heard before anything else has settled the one before. */
static void a_block_is_kept_before_the_next_is_heard(void **state)
{
    static const char oack[] = "\0\6blksize\0"
                               "16384";
    struct path path = at(*state, "f");
    struct net_address any;
    struct transfer_session *x;
    struct fetch_target t;
    struct peer p;

    peer_open(&p);
    assert_true(net_address_parse("127.0.0.1", 0, &any));
    assert_int_equal(session_open(&any, &x), 0);
    assert_int_equal(fetch_target_open(&t, path.text, NULL).cause, KEDGE_TRANSFER_DONE);
    get_from(x, &p, &t);
    peer_send(&p, oack, sizeof oack);
    session_hear(x);
    for (uint8_t number = 1; number <= 3; number++) {
        peer_send_block(&p, number, number < 3 ? BLKSIZE : 5);
        session_hear(x);
    }
    assert_int_equal(session_bytes(x), 2 * BLKSIZE + 5);
    assert_int_equal(t.file.keep(&t.file, session_bytes(x), FETCH_UNKNOWN).cause,
                     KEDGE_TRANSFER_DONE);
    assert_blocks(path);
    fetch_target_close(&t);
    session_close(x);
    close(p.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_block_is_kept_before_the_next_is_heard,
                                        publish_open, publish_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
