/* SPDX-License-Identifier: MIT */
/* The clock, the timers and the loopback of this host, measured. */
#include "probe/calibrate.h"

#include "base/number.h"
#include "os/clock.h"
#include "os/loop.h"
#include "report/histogram.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READINGS 256
#define TIMERS 20
#define TIMER (500 * KEDGE_USEC)
#define TRIPS 200
#define TRIP_BYTES 56
#define TRIP_WAIT 20 /* ms */

/* Two readings may be the same. */
static kedge_nanos clock_step(void)
{
    kedge_nanos least = KEDGE_NEVER, before = clock_now();

    for (int i = 0; i < READINGS; i++) {
        kedge_nanos now = clock_now();

        if (now > before)
            least = min_u64(least, now - before);
        before = now;
    }
    return least == KEDGE_NEVER ? 0 : least;
}

static void time_timers(struct calibration *c)
{
    struct histogram late = { 0 };
    struct loop loop;

    if (loop_open(&loop) < 0)
        return;
    for (int i = 0; i < TIMERS; i++) {
        kedge_nanos before = clock_now();

        if (loop_turn(&loop, TIMER) == 0)
            histogram_record(&late, sub_sat(clock_now() - before, TIMER));
    }
    loop_close(&loop);
    c->late_max = late.max;
    if (!histogram_percentile(&late, 50000, &c->late))
        c->late = late.max;
    histogram_free(&late);
}

/* A UDP socket of loopback, any port. The descriptor or -1. */
static int own_socket(struct sockaddr_in *at)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t len = sizeof *at;

    *at = (struct sockaddr_in){ .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (fd >= 0 && bind(fd, (const struct sockaddr *)at, len) == 0 &&
        getsockname(fd, (struct sockaddr *)at, &len) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool pass(int from, int to)
{
    uint8_t bytes[TRIP_BYTES] = { 0 };
    struct pollfd p = { .fd = to, .events = POLLIN };

    return send(from, bytes, sizeof bytes, 0) == TRIP_BYTES &&
           poll(&p, 1, TRIP_WAIT) == 1 && recv(to, bytes, sizeof bytes, 0) == TRIP_BYTES;
}

static kedge_nanos time_trips(int one, int other)
{
    struct histogram trips = { 0 };
    kedge_nanos half = 0;
    int i = 0;

    for (; i < TRIPS; i++) {
        kedge_nanos before = clock_now();

        if (!pass(one, other) || !pass(other, one))
            break;
        histogram_record(&trips, clock_now() - before);
    }
    if (i < TRIPS || !histogram_percentile(&trips, 50000, &half))
        half = 0;
    histogram_free(&trips);
    return half;
}

static kedge_nanos loopback_floor(void)
{
    struct sockaddr_in a, b;
    int one = own_socket(&a), other = own_socket(&b);
    kedge_nanos floor = 0;

    if (one >= 0 && other >= 0 &&
        connect(one, (const struct sockaddr *)&b, sizeof b) == 0 &&
        connect(other, (const struct sockaddr *)&a, sizeof a) == 0)
        floor = time_trips(one, other);
    if (one >= 0)
        close(one);
    if (other >= 0)
        close(other);
    return floor;
}

struct calibration calibrate(void)
{
    struct calibration c = { .known = true, .step = clock_step() };

    time_timers(&c);
    c.floor = loopback_floor();
    return c;
}
