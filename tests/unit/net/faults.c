/* SPDX-License-Identifier: MIT */
/* Each system call of net/udp.h, of routes and of connections fails once in each way: what was
 * sent comes once, in order and whole, what is lost is counted, and no socket stays open. */
#include "udp_pair.h"

#include "../each_fault.h"
#include "kedge/endpoint.h"
#include "kedge/stream.h"
#include "net/next_hop.h"

#include <sys/socket.h>

enum { ROOM = 40000, TRIES = 20, END_S = 10 };

struct scene {
    const char *host;
    bool is_refused; /* trains are, by the kernel */
    bool queued;     /* in an outbox; else sent at once */
    size_t stride, len;
    struct udp_outbox out;
    struct udp_inbox in;
    struct udp_socket a, b;
    uint8_t bytes[ROOM], got[ROOM];
    uint8_t memory[UDP_BATCH * 2048];
    unsigned sent, lost;
    size_t came;
};

static void prepare(void *arg)
{
    struct scene *c = arg;

    (void)alarm(END_S); /* one that goes in a circle */
    c->came = 0;
    c->sent = c->lost = 0;
    for (size_t i = 0; i < ROOM; i++)
        c->bytes[i] = (uint8_t)(i * 7 + i / 251);
}

/* Room in a socket comes by itself here: its owner tries again. */
static void send_queued(struct scene *c)
{
    struct udp_message m = { .bytes = { c->bytes, c->stride }, .peer = c->b.at };
    bool done = false;

    udp_outbox_init(&c->out, c->a.fd);
    for (int i = 0; i < 5; i++, m.bytes.ptr += c->stride)
        udp_out_copy(&c->out, &m);
    m.bytes.len = c->len - 5 * c->stride;
    m.segment = (uint16_t)c->stride;
    udp_out_borrow(&c->out, &m);
    for (int i = 0; i < TRIES && !done; i++)
        done = udp_flush(&c->out);
    assert_true(done);
    c->sent = (unsigned)c->out.sent;
    c->lost = (unsigned)c->out.lost;
}

static void send_train(struct scene *c)
{
    struct udp_gso_batch t = { .packets = { c->bytes, c->len },
                               .stride = c->stride,
                               .peer = &c->b.at,
                               .gso = true };

    for (int i = 0; i < TRIES && t.packets.len > 0; i++) {
        unsigned all = udp_gso_count(&t);
        unsigned done = udp_send_gso(c->a.fd, &t);
        size_t bytes = done < all ? done * c->stride : t.packets.len;

        c->sent += done - t.lost;
        c->lost += t.lost;
        t.packets.ptr += bytes;
        t.packets.len -= bytes;
    }
    assert_int_equal(t.packets.len, 0);
}

/* 0, or what a call said: the next one goes on. */
static int receive(struct scene *c, bool waits)
{
    int said = 0;

    for (int i = 0; i < TRIES && c->came < c->len; i++) {
        int n = waits ? udp_receive_within(c->b.fd, &c->in, UDP_BATCH)
                      : udp_receive(c->b.fd, &c->in);

        if (n < 0)
            said = -n;
        for (int k = 0; k < n; k++) {
            struct kedge_span bytes = c->in.in[k].m.bytes;

            assert_true(c->came + bytes.len <= c->len);
            memcpy(c->got + c->came, bytes.ptr, bytes.len);
            c->came += bytes.len;
        }
    }
    return said;
}

static int exchange(struct scene *c)
{
    int on = 1, error;

    faults_spare(true);
    if (c->is_refused)
        assert_int_equal(setsockopt(c->a.fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
    faults_spare(false);
    udp_inbox_init(&c->in, c->memory, sizeof c->memory, 2048);
    if (c->queued)
        send_queued(c);
    else
        send_train(c);
    error = receive(c, false);
    if (c->came == c->len && !c->queued) { /* once more, to who waits */
        c->came = 0;
        error = udp_let_wait(&c->b, 2) < 0 ? EIO : error;
        send_train(c);
        error = receive(c, true) ? EIO : error;
    }
    return error ? error : c->came == c->len ? 0 : EIO;
}

static int run(void *arg)
{
    struct scene *c = arg;
    struct udp_options o = { .at = parsed(c->host, 0) };
    int error = udp_open(&o, &c->a);

    if (error < 0)
        return -error;
    error = udp_open(&o, &c->b);
    if (error < 0) {
        udp_close(&c->a);
        return -error;
    }
    error = exchange(c);
    udp_close(&c->a);
    udp_close(&c->b);
    return error;
}

/* Nothing comes twice. What does not come was counted as lost, and nothing else. */
static void check(void *arg, int error, bool transient)
{
    struct scene *c = arg;

    (void)alarm(0);
    assert_false(transient && error);
    if (transient)
        assert_int_equal(c->lost, 0);
    if (c->lost == 0)
        assert_memory_equal(c->got, c->bytes, c->came);
    if (!error)
        assert_int_equal(c->came, c->len);
}

static void exchanges(bool queued, bool is_refused, size_t stride, size_t count)
{
    static const char *const hosts[] = { "127.0.0.1", "::1" };

    for (size_t i = 0; i < 2; i++) {
        struct scene *c = calloc(1, sizeof *c);
        struct each_fault s = { prepare, run, check, c, NULL };

        assert_non_null(c);
        c->host = hosts[i];
        c->queued = queued;
        c->is_refused = is_refused && i == 0;
        c->stride = stride;
        c->len = stride * count - 7;
        assert_true(each_fault(&s) > 20);
        free(c);
    }
}

static void a_queue(void **state)
{
    (void)state;
    exchanges(true, false, 200, 20);
}

static void a_train(void **state)
{
    (void)state;
    exchanges(false, false, 200, 80);
    exchanges(false, false, 200, 1);
}

/* Then its frames leave one by one, and a part of them may find the socket full. */
static void a_train_that_the_kernel_refuses(void **state)
{
    (void)state;
    exchanges(true, true, 100, 105);
    exchanges(false, true, 100, 100);
}

/* Whatever the kernel calls it: offloading, a header of the route, a device. */
static void a_train_that_is_refused_is_not_lost(void **state)
{
    static const int words[] = { EIO, EINVAL, EMSGSIZE };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct scene *c = calloc(1, sizeof *c);

        assert_non_null(c);
        c->host = "127.0.0.1";
        c->stride = 100;
        c->len = 2000;
        prepare(c);
        faults_begin(fault_call_named("sendmsg"), 1, words[i]);
        assert_int_equal(run(c), 0);
        assert_true(faults_end());
        check(c, 0, true);
        free(c);
    }
}

/* ---- Routes ---- */

static void prepare_nothing(void *arg)
{
    (void)arg;
}

static int ask_route(void *arg)
{
    struct net_address peer = parsed("127.0.0.9", 69), from = { 0 };
    struct net_route r;
    int error = net_route_open(&r);

    (void)arg;
    if (error < 0)
        return -error;
    error = net_route_mtu(&r, &peer);
    if (error > 0) {
        assert_true(error >= 1500);
        error = net_route_source(&r, &peer, &from);
    }
    net_route_close(&r);
    if (error == 0)
        assert_true(net_address_same_host(&from, &(struct net_address){ 0 }) ||
                    from.u.v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    return error < 0 ? -error : 0;
}

static void check_said(void *arg, int error, bool transient)
{
    (void)arg;
    assert_false(transient && error);
}

static void a_route(void **state)
{
    struct each_fault s = { prepare_nothing, ask_route, check_said, NULL, NULL };

    (void)state;
    assert_true(each_fault(&s) > 5);
}

/* What the kernel cannot be asked is not known. */
static int ask_next_hop(void *arg)
{
    struct net_address peer = parsed("127.0.0.9", 69);
    struct net_path none = { 0 };
    struct next_hop hop = { .mtu = 0 };
    int error = next_hop_to(&peer, &none, &hop);

    (void)arg;
    assert_true(error || hop.mtu >= 1500);
    next_hop_resolve(&peer, 1);
    return -error;
}

static void a_next_hop(void **state)
{
    static const char *const whole[] = { "recvmsg", "send",
                                         NULL }; /* netlink's messages are */
    struct each_fault s = { prepare_nothing, ask_next_hop, check_said, NULL, whole };

    (void)state;
    assert_true(each_fault(&s) > 5);
    assert_true(one_fault(&s, fault_call_named("recvmsg"), 1, EINTR));
    assert_true(one_fault(&s, fault_call_named("recvmsg"), 1, ENOMEM));
    assert_true(one_fault(&s, fault_call_named("send"), 1, ENOBUFS));
}

/* ---- A connection ---- */

static int converse(int near, int far)
{
    char out[1000], in[1000];
    size_t got = 0;
    ssize_t n = 0;

    memset(out, 'x', sizeof out);
    if (kedge_write_all(near, out, sizeof out) < 0)
        return EIO;
    while (got < sizeof in && (n = kedge_read_some(far, in + got, sizeof in - got)) > 0)
        got += (size_t)n;
    if (got < sizeof in)
        return EIO;
    assert_memory_equal(in, out, sizeof in);
    return 0;
}

static int connect_and_talk(void *arg)
{
    struct kedge_endpoint e;
    char at[KEDGE_ENDPOINT_TEXT];
    int listener = kedge_listen("tcp://127.0.0.1:0", NULL);
    int near, far, error = EIO;

    (void)arg;
    if (listener < 0)
        return -listener;
    faults_spare(true);
    assert_true(kedge_endpoint_parse("tcp://127.0.0.1:0", &e, NULL));
    assert_int_equal(kedge_endpoint_bound(&e, listener), 0);
    kedge_endpoint_print(&e, at);
    faults_spare(false);
    near = kedge_dial(at, NULL);
    far = near < 0 ? -1 : kedge_accept(listener, NULL);
    if (far >= 0)
        error = converse(near, far);
    faults_spare(true);
    if (far >= 0)
        close(far);
    if (near >= 0)
        close(near);
    close(listener);
    faults_spare(false);
    return error;
}

static void a_connection(void **state)
{
    struct each_fault s = { prepare_nothing, connect_and_talk, check_said, NULL, NULL };
    static const char *const moving[] = { "recv", "send", NULL };

    (void)state;
    s.without = moving;
    assert_true(each_fault(&s) > 5);
    for (size_t i = 0; moving[i]; i++) {
        assert_true(one_fault(&s, fault_call_named(moving[i]), 1, FAULT_SHORT));
        assert_true(one_fault(&s, fault_call_named(moving[i]), 1, EINTR));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue),
        cmocka_unit_test(a_train),
        cmocka_unit_test(a_train_that_the_kernel_refuses),
        cmocka_unit_test(a_train_that_is_refused_is_not_lost),
        cmocka_unit_test(a_route),
        cmocka_unit_test(a_next_hop),
        cmocka_unit_test(a_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
