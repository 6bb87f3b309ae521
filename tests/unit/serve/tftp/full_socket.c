/* SPDX-License-Identifier: MIT */
/* Tests of a TFTP service whose socket is full or whose descriptors have run out, for as long as
 * the test says so: what waits leaves later, and what may not wait is dropped. */
#include "tftp_bench.h"

#include "../../faults.h"
#include "../../skip.h"
#include "serve/tftp/private.h"

#include <sys/resource.h>

enum {
    END_S = 10,          /* a service that turns in a circle ends by SIGALRM */
    FEW_DESCRIPTORS = 48 /* an eighth are data ports */
};

static void fail_each(const char *call, int error)
{
    (void)alarm(END_S);
    faults_begin(fault_call_named(call), FAULT_EACH, error);
}

static void fail_no_more(void)
{
    (void)faults_end();
    (void)alarm(0);
}

static unsigned failed(const char *call)
{
    return fault_count(fault_call_named(call));
}

/* The port that speaks to a peer: of the listener's, the one that it has heard. */
static struct tftp_port *port_that_speaks(const struct bench *b, const struct peer *p)
{
    struct tftp_listener *l = &b->service->listeners[0];
    struct tftp_port *port = l->port;

    while (net_address_port(&port->socket.at) != net_address_port(&p->tid))
        port++;
    return port;
}

/* The transfer is over and its file is let go: so its bytes may not leave any more. */
static void lent_bytes_do_not_outlive_their_transfer(void **state)
{
    struct peer *p;
    uint16_t block;
    struct bench *b = lending(&p, &block);
    bool lent = is_lent(b);

    (void)state;
    fail_each("sendmsg", EAGAIN);
    say(p, KEDGE_TFTP_ACK, block, NULL);
    for (int i = 0; lent && i < 2000 && failed("sendmsg") == 0; i++)
        turn(b);
    say(p, KEDGE_TFTP_ERROR, 0, NULL);
    for (int i = 0; i < 2000 && tftp_service_busy(b->service) > 0; i++)
        turn(b);
    fail_no_more();
    assert_int_equal(tftp_service_busy(b->service), 0);
    if (lent)
        assert_false(hears(p, 50));
    peer_free(p);
    bench_free(b);
    if (!lent)
        skip_because("pages of files in /tmp are not lent here");
}

/* As lending(), with few data ports. */
static struct bench *lending_by_few_ports(struct peer **p, uint16_t *block)
{
    struct rlimit all, few;
    struct bench *b;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    few = (struct rlimit){ FEW_DESCRIPTORS, all.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    b = lending(p, block);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    return b;
}

/* One that uploads to the same data port, which is chosen by lot. */
static struct peer *uploading_beside(struct bench *b, const struct peer *p)
{
    for (int i = 0; i < 500; i++) {
        struct peer *q = peer_new(b);

        ask(q, KEDGE_TFTP_WRQ, "new", NULL);
        must_hear(q, KEDGE_TFTP_ACK, 0);
        if (net_address_port(&q->tid) == net_address_port(&p->tid))
            return q;
        say(q, KEDGE_TFTP_ERROR, 0, NULL);
        for (int n = 0; n < 2000 && tftp_service_busy(b->service) > 1; n++)
            turn(b);
        peer_free(q);
    }
    fail_msg("no other transfer has that port");
    return NULL;
}

/* What was lent has left, and its transfer ends while another's packet waits in their port. */
static void what_was_lent_and_left_costs_no_other_its_packet(void **state)
{
    char body[512 + 1] = "";
    uint16_t block;
    struct peer *p;
    struct bench *b = lending_by_few_ports(&p, &block);
    struct peer *q = uploading_beside(b, p);
    bool lent = is_lent(b);

    (void)state;
    say(p, KEDGE_TFTP_ACK, block, NULL);
    must_hear(p, KEDGE_TFTP_DATA, (uint16_t)(block + 1));
    memset(body, 'x', sizeof body - 1);
    say(q, KEDGE_TFTP_DATA, 1, body);
    say(p, KEDGE_TFTP_ERROR, 0, NULL);
    fail_each("sendto", EAGAIN);
    for (int i = 0; i < 2000 && tftp_service_busy(b->service) > 1; i++)
        turn(b);
    assert_int_equal(tftp_service_busy(b->service), 1);
    assert_true(failed("sendto") > 0);
    fail_no_more();
    assert_true(hears(q, 200)); /* before it would be said again */
    assert_int_equal(q->packet[3], 1);
    peer_free(q);
    peer_free(p);
    bench_free(b);
    if (!lent)
        skip_because("pages of files in /tmp are not lent here");
}

static void what_waits_in_a_full_socket_leaves_when_there_is_room(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b);
    const struct tftp_port *port;

    (void)state;
    ask(p, KEDGE_TFTP_RRQ, "quick", NULL);
    must_hear(p, KEDGE_TFTP_DATA, 1);
    port = port_that_speaks(b, p);
    say(p, KEDGE_TFTP_ACK, 1, NULL);
    fail_each("sendto", EAGAIN);
    for (int i = 0; i < 2000 && port->watch.events == LOOP_READ; i++)
        turn(b);
    assert_int_equal(port->watch.events, LOOP_READ | LOOP_WRITE);
    fail_no_more();
    must_hear(p, KEDGE_TFTP_DATA, 2);
    turn(b);
    assert_int_equal(port->watch.events, LOOP_READ);
    peer_free(p);
    bench_free(b);
}

/* Of a window, at once and not when a timer finds out. */
static void a_window_goes_on_when_there_is_room(void **state)
{
    static const char request[] = "\0\1slow\0octet\0blksize\0001000\0windowsize\0008";
    struct bench *b = two_files();
    struct peer *p = peer_new(b);
    struct tftp_port *port;

    (void)state;
    send_to(p, &b->at, request, sizeof request);
    must_hear(p, KEDGE_TFTP_OACK, 0);
    port = port_that_speaks(b, p);
    fail_each("sendmsg", EAGAIN);
    say(p, KEDGE_TFTP_ACK, 0, NULL);
    for (int i = 0; i < 2000 && !port->stuck; i++)
        turn(b);
    assert_non_null(port->stuck);
    assert_true(failed("sendmsg") < 100);
    assert_int_equal(port->watch.events, LOOP_READ | LOOP_WRITE);
    /* It stays full for a while, as an injected fault alone does not. */
    loop_watch_change(&b->loop, &port->watch, LOOP_READ);
    turn_for(b, 20 * KEDGE_MSEC);
    fail_no_more();
    loop_watch_change(&b->loop, &port->watch, LOOP_READ | LOOP_WRITE);
    for (int i = 0; i < 5 && port->stuck; i++)
        turn(b);
    assert_null(port->stuck);
    for (uint16_t block = 1; block <= 8; block++) {
        assert_true(hears(p, 1)); /* all are there */
        assert_int_equal(p->packet[3], block);
    }
    peer_free(p);
    bench_free(b);
}

/* Who asks again finds some: idle files of the cache give way. */
static void idle_files_give_descriptors_to_an_upload(void **state)
{
    struct bench *b = two_files();
    struct peer *p = peer_new(b), *q = peer_new(b);

    (void)state;
    assert_int_equal(fetch(p, "quick"), 3000);
    for (int i = 0; i < 2000 && tftp_service_busy(b->service) > 0; i++)
        turn(b);
    assert_non_null(b->files.oldest);
    fail_each("openat", EMFILE);
    ask(q, KEDGE_TFTP_WRQ, "new", NULL);
    for (int i = 0; i < 2000 && b->files.oldest; i++)
        turn(b);
    fail_no_more();
    assert_null(b->files.oldest);
    store(q, "new", "content");
    peer_free(p);
    peer_free(q);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lent_bytes_do_not_outlive_their_transfer),
        cmocka_unit_test(what_was_lent_and_left_costs_no_other_its_packet),
        cmocka_unit_test(what_waits_in_a_full_socket_leaves_when_there_is_room),
        cmocka_unit_test(a_window_goes_on_when_there_is_room),
        cmocka_unit_test(idle_files_give_descriptors_to_an_upload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
