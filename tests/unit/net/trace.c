/* Tests of kedge/trace.h over the kernel's own TCP, both ends in this thread: the states
 * seen for each way to end a connection. */
#include "kedge/stream.h"
#include "net/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEEN_MAX 64

/* The calls of one trace; the last one first looked at. */
struct seen {
    struct kedge_call calls[SEEN_MAX];
    unsigned count;
    bool peer; /* of the last call */
};

struct bench {
    struct seen seen;
    struct kedge_trace *trace;
    int listener, client, server;
};

static void saw(void *owner, const struct kedge_call *c)
{
    struct seen *s = owner;

    assert_true(s->count < SEEN_MAX);
    s->calls[s->count++] = *c;
    s->peer = c->peer != NULL;
}

static const struct kedge_call *last(const struct bench *b)
{
    assert_true(b->seen.count > 0);
    return &b->seen.calls[b->seen.count - 1];
}

static void expect(const struct bench *b, const char *name, enum kedge_tcp_state before,
                   enum kedge_tcp_state after)
{
    const struct kedge_call *c = last(b);

    if (strcmp(c->name, name) != 0 || c->before != before || c->after != after)
        fail_msg("%s: %d to %d, not %s: %d to %d", c->name, (int)c->before, (int)c->after,
                 name, (int)before, (int)after);
}

/* Our FIN left; its ACK is on its way, or has come. */
static void expect_finished(const struct bench *b, const char *name)
{
    if (last(b)->after == KEDGE_TCP_FIN_WAIT_1)
        expect(b, name, KEDGE_TCP_ESTABLISHED, KEDGE_TCP_FIN_WAIT_1);
    else
        expect(b, name, KEDGE_TCP_ESTABLISHED, KEDGE_TCP_FIN_WAIT_2);
}

/* Where the socket of that number is now. */
static enum kedge_tcp_state state_of(const struct bench *b, uint32_t number)
{
    enum kedge_tcp_state state = KEDGE_TCP_UNKNOWN;

    for (unsigned i = 0; i < b->seen.count; i++)
        if (b->seen.calls[i].socket == number)
            state = b->seen.calls[i].after;
    return state;
}

/* Connected, and both ends followed. */
static void begin(struct bench *b)
{
    struct kedge_endpoint e;

    *b = (struct bench){ 0 };
    b->trace = kedge_trace_open(saw, &b->seen);
    assert_non_null(b->trace);
    b->listener = kedge_listen("tcp://127.0.0.1:0", NULL);
    assert_true(b->listener >= 0);
    kedge_trace_call(b->trace, b->listener, "socket", b->listener);
    expect(b, "socket", KEDGE_TCP_UNKNOWN, KEDGE_TCP_LISTEN);
    assert_false(last(b)->measured);
    assert_true(kedge_endpoint_parse("tcp://127.0.0.1:1", &e, NULL));
    assert_int_equal(kedge_endpoint_bound(&e, b->listener), 0);
    b->client = trace_dial(b->trace, &e, KEDGE_SEC, NULL);
    assert_true(b->client >= 0);
    b->server = kedge_accept(b->listener, NULL);
    assert_true(b->server >= 0);
    kedge_trace_call(b->trace, b->server, "accept", b->server);
    expect(b, "accept", KEDGE_TCP_LISTEN, KEDGE_TCP_ESTABLISHED);
    assert_true(last(b)->measured && last(b)->cwnd > 0 && last(b)->rto > 0);
    assert_true(b->seen.peer);
}

static void end(struct bench *b)
{
    kedge_trace_close(b->trace, b->listener);
    expect(b, "close", KEDGE_TCP_LISTEN, KEDGE_TCP_CLOSED);
    kedge_trace_free(b->trace);
}

static void sees_the_connect(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    assert_string_equal(b.seen.calls[1].name, "socket");
    assert_int_equal(b.seen.calls[1].after, KEDGE_TCP_CLOSED);
    assert_string_equal(b.seen.calls[2].name, "connect");
    assert_int_equal(b.seen.calls[2].before, KEDGE_TCP_CLOSED);
    assert_int_equal(b.seen.calls[2].result, -EINPROGRESS);
    assert_int_equal(b.seen.calls[3].after, KEDGE_TCP_ESTABLISHED);
    assert_int_not_equal(b.seen.calls[1].socket, last(&b)->socket);
    close(b.client);
    close(b.server);
    end(&b);
}

static void active_and_passive_close(void **state)
{
    uint32_t client, server;
    struct bench b;
    char byte;

    (void)state;
    begin(&b);
    kedge_trace_close(b.trace, b.client);
    client = last(&b)->socket;
    expect_finished(&b, "close");
    assert_int_equal(kedge_read_some(b.server, &byte, 1), 0);
    kedge_trace_call(b.trace, b.server, "recv", 0);
    expect(&b, "recv", KEDGE_TCP_ESTABLISHED, KEDGE_TCP_CLOSE_WAIT);
    kedge_trace_close(b.trace, b.server);
    server = last(&b)->socket;
    assert_int_equal(last(&b)->before, KEDGE_TCP_CLOSE_WAIT);
    assert_true(last(&b)->after == KEDGE_TCP_LAST_ACK ||
                last(&b)->after == KEDGE_TCP_CLOSED);
    kedge_trace_settle(b.trace, 10 * KEDGE_SEC);
    assert_int_equal(state_of(&b, client), KEDGE_TCP_TIME_WAIT);
    assert_int_equal(state_of(&b, server), KEDGE_TCP_CLOSED);
    end(&b);
}

/* Reading goes on after our FIN; TIME-WAIT is seen though the descriptor is still open. */
static void half_close(void **state)
{
    struct bench b;
    char byte;

    (void)state;
    begin(&b);
    assert_int_equal(kedge_shutdown_write(b.client), 0);
    kedge_trace_call(b.trace, b.client, "shutdown", 0);
    expect_finished(&b, "shutdown");
    assert_int_equal(kedge_read_some(b.server, &byte, 1), 0);
    assert_int_equal(kedge_write_all(b.server, "x", 1), 0); /* with the FIN's ACK */
    assert_int_equal(kedge_read_some(b.client, &byte, 1), 1);
    kedge_trace_call(b.trace, b.client, "recv", 1);
    assert_int_equal(last(&b)->after, KEDGE_TCP_FIN_WAIT_2);
    close(b.server);
    assert_int_equal(kedge_read_some(b.client, &byte, 1), 0);
    kedge_trace_call(b.trace, b.client, "recv", 0);
    expect(&b, "recv", KEDGE_TCP_FIN_WAIT_2, KEDGE_TCP_TIME_WAIT);
    assert_false(last(&b)->reset);
    kedge_trace_close(b.trace, b.client);
    expect(&b, "close", KEDGE_TCP_TIME_WAIT, KEDGE_TCP_TIME_WAIT);
    end(&b);
}

static void rude_close(void **state)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    struct bench b;
    char byte;

    (void)state;
    begin(&b);
    assert_int_equal(
        setsockopt(b.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    kedge_trace_close(b.trace, b.client);
    expect(&b, "close", KEDGE_TCP_ESTABLISHED, KEDGE_TCP_CLOSED);
    assert_true(last(&b)->reset);
    assert_int_equal(kedge_read_some(b.server, &byte, 1), -ECONNRESET);
    kedge_trace_call(b.trace, b.server, "recv", -ECONNRESET);
    expect(&b, "recv", KEDGE_TCP_ESTABLISHED, KEDGE_TCP_CLOSED);
    assert_true(last(&b)->reset);
    kedge_trace_close(b.trace, b.server);
    expect(&b, "close", KEDGE_TCP_CLOSED, KEDGE_TCP_CLOSED);
    assert_false(last(&b)->reset);
    end(&b);
}

static void unread_bytes_reset(void **state)
{
    struct bench b;
    char byte;

    (void)state;
    begin(&b);
    assert_int_equal(kedge_write_all(b.client, "unread", 6), 0);
    assert_true(recv(b.server, &byte, 1, MSG_PEEK) == 1);
    kedge_trace_close(b.trace, b.server);
    expect(&b, "close", KEDGE_TCP_ESTABLISHED, KEDGE_TCP_CLOSED);
    assert_true(last(&b)->reset);
    close(b.client);
    end(&b);
}

static void refused(void **state)
{
    struct kedge_error error;
    struct kedge_endpoint e;
    struct bench b = { 0 };
    int fd = kedge_listen("udp://127.0.0.1:0", NULL); /* a port that is no TCP port */

    (void)state;
    b.trace = kedge_trace_open(saw, &b.seen);
    assert_true(kedge_endpoint_parse("tcp://127.0.0.1:1", &e, NULL));
    assert_int_equal(kedge_endpoint_bound(&e, fd), 0);
    assert_int_equal(trace_dial(b.trace, &e, KEDGE_SEC, &error), -1);
    assert_int_equal(error.code, ECONNREFUSED);
    assert_int_equal(b.seen.calls[2].result, -ECONNREFUSED);
    assert_true(b.seen.calls[2].reset);
    expect(&b, "close", KEDGE_TCP_CLOSED, KEDGE_TCP_CLOSED);
    kedge_trace_free(b.trace);
    close(fd);
}

static void no_tcp_no_state(void **state)
{
    struct bench b = { 0 };
    int fd = kedge_listen("udp://127.0.0.1:0", NULL);

    (void)state;
    b.trace = kedge_trace_open(saw, &b.seen);
    kedge_trace_call(b.trace, fd, "socket", fd);
    errno = EDOM;
    kedge_trace_call(b.trace, fd, "recv", -EAGAIN);
    assert_int_equal(errno, EDOM);
    kedge_trace_close(b.trace, fd);
    assert_int_equal(b.seen.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(b.seen.calls[i].after, KEDGE_TCP_UNKNOWN);
        assert_int_equal(b.seen.calls[i].socket, 1);
    }
    kedge_trace_settle(b.trace, KEDGE_SEC);
    kedge_trace_free(b.trace);
}

/* Off it is not there; and what does not fit is told without a number. */
static void has_bounds(void **state)
{
    struct seen s = { 0 };
    struct kedge_trace *t;

    (void)state;
    assert_null(kedge_trace_open(NULL, &s));
    kedge_trace_call(NULL, 0, "send", 1);
    kedge_trace_settle(NULL, KEDGE_NEVER);
    kedge_trace_free(NULL);
    t = kedge_trace_open(saw, &s);
    for (int i = 0; i < KEDGE_TRACE_SOCKETS + 1; i++) {
        s.count = 0;
        kedge_trace_call(t, 100000 + i, "send", 1); /* descriptors of nothing */
    }
    assert_int_equal(s.calls[0].socket, 0);
    kedge_trace_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_the_connect),   cmocka_unit_test(active_and_passive_close),
        cmocka_unit_test(half_close),         cmocka_unit_test(rude_close),
        cmocka_unit_test(unread_bytes_reset), cmocka_unit_test(refused),
        cmocka_unit_test(no_tcp_no_state),    cmocka_unit_test(has_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
