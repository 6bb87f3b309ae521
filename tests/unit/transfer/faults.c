/* SPDX-License-Identifier: MIT */
/* Each system call of kedge_get and kedge_put fails once in each way: either all bytes are there,
 * or a reason is said and no file is; and nothing else is left. The server is another process. */
#include "place.h"

#include "../each_fault.h"
#include "kedge/server.h"
#include "kedge/transfer.h"
#include "os/clock.h"
#include "transfer/session.h"
#include "transfer/source.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { SIZE = 20003, END_S = 20 };

struct scene {
    struct place *here;
    struct place there;
    pid_t server;
    struct kedge_endpoint at;
    bool puts;
    uint8_t bytes[SIZE];
    struct kedge_transfer_result result;
};

static void serve(const struct place *root, int tell)
{
    struct kedge_server_options options = { .directory = root->path,
                                            .uploads = KEDGE_UPLOADS_OVERWRITE };
    struct kedge_endpoint at;
    struct kedge_server *s;
    uint16_t port;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!kedge_endpoint_parse("tftp://127.0.0.1:0", &at, NULL))
        _exit(1);
    s = kedge_server_open(&at, &options, NULL);
    port = s ? kedge_server_port(s) : 0;
    if (write(tell, &port, sizeof port) != sizeof port || !s)
        _exit(1);
    _exit(kedge_server_run(s) != 0);
}

static struct scene *scene_new(struct place *here)
{
    struct scene *c = calloc(1, sizeof *c);
    int ends[2];

    assert_non_null(c);
    c->here = here;
    snprintf(c->there.path, sizeof c->there.path, "/tmp/kedge-transfer-XXXXXX");
    assert_non_null(mkdtemp(c->there.path));
    for (size_t i = 0; i < SIZE; i++)
        c->bytes[i] = (uint8_t)(i * 2654435761u >> 11);
    assert_int_equal(pipe(ends), 0);
    c->server = fork();
    assert_true(c->server >= 0);
    if (c->server == 0)
        serve(&c->there, ends[1]);
    assert_true(kedge_endpoint_parse("tftp://127.0.0.1:1/file", &c->at, NULL));
    assert_int_equal(read(ends[0], &c->at.port, sizeof c->at.port), 2);
    assert_true(c->at.port > 0);
    close(ends[0]);
    close(ends[1]);
    return c;
}

static void scene_free(struct scene *c)
{
    kill(c->server, SIGKILL);
    assert_int_equal(waitpid(c->server, NULL, 0), c->server);
    (void)place_files(&c->there, true);
    assert_int_equal(rmdir(c->there.path), 0);
    free(c);
}

static void prepare(void *arg)
{
    struct scene *c = arg;

    (void)alarm(END_S); /* one that never ends */
    (void)place_files(c->here, true);
    if (c->puts)
        put_bytes(at(c->here, "file"), c->bytes, SIZE);
    else
        put_bytes(at(&c->there, "file"), c->bytes, SIZE);
}

static int run(void *arg)
{
    static const struct kedge_transfer_options options = { .blksize = 1000,
                                                           .windowsize = 4,
                                                           .timeout = 50 * KEDGE_MSEC };
    struct scene *c = arg;
    struct path path = at(c->here, "file");

    if (c->puts)
        return !kedge_put(path.text, &c->at, &options, &c->result);
    return !kedge_get(&c->at, path.text, &options, &c->result);
}

static bool is_there(struct path path)
{
    return access(path.text, F_OK) == 0;
}

static void check(void *arg, int error, bool transient)
{
    struct scene *c = arg;

    (void)alarm(0);
    assert_false(transient && error);
    assert_int_equal(error != 0, c->result.cause != KEDGE_TRANSFER_DONE);
    assert_true(!error || c->result.reason[0]);
    if (!error)
        assert_bytes(at(c->puts ? &c->there : c->here, "file"), c->bytes, SIZE);
    if (!c->puts && error)
        assert_false(is_there(at(c->here, "file")));
    if (!c->puts)
        assert_int_equal(place_files(c->here, false), error ? 0 : 1);
}

/* A temporary file that cannot be removed stays. */
static const char *const but_removal[] = { "unlinkat", NULL };

static void each_call_fails(void *place, bool puts)
{
    struct scene *c = scene_new(place);
    struct each_fault s = { prepare, run, check, c, but_removal };

    c->puts = puts;
    assert_true(each_fault(&s) > 40);
    scene_free(c);
}

static void a_get(void **state)
{
    each_call_fails(*state, false);
}

static void a_put(void **state)
{
    each_call_fails(*state, true);
}

/* ---- A socket that is full ---- */

/* An upload whose server granted blocks of 1,000 bytes. */
static struct transfer_session *put_to(const struct sockaddr_in *server, int fd,
                                       struct fetch_source *source)
{
    static const char oack[] = "\0\6blksize\0001000\0windowsize\0004";
    static const struct kedge_transfer_options none = { 0 };
    const struct kedge_tftp_options asked = { .has = KEDGE_TFTP_HAS_BLKSIZE |
                                                     KEDGE_TFTP_HAS_WINDOWSIZE,
                                              .blksize = 1000,
                                              .windowsize = 4 };
    struct transfer_session *x;
    struct sockaddr_in to = *server;
    struct net_address any;

    assert_true(net_address_parse("127.0.0.1", 0, &any));
    assert_int_equal(session_open(&any, &x), 0);
    x->server.len = sizeof *server;
    x->server.u.v4 = *server;
    x->options = &none;
    x->file = &source->file;
    x->asks = true;
    x->now = clock_now();
    kedge_tftp_client_init(&x->client, KEDGE_TFTP_WRQ, &asked, KEDGE_SEC, x->now);
    assert_int_equal(kedge_tftp_client_write(&x->client, x->now).todo, KEDGE_TFTP_ASK);
    to.sin_port = htons(net_address_port(&x->socket.at));
    assert_int_equal(sendto(fd, oack, sizeof oack, 0, (struct sockaddr *)&to, sizeof to),
                     sizeof oack);
    session_hear(x);
    assert_true(x->client.answered);
    return x;
}

/* They are still to be sent, and not to be waited for. */
static void blocks_that_a_full_socket_did_not_take_were_not_sent(void **state)
{
    static const uint8_t bytes[SIZE] = { 1 };
    struct path path = at(*state, "file");
    struct fetch_source_options from = { path.text, 4, 1000, NULL };
    struct sockaddr_in server = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof server;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct kedge_tftp_action action;
    struct fetch_source source;
    struct transfer_session *x;

    put_bytes(path, bytes, sizeof bytes);
    assert_int_equal(bind(fd, (struct sockaddr *)&server, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&server, &len), 0);
    assert_int_equal(fetch_source_open(&source, &from).cause, KEDGE_TRANSFER_DONE);
    x = put_to(&server, fd, &source);
    action = kedge_tftp_client_write(&x->client, x->now);
    assert_int_equal(action.todo, KEDGE_TFTP_BLOCKS);
    faults_begin(fault_call_named("sendmsg"), FAULT_EACH, EAGAIN);
    session_send(x, &action);
    assert_true(faults_end());
    assert_int_equal(x->client.machine.sender.next, 1);
    session_send(x, &action);
    assert_int_equal(x->client.machine.sender.next, 5);
    session_close(x);
    fetch_source_close(&source);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, publish_open, publish_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_get),
        TEST(a_put),
        TEST(blocks_that_a_full_socket_did_not_take_were_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
