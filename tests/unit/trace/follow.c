/* SPDX-License-Identifier: MIT */
/* Tests of trace/follow.h over the kernel's own TCP, both ends in this thread: the states
 * seen for each way to end a connection. */
#include "trace/follow.h"

#include "kedge/stream.h"
#include "trace/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct bench {
    struct trace trace;
    struct trace_memory *seen;
    int memory, listener, client, server;
};

static void open_bench(struct bench *b)
{
    *b = (struct bench){ .trace.errors = -1 };
    b->memory = memory_create(&b->seen);
    assert_true(b->memory >= 0);
    b->trace.memory = b->seen;
}

static void close_bench(struct bench *b)
{
    assert_int_equal(munmap(b->seen, sizeof *b->seen), 0);
    close(b->memory);
}

static uint64_t inode_of(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    return st.st_ino;
}

static void call(struct bench *b, int fd, const char *name, int64_t result)
{
    struct trace_call c = { .result = result };
    bool begins = strcmp(name, "socket") == 0 || strcmp(name, "accept") == 0;

    snprintf(c.name, sizeof c.name, "%s", name);
    follow_call(&b->trace, fd, inode_of(fd), &c, begins);
}

static void close_traced(struct bench *b, int fd)
{
    struct trace_call c = { .name = "close" };
    uint64_t inode = inode_of(fd);

    follow_closing(&b->trace, fd, inode, &c);
    close(fd);
    follow_closed(&b->trace, inode, &c);
}

static void settle(struct bench *b)
{
    for (int i = 0; follow_settle(&b->trace, false) > 0 && i < 10000; i++)
        usleep(1000);
}

static const struct trace_call *last(const struct bench *b)
{
    assert_true(b->seen->count > 0);
    return &b->seen->calls[b->seen->count - 1];
}

static void expect(const struct bench *b, const char *name, enum tcp_state before,
                   enum tcp_state after)
{
    const struct trace_call *c = last(b);

    if (strcmp(c->name, name) != 0 || c->before != before || c->after != after)
        fail_msg("%s: %d to %d, not %s: %d to %d", c->name, (int)c->before, (int)c->after,
                 name, (int)before, (int)after);
}

/* Our FIN left; its ACK is on its way, or has come. */
static void expect_finished(const struct bench *b, const char *name)
{
    if (last(b)->after == STATE_FIN_WAIT_1)
        expect(b, name, STATE_ESTABLISHED, STATE_FIN_WAIT_1);
    else
        expect(b, name, STATE_ESTABLISHED, STATE_FIN_WAIT_2);
}

/* Where the socket of that number is now. */
static enum tcp_state state_of(const struct bench *b, uint32_t number)
{
    enum tcp_state state = STATE_UNKNOWN;

    for (unsigned i = 0; i < b->seen->count; i++)
        if (b->seen->calls[i].socket == number)
            state = b->seen->calls[i].after;
    return state;
}

/* A socket that connects to where fd listens; it does not wait. */
static int dial(struct bench *b, int fd)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), n;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    call(b, client, "socket", client);
    n = connect(client, (struct sockaddr *)&at, len);
    call(b, client, "connect", n < 0 ? -errno : 0);
    return client;
}

/* Connected, and both ends followed. */
static void begin(struct bench *b)
{
    open_bench(b);
    b->listener = kedge_listen("tcp://127.0.0.1:0", NULL);
    assert_true(b->listener >= 0);
    call(b, b->listener, "socket", b->listener);
    expect(b, "socket", STATE_UNKNOWN, STATE_LISTEN);
    assert_false(last(b)->measured);
    b->client = dial(b, b->listener);
    b->server = kedge_accept(b->listener, NULL);
    assert_true(b->server >= 0);
    assert_int_equal(fcntl(b->client, F_SETFL, 0), 0);
    call(b, b->server, "accept", b->server);
    expect(b, "accept", STATE_LISTEN, STATE_ESTABLISHED);
    assert_true(last(b)->measured && last(b)->cwnd > 0 && last(b)->rto > 0);
    assert_true(strncmp(last(b)->words, "with 127.0.0.1:", 15) == 0);
}

static void end(struct bench *b)
{
    close_traced(b, b->listener);
    expect(b, "close", STATE_LISTEN, STATE_CLOSED);
    close_bench(b);
}

static void sees_the_connect(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    assert_string_equal(b.seen->calls[1].name, "socket");
    assert_int_equal(b.seen->calls[1].after, STATE_CLOSED);
    assert_string_equal(b.seen->calls[2].name, "connect");
    assert_int_equal(b.seen->calls[2].before, STATE_CLOSED);
    assert_int_equal(b.seen->calls[2].result, -EINPROGRESS);
    call(&b, b.client, "SO_ERROR", 0);
    assert_int_equal(last(&b)->after, STATE_ESTABLISHED);
    call(&b, b.server, "send", 0);
    assert_int_not_equal(b.seen->calls[1].socket, last(&b)->socket);
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
    close_traced(&b, b.client);
    client = last(&b)->socket;
    expect_finished(&b, "close");
    assert_int_equal(kedge_read_some(b.server, &byte, 1), 0);
    call(&b, b.server, "recv", 0);
    expect(&b, "recv", STATE_ESTABLISHED, STATE_CLOSE_WAIT);
    close_traced(&b, b.server);
    server = last(&b)->socket;
    assert_int_equal(last(&b)->before, STATE_CLOSE_WAIT);
    assert_true(last(&b)->after == STATE_LAST_ACK || last(&b)->after == STATE_CLOSED);
    settle(&b);
    assert_int_equal(state_of(&b, client), STATE_TIME_WAIT);
    assert_int_equal(state_of(&b, server), STATE_CLOSED);
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
    call(&b, b.client, "shutdown", 0);
    expect_finished(&b, "shutdown");
    assert_int_equal(kedge_read_some(b.server, &byte, 1), 0);
    assert_int_equal(kedge_write_all(b.server, "x", 1), 0); /* with the FIN's ACK */
    assert_int_equal(kedge_read_some(b.client, &byte, 1), 1);
    call(&b, b.client, "recv", 1);
    assert_int_equal(last(&b)->after, STATE_FIN_WAIT_2);
    close(b.server);
    assert_int_equal(kedge_read_some(b.client, &byte, 1), 0);
    call(&b, b.client, "recv", 0);
    expect(&b, "recv", STATE_FIN_WAIT_2, STATE_TIME_WAIT);
    assert_false(last(&b)->reset);
    close_traced(&b, b.client);
    expect(&b, "close", STATE_TIME_WAIT, STATE_TIME_WAIT);
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
    close_traced(&b, b.client);
    expect(&b, "close", STATE_ESTABLISHED, STATE_CLOSED);
    assert_true(last(&b)->reset);
    assert_int_equal(kedge_read_some(b.server, &byte, 1), -ECONNRESET);
    call(&b, b.server, "recv", -ECONNRESET);
    expect(&b, "recv", STATE_ESTABLISHED, STATE_CLOSED);
    assert_true(last(&b)->reset);
    close_traced(&b, b.server);
    expect(&b, "close", STATE_CLOSED, STATE_CLOSED);
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
    close_traced(&b, b.server);
    expect(&b, "close", STATE_ESTABLISHED, STATE_CLOSED);
    assert_true(last(&b)->reset);
    close(b.client);
    end(&b);
}

static void refused(void **state)
{
    struct bench b;
    int fd = kedge_listen("udp://127.0.0.1:0", NULL); /* a port that is no TCP port */
    int client;

    (void)state;
    open_bench(&b);
    client = dial(&b, fd);
    for (int i = 0; last(&b)->result == -EINPROGRESS && i < 1000; i++) {
        socklen_t len = sizeof errno;
        int error = 0;

        usleep(1000);
        assert_int_equal(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len), 0);
        if (error)
            call(&b, client, "SO_ERROR", -error);
    }
    assert_int_equal(last(&b)->result, -ECONNREFUSED);
    assert_true(last(&b)->reset);
    close_traced(&b, client);
    expect(&b, "close", STATE_CLOSED, STATE_CLOSED);
    close_bench(&b);
    close(fd);
}

static void no_tcp_no_state(void **state)
{
    struct bench b;
    int fd = kedge_listen("udp://127.0.0.1:0", NULL);

    (void)state;
    open_bench(&b);
    call(&b, fd, "socket", fd);
    call(&b, fd, "recv", -EAGAIN);
    close_traced(&b, fd);
    assert_int_equal(b.seen->count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(b.seen->calls[i].after, STATE_UNKNOWN);
        assert_int_equal(b.seen->calls[i].kind, TRACE_UDP);
        assert_int_equal(b.seen->calls[i].socket, 1);
    }
    assert_int_equal(follow_settle(&b.trace, true), 0);
    close_bench(&b);
}

/* One socket more than there is room for takes the place of the one longest unseen. */
static void has_bounds(void **state)
{
    struct bench b;
    int fd = kedge_listen("udp://127.0.0.1:0", NULL);

    (void)state;
    open_bench(&b);
    for (unsigned i = 0; i < TRACE_SOCKETS + 2; i++) {
        struct trace_call c = { .name = "send" };

        follow_call(&b.trace, fd, 1000 + i, &c, false);
        if (i == TRACE_SOCKETS - 1) /* the first one is seen again, and stays */
            follow_call(&b.trace, fd, 1000, &c, false);
    }
    assert_int_equal(b.seen->last, TRACE_SOCKETS + 2);
    assert_int_equal(follow_socket(&b.trace, fd, 1000)->number, 1);
    assert_int_equal(follow_socket(&b.trace, fd, 1003)->number, 4);
    assert_int_equal(follow_socket(&b.trace, fd, 1001)->number, TRACE_SOCKETS + 3);
    close_bench(&b);
    close(fd);
}

/* Another descriptor of the same socket: close() ends nothing. */
static void another_descriptor(void **state)
{
    struct bench b;
    int other;

    (void)state;
    begin(&b);
    other = dup(b.client);
    close_traced(&b, other);
    assert_int_equal(last(&b)->after, STATE_ESTABLISHED);
    assert_int_equal(follow_settle(&b.trace, false), 0);
    close_traced(&b, b.client);
    expect_finished(&b, "close");
    close(b.server);
    end(&b);
}

/* Processes that are gone have closed what they had. */
static void the_end_closes(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    call(&b, b.client, "send", 0);
    assert_int_equal(follow_settle(&b.trace, true), 0); /* somebody has it */
    assert_string_equal(last(&b)->name, "send");
    close(b.client);
    assert_true(follow_settle(&b.trace, true) > 0);
    assert_true(state_of(&b, 2) == STATE_FIN_WAIT_1 ||
                state_of(&b, 2) == STATE_FIN_WAIT_2);
    assert_string_equal(last(&b)->name, "");
    close(b.server);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_the_connect),   cmocka_unit_test(active_and_passive_close),
        cmocka_unit_test(half_close),         cmocka_unit_test(rude_close),
        cmocka_unit_test(unread_bytes_reset), cmocka_unit_test(refused),
        cmocka_unit_test(no_tcp_no_state),    cmocka_unit_test(has_bounds),
        cmocka_unit_test(another_descriptor), cmocka_unit_test(the_end_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
