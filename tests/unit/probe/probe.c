/* SPDX-License-Identifier: MIT */
/* Tests of a whole run of probe/probe.h whose prober is held up longer than a probe may
 * take. What had come in that pause had come in time, and is not to be called lost. */
#include "probe/probe.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMEOUT (120 * KEDGE_MSEC)

static void pause_longer_than_the_timeout(void)
{
    const struct timespec t = { .tv_nsec = 3 * TIMEOUT };

    nanosleep(&t, NULL);
}

struct held_up {
    uint64_t ticks;  /* held up by each before this one */
    uint32_t target; /* and when this one's second probe is settled */
    uint64_t told;
};

static void tick(void *owner, const struct probe *p)
{
    struct held_up *h = owner;

    (void)p;
    if (h->told++ < h->ticks)
        pause_longer_than_the_timeout();
}

static void settled(void *owner, uint32_t target, const struct probe_stats_event *event)
{
    const struct held_up *h = owner;

    if (target == h->target && event->sequence == 1)
        pause_longer_than_the_timeout();
}

/* The port is no longer anyone's, so that the kernel refuses at once what is sent there. */
static void name_closed_port(char *url, size_t room)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    snprintf(url, room, "udp://127.0.0.1:%u", ntohs(at.sin_port));
}

static void add(struct probe *p, const char *url)
{
    struct kedge_endpoint e;
    struct probe_refusal why;

    assert_true(kedge_endpoint_parse(url, &e, NULL));
    assert_true(probe_add(p, &e, &why));
}

static struct probe *open_probe(struct held_up *h)
{
    struct probe_plan plan = { .count = 2,
                               .duration = KEDGE_NEVER,
                               .interval =
                                   110 * KEDGE_MSEC, /* later than the first tick */
                               .timeout = TIMEOUT,
                               .size = 4096, /* sent at once, and not with others */
                               .tick = tick,
                               .settled = settled,
                               .owner = h };
    char url[64];
    struct probe *p;

    assert_int_equal(probe_open(&p, &plan), 0);
    name_closed_port(url, sizeof url);
    add(p, url);
    return p;
}

static void all_were_refused(struct probe *p)
{
    const struct probe_stats *s;

    assert_int_equal(probe_run(p), 0);
    s = probe_target_view(p, 0).stats;
    assert_int_equal(s->sent, 2);
    assert_int_equal(s->refused, 2);
    assert_int_equal(s->lost, 2);
}

/* The second tick follows the last probe in one turn of the loop. */
static void held_up_behind_the_last_probe(void **state)
{
    struct held_up h = { .ticks = 2, .target = UINT32_MAX };
    struct probe *p = open_probe(&h);

    (void)state;
    all_were_refused(p);
    assert_true(h.told >= 2);
    probe_close(p);
}

/* Between its last probe and the tick of the same turn, by a receiver that is gone: the
 * send itself says so. */
static void held_up_between_a_probe_and_a_tick(void **state)
{
    struct held_up h = { .ticks = 1, .target = 1 };
    struct probe *p = open_probe(&h);
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    char url[sizeof at.sun_path + 16];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    (void)state;
    snprintf(at.sun_path, sizeof at.sun_path, "/tmp/kedge-unit-probe-%d", (int)getpid());
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    snprintf(url, sizeof url, "unix-dgram://%s", at.sun_path);
    add(p, url);
    close(fd);
    unlink(at.sun_path);
    all_were_refused(p);
    assert_int_equal(probe_target_view(p, 1).stats->lost, 2);
    probe_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_up_behind_the_last_probe),
        cmocka_unit_test(held_up_between_a_probe_and_a_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
