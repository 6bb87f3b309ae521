/* SPDX-License-Identifier: MIT */
/* Tests of kedge_get and kedge_put, against kedge/server.h in the same process. */
#include "place.h"

#include "kedge/server.h"
#include "kedge/transfer.h"

#include <pthread.h>
#include <sys/eventfd.h>

#define SIZE 1000003

/* A server on a thread of its own. */
struct server {
    struct kedge_endpoint at;
    struct kedge_server *server;
    pthread_t thread;
    unsigned answered;
};

static void count_good(void *owner, const struct kedge_server_record *record)
{
    struct server *s = owner;

    s->answered += strcmp(record->outcome, "ok") == 0;
}

static void *serve(void *server)
{
    assert_int_equal(kedge_server_run(server), 0);
    return NULL;
}

static void start(struct server *s, const char *directory)
{
    struct kedge_server_options options = { .directory = directory,
                                            .uploads = KEDGE_UPLOADS_CREATE,
                                            .done = count_good,
                                            .owner = s };

    *s = (struct server){ .answered = 0 };
    assert_true(kedge_endpoint_parse("tftp://127.0.0.1:0", &s->at, NULL));
    s->server = kedge_server_open(&s->at, &options, NULL);
    assert_non_null(s->server);
    s->at.port = kedge_server_port(s->server);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s->server), 0);
}

static void stop(struct server *s)
{
    kedge_server_stop(s->server);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    kedge_server_close(s->server);
}

static struct kedge_endpoint file_at(const struct server *s, const char *name)
{
    struct kedge_endpoint e = s->at;

    e.service = KEDGE_TFTP;
    e.name_len = strlen(name);
    memcpy(e.name, name, e.name_len);
    return e;
}

static uint8_t *make(const struct place *p, const char *name, size_t len)
{
    uint8_t *bytes = malloc(len);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 11);
    put_bytes(at(p, name), bytes, len);
    return bytes;
}

static void there_and_back(void **state)
{
    static const struct kedge_transfer_options ways[] = {
        { 0 },
        { .no_options = true },
        { .blksize = 1000, .windowsize = 7 },
        { .blksize = 65464, .windowsize = 1 },
        { .timeout = 300 * KEDGE_MSEC },
    };
    struct place *p = *state;
    uint8_t *bytes = make(p, "f", SIZE);
    struct kedge_transfer_result r;
    struct server s;

    start(&s, p->path);
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct kedge_endpoint f = file_at(&s, "f"), g = file_at(&s, "up");

        assert_true(kedge_get(&f, at(p, "down").text, &ways[i], &r));
        assert_bytes(at(p, "down"), bytes, SIZE);
        assert_true(r.bytes == SIZE && r.rtt != KEDGE_NEVER && r.took > 0);
        assert_string_equal(r.reason, "");
        assert_true(kedge_put(at(p, "f").text, &g, &ways[i], &r));
        assert_bytes(at(p, "up"), bytes, SIZE);
        assert_true(r.bytes == SIZE &&
                    r.blocks ==
                        SIZE / (ways[i].no_options ? 512 : r.granted.blksize) + 1);
        assert_int_equal(unlink(at(p, "up").text), 0);
    }
    stop(&s);
    assert_int_equal(s.answered, 2 * COUNT(ways));
    free(bytes);
}

static void failures_have_causes(void **state)
{
    struct place *p = *state;
    struct kedge_transfer_result r;
    struct kedge_endpoint e;
    struct server s;

    put_bytes(at(p, "f"), "abc", 3);
    start(&s, p->path);
    e = file_at(&s, "none");
    assert_false(kedge_get(&e, at(p, "x").text, NULL, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_PEER_ERROR);
    assert_int_equal(r.code, KEDGE_TFTP_NOT_FOUND);
    assert_int_equal(r.outcome, KEDGE_TFTP_REFUSED);
    e = file_at(&s, "f");
    assert_false(kedge_put(at(p, "f").text, &e, NULL, &r));
    assert_int_equal(r.code, KEDGE_TFTP_EXISTS);
    assert_false(kedge_put(at(p, "none").text, &e, NULL, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_LOCAL_FILE);
    assert_false(kedge_get(&e, at(p, "no/x").text, NULL, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_LOCAL_FILE);
    stop(&s);
    assert_false(kedge_get(&e, at(p, "x").text, NULL, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_CLOSED);
    assert_int_equal(place_files(p, false), 1);
}

/* Each is refused before anything is sent or opened. */
static void what_cannot_be_asked_is_refused_at_once(void **state)
{
    static const struct {
        const char *url;
        struct kedge_transfer_options options;
        const char *reason;
    } cases[] = {
        { "tcp://127.0.0.1:9", { 0 }, "not a tftp:// endpoint" },
        { "unix:///run/x", { 0 }, "not a tftp:// endpoint" },
        { "tftp://127.0.0.1:9/", { 0 }, "no file is named" },
        { "tftp://127.0.0.1:0/f", { 0 }, "no server listens at port 0" },
        { "tftp://127.0.0.1:9/f",
          { .blksize = 1 },
          "blksize is 8 to 65464 bytes (RFC 2348)" },
        { "tftp://127.0.0.1:9/f",
          { .blksize = 65465 },
          "blksize is 8 to 65464 bytes (RFC 2348)" },
        { "tftp://127.0.0.1:9/f",
          { .windowsize = 65536 },
          "windowsize is 1 to 65535 blocks (RFC 7440)" },
        { "tftp://127.0.0.1:9/f", { .timeout = 5 }, "timeout is 10 ms to 255 s" },
        { "tftp://127.0.0.1:9/f",
          { .timeout = 256 * KEDGE_SEC },
          "timeout is 10 ms to 255 s" },
    };
    struct place *p = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kedge_transfer_result r;
        struct kedge_endpoint e;

        assert_true(kedge_endpoint_parse(cases[i].url, &e, NULL));
        assert_false(kedge_get(&e, at(p, "x").text, &cases[i].options, &r));
        assert_int_equal(r.cause, KEDGE_TRANSFER_BAD_REQUEST);
        assert_string_equal(r.reason, cases[i].reason);
        assert_false(kedge_put(at(p, "none").text, &e, &cases[i].options, &r));
        assert_int_equal(r.cause, KEDGE_TRANSFER_BAD_REQUEST);
        assert_string_equal(r.reason, cases[i].reason);
    }
    assert_int_equal(place_files(p, false), 0);
}

static void a_sum_that_differs_keeps_nothing_at_either_end(void **state)
{
    struct kedge_transfer_options o = { .sha256 = sum_of_abc };
    struct place *p = *state;
    struct kedge_transfer_result r;
    struct kedge_endpoint e;
    struct server s;

    put_bytes(at(p, "good"), "abc", 3);
    put_bytes(at(p, "bad"), "abd", 3);
    start(&s, p->path);
    e = file_at(&s, "good");
    assert_true(kedge_get(&e, at(p, "x").text, &o, &r));
    e = file_at(&s, "bad");
    assert_false(kedge_get(&e, at(p, "y").text, &o, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_WRONG_SUM);
    e = file_at(&s, "z");
    assert_false(kedge_put(at(p, "bad").text, &e, &o, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_WRONG_SUM);
    assert_true(kedge_put(at(p, "good").text, &e, &o, &r));
    stop(&s);
    assert_int_equal(place_files(p, false), 4);
}

struct watched {
    unsigned calls;
    uint64_t bytes, size;
    bool go_on;
};

static bool watch(void *owner, uint64_t bytes, uint64_t size)
{
    struct watched *w = owner;

    assert_true(bytes >= w->bytes && bytes <= SIZE);
    w->calls++;
    w->bytes = bytes;
    w->size = size;
    return w->go_on;
}

static void progress_is_told_and_may_stop_it(void **state)
{
    struct watched w = { .go_on = true };
    struct kedge_transfer_options o = { .blksize = 512, .progress = watch, .owner = &w };
    struct place *p = *state;
    struct kedge_transfer_result r;
    struct kedge_endpoint e;
    struct server s;

    free(make(p, "f", SIZE));
    start(&s, p->path);
    e = file_at(&s, "f");
    assert_true(kedge_get(&e, at(p, "x").text, &o, &r));
    assert_true(w.calls > 2 && w.size == SIZE && w.bytes > 0);
    w = (struct watched){ .go_on = false };
    assert_false(kedge_get(&e, at(p, "y").text, &o, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_STOPPED);
    e = file_at(&s, "z");
    w = (struct watched){ .go_on = false };
    assert_false(kedge_put(at(p, "f").text, &e, &o, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_STOPPED);
    stop(&s);
    assert_int_equal(place_files(p, false), 2);
}

static void a_descriptor_may_stop_it(void **state)
{
    struct kedge_transfer_options o = { .cancel_fd = eventfd(1, 0) };
    struct place *p = *state;
    struct kedge_transfer_result r;
    struct kedge_endpoint e;
    struct server s;

    put_bytes(at(p, "f"), "abc", 3);
    start(&s, p->path);
    e = file_at(&s, "f");
    assert_false(kedge_get(&e, at(p, "x").text, &o, &r));
    assert_int_equal(r.cause, KEDGE_TRANSFER_STOPPED);
    assert_string_equal(r.reason, "interrupted");
    stop(&s);
    close(o.cancel_fd);
    assert_int_equal(place_files(p, false), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, publish_open, publish_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),
        TEST(failures_have_causes),
        TEST(what_cannot_be_asked_is_refused_at_once),
        TEST(a_sum_that_differs_keeps_nothing_at_either_end),
        TEST(progress_is_told_and_may_stop_it),
        TEST(a_descriptor_may_stop_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
