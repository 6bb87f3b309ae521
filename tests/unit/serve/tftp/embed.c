/* SPDX-License-Identifier: MIT */
/* Tests of kedge/server.h: driven step by step by this thread, or run by another; the client
 * is a socket that writes packets by hand. */
#include "../../file/tree.h"

#include "kedge/server.h"
#include "os/clock.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

enum { REAL_TIME = 32 }; /* signals from here on are the C library's and real-time */

struct client {
    int fd;
    struct kedge_address tid;
    uint8_t packet[2048];
    ssize_t len;
};

struct seen {
    unsigned count;
    enum kedge_server_event event;
    char outcome[32];
    char file[64];
    char reason[160];
    uint64_t bytes;
};

static void see(void *owner, const struct kedge_server_record *r)
{
    struct seen *s = owner;

    s->count++;
    s->event = r->event;
    s->bytes = r->bytes;
    assert_true(r->peer.len > 0 && r->local.len > 0 && r->took != KEDGE_NEVER);
    (void)snprintf(s->outcome, sizeof s->outcome, "%s", r->outcome);
    (void)snprintf(s->file, sizeof s->file, "%.*s", (int)r->file.len, r->file.ptr);
    (void)snprintf(s->reason, sizeof s->reason, "%.*s", (int)r->reason.len,
                   r->reason.len ? (const char *)r->reason.ptr : "");
}

static struct kedge_endpoint loopback(uint16_t port)
{
    struct kedge_endpoint e;

    assert_true(kedge_endpoint_parse("tftp://127.0.0.1:0", &e, NULL));
    e.port = port;
    return e;
}

static struct kedge_server *open_at(const struct tree *t, uint16_t port,
                                    enum kedge_uploads uploads, struct seen *seen)
{
    struct path root = at(t, "root");
    struct kedge_server_options options = { .directory = root.text, .uploads = uploads };
    struct kedge_endpoint e = loopback(port);
    struct kedge_server *s;

    if (seen) {
        options.done = see;
        options.owner = seen;
    }
    s = kedge_server_open(&e, &options, NULL);
    assert_non_null(s);
    return s;
}

/* What a caller's own loop does: wait for the descriptor, to the deadline, and step. */
static void wait_and_step(struct kedge_server *s, kedge_nanos most)
{
    struct pollfd p = { .fd = kedge_server_fd(s), .events = POLLIN };
    kedge_nanos deadline = kedge_server_deadline(s);
    kedge_nanos now = clock_now();
    kedge_nanos wait = deadline > now ? deadline - now : 0;

    if (wait > most)
        wait = most;
    assert_true(poll(&p, 1, (int)((wait + KEDGE_MSEC - 1) / KEDGE_MSEC)) >= 0);
    assert_int_equal(kedge_server_step(s), 0);
}

static struct client *client_new(void)
{
    struct client *c = calloc(1, sizeof *c);

    assert_non_null(c);
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(c->fd >= 0);
    return c;
}

static void client_free(struct client *c)
{
    close(c->fd);
    free(c);
}

static void ask(const struct client *c, uint16_t port, uint8_t op, const char *name)
{
    struct kedge_endpoint e = loopback(port);
    struct kedge_addresses to;
    uint8_t packet[128] = { 0, op };
    int len = 2;

    len += snprintf((char *)packet + len, 64, "%s", name) + 1;
    len += snprintf((char *)packet + len, 8, "octet") + 1;
    assert_int_equal(kedge_resolve(&e, &to, NULL), 0);
    assert_int_equal(sendto(c->fd, packet, (size_t)len, 0,
                            (const struct sockaddr *)&to.at[0].storage, to.at[0].len),
                     len);
}

static void say(const struct client *c, uint8_t op, uint8_t block, const char *body)
{
    uint8_t packet[64] = { 0, op, 0, block };
    size_t len = strlen(body);

    memcpy(packet + 4, body, len);
    assert_int_equal(sendto(c->fd, packet, 4 + len, 0,
                            (const struct sockaddr *)&c->tid.storage, c->tid.len),
                     4 + len);
}

/* Within so long, which is long for a busy machine; s is stepped meanwhile, if it is given. */
static void must_hear(struct client *c, struct kedge_server *s, uint8_t op,
                      uint8_t number)
{
    kedge_nanos until = clock_now() + 10 * KEDGE_SEC;

    do {
        if (s)
            wait_and_step(s, 100 * KEDGE_MSEC);
        else
            (void)poll(&(struct pollfd){ .fd = c->fd, .events = POLLIN }, 1, 100);
        c->tid.len = sizeof c->tid.storage;
        c->len = recvfrom(c->fd, c->packet, sizeof c->packet, 0,
                          (struct sockaddr *)&c->tid.storage, &c->tid.len);
    } while (c->len < 0 && clock_now() < until);
    assert_true(c->len >= 4);
    assert_int_equal(c->packet[1], op);
    assert_int_equal(c->packet[3], number);
}

static void put_text(const struct tree *t, const char *name, const char *text)
{
    FILE *f = fopen(at(t, name).text, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void until_seen(struct kedge_server *s, const struct seen *seen, unsigned count)
{
    for (int i = 0; i < 200 && seen->count < count; i++)
        wait_and_step(s, 50 * KEDGE_MSEC);
    assert_int_equal(seen->count, count);
}

static void a_caller_turns_it(void **state)
{
    struct tree *t = *state;
    struct seen seen = { 0 };
    struct kedge_server *s = open_at(t, 0, KEDGE_UPLOADS_CREATE, &seen);
    uint16_t port = kedge_server_port(s);
    struct client *c = client_new();

    put_text(t, "root/f", "content");
    ask(c, port, KEDGE_TFTP_RRQ, "f");
    must_hear(c, s, KEDGE_TFTP_DATA, 1);
    assert_int_equal(c->len, 4 + 7);
    assert_memory_equal(c->packet + 4, "content", 7);
    say(c, KEDGE_TFTP_ACK, 1, "");
    until_seen(s, &seen, 1);
    assert_int_equal(seen.event, KEDGE_SERVER_GET);
    assert_string_equal(seen.outcome, "ok");
    assert_string_equal(seen.file, "f");
    assert_string_equal(seen.reason, "");
    assert_int_equal(seen.bytes, 7);
    ask(c, port, KEDGE_TFTP_WRQ, "new");
    must_hear(c, s, KEDGE_TFTP_ACK, 0);
    say(c, KEDGE_TFTP_DATA, 1, "sent");
    must_hear(c, s, KEDGE_TFTP_ACK, 1);
    assert_int_equal(access(at(t, "root/new").text, F_OK), 0);
    until_seen(s, &seen, 2);
    assert_int_equal(seen.event, KEDGE_SERVER_PUT);
    ask(c, port, KEDGE_TFTP_RRQ, "../secret");
    must_hear(c, s, KEDGE_TFTP_ERROR, KEDGE_TFTP_NOT_FOUND);
    until_seen(s, &seen, 3);
    assert_int_equal(seen.event, KEDGE_SERVER_REFUSED);
    assert_true(seen.reason[0]);
    client_free(c);
    kedge_server_close(s);
}

/* No packet comes: only the deadline has the caller send the block again. */
static void its_deadline_sends_again(void **state)
{
    struct tree *t = *state;
    struct kedge_server *s = open_at(t, 0, KEDGE_UPLOADS_REFUSE, NULL);
    struct client *c = client_new();

    put_text(t, "root/a longer name", "content");
    ask(c, kedge_server_port(s), KEDGE_TFTP_RRQ, "a longer name");
    must_hear(c, s, KEDGE_TFTP_DATA, 1);
    assert_true(kedge_server_deadline(s) != KEDGE_NEVER);
    must_hear(c, s, KEDGE_TFTP_DATA, 1);
    client_free(c);
    kedge_server_close(s);
}

static void uploads_are_refused_unless_asked_for(void **state)
{
    struct kedge_server *s = open_at(*state, 0, KEDGE_UPLOADS_REFUSE, NULL);
    struct client *c = client_new();

    ask(c, kedge_server_port(s), KEDGE_TFTP_WRQ, "new");
    must_hear(c, s, KEDGE_TFTP_ERROR, KEDGE_TFTP_ACCESS);
    assert_int_equal(access(at(*state, "root/new").text, F_OK), -1);
    client_free(c);
    kedge_server_close(s);
}

static void *run(void *server)
{
    return kedge_server_run(server) == 0 ? server : NULL;
}

/* A stop lets what is open end. */
static void another_thread_runs_and_stops_it(void **state)
{
    struct tree *t = *state;
    struct seen seen = { 0 };
    struct kedge_server *s = open_at(t, 0, KEDGE_UPLOADS_CREATE, &seen);
    struct client *c = client_new();
    pthread_t thread;
    void *result;

    assert_int_equal(pthread_create(&thread, NULL, run, s), 0);
    ask(c, kedge_server_port(s), KEDGE_TFTP_WRQ, "new");
    must_hear(c, NULL, KEDGE_TFTP_ACK, 0);
    kedge_server_stop(s);
    say(c, KEDGE_TFTP_DATA, 1, "sent");
    must_hear(c, NULL, KEDGE_TFTP_ACK, 1);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, s);
    assert_true(kedge_server_is_over(s));
    assert_string_equal(seen.outcome, "ok");
    client_free(c);
    kedge_server_close(s);
}

static unsigned threads(void)
{
    DIR *d = opendir("/proc/self/task");
    unsigned count = 0;

    assert_non_null(d);
    while (readdir(d))
        count++;
    closedir(d);
    return count - 2;
}

/* It leaves the process as it was: signals, threads, descriptors. */
static void it_takes_nothing_of_the_process(void **state)
{
    struct sigaction before[REAL_TIME], after;
    sigset_t mask, now;
    unsigned had = threads();
    int free_fd = dup(0);
    struct kedge_server *s;

    close(free_fd);
    for (int i = 1; i < REAL_TIME; i++)
        assert_int_equal(sigaction(i, NULL, &before[i]), 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    s = open_at(*state, 0, KEDGE_UPLOADS_CREATE, NULL);
    assert_int_equal(kedge_server_step(s), 0);
    for (int i = 1; i < REAL_TIME; i++) {
        assert_int_equal(sigaction(i, NULL, &after), 0);
        assert_true(after.sa_handler == before[i].sa_handler);
    }
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    for (int i = 1; i < REAL_TIME; i++)
        assert_int_equal(sigismember(&mask, i), sigismember(&now, i));
    assert_int_equal(threads(), had + KEDGE_SERVER_HELPERS);
    kedge_server_close(s);
    kedge_server_close(NULL);
    for (int i = 0; i < 200 && threads() > had;
         i++) /* one that was joined may still show */
        (void)poll(NULL, 0, 10);
    assert_int_equal(threads(), had);
    assert_int_equal(dup(0), free_fd);
    close(free_fd);
}

static void what_cannot_be_opened_is_said(void **state)
{
    struct tree *t = *state;
    struct kedge_server *s = open_at(t, 0, KEDGE_UPLOADS_REFUSE, NULL);
    struct path none = at(t, "none");
    struct kedge_server_options options = { .directory = none.text };
    struct kedge_endpoint e = loopback(0);
    struct kedge_error error;

    assert_null(kedge_server_open(&e, &options, &error));
    assert_int_equal(error.cause, KEDGE_SYSTEM);
    assert_int_equal(error.code, ENOENT);
    assert_non_null(strstr(error.text, "none"));
    options.directory = t->path;
    e.port = kedge_server_port(s);
    assert_null(kedge_server_open(&e, &options, &error));
    assert_int_equal(error.code, EADDRINUSE);
    assert_null(kedge_server_open(&e, &options, NULL));
    (void)snprintf(e.host, sizeof e.host, "no such host.invalid");
    assert_null(kedge_server_open(&e, &options, &error));
    assert_int_equal(error.cause, KEDGE_NOT_RESOLVED);
    kedge_server_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_caller_turns_it),
        TEST(its_deadline_sends_again),
        TEST(uploads_are_refused_unless_asked_for),
        TEST(another_thread_runs_and_stops_it),
        TEST(it_takes_nothing_of_the_process),
        TEST(what_cannot_be_opened_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
