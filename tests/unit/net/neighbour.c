/* SPDX-License-Identifier: MIT */
/* Tests of net/neighbour.h and net/netlink.h: what the kernel answers, and what it might. */
#include "net/neighbour.h"

#include "net/netlink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

/* Handed over in front of the kernel's answer: `times` datagrams from `pid`, by a number that
 * is `off` beside the one that is asked by. */
static struct {
    struct netlink_request message;
    unsigned times, pid, off;
} planted;

static uint32_t number_asked;

ssize_t send(int fd, const void *from, size_t len, int flags)
{
    struct nlmsghdr h;

    assert_true(len >= sizeof h);
    memcpy(&h, from, sizeof h);
    number_asked = h.nlmsg_seq;
    return sendto(fd, from, len, flags, NULL, 0);
}

ssize_t recvmsg(int fd, struct msghdr *to, int flags)
{
    const struct sockaddr_nl sender = { .nl_family = AF_NETLINK, .nl_pid = planted.pid };
    static ssize_t (*next)(int, struct msghdr *, int);
    struct netlink_request *m = &planted.message;

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "recvmsg");
    if (planted.times == 0)
        return next(fd, to, flags);
    planted.times--;
    m->header.nlmsg_seq = number_asked + planted.off;
    assert_true(m->header.nlmsg_len <= to->msg_iov->iov_len);
    assert_int_equal(to->msg_namelen, sizeof sender);
    memcpy(to->msg_iov->iov_base, m, m->header.nlmsg_len);
    memcpy(to->msg_name, &sender, sizeof sender);
    return m->header.nlmsg_len;
}

/* An answer as the kernel makes it: an attribute of another type in front. */
static struct netlink_request entry(uint16_t state, const uint8_t *link, size_t bytes)
{
    static const uint8_t ip[] = { 192, 0, 2, 7 };
    struct netlink_request r = { .header = { .nlmsg_len =
                                                 NLMSG_LENGTH(sizeof r.u.neighbour),
                                             .nlmsg_type = RTM_NEWNEIGH } };

    r.u.neighbour.ndm_state = state;
    netlink_append(&r, NDA_DST, (struct kedge_span){ ip, sizeof ip });
    if (bytes > 0)
        netlink_append(&r, NDA_LLADDR, (struct kedge_span){ link, bytes });
    return r;
}

/* From memory that ends where the message does. */
static bool parse(const struct netlink_request *r, size_t len, struct neighbour *out)
{
    uint8_t *copy = malloc(len ? len : 1);
    bool good;

    assert_non_null(copy);
    memcpy(copy, r, len);
    good = neighbour_parse((struct kedge_span){ copy, len }, out);
    free(copy);
    return good;
}

static void the_address_of_a_neighbour_is_read(void **state)
{
    struct netlink_request r = entry(NUD_STALE, mac, sizeof mac);
    struct neighbour n;

    (void)state;
    assert_true(parse(&r, r.header.nlmsg_len, &n));
    assert_true(n.usable);
    assert_int_equal(n.link_bytes, 6);
    assert_memory_equal(n.link, mac, 6);
}

static void an_entry_that_failed_or_is_asked_for_is_of_no_use(void **state)
{
    static const uint16_t states[] = { NUD_INCOMPLETE, NUD_FAILED, NUD_NONE };
    struct neighbour n;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct netlink_request r = entry(states[i], mac, sizeof mac);

        assert_true(parse(&r, r.header.nlmsg_len, &n));
        assert_false(n.usable);
    }
}

static void a_link_without_addresses_has_none(void **state)
{
    static const uint8_t endless[NEIGHBOUR_LINK_MAX + 1] = { 1 };
    struct netlink_request none = entry(NUD_PERMANENT, NULL, 0);
    struct netlink_request more = entry(NUD_PERMANENT, endless, sizeof endless);
    struct netlink_request most = entry(NUD_PERMANENT, endless, NEIGHBOUR_LINK_MAX);
    struct neighbour n;

    (void)state;
    assert_true(parse(&none, none.header.nlmsg_len, &n));
    assert_int_equal(n.link_bytes, 0);
    assert_true(parse(&more, more.header.nlmsg_len, &n));
    assert_int_equal(n.link_bytes, 0);
    assert_true(parse(&most, most.header.nlmsg_len, &n));
    assert_int_equal(n.link_bytes, NEIGHBOUR_LINK_MAX);
}

static void every_prefix_of_an_answer_is_safe(void **state)
{
    struct netlink_request r = entry(NUD_REACHABLE, mac, sizeof mac);
    struct neighbour n;

    (void)state;
    for (size_t len = 0; len < r.header.nlmsg_len; len++) {
        bool good = parse(&r, len, &n);

        assert_int_equal(good, len >= NLMSG_LENGTH(sizeof(struct ndmsg)));
        assert_true(!good || n.link_bytes == 0 || len >= r.header.nlmsg_len - 2);
    }
}

static void an_attribute_that_lies_about_its_size_ends_the_search(void **state)
{
    struct netlink_request r = entry(NUD_REACHABLE, mac, sizeof mac);
    struct rtattr *first = (void *)((uint8_t *)&r + NLMSG_SPACE(sizeof(struct ndmsg)));
    struct neighbour n;

    (void)state;
    for (unsigned lie = 0; lie < 4; lie++) {
        first->rta_len = (uint16_t)lie;
        assert_true(parse(&r, r.header.nlmsg_len, &n));
        assert_int_equal(n.link_bytes, 0);
    }
    first->rta_len = UINT16_MAX;
    assert_true(parse(&r, r.header.nlmsg_len, &n));
    assert_int_equal(n.link_bytes, 0);
}

static void an_answer_of_another_kind_is_none(void **state)
{
    struct netlink_request r = entry(NUD_REACHABLE, mac, sizeof mac);
    struct neighbour n;

    (void)state;
    r.header.nlmsg_type = RTM_NEWROUTE;
    assert_false(parse(&r, r.header.nlmsg_len, &n));
}

static void the_kernel_says_where_there_is_no_entry(void **state)
{
    struct net_address at;
    struct neighbour n;
    int fd = netlink_open();

    (void)state;
    assert_true(fd >= 0);
    assert_true(net_address_parse("192.0.2.7", 0, &at));
    assert_int_equal(neighbour_ask(fd, 1, &at, &n), -ENOENT);
    assert_true(net_address_parse("2001:db8::7", 0, &at));
    assert_int_equal(neighbour_ask(fd, 1, &at, &n), -ENOENT);
    assert_true(neighbour_ask(fd, 1u << 30, &at, &n) < 0);
    close(fd);
}

static int ask_with(unsigned times, unsigned pid, unsigned off, struct neighbour *n)
{
    struct net_address at;
    int fd = netlink_open();
    int err;

    assert_true(fd >= 0);
    assert_true(net_address_parse("192.0.2.7", 0, &at));
    planted.message = entry(NUD_REACHABLE, mac, sizeof mac);
    planted.times = times;
    planted.pid = pid;
    planted.off = off;
    err = neighbour_ask(fd, 1, &at, n);
    planted.times = 0;
    close(fd);
    return err;
}

/* Forged by another process, or late: the kernel's own answer to this question counts. */
static void an_answer_that_is_not_to_this_question_is_passed_over(void **state)
{
    struct neighbour n;

    (void)state;
    assert_int_equal(ask_with(1, 0, 0, &n), 0);
    assert_memory_equal(n.link, mac, sizeof mac);
    assert_int_equal(ask_with(1, 4711, 0, &n), -ENOENT);
    assert_int_equal(ask_with(1, 0, 1, &n), -ENOENT);
    assert_int_equal(ask_with(1, 0, UINT32_MAX, &n), -ENOENT);
    assert_int_equal(ask_with(63, 4711, 1, &n), -ENOENT);
}

static void it_does_not_look_for_its_answer_for_ever(void **state)
{
    struct neighbour n;

    (void)state;
    assert_int_equal(ask_with(UINT32_MAX, 0, 1, &n), -EBADMSG);
}

static void each_question_has_a_number_of_its_own(void **state)
{
    struct neighbour n;
    uint32_t before[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ask_with(0, 0, 0, &n), -ENOENT);
        before[i] = number_asked;
    }
    assert_true(before[0] != before[1] || before[1] != before[2]);
    assert_true(before[1] != before[0] + 1 || before[2] != before[1] + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_of_a_neighbour_is_read),
        cmocka_unit_test(an_entry_that_failed_or_is_asked_for_is_of_no_use),
        cmocka_unit_test(a_link_without_addresses_has_none),
        cmocka_unit_test(every_prefix_of_an_answer_is_safe),
        cmocka_unit_test(an_attribute_that_lies_about_its_size_ends_the_search),
        cmocka_unit_test(an_answer_of_another_kind_is_none),
        cmocka_unit_test(the_kernel_says_where_there_is_no_entry),
        cmocka_unit_test(an_answer_that_is_not_to_this_question_is_passed_over),
        cmocka_unit_test(it_does_not_look_for_its_answer_for_ever),
        cmocka_unit_test(each_question_has_a_number_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
