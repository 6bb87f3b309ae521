/* SPDX-License-Identifier: MIT */
/* Tests of how sockets of net/udp.h are set up: which address was asked is told where it
 * can differ, and batches go on where this kernel refuses the calls for them. */
#include "udp_pair.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define COUNT 5

/* COUNT datagrams from a, which come to b whole and in order. */
static void send_and_receive(struct pair *p, const struct net_address *to)
{
    uint8_t bytes[COUNT] = { 'a', 'b', 'c', 'd', 'e' };
    unsigned got = 0;

    for (unsigned i = 0; i < COUNT; i++) {
        struct udp_message m = { .bytes = { &bytes[i], 1 }, .peer = *to };

        udp_out_borrow(&p->out, &m);
    }
    assert_true(udp_flush(&p->out));
    assert_int_equal(p->out.sent, COUNT);
    assert_int_equal(p->out.lost, 0);
    while (got < COUNT) {
        int n;

        wait_for(p->b.fd, POLLIN);
        n = udp_receive(p->b.fd, &p->in);
        assert_true(n > 0);
        for (int i = 0; i < n; i++, got++)
            assert_int_equal(*p->in.in[i].m.bytes.ptr, bytes[got]);
    }
    assert_int_equal(got, COUNT);
    assert_int_equal(udp_receive(p->b.fd, &p->in), 0);
}

static void one_address(const char *host)
{
    struct pair *p = pair_open(host);
    struct net_address b = p->b.at;

    udp_one_address(&p->b);
    send_and_receive(p, &b);
    assert_int_equal(p->in.in[0].m.local.address.len, 0);
    assert_false(p->in.in[0].to_broadcast);
    assert_true(net_address_equal(&p->in.in[0].m.peer, &p->a.at));
    pair_close(p);
}

static void address_asked_is_not_told_where_there_is_one(void **state)
{
    (void)state;
    one_address("127.0.0.1");
    one_address("::1");
}

/* On any address, and where this host would not speak from that one. */
static void address_asked_is_told_where_it_matters(void **state)
{
    static const char *const hosts[] = { "0.0.0.0", "127.0.0.2" };
    struct net_address to;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pair *p = pair_between("127.0.0.1", hosts[i]);

        udp_one_address(&p->b);
        assert_true(net_address_parse("127.0.0.2", net_address_port(&p->b.at), &to));
        send_and_receive(p, &to);
        assert_true(net_address_same_host(&p->in.in[0].m.local.address, &to));
        pair_close(p);
    }
}

/* In this process and its children from now on, the two calls fail. */
static void refuse_batches(unsigned code)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvmmsg, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmmsg, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof *filter,
                                  .filter = filter };

    assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    assert_true(sendmmsg(-1, NULL, 0, 0) < 0 && (unsigned)errno == code);
}

static void check_without_batches(unsigned code)
{
    struct pair *p = pair_open("127.0.0.1");
    struct net_address to = p->b.at;
    uint8_t packets[COUNT * 100];
    struct udp_gso_batch t = { .packets = { packets, sizeof packets },
                               .stride = 100,
                               .peer = &to };

    refuse_batches(code);
    send_and_receive(p, &to);
    assert_true(p->in.apart);
    memset(packets, 'f', sizeof packets);
    assert_int_equal(udp_send_gso(p->a.fd, &t), COUNT);
    assert_int_equal(t.lost, 0);
    for (unsigned got = 0; got < COUNT; got += p->in.count) {
        wait_for(p->b.fd, POLLIN);
        assert_true(udp_receive(p->b.fd, &p->in) > 0);
        assert_int_equal(p->in.in[0].m.bytes.len, 100);
    }
    pair_close(p);
}

/* The filter stays, so it is a child's. */
static void in_a_child(void (*check)(unsigned code), unsigned code)
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        check(code);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void batches_that_are_refused_go_one_by_one(void **state)
{
    (void)state;
    in_a_child(check_without_batches, ENOSYS);
    in_a_child(check_without_batches, EPERM);
}

/* As an older kernel: no option of that number. */
static void refuse_joining(unsigned code)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UDP_GRO, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof *filter,
                                  .filter = filter };

    assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* A train comes in its parts. */
static void check_without_joining(unsigned code)
{
    struct pair *p = pair_open("127.0.0.1");
    uint8_t packets[COUNT * 100] = { 0 };
    struct udp_gso_batch t = { .packets = { packets, sizeof packets },
                               .stride = 100,
                               .gso = true };
    struct udp_options o = { .gro = true };

    refuse_joining(code);
    udp_close(&p->b);
    assert_true(net_address_parse("127.0.0.1", 0, &o.at));
    assert_int_equal(udp_open(&o, &p->b), 0);
    assert_false(p->b.gro);
    t.peer = &p->b.at;
    assert_int_equal(udp_send_gso(p->a.fd, &t), COUNT);
    for (unsigned got = 0; got < COUNT; got += p->in.count) {
        wait_for(p->b.fd, POLLIN);
        assert_true(udp_receive(p->b.fd, &p->in) > 0);
        assert_int_equal(p->in.in[0].m.bytes.len, 100);
        assert_int_equal(p->in.in[0].m.segment, 0);
    }
    pair_close(p);
}

static void joining_that_is_refused_is_done_without(void **state)
{
    (void)state;
    in_a_child(check_without_joining, ENOPROTOOPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_asked_is_not_told_where_there_is_one),
        cmocka_unit_test(address_asked_is_told_where_it_matters),
        cmocka_unit_test(batches_that_are_refused_go_one_by_one),
        cmocka_unit_test(joining_that_is_refused_is_done_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
