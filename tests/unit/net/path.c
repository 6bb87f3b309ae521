/* SPDX-License-Identifier: MIT */
/* Tests of net/path.h and net/next_hop.h, as far as loopback tells. */
#include "net/path.h"
#include "net/next_hop.h"
#include "../file/refuse.h"
#include "../skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;

    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static int new_socket(int family)
{
    int fd = socket(family, SOCK_DGRAM, 0);

    if (fd < 0)
        skip_because("no socket of this family here");
    return fd;
}

static struct net_address address(const char *host)
{
    struct net_address a = { 0 };

    assert_true(net_address_parse(host, 0, &a));
    return a;
}

static void a_plain_path_leaves_a_socket_alone(void **state)
{
    int fd = new_socket(AF_INET);
    int before = option(fd, SOL_IP, IP_MTU_DISCOVER);
    char what[NET_PATH_WHAT];

    (void)state;
    assert_true(net_path_is_plain(&(struct net_path){ 0 }));
    assert_int_equal(net_path_apply(&(struct net_path){ 0 }, fd, false, what), 0);
    assert_int_equal(net_path_ttl(fd), option(fd, SOL_IP, IP_TTL));
    assert_int_equal(net_path_tos(fd), 0);
    assert_int_equal(option(fd, SOL_IP, IP_MTU_DISCOVER), before);
    close(fd);
}

static void each_choice_is_set(int family, const char *source)
{
    bool v6 = family == AF_INET6;
    int fd = new_socket(family);
    char what[NET_PATH_WHAT];
    struct net_path path = { .has_dscp = true,
                             .dscp = 46,
                             .ttl = 5,
                             .whole = true,
                             .source = address(source),
                             .interface = "lo" };
    int err = net_path_apply(&path, fd, false, what);
    struct kedge_address any = { .len = sizeof any.storage };
    struct net_address at;

    if (err == -EADDRNOTAVAIL || err == -EPERM)
        skip_because("no IPv6 here, or only root may choose an interface");
    assert_int_equal(err, 0);
    assert_int_equal(net_path_ttl(fd), 5);
    assert_int_equal(net_path_tos(fd), 46 << 2);
    assert_int_equal(
        option(fd, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER),
        IP_PMTUDISC_PROBE);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any.storage, &any.len), 0);
    assert_true(net_address_from(&any, &at));
    assert_true(net_address_same_host(&at, &path.source));
    close(fd);
}

static void each_choice_is_set_on_ipv4(void **state)
{
    (void)state;
    each_choice_is_set(AF_INET, "127.0.0.7");
}

static void each_choice_is_set_on_ipv6(void **state)
{
    (void)state;
    each_choice_is_set(AF_INET6, "::1");
}

static void what_cannot_be_is_named(void **state)
{
    int fd = new_socket(AF_INET);
    struct net_path path = { .source = address("192.0.2.1") };
    char what[NET_PATH_WHAT];

    (void)state;
    assert_int_equal(net_path_apply(&path, fd, false, what), -EADDRNOTAVAIL);
    assert_string_equal(what, "the source 192.0.2.1");
    path = (struct net_path){ .interface = "no-such" };
    assert_int_equal(net_path_apply(&path, fd, false, what), -ENODEV);
    assert_string_equal(what, "the interface no-such");
    close(fd);
}

static void nobody_has_to_be_asked_on_loopback(void **state)
{
    const struct net_path plain = { 0 };
    struct net_address to = address("127.0.0.5");
    struct next_hop way;

    (void)state;
    assert_int_equal(next_hop_to(&to, &plain, &way), 0);
    assert_string_equal(way.interface, "lo");
    assert_false(way.must_ask);
    assert_true(way.mtu >= 1280);
    assert_true(next_hop_is_attached(&to));
}

static void this_host_has_no_mac_of_its_own_to_go_by(void **state)
{
    struct net_address four = address("127.0.0.5");
    struct net_address six = address("::1");
    uint8_t mac[6];

    (void)state;
    assert_int_equal(next_hop_mac(&four, 0, mac), NEXT_HOP_NO_MAC);
    assert_int_equal(next_hop_mac(&four, 1, mac), NEXT_HOP_NO_MAC);
    assert_int_equal(next_hop_mac(&six, 0, mac), NEXT_HOP_NO_MAC);
    assert_int_equal(next_hop_mac(&four, 1u << 30, mac), NEXT_HOP_NO_MAC);
}

static int ask_for_mac(void *unused)
{
    struct net_address four = address("127.0.0.5");
    uint8_t mac[6];

    (void)unused;
    return (int)next_hop_mac(&four, 0, mac);
}

/* Memory or descriptors that this host lacks now say nothing of the peer. */
static void a_failure_of_this_host_is_no_word_about_the_peer(void **state)
{
    static const struct {
        unsigned call, err;
    } refused[] = { { SYS_sendto, ENOBUFS },
                    { SYS_ioctl, ENOMEM },
                    { SYS_socket, EMFILE } };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int said = in_refused_child(refused[i].call, refused[i].err, ask_for_mac, NULL);

        if (said == CANNOT_REFUSE)
            skip_because("no system call may be refused here (seccomp)");
        assert_int_equal(said, NEXT_HOP_MAC_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_path_leaves_a_socket_alone),
        cmocka_unit_test(each_choice_is_set_on_ipv4),
        cmocka_unit_test(each_choice_is_set_on_ipv6),
        cmocka_unit_test(what_cannot_be_is_named),
        cmocka_unit_test(nobody_has_to_be_asked_on_loopback),
        cmocka_unit_test(this_host_has_no_mac_of_its_own_to_go_by),
        cmocka_unit_test(a_failure_of_this_host_is_no_word_about_the_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
