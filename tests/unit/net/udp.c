/* Tests of net/udp.h, on loopback: what goes into one socket comes out of another. */
#include "net/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct net_address parsed(const char *host, uint16_t port)
{
    struct net_address a;

    assert_true(net_address_parse(host, port, &a));
    return a;
}

static struct udp_socket opened(const char *host, bool gro)
{
    struct udp_options o = { .at = parsed(host, 0), .gro = gro };
    struct udp_socket s;

    assert_int_equal(udp_open(&o, &s), 0);
    return s;
}

/* Two sockets of one family, a inbox and an outbox. */
struct pair {
    struct udp_socket a, b;
    struct udp_inbox in;
    struct udp_outbox out;
    uint8_t memory[64 * 2048];
    uint8_t big[4][65536];
};

static struct pair *pair_open(const char *host)
{
    struct pair *p = calloc(1, sizeof *p);

    assert_non_null(p);
    p->a = opened(host, false);
    p->b = opened(host, false);
    udp_inbox_init(&p->in, p->memory, sizeof p->memory, 2048);
    udp_outbox_init(&p->out, p->a.fd);
    return p;
}

static void pair_close(struct pair *p)
{
    udp_close(&p->a);
    udp_close(&p->b);
    free(p);
}

static void wait_for(int fd, short events)
{
    struct pollfd f = { .fd = fd, .events = events };

    assert_int_equal(poll(&f, 1, 2000), 1);
}

/* What the error queue told. */
struct told {
    unsigned count;
    struct udp_error last;
};

static void tell(void *owner, const struct udp_error *e)
{
    struct told *t = owner;

    t->count++;
    t->last = *e;
}

static void batch_goes_and_comes(struct pair *p)
{
    struct udp_message m = { .bytes = { (const uint8_t *)"hello", 5 }, .peer = p->b.at };

    for (int i = 0; i < 3; i++)
        udp_out_copy(&p->out, &m);
    m.bytes.len = 0; /* an empty datagram is one too */
    udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 4);
    wait_for(p->b.fd, POLLIN);
    assert_int_equal(udp_receive(p->b.fd, &p->in), 4);
    for (unsigned i = 0; i < 4; i++) {
        struct udp_in *in = &p->in.in[i];

        assert_int_equal(in->m.bytes.len, i < 3 ? 5 : 0);
        assert_memory_equal(in->m.bytes.ptr, "hello", in->m.bytes.len);
        assert_true(net_address_equal(&in->m.peer, &p->a.at));
        assert_true(net_address_same_host(&in->m.local.address, &p->b.at));
        assert_int_equal(in->m.local.ifindex, 1);
        assert_false(in->spread);
        assert_false(in->cut);
    }
    assert_int_equal(udp_receive(p->b.fd, &p->in), 0);
}

static void batches_v4(void **state)
{
    struct pair *p = pair_open("127.0.0.1");

    (void)state;
    batch_goes_and_comes(p);
    pair_close(p);
}

static void batches_v6(void **state)
{
    struct pair *p = pair_open("::1");

    (void)state;
    batch_goes_and_comes(p);
    pair_close(p);
}

static void longer_than_the_inbox_is_cut(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message m = { .bytes = { p->big[0], 2049 }, .peer = p->b.at };

    (void)state;
    udp_out_borrow(&p->out, &m);
    assert_true(udp_flush(&p->out));
    wait_for(p->b.fd, POLLIN);
    assert_int_equal(udp_receive(p->b.fd, &p->in), 1);
    assert_true(p->in.in[0].cut);
    assert_int_equal(p->in.in[0].m.bytes.len, 2048);
    pair_close(p);
}

/* The asked address is 127.0.0.5; a plain reply would leave from 127.0.0.1. */
static void reply_leaves_from_the_address_asked(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_socket any = opened("0.0.0.0", false);
    struct udp_message m = { .bytes = { (const uint8_t *)"?", 1 } };
    struct net_address want = parsed("127.0.0.5", net_address_port(&any.at));

    (void)state;
    m.peer = want;
    udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    wait_for(any.fd, POLLIN);
    assert_int_equal(udp_receive(any.fd, &p->in), 1);
    udp_outbox_init(&p->out, any.fd);
    udp_out_borrow(&p->out, &p->in.in[0].m);
    assert_true(udp_flush(&p->out));
    wait_for(p->a.fd, POLLIN);
    assert_int_equal(udp_receive(p->a.fd, &p->in), 1);
    assert_true(net_address_equal(&p->in.in[0].m.peer, &want));
    udp_close(&any);
    pair_close(p);
}

static void multicast_and_broadcast_are_seen(void **state)
{
    static const char *const groups[] = { "224.0.0.1", "127.255.255.255" };
    struct udp_socket any = opened("0.0.0.0", false);
    struct pair *p = pair_open("127.0.0.1");
    int on = 1;
    struct in_addr lo = { htonl(INADDR_LOOPBACK) };

    (void)state;
    setsockopt(p->a.fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    setsockopt(p->a.fd, SOL_IP, IP_MULTICAST_IF, &lo, sizeof lo);
    for (size_t i = 0; i < 2; i++) {
        struct udp_message m = { .bytes = { (const uint8_t *)"!", 1 },
                                 .peer = parsed(groups[i], net_address_port(&any.at)) };

        udp_out_copy(&p->out, &m);
        assert_true(udp_flush(&p->out));
        wait_for(any.fd, POLLIN);
        assert_int_equal(udp_receive(any.fd, &p->in), 1);
        assert_true(p->in.in[0].spread);
    }
    udp_close(&any);
    pair_close(p);
}

static void full_queue_is_flushed_by_itself(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message m = { .bytes = { p->big[0], 1000 }, .peer = p->b.at };

    (void)state;
    for (int i = 0; i < 2 * UDP_BATCH; i++)
        udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent + p->out.lost, 2 * UDP_BATCH);
    assert_int_equal(p->out.lost, 0);
    pair_close(p);
}

static void refused_datagram_is_lost_and_the_rest_goes(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message good = { .bytes = { (const uint8_t *)"x", 1 }, .peer = p->b.at };
    struct udp_message bad = good;

    (void)state;
    bad.peer = parsed("255.255.255.255", 9); /* no SO_BROADCAST: EACCES */
    udp_out_copy(&p->out, &good);
    udp_out_copy(&p->out, &bad);
    udp_out_copy(&p->out, &good);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 2);
    assert_int_equal(p->out.lost, 1);
    pair_close(p);
}

static void dropped_queue_counts_as_lost(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message m = { .bytes = { p->big[0], 1000 }, .peer = p->b.at };

    (void)state;
    udp_out_copy(&p->out, &m);
    m.segment = 100;
    udp_out_borrow(&p->out, &m);
    udp_out_drop(&p->out);
    assert_int_equal(p->out.lost, 11);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 0);
    pair_close(p);
}

/* ---- trains ---- */

static const struct {
    size_t len, stride;
} trains[] = {
    { 1, 516 },           { 516, 516 },          { 517, 516 },
    { 516 * 64, 516 },    { 516 * 65 - 1, 516 }, { 1472 * 45, 1472 },
    { 65468 * 2, 65468 }, { 8196 * 9, 8196 },
};

/* Receives `count` datagrams and checks that, one after the other, they are the bytes. */
static void receive_all(struct pair *p, const uint8_t *bytes, size_t len, size_t stride)
{
    static const size_t each = 65536;
    size_t at = 0;

    udp_inbox_init(&p->in, p->big[0], sizeof p->big, each);
    while (at < len) {
        int n;

        wait_for(p->b.fd, POLLIN);
        n = udp_receive(p->b.fd, &p->in);
        assert_true(n >= 0);
        for (int i = 0; i < n; i++) {
            struct kedge_span got = p->in.in[i].m.bytes;

            assert_int_equal(got.len, len - at < stride ? len - at : stride);
            assert_memory_equal(got.ptr, bytes + at, got.len);
            at += got.len;
        }
    }
}

static void train_arrives(bool gso, const char *host)
{
    uint8_t *bytes = malloc(65468 * 2);

    assert_non_null(bytes);
    for (size_t i = 0; i < (size_t)65468 * 2; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof trains / sizeof *trains; i++) {
        struct pair *p = pair_open(host);
        struct net_local local = { .address = p->a.at };
        struct udp_train t = { .frames = { bytes, trains[i].len },
                               .stride = trains[i].stride,
                               .peer = &p->b.at,
                               .local = &local,
                               .gso = gso };

        assert_int_equal(udp_send_train(p->a.fd, &t), udp_train_count(&t));
        assert_int_equal(t.lost, 0);
        assert_int_equal(t.gso, gso);
        receive_all(p, bytes, trains[i].len, trains[i].stride);
        pair_close(p);
    }
    free(bytes);
}

static void trains_by_segments(void **state)
{
    (void)state;
    train_arrives(true, "127.0.0.1");
    train_arrives(true, "::1");
}

static void trains_one_by_one(void **state)
{
    (void)state;
    train_arrives(false, "127.0.0.1");
    train_arrives(false, "::1");
}

/* A socket without checksums refuses segments (EIO): the frames arrive all the same, and
 * the caller is told. */
static void refused_segments_go_one_by_one(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    int on = 1;
    struct udp_train t = {
        .frames = { p->big[3], 5000 }, .stride = 1000, .peer = &p->b.at, .gso = true
    };
    struct udp_message m = { .bytes = t.frames, .peer = p->b.at, .segment = 1000 };

    (void)state;
    assert_int_equal(setsockopt(p->a.fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
    assert_int_equal(udp_send_train(p->a.fd, &t), 5);
    assert_false(t.gso);
    assert_int_equal(t.lost, 0);
    receive_all(p, p->big[3], 5000, 1000);
    udp_out_borrow(&p->out, &m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 5);
    receive_all(p, p->big[3], 5000, 1000);
    pair_close(p);
}

/* What GRO joined goes back as it came: the echo's shortest way. */
static void joined_datagrams_come_and_go(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_socket joined = opened("127.0.0.1", true);
    struct udp_train t = {
        .frames = { p->big[3], 5000 }, .stride = 900, .peer = &joined.at, .gso = true
    };

    (void)state;
    assert_true(joined.gro);
    assert_int_equal(udp_send_train(p->b.fd, &t), 6);
    udp_inbox_init(&p->in, p->big[0], 65536, 65536);
    wait_for(joined.fd, POLLIN);
    assert_int_equal(udp_receive(joined.fd, &p->in), 1);
    assert_int_equal(p->in.in[0].m.bytes.len, 5000);
    assert_int_equal(p->in.in[0].m.segment, 900);
    udp_outbox_init(&p->out, joined.fd);
    udp_out_borrow(&p->out, &p->in.in[0].m);
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 6);
    receive_all(p, p->big[3], 5000, 900);
    udp_close(&joined);
    pair_close(p);
}

/* ---- errors ---- */

static void closed_port_is_named_and_hurts_no_other(const char *host)
{
    struct pair *p = pair_open(host);
    struct udp_socket gone = opened(host, false);
    struct net_address nobody = gone.at;
    struct udp_message dead = { .bytes = { (const uint8_t *)"x", 1 }, .peer = nobody };
    struct udp_message good = { .bytes = { (const uint8_t *)"y", 1 }, .peer = p->b.at };
    struct told t = { 0 };

    udp_close(&gone);
    udp_out_copy(&p->out, &dead);
    assert_true(udp_flush(&p->out));
    wait_for(p->a.fd, POLLERR);
    udp_out_copy(&p->out, &good); /* meets the error of the other, and goes */
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, 2);
    assert_int_equal(p->out.lost, 0);
    assert_int_equal(udp_drain_errors(p->a.fd, tell, &t), 1);
    assert_int_equal(t.last.code, ECONNREFUSED);
    assert_true(udp_error_is_refusal(&t.last));
    assert_true(net_address_equal(&t.last.to, &nobody));
    assert_int_equal(udp_drain_errors(p->a.fd, tell, &t), 0);
    pair_close(p);
}

static void closed_port_v4(void **state)
{
    (void)state;
    closed_port_is_named_and_hurts_no_other("127.0.0.1");
}

static void closed_port_v6(void **state)
{
    (void)state;
    closed_port_is_named_and_hurts_no_other("::1");
}

static void receive_passes_over_the_errors_of_others(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_socket gone = opened("127.0.0.1", false);
    struct udp_message dead = { .bytes = { (const uint8_t *)"x", 1 }, .peer = gone.at };
    struct udp_message good = { .bytes = { (const uint8_t *)"y", 1 }, .peer = p->a.at };

    (void)state;
    udp_close(&gone);
    udp_out_copy(&p->out, &dead);
    assert_true(udp_flush(&p->out));
    wait_for(p->a.fd, POLLERR);
    udp_outbox_init(&p->out, p->b.fd);
    udp_out_copy(&p->out, &good);
    assert_true(udp_flush(&p->out));
    wait_for(p->a.fd, POLLIN);
    assert_int_equal(udp_receive(p->a.fd, &p->in), 1);
    pair_close(p);
}

static void own_fault_is_an_error(void **state)
{
    struct pair *p = pair_open("127.0.0.1");

    (void)state;
    assert_int_equal(udp_receive(-1, &p->in), -EBADF);
    pair_close(p);
}

static void kernel_drops_are_counted(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_options small = { .at = parsed("127.0.0.1", 0), .receive_buffer = 4096 };
    struct udp_socket s;
    struct udp_message m = { .bytes = { p->big[0], 1000 } };

    (void)state;
    assert_int_equal(udp_open(&small, &s), 0);
    m.peer = s.at;
    for (int i = 0; i < 40; i++)
        udp_out_copy(&p->out, &m);
    assert_true(udp_flush(&p->out));
    while (udp_receive(s.fd, &p->in) > 0)
        assert_int_equal(p->in.drops, 0);
    udp_out_copy(&p->out, &m); /* the count comes with the next that is queued */
    assert_true(udp_flush(&p->out));
    wait_for(s.fd, POLLIN);
    assert_int_equal(udp_receive(s.fd, &p->in), 1);
    assert_in_range(p->in.drops, 20, 40);
    udp_close(&s);
    pair_close(p);
}

/* ---- ports and routes ---- */

static void range_is_kept_and_ends(void **state)
{
    struct udp_socket first = opened("127.0.0.1", false), s, none;
    uint16_t low = net_address_port(&first.at);
    struct udp_options o = { .at = first.at, .low = low, .high = low };

    (void)state;
    assert_int_equal(udp_open(&o, &none), -EADDRINUSE);
    udp_close(&first);
    assert_int_equal(udp_open(&o, &s), 0);
    assert_int_equal(net_address_port(&s.at), low);
    udp_close(&s);
}

static void a_port_is_shared_by_its_first_socket(void **state)
{
    struct udp_options o = { .at = parsed("127.0.0.1", 0) };
    struct udp_socket a, b, none;

    (void)state;
    assert_int_equal(udp_open(&o, &a), 0);
    o.at = a.at;
    o.reuse_port = true;
    assert_int_equal(udp_open(&o, &none), -EADDRINUSE);
    assert_int_equal(udp_share(&a), 0);
    assert_int_equal(udp_open(&o, &b), 0);
    o.reuse_port = false; /* another program */
    assert_int_equal(udp_open(&o, &none), -EADDRINUSE);
    udp_close(&a);
    udp_close(&b);
}

/* However many there are, a pair of addresses and ports meets one of them for ever. */
static void a_shared_port_is_dealt_out_by_peer(void **state)
{
    struct udp_options o = { .at = parsed("127.0.0.1", 0) };
    struct udp_socket shared[2];
    unsigned got[2] = { 0 };
    uint8_t byte;

    (void)state;
    assert_int_equal(udp_open(&o, &shared[0]), 0);
    assert_int_equal(udp_share(&shared[0]), 0);
    o.at = shared[0].at;
    o.reuse_port = true;
    assert_int_equal(udp_open(&o, &shared[1]), 0);
    for (unsigned i = 0; i < 64; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        unsigned who;

        for (unsigned k = 0; k < 3; k++)
            assert_int_equal(sendto(fd, "x", 1, 0, &o.at.u.any, o.at.len), 1);
        who = recv(shared[0].fd, &byte, 1, MSG_PEEK) < 0;
        for (unsigned k = 0; k < 3; k++)
            assert_int_equal(recv(shared[who].fd, &byte, 1, 0), 1);
        assert_true(recv(shared[!who].fd, &byte, 1, 0) < 0);
        got[who]++;
        close(fd);
    }
    assert_true(got[0] > 8 && got[1] > 8);
    udp_close(&shared[0]);
    udp_close(&shared[1]);
}

static void what_came_is_thrown_away(void **state)
{
    struct udp_options o = { .at = parsed("127.0.0.1", 0) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct udp_socket s;
    uint8_t bytes[8];

    (void)state;
    assert_int_equal(udp_open(&o, &s), 0);
    for (unsigned k = 0; k < 3; k++)
        assert_int_equal(sendto(fd, "old", 3, 0, &s.at.u.any, s.at.len), 3);
    udp_discard(&s);
    assert_int_equal(sendto(fd, "new", 3, 0, &s.at.u.any, s.at.len), 3);
    assert_int_equal(recv(s.fd, bytes, sizeof bytes, 0), 3);
    assert_memory_equal(bytes, "new", 3);
    close(fd);
    udp_close(&s);
}

static void adopted_socket_is_as_opened(void **state)
{
    struct net_address at = parsed("127.0.0.1", 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct udp_socket s;
    int notudp[2];

    (void)state;
    assert_int_equal(bind(fd, &at.u.any, at.len), 0);
    assert_int_equal(udp_adopt(fd, false, &s), 0);
    assert_int_equal(s.fd, fd);
    assert_int_not_equal(net_address_port(&s.at), 0);
    assert_true(s.receive_buffer >= 4096);
    udp_close(&s);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, notudp), 0);
    assert_int_equal(udp_adopt(notudp[0], false, &s), -EAFNOSUPPORT);
    close(notudp[0]);
    close(notudp[1]);
}

static void routes_are_asked_again_and_again(void **state)
{
    struct net_address v4 = parsed("127.0.0.1", 69), v6 = parsed("::1", 69), from;
    struct net_address other = parsed("127.0.0.9", 69);
    struct net_route r;

    (void)state;
    assert_int_equal(net_route_open(&r), 0);
    assert_in_range(net_route_mtu(&r, &v4), 65535, 65536);
    assert_in_range(net_route_mtu(&r, &v6), 65535, 65536);
    assert_in_range(net_route_mtu(&r, &other), 65535, 65536);
    assert_int_equal(net_route_source(&r, &v4, &from), 0);
    assert_true(net_address_is_loopback(&from));
    assert_int_equal(net_address_port(&from), 0);
    net_route_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_v4),
        cmocka_unit_test(batches_v6),
        cmocka_unit_test(longer_than_the_inbox_is_cut),
        cmocka_unit_test(reply_leaves_from_the_address_asked),
        cmocka_unit_test(multicast_and_broadcast_are_seen),
        cmocka_unit_test(full_queue_is_flushed_by_itself),
        cmocka_unit_test(refused_datagram_is_lost_and_the_rest_goes),
        cmocka_unit_test(dropped_queue_counts_as_lost),
        cmocka_unit_test(trains_by_segments),
        cmocka_unit_test(trains_one_by_one),
        cmocka_unit_test(refused_segments_go_one_by_one),
        cmocka_unit_test(joined_datagrams_come_and_go),
        cmocka_unit_test(closed_port_v4),
        cmocka_unit_test(closed_port_v6),
        cmocka_unit_test(receive_passes_over_the_errors_of_others),
        cmocka_unit_test(own_fault_is_an_error),
        cmocka_unit_test(kernel_drops_are_counted),
        cmocka_unit_test(range_is_kept_and_ends),
        cmocka_unit_test(a_port_is_shared_by_its_first_socket),
        cmocka_unit_test(a_shared_port_is_dealt_out_by_peer),
        cmocka_unit_test(what_came_is_thrown_away),
        cmocka_unit_test(adopted_socket_is_as_opened),
        cmocka_unit_test(routes_are_asked_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
