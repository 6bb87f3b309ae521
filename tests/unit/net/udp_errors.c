/* SPDX-License-Identifier: MIT */
/* Tests of the errors that a shared socket of net/udp.h is told of: whose they are. */
#include "udp_pair.h"

#include <linux/errqueue.h>

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

static void a_firewall_is_told_from_a_missing_route(void **state)
{
    static const struct {
        uint8_t origin, type, code;
        bool prohibited;
    } errors[] = {
        { SO_EE_ORIGIN_ICMP, 3, 9, true },    { SO_EE_ORIGIN_ICMP, 3, 10, true },
        { SO_EE_ORIGIN_ICMP, 3, 13, true },   { SO_EE_ORIGIN_ICMP, 3, 1, false },
        { SO_EE_ORIGIN_ICMP, 3, 3, false },   { SO_EE_ORIGIN_ICMP, 11, 13, false },
        { SO_EE_ORIGIN_ICMP6, 1, 1, true },   { SO_EE_ORIGIN_ICMP6, 1, 5, true },
        { SO_EE_ORIGIN_ICMP6, 1, 3, false },  { SO_EE_ORIGIN_ICMP6, 3, 1, false },
        { SO_EE_ORIGIN_LOCAL, 3, 13, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct udp_error e = { .origin = errors[i].origin,
                               .type = errors[i].type,
                               .subtype = errors[i].code };

        if (udp_error_is_prohibition(&e) != errors[i].prohibited)
            fail_msg("line %zu", i);
    }
}

/* Others are a word about the way, or anybody's. */
static void only_a_closed_port_is_a_refusal(void **state)
{
    (void)state;
    for (uint8_t type = 0; type < 20; type++)
        for (uint8_t code = 0; code < 20; code++) {
            struct udp_error v4 = { .origin = SO_EE_ORIGIN_ICMP };
            struct udp_error v6 = { .origin = SO_EE_ORIGIN_ICMP6 };
            struct udp_error own = { .origin = SO_EE_ORIGIN_LOCAL };

            v4.type = v6.type = own.type = type;
            v4.subtype = v6.subtype = own.subtype = code;
            assert_int_equal(udp_error_is_refusal(&v4), type == 3 && code == 3);
            assert_int_equal(udp_error_is_refusal(&v6), type == 1 && code == 4);
            assert_false(udp_error_is_refusal(&own));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_port_v4),
        cmocka_unit_test(closed_port_v6),
        cmocka_unit_test(receive_passes_over_the_errors_of_others),
        cmocka_unit_test(a_firewall_is_told_from_a_missing_route),
        cmocka_unit_test(only_a_closed_port_is_a_refusal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
