/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/provider.h: a provider that says "later" to everything, and answers
 * when the test says so. The service waits for each answer and calls nothing meanwhile. */
#include "tftp_bench.h"

enum { SIZE = 700 };

enum call { NONE, OPEN, READ, WRITE, COMMIT, CLOSE };

/* The one file there is: its bytes are x. */
struct slow_file {
    struct provided_file base; /* first */
    struct slow *slow;
};

struct slow {
    struct provider provider; /* first */
    struct slow_file *file;
    enum call under_way;
    bool at_hand; /* the part that was asked for */
    bool closed;
    char name[32];
    uint64_t announced;
    uint64_t written;
    struct bench *b;
    struct peer *p;
};

static struct store_result later(struct provided_file *file, enum call call)
{
    struct slow *s = (struct slow *)file->provider;

    assert_true(s->under_way == NONE || (s->under_way == WRITE && call == WRITE));
    assert_false(s->closed);
    s->file = (struct slow_file *)file;
    s->under_way = call;
    return store_fail(STORE_LATER, "wait");
}

/* In the test's own time, as a helper's answer is collected in the loop's. */
static void answer(struct slow *s, enum call call, enum store_error error)
{
    for (int i = 0; i < 2000 && s->under_way != call; i++)
        turn(s->b);
    assert_int_equal(s->under_way, call);
    s->under_way = NONE;
    s->at_hand = call == READ;
    s->file->base.size = SIZE;
    s->file->base.slow = true;
    s->file->base.resume(s->file->base.transfer,
                         error ? store_fail(error, "it was told to") : store_ok());
}

static struct store_result slow_open(struct provided_file *file,
                                     const struct provider_request *request)
{
    struct slow *s = (struct slow *)file->provider;

    assert_true(request->name.len < sizeof s->name);
    memcpy(s->name, request->name.ptr, request->name.len);
    s->announced = request->announced_bytes;
    return later(file, OPEN);
}

static struct store_result slow_read(struct provided_file *file,
                                     const struct block_part *part, size_t *got)
{
    struct slow *s = (struct slow *)file->provider;

    if (!s->at_hand)
        return later(file, READ);
    s->at_hand = false;
    for (int i = 0; i < part->count; i++)
        memset(part->iov[i].iov_base, 'x', part->iov[i].iov_len);
    *got = part->want;
    return store_ok();
}

static struct store_result slow_write(struct provided_file *file, struct kedge_span bytes,
                                      uint64_t offset)
{
    struct slow *s = (struct slow *)file->provider;

    assert_int_equal(offset, s->written);
    s->written += bytes.len;
    return later(file, WRITE);
}

static struct store_result slow_commit(struct provided_file *file)
{
    return later(file, COMMIT);
}

static bool slow_changed(const struct provided_file *file)
{
    (void)file;
    return false;
}

static struct store_result slow_close(struct provided_file *file)
{
    struct store_result result = later(file, CLOSE);

    ((struct slow *)file->provider)->closed = true;
    return result;
}

static struct slow *slow_new(void)
{
    struct slow *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->provider = (struct provider){ .file_bytes = sizeof(struct slow_file),
                                     .open = slow_open,
                                     .read = slow_read,
                                     .write = slow_write,
                                     .commit = slow_commit,
                                     .changed = slow_changed,
                                     .close = slow_close };
    s->b = bench_new(UPLOAD_REFUSE);
    tftp_service_close(s->b->service);
    tftp_service_free(s->b->service);
    serve_over(s->b, &s->provider, "127.0.0.1");
    s->p = peer_new(s->b);
    return s;
}

static uint64_t outcomes(const struct slow *s, enum kedge_tftp_outcome outcome)
{
    return tftp_service_totals(s->b->service).outcomes[outcome];
}

static void slow_free(struct slow *s)
{
    assert_int_equal(tftp_service_busy(s->b->service), 0);
    assert_int_equal(s->under_way, NONE);
    peer_free(s->p);
    bench_free(s->b);
    free(s);
}

static void a_read_waits_at_each_step(void **state)
{
    struct slow *s = slow_new();

    (void)state;
    ask(s->p, KEDGE_TFTP_RRQ, "a/name", NULL);
    assert_false(hears(s->p, 20));
    answer(s, OPEN, STORE_OK);
    assert_string_equal(s->name, "a/name");
    assert_false(hears(s->p, 20));
    answer(s, READ, STORE_OK);
    must_hear(s->p, KEDGE_TFTP_DATA, 1);
    assert_int_equal(s->p->len, 516);
    say(s->p, KEDGE_TFTP_ACK, 1, NULL);
    assert_false(hears(s->p, 20));
    answer(s, READ, STORE_OK);
    must_hear(s->p, KEDGE_TFTP_DATA, 2);
    assert_int_equal(s->p->len, 4 + SIZE - 512);
    say(s->p, KEDGE_TFTP_ACK, 2, NULL);
    answer(s, CLOSE, STORE_OK);
    assert_int_equal(outcomes(s, KEDGE_TFTP_OK), 1);
    slow_free(s);
}

static void a_write_waits_at_each_step(void **state)
{
    struct slow *s = slow_new();

    (void)state;
    ask(s->p, KEDGE_TFTP_WRQ, "new", NULL);
    assert_false(hears(s->p, 20));
    answer(s, OPEN, STORE_OK);
    must_hear(s->p, KEDGE_TFTP_ACK, 0);
    say(s->p, KEDGE_TFTP_DATA, 1, "all of it");
    assert_false(hears(s->p, 20)); /* what is not written is not acknowledged */
    answer(s, WRITE, STORE_OK);
    assert_false(hears(s->p, 20));
    answer(s, COMMIT, STORE_OK);
    must_hear(s->p, KEDGE_TFTP_ACK, 1);
    assert_int_equal(s->written, 9);
    assert_int_equal(outcomes(s, KEDGE_TFTP_OK), 1);
    tftp_service_close(s->b->service); /* its last ACK may still be asked for */
    s->b->closed = true;
    answer(s, CLOSE, STORE_OK);
    slow_free(s);
}

/* Each step fails in turn: the peer is told, and what was opened is closed. */
static void a_failure_may_come_later(void **state)
{
    static const struct {
        enum call at;
        uint8_t op;
        enum store_error error;
        uint16_t code;
    } cases[] = {
        { OPEN, KEDGE_TFTP_RRQ, STORE_NOT_FOUND, KEDGE_TFTP_NOT_FOUND },
        { READ, KEDGE_TFTP_RRQ, STORE_IO, KEDGE_TFTP_ACCESS },
        { OPEN, KEDGE_TFTP_WRQ, STORE_EXISTS, KEDGE_TFTP_EXISTS },
        { WRITE, KEDGE_TFTP_WRQ, STORE_FULL, KEDGE_TFTP_FULL },
        { COMMIT, KEDGE_TFTP_WRQ, STORE_FULL, KEDGE_TFTP_FULL },
        { COMMIT, KEDGE_TFTP_WRQ, STORE_BUSY, KEDGE_TFTP_UNDEFINED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slow *s = slow_new();

        ask(s->p, cases[i].op, "name", NULL);
        if (cases[i].at != OPEN)
            answer(s, OPEN, STORE_OK);
        if (cases[i].at == WRITE || cases[i].at == COMMIT) {
            must_hear(s->p, KEDGE_TFTP_ACK, 0);
            say(s->p, KEDGE_TFTP_DATA, 1, "bytes");
        }
        if (cases[i].at == COMMIT)
            answer(s, WRITE, STORE_OK);
        answer(s, cases[i].at, cases[i].error);
        must_hear(s->p, KEDGE_TFTP_ERROR, cases[i].code);
        if (cases[i].at != OPEN)
            answer(s, CLOSE, STORE_OK);
        assert_int_equal(outcomes(s, KEDGE_TFTP_OK), 0);
        slow_free(s);
    }
}

/* U-Boot takes ERROR 1 and 2 as final: of what may be better in a moment it hears nothing,
 * and asks again. */
static void what_may_be_better_soon_is_silence_to_a_reader(void **state)
{
    (void)state;
    for (enum call at = OPEN; at <= READ; at++) {
        struct slow *s = slow_new();

        ask(s->p, KEDGE_TFTP_RRQ, "name", NULL);
        if (at == READ)
            answer(s, OPEN, STORE_OK);
        answer(s, at, STORE_BUSY);
        if (at == READ)
            answer(s, CLOSE, STORE_OK);
        assert_false(hears(s->p, 50));
        assert_int_equal(outcomes(s, at == OPEN ? KEDGE_TFTP_REFUSED : KEDGE_TFTP_FAILED),
                         1);
        slow_free(s);
    }
}

static void ask_with(struct slow *s, const char *request, size_t len)
{
    send_to(s->p, &s->b->at, request, len);
}

/* Of a text the announced size is not its file's. */
static void the_announced_size_of_octets_is_told(void **state)
{
    static const char octets[] = "\0\2new\0octet\0tsize\0009";
    static const char text[] = "\0\2new\0netascii\0tsize\0009";

    (void)state;
    for (int is_text = 0; is_text < 2; is_text++) {
        struct slow *s = slow_new();

        ask_with(s, is_text ? text : octets, is_text ? sizeof text : sizeof octets);
        answer(s, OPEN, STORE_EXISTS);
        must_hear(s->p, KEDGE_TFTP_ERROR, KEDGE_TFTP_EXISTS);
        assert_int_equal(s->announced, is_text ? 0 : 9);
        slow_free(s);
    }
}

/* How long it is shows where it ends. */
static void a_text_comes_to_its_end(void **state)
{
    static const char request[] = "\0\1name\0netascii";
    struct slow *s = slow_new();

    (void)state;
    ask_with(s, request, sizeof request);
    answer(s, OPEN, STORE_OK);
    for (uint16_t block = 1; block <= 2; block++) {
        answer(s, READ, STORE_OK);
        must_hear(s->p, KEDGE_TFTP_DATA, block);
        assert_int_equal(s->p->len, 4 + (block == 1 ? 512 : SIZE - 512));
        say(s->p, KEDGE_TFTP_ACK, block, NULL);
    }
    answer(s, CLOSE, STORE_OK);
    assert_int_equal(outcomes(s, KEDGE_TFTP_OK), 1);
    slow_free(s);
}

/* Each block waits until it is written: a window would only lie in memory. */
static void a_slow_disk_gets_no_windows(void **state)
{
    static const char request[] = "\0\2new\0octet\0windowsize\0008";
    static const char oack[] = "\0\6windowsize\0001";
    struct slow *s = slow_new();

    (void)state;
    ask_with(s, request, sizeof request);
    turn_for(s->b, 20 * KEDGE_MSEC);
    s->file->base.slow = true;
    answer(s, OPEN, STORE_OK);
    must_hear(s->p, KEDGE_TFTP_OACK, 0);
    assert_int_equal(s->p->len, sizeof oack);
    assert_memory_equal(s->p->packet, oack, sizeof oack);
    say(s->p, KEDGE_TFTP_ERROR, 0, NULL);
    answer(s, CLOSE, STORE_OK);
    slow_free(s);
}

/* What is under way ends before the file is closed; and the slot is free only then. */
static void a_peer_goes_while_a_step_is_under_way(void **state)
{
    struct slow *s = slow_new();

    (void)state;
    ask(s->p, KEDGE_TFTP_RRQ, "name", NULL);
    answer(s, OPEN, STORE_OK);
    answer(s, READ, STORE_OK);
    must_hear(s->p, KEDGE_TFTP_DATA, 1);
    say(s->p, KEDGE_TFTP_ACK, 1, NULL);
    turn_for(s->b, 20 * KEDGE_MSEC);
    assert_int_equal(s->under_way, READ);
    tftp_service_close(s->b->service);
    s->b->closed = true;
    assert_int_equal(s->under_way, READ);
    answer(s, READ, STORE_OK);
    answer(s, CLOSE, STORE_OK);
    slow_free(s);
}

static void one_that_opens_too_late_is_closed(void **state)
{
    struct slow *s = slow_new();

    (void)state;
    ask(s->p, KEDGE_TFTP_RRQ, "name", NULL);
    turn_for(s->b, 20 * KEDGE_MSEC);
    tftp_service_close(s->b->service);
    s->b->closed = true;
    answer(s, OPEN, STORE_OK);
    answer(s, CLOSE, STORE_OK);
    slow_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_waits_at_each_step),
        cmocka_unit_test(a_write_waits_at_each_step),
        cmocka_unit_test(a_failure_may_come_later),
        cmocka_unit_test(what_may_be_better_soon_is_silence_to_a_reader),
        cmocka_unit_test(a_peer_goes_while_a_step_is_under_way),
        cmocka_unit_test(one_that_opens_too_late_is_closed),
        cmocka_unit_test(the_announced_size_of_octets_is_told),
        cmocka_unit_test(a_text_comes_to_its_end),
        cmocka_unit_test(a_slow_disk_gets_no_windows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
