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
    const struct kedge_tftp_options asked = {
        .has = KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_TSIZE, .blksize = BLKSIZE
    };

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

struct scene {
    struct transfer_session *x;
    struct fetch_target t;
    struct peer p;
    struct path path;
};

/* The server has granted blocks of BLKSIZE, and said how long the file is. */
static void begin(struct scene *c, void *place, unsigned size)
{
    char oack[64] = "\0\6blksize\00016384";
    size_t len = 2 + 8 + 6;
    struct net_address any;

    c->path = at(place, "f");
    peer_open(&c->p);
    assert_true(net_address_parse("127.0.0.1", 0, &any));
    assert_int_equal(session_open(&any, &c->x), 0);
    assert_int_equal(fetch_target_open(&c->t, c->path.text, NULL).cause,
                     KEDGE_TRANSFER_DONE);
    get_from(c->x, &c->p, &c->t);
    if (size > 0) {
        len += (size_t)snprintf(oack + len, 10, "tsize") + 1;
        len += (size_t)snprintf(oack + len, 10, "%u", size) + 1;
    }
    peer_send(&c->p, oack, len);
    session_hear(c->x);
    assert_true(c->x->client.answered);
}

static void finish(struct scene *c)
{
    fetch_target_close(&c->t);
    session_close(c->x);
    close(c->p.fd);
}

/* Of the same host, at another port. */
static struct peer stranger_of(const struct scene *c)
{
    struct peer other;

    peer_open(&other);
    other.session = c->p.session;
    return other;
}

static void only_the_port_that_answered_is_heard(void **state)
{
    struct scene c;
    struct peer other;
    uint8_t got[64];

    begin(&c, *state, 0);
    other = stranger_of(&c);
    peer_send_block(&other, 1, 5);
    session_hear(c.x);
    assert_int_equal(session_bytes(c.x), 0);
    assert_int_equal(session_outcome(c.x), KEDGE_TFTP_RUNNING);
    assert_true(recv(other.fd, got, sizeof got, 0) >= 4);
    assert_int_equal(got[1], KEDGE_TFTP_ERROR);
    assert_int_equal(got[3], KEDGE_TFTP_UNKNOWN_TID);
    peer_send_block(&c.p, 1, 7);
    session_hear(c.x);
    assert_int_equal(session_bytes(c.x), 7);
    close(other.fd);
    finish(&c);
}

/* Two that told each other off would never stop. */
static void strangers_are_told_off_so_often(void **state)
{
    static const uint8_t error[] = { 0, KEDGE_TFTP_ERROR, 0, 5, 0 };
    struct scene c;
    struct peer other;
    uint8_t got[64];
    int answers = 0;

    begin(&c, *state, 0);
    other = stranger_of(&c);
    peer_send(&other, error, sizeof error);
    session_hear(c.x);
    assert_true(recv(other.fd, got, sizeof got, MSG_DONTWAIT) < 0);
    assert_int_equal(session_outcome(c.x), KEDGE_TFTP_RUNNING);
    for (int i = 0; i < 50; i++) {
        peer_send_block(&other, 1, 5);
        session_hear(c.x);
        answers += recv(other.fd, got, sizeof got, MSG_DONTWAIT) > 0;
    }
    assert_in_range(answers, 1, 8);
    close(other.fd);
    finish(&c);
}

static void more_than_was_announced_is_no_file(void **state)
{
    struct scene c;

    begin(&c, *state, BLKSIZE + 3);
    peer_send_block(&c.p, 1, BLKSIZE);
    session_hear(c.x);
    assert_int_equal(c.x->error.cause, KEDGE_TRANSFER_DONE);
    peer_send_block(&c.p, 2, 4);
    session_hear(c.x);
    assert_int_equal(c.x->error.cause, KEDGE_TRANSFER_WRONG_SIZE);
    finish(&c);
}

/* What its text says of itself counts for nothing. */
static void a_long_error_is_cut(void **state)
{
    uint8_t error[600] = { 0, KEDGE_TFTP_ERROR, 0, KEDGE_TFTP_ACCESS };
    struct scene c;

    begin(&c, *state, 0);
    memset(error + 4, 'e', sizeof error - 5);
    peer_send(&c.p, error, sizeof error);
    session_hear(c.x);
    assert_int_not_equal(session_outcome(c.x), KEDGE_TFTP_RUNNING);
    assert_int_equal(c.x->said_len, sizeof c.x->said);
    assert_memory_equal(c.x->said, error + 4, sizeof c.x->said);
    assert_int_equal(c.x->told_off, 0);
    finish(&c);
}

/* The host of a stranger that is gone says so, by ICMP. The transfer is another's. */
static void an_icmp_message_about_a_stranger_is_none_about_the_peer(void **state)
{
    struct scene c;
    struct peer other;

    begin(&c, *state, 0);
    other = stranger_of(&c);
    peer_send_block(&other, 1, 5);
    close(other.fd);
    session_hear(c.x); /* tells it off */
    assert_int_equal(c.x->told_off, 1);
    for (int i = 0; i < 20; i++) {
        usleep(1000);
        session_hear(c.x);
    }
    assert_int_equal(session_outcome(c.x), KEDGE_TFTP_RUNNING);
    assert_true(c.x->client.machine.receiver.half.gone_at == KEDGE_NEVER);
    finish(&c);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, publish_open, publish_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_block_is_kept_before_the_next_is_heard,
                                        publish_open, publish_close),
        TEST(only_the_port_that_answered_is_heard),
        TEST(strangers_are_told_off_so_often),
        TEST(more_than_was_announced_is_no_file),
        TEST(a_long_error_is_cut),
        TEST(an_icmp_message_about_a_stranger_is_none_about_the_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
