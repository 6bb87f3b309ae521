/* SPDX-License-Identifier: MIT */
/* The client of docs/embedding.md over a fake wire: a server in the same process, virtual
 * time, and packets that get lost, come twice and overtake each other. */
#include "base/bytes.h"
#include "base/number.h"
#include "kedge/tftp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the page declares. */
kedge_nanos board_clock(void);
void board_send(uint16_t port, const uint8_t *bytes, size_t len);
size_t board_receive(uint8_t *bytes, size_t room, uint16_t *port, kedge_nanos until);
bool board_store(struct kedge_span body);
enum kedge_tftp_outcome board_get(struct kedge_span name);

enum { WIRE = 64, PACKET = 1500, SERVER_PORT = 4711, DELAY_MS = 3 };

struct flying {
    kedge_nanos at; /* when it arrives; 0: a free place */
    uint16_t port;
    size_t len;
    uint8_t bytes[PACKET];
};

static struct world {
    kedge_nanos now;
    uint64_t dice;
    unsigned loss, copies, jitter_ms; /* of 100, of 100, and up to */
    bool mute;                        /* the server never answers */
    size_t room;                      /* bytes that the board can store */
    size_t size;                      /* of the file; nothing else exists */
    struct flying to_server[WIRE], to_board[WIRE];
    bool serving;
    struct kedge_tftp_sender sender;
    struct kedge_tftp_options granted;
    size_t stored;
    unsigned sent;       /* by the board */
    uint16_t error_seen; /* by the server */
} w;

static unsigned roll(unsigned faces)
{
    w.dice = w.dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w.dice >> 33) % faces;
}

static uint8_t content(size_t at)
{
    return (uint8_t)(at * 31 + at / 251);
}

static void launch(struct flying wire[WIRE], uint16_t port, const uint8_t *bytes,
                   size_t len)
{
    unsigned copies = roll(100) < w.loss ? 0 : roll(100) < w.copies ? 2 : 1;

    for (unsigned i = 0; i < WIRE && copies > 0; i++) {
        if (wire[i].at > 0)
            continue;
        wire[i].at = w.now + (DELAY_MS + roll(w.jitter_ms + 1)) * KEDGE_MSEC;
        wire[i].port = port;
        wire[i].len = len;
        memcpy(wire[i].bytes, bytes, len);
        copies--;
    }
}

static struct flying *first(struct flying wire[WIRE])
{
    struct flying *found = NULL;

    for (unsigned i = 0; i < WIRE; i++)
        if (wire[i].at > 0 && (!found || wire[i].at < found->at))
            found = &wire[i];
    return found;
}

/* ---- the server ---- */

static void serve_blocks(const struct kedge_tftp_action *a)
{
    uint8_t packet[PACKET];
    size_t blksize = w.sender.half.terms.blksize;

    for (uint64_t b = a->first; b < a->end; b++) {
        size_t start = (b - 1) * blksize;
        size_t len = b == 0
                         ? kedge_tftp_write_oack(packet, PACKET, &w.granted)
                         : kedge_tftp_write_data(packet, PACKET, kedge_tftp_wire(b, 0));

        for (size_t i = start; b > 0 && i < start + blksize && i < w.size; i++)
            packet[len++] = content(i);
        launch(w.to_board, SERVER_PORT, packet, len);
    }
    kedge_tftp_sender_sent(&w.sender, a->first, a->end, w.now);
}

static void serve(void)
{
    struct kedge_tftp_action a;

    while (w.serving) {
        a = kedge_tftp_sender_write(&w.sender, w.now);
        if (a.todo != KEDGE_TFTP_BLOCKS)
            break;
        serve_blocks(&a);
    }
    if (w.serving && a.todo == KEDGE_TFTP_OVER)
        w.serving = false;
}

static void take_request(struct kedge_span in)
{
    const struct kedge_tftp_limits limits = { .blksize_max = 1428, .windowsize_max = 64 };
    struct kedge_tftp_request request;
    struct kedge_tftp_terms terms;
    uint8_t packet[PACKET];

    assert_true(kedge_tftp_parse_request(in, &request));
    if (w.serving)
        kedge_tftp_sender_again(&w.sender, w.now);
    if (w.mute || w.serving)
        return;
    if (!span_equal(request.name, span_of("image"))) {
        launch(w.to_board, SERVER_PORT, packet,
               kedge_tftp_write_error(packet, PACKET, KEDGE_TFTP_NOT_FOUND, "no"));
        return;
    }
    w.granted = kedge_tftp_grant(&request, &limits);
    terms = kedge_tftp_terms_of(&w.granted);
    kedge_tftp_sender_init(&w.sender, &terms, 0, false, w.now);
    kedge_tftp_sender_end(&w.sender, w.size / terms.blksize + 1);
    w.serving = true;
}

static void server_takes(struct flying *f)
{
    struct kedge_span in = { f->bytes, f->len };
    struct kedge_tftp_packet p;

    f->at = 0;
    if (f->port == 69) {
        take_request(in);
    } else if (f->port == SERVER_PORT && kedge_tftp_parse(in, &p)) {
        if (p.op == KEDGE_TFTP_ERROR)
            w.error_seen = p.number;
        if (w.serving)
            kedge_tftp_sender_read(&w.sender, &p, w.now);
    }
    serve();
}

/* ---- the board ---- */

kedge_nanos board_clock(void)
{
    return w.now;
}

void board_send(uint16_t port, const uint8_t *bytes, size_t len)
{
    w.sent++;
    assert_true(w.sent < 100000);
    launch(w.to_server, port, bytes, len);
}

size_t board_receive(uint8_t *bytes, size_t room, uint16_t *port, kedge_nanos until)
{
    assert_true(until > w.now && until != KEDGE_NEVER);
    for (;;) {
        struct flying *in = first(w.to_board), *out = first(w.to_server);
        kedge_nanos server = w.serving ? w.sender.half.deadline : KEDGE_NEVER;
        kedge_nanos next = min_u64(out ? out->at : KEDGE_NEVER, server);

        if (in && in->at <= min_u64(next, until)) {
            w.now = max_u64(w.now, in->at);
            in->at = 0;
            assert_true(in->len <= room);
            memcpy(bytes, in->bytes, in->len);
            *port = in->port;
            return in->len;
        }
        if (next > until) {
            w.now = until;
            return 0;
        }
        w.now = max_u64(w.now, next);
        if (out && out->at <= server)
            server_takes(out);
        else
            serve();
    }
}

bool board_store(struct kedge_span body)
{
    if (body.len > w.room - w.stored)
        return false;
    for (size_t i = 0; i < body.len; i++)
        assert_int_equal(body.ptr[i], content(w.stored + i));
    w.stored += body.len;
    return true;
}

/* ---- the tests ---- */

static void world(size_t size, uint64_t seed)
{
    w = (struct world){ .now = KEDGE_SEC, .dice = seed, .size = size, .room = SIZE_MAX };
}

static void every_size_arrives(void **state)
{
    static const size_t sizes[] = { 0, 1, 1427, 1428, 1429, 11424, 100000 };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        world(sizes[i], 1);
        assert_int_equal(board_get(span_of("image")), KEDGE_TFTP_OK);
        assert_int_equal(w.stored, sizes[i]);
        assert_int_equal(w.sender.half.outcome, KEDGE_TFTP_OK);
        assert_int_equal(w.sender.half.resent, 0);
    }
}

static void a_bad_wire_is_survived(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        world(60000, seed);
        w.loss = 10;
        w.copies = 5;
        w.jitter_ms = 4;
        assert_int_equal(board_get(span_of("image")), KEDGE_TFTP_OK);
        assert_int_equal(w.stored, 60000);
    }
}

static void a_missing_file_is_refused(void **state)
{
    (void)state;
    world(1000, 1);
    assert_int_equal(board_get(span_of("other")), KEDGE_TFTP_REFUSED);
    assert_int_equal(w.stored, 0);
}

static void a_full_board_says_so(void **state)
{
    (void)state;
    world(50000, 1);
    w.room = 20000;
    assert_int_equal(board_get(span_of("image")), KEDGE_TFTP_FAILED);
    while (first(w.to_server)) {
        w.now = first(w.to_server)->at;
        server_takes(first(w.to_server));
    }
    assert_int_equal(w.error_seen, KEDGE_TFTP_FULL);
    assert_int_equal(w.sender.half.outcome, KEDGE_TFTP_ABORTED);
}

static void a_mute_server_is_given_up(void **state)
{
    (void)state;
    world(1000, 1);
    w.mute = true;
    assert_int_equal(board_get(span_of("image")), KEDGE_TFTP_TIMEOUT);
    assert_int_equal(w.now, 31 * KEDGE_SEC);
    assert_in_range(w.sent, 5, 20);
}

static void strangers_are_not_heard(void **state)
{
    static const uint8_t lies[] = { 0, 3, 0, 1, 'l', 'i', 'e', 's' };

    (void)state;
    world(5000, 1);
    for (int i = 1; i < 20; i++) {
        launch(w.to_board, 666, lies, sizeof lies);
        for (int k = 0; k < WIRE; k++)
            if (w.to_board[k].port == 666 && w.to_board[k].at == w.now + 3 * KEDGE_MSEC)
                w.to_board[k].at = w.now + (kedge_nanos)(6 + i) * KEDGE_MSEC + 1;
    }
    assert_int_equal(board_get(span_of("image")), KEDGE_TFTP_OK);
    assert_int_equal(w.stored, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_arrives),
        cmocka_unit_test(a_bad_wire_is_survived),
        cmocka_unit_test(a_missing_file_is_refused),
        cmocka_unit_test(a_full_board_says_so),
        cmocka_unit_test(a_mute_server_is_given_up),
        cmocka_unit_test(strangers_are_not_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
