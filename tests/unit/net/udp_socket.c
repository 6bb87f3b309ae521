/* SPDX-License-Identifier: MIT */
/* Tests of how sockets of net/udp.h are set up: which address was asked is told where it
 * can differ, and batches go on where this kernel refuses the calls for them. */
#include "udp_pair.h"
#include "../file/refuse.h"
#include "../skip.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
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

static int df_of(int fd)
{
    int value = -1;
    socklen_t len = sizeof value;

    assert_int_equal(getsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &value, &len), 0);
    return value;
}

/* A route that shrinks in mid-path fragments what is sent, and so it does after one that asked
 * not to be. */
static void no_other_datagram_has_df(void **state)
{
    struct pair *p = pair_open("127.0.0.1");
    struct udp_message m = { .bytes = { p->big[0], 100 }, .peer = p->b.at };

    (void)state;
    assert_int_equal(df_of(p->a.fd), IP_PMTUDISC_DONT);
    assert_int_equal(udp_send_df(p->a.fd, &m, 900), 0);
    assert_int_equal(df_of(p->a.fd), IP_PMTUDISC_DONT);
    wait_for(p->b.fd, POLLIN);
    assert_int_equal(udp_receive(p->b.fd, &p->in), 1);
    assert_int_equal(p->in.in[0].m.bytes.len, 1000);
    assert_int_equal(udp_send_df(p->a.fd, &m, UDP_BYTES_MAX), -EMSGSIZE);
    assert_int_equal(df_of(p->a.fd), IP_PMTUDISC_DONT);
    pair_close(p);
}

/* A loopback of its own, of an Ethernet's packets. */
static bool narrow_loopback(void)
{
    struct ifreq r = { .ifr_name = "lo" };
    int fd = unshare(CLONE_NEWNET) < 0 ? -1 : socket(AF_INET, SOCK_DGRAM, 0);
    bool done;

    r.ifr_mtu = 1500;
    done = fd >= 0 && ioctl(fd, SIOCSIFMTU, &r) == 0;
    r.ifr_flags = IFF_UP;
    done = done && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static int send_more_than_fits(void *arg)
{
    struct udp_options o = { .at = *(struct net_address *)arg };
    struct udp_message m = { .bytes = { (const uint8_t *)"x", 1 } };
    struct udp_gso_batch plain = { .stride = 3000, .peer = &m.peer };
    static const uint8_t bytes[3000];
    struct udp_socket a, b;

    if (!narrow_loopback())
        return CANNOT_REFUSE;
    if (udp_open(&o, &a) < 0 || udp_open(&o, &b) < 0)
        return 1;
    m.peer = b.at;
    plain.packets = (struct kedge_span){ bytes, sizeof bytes };
    if (udp_send_df(a.fd, &m, 1500 - 28 - 1) != 0)
        return 2;
    if (udp_send_df(a.fd, &m, 1500 - 28) != -EMSGSIZE)
        return 3;
    return udp_send_gso(a.fd, &plain) == 1 && plain.lost == 0 ? 0 : 4;
}

static void what_has_df_leaves_whole_or_not_at_all(void **state)
{
    struct net_address at = parsed("127.0.0.1", 0);
    int said = in_child(send_more_than_fits, &at);

    (void)state;
    if (said == CANNOT_REFUSE)
        skip_because("no network namespace is permitted here");
    assert_int_equal(said, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_asked_is_not_told_where_there_is_one),
        cmocka_unit_test(address_asked_is_told_where_it_matters),
        cmocka_unit_test(batches_that_are_refused_go_one_by_one),
        cmocka_unit_test(joining_that_is_refused_is_done_without),
        cmocka_unit_test(no_other_datagram_has_df),
        cmocka_unit_test(what_has_df_leaves_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
