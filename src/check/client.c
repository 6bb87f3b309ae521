/* SPDX-License-Identifier: MIT */
/* The run of a client's checks. */
#include "check/client.h"

#include "check/command.h"
#include "check/live.h"
#include "check/steps.h"
#include "os/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 6, CHUNK = 1 << 16, POLLED_MAX = AT_ONCE * CHECK_SIDES };
static const kedge_nanos longest = 300 * KEDGE_SEC, by_hand_wait = 600 * KEDGE_SEC;

/* The first run of the command tells whether it reads or writes. */
static const struct check_step first_steps[] = {
    { .what = CHECK_ASKED, .side = CHECK_LISTENER, .size = 1200, .time = 20 * KEDGE_SEC },
    { .what = CHECK_ERROR, .text = "kedge check: this was the first look" },
};
static const struct check_row first_look = {
    .id = "client-first-look",
    .section = "",
    .title = "",
    .lesson = "",
    .steps = first_steps,
    .count = 2,
    .writing = false,
};

struct client_run;

/* A check that runs, with its command. */
struct slot {
    struct client_run *run;
    struct check_live live;
    struct check_command command;
    uint32_t row;
    kedge_nanos began;
    char local[128];
    bool told; /* the play knows that the command has ended */
};

struct client_run {
    const struct check_client_config *config;
    struct check_counts *counts;
    struct check_play *plays;
    uint32_t rows, next, done, shown;
    struct slot slots[AT_ONCE];
    uint8_t *buffer;
    char directory[64];
    struct pollfd polled[POLLED_MAX];
    struct check_polled whose[POLLED_MAX];
    struct net_address last_peer; /* of one started by hand: its request may come again */
    bool writes, stopped;
    int err;
};

static bool by_hand(const struct client_run *r)
{
    return r->config->command_count == 0;
}

static bool stop_asked(struct client_run *r)
{
    struct pollfd p = { .fd = r->config->stop_fd, .events = POLLIN };

    r->stopped |= r->config->stop_fd >= 0 && poll(&p, 1, 0) > 0;
    return r->stopped;
}

/* ---- files ---------------------------------------------------------------------------- */

static struct check_file row_file(const struct check_row *row)
{
    return (struct check_file){ .content = CHECK_PATTERN, .size = row->steps[0].size };
}

static bool give_file(void *owner, const char *word, struct check_file *out,
                      const char **why)
{
    const struct slot *s = owner;

    (void)word;
    (void)why;
    *out = row_file(s->live.play->row);
    return true;
}

static int make_local(const struct slot *s, const struct check_row *row)
{
    struct check_file f = row_file(row);
    uint8_t chunk[CHUNK];
    FILE *out = fopen(s->local, "we");

    if (!out)
        return -errno;
    for (uint64_t at = 0; at < f.size;) {
        size_t n = check_file_bytes(&f, false, at, chunk, sizeof chunk);

        fwrite(chunk, n, 1, out);
        at += n;
    }
    return fclose(out) == 0 ? 0 : -errno;
}

static bool local_is_whole(const struct slot *s, const struct check_row *row)
{
    struct check_file f = row_file(row);
    uint8_t want[CHUNK], got[CHUNK];
    FILE *in = fopen(s->local, "re");
    bool same = in != NULL;

    for (uint64_t at = 0; same; at += sizeof want) {
        size_t n = check_file_bytes(&f, false, at, want, sizeof want);
        size_t m = fread(got, 1, sizeof got, in);

        same = n == m && memcmp(want, got, n) == 0;
        if (n < sizeof want)
            break;
    }
    if (in)
        fclose(in);
    return same;
}

static bool local_is_there(const struct slot *s)
{
    struct stat st;

    return stat(s->local, &st) == 0 && st.st_size > 0;
}

/* ---- plays ---------------------------------------------------------------------------- */

static struct net_address slot_address(int fd)
{
    struct kedge_address any = { .len = sizeof any.storage };
    struct net_address out = { .len = 0 };

    if (getsockname(fd, (struct sockaddr *)&any.storage, &any.len) < 0 ||
        !net_address_from(&any, &out))
        out.len = 0;
    return out;
}

static int start_command(struct slot *s, int listener)
{
    struct net_address at = slot_address(listener);
    char host[NET_ADDRESS_TEXT], port[8], url[2 * NET_ADDRESS_TEXT];
    bool v6 = net_address_is_v6(&at);
    struct check_command_values values = { url, host, port, "kedge-check", s->local };

    net_address_print_host(&at, host);
    snprintf(port, sizeof port, "%u", net_address_port(&at));
    snprintf(url, sizeof url,
             v6 ? "tftp://[%s]:%s/kedge-check" : "tftp://%s:%s/kedge-check", host, port);
    return check_command_start(&s->command, s->run->config->command,
                               s->run->config->command_count, &values);
}

static int client_run_begin(struct slot *s, struct check_play *p, bool local_exists)
{
    struct client_run *r = s->run;
    int err, listener;

    s->live = (struct check_live){ .source = r->config->at,
                                   .pcap = r->config->pcap,
                                   .buffer = r->buffer };
    s->told = false;
    s->began = clock_now();
    snprintf(s->local, sizeof s->local, "%s/%u", r->directory, s->row);
    p->io = (struct check_io){ .owner = s, .file = give_file };
    p->of_client = true;
    p->by_hand = by_hand(r);
    p->ignore = r->last_peer;
    err = local_exists ? make_local(s, p->row) : 0;
    if (err == 0)
        err = check_live_open(&s->live, p);
    if (err < 0)
        return err;
    listener = check_live_socket(&s->live, CHECK_LISTENER,
                                 by_hand(r) ? net_address_port(&r->config->at) : 0);
    if (listener < 0)
        return listener;
    check_play_start(p, s->live.sides, s->live.count, s->began);
    if (p->by_hand)
        p->deadline = check_play_is_over(p) ? KEDGE_NEVER : s->began + by_hand_wait;
    return by_hand(r) || check_play_is_over(p) ? 0 : start_command(s, listener);
}

static void client_run_finish(struct slot *s)
{
    struct check_play *p = s->live.play;

    if (p->sides)
        check_play_close(p);
    s->run->last_peer = p->sides ? p->sides[0].peer : s->run->last_peer;
    check_command_end(&s->command);
    s->run->counts->packets += p->sent + p->received;
    check_live_close(&s->live);
    unlink(s->local);
}

static void look_at_command(struct slot *s, kedge_nanos now)
{
    struct check_play *p = s->live.play;

    if (by_hand(s->run) || s->told || !check_command_look(&s->command))
        return;
    s->told = true;
    check_play_exited(p, s->command.status, local_is_there(s), local_is_whole(s, p->row),
                      now);
}

static void client_run_turn(struct client_run *r)
{
    uint32_t n = 0;
    kedge_nanos now;

    for (uint32_t i = 0; i < AT_ONCE; i++)
        if (r->slots[i].live.play)
            n += check_live_poll(&r->slots[i].live, r->polled + n, r->whose + n,
                                 POLLED_MAX - n);
    if (poll(r->polled, n, 20) < 0)
        return;
    now = clock_now();
    for (uint32_t i = 0; i < n; i++)
        if (r->polled[i].revents)
            check_live_ready(&r->whose[i], r->polled[i].revents, now);
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        struct slot *s = &r->slots[i];

        if (!s->live.play)
            continue;
        check_play_tick(s->live.play, now);
        look_at_command(s, now);
        if (now - s->began > longest && !by_hand(r))
            check_play_stop(s->live.play, "it did not end within 300 s");
    }
}

/* ---- the run -------------------------------------------------------------------------- */

/* 0; or -errno: the command cannot be run. *asked: a request came. */
static int look_first(struct client_run *r, bool *asked)
{
    struct check_play p = { .row = &first_look };
    struct slot *s = &r->slots[0];
    int err;

    s->row = CHECK_ROWS_MAX;
    if (by_hand(r))
        r->config->waits(r->config->owner, &first_look);
    err = client_run_begin(s, &p, true);
    while (err == 0 && !check_play_is_over(&p)) {
        client_run_turn(r);
        if (stop_asked(r))
            check_play_stop(&p, "interrupted");
    }
    if (p.asked_writes && s->live.play) { /* it was not answered by the script */
        static const uint8_t error[] = { 0, 5, 0, 0, 'n', 'o', 0 };

        p.io.send(p.io.sender, 0, &p.sides[0].peer,
                  (struct kedge_span){ error, sizeof error });
    }
    if (s->live.play)
        client_run_finish(s);
    *asked = p.asked;
    r->writes = p.asked_writes;
    return err;
}

static void show_what_is_over(struct client_run *r)
{
    while (r->shown < r->rows && check_play_is_over(&r->plays[r->shown])) {
        r->counts->by[r->plays[r->shown].finding.verdict]++;
        r->config->result(r->config->owner, &r->plays[r->shown]);
        r->shown++;
    }
}

/* False: nothing is left to begin. */
static bool begin_next(struct client_run *r, struct slot *s)
{
    struct check_play *p;
    int err;

    while (r->next < r->rows && check_play_is_over(&r->plays[r->next]))
        r->next++;
    if (r->next == r->rows)
        return false;
    s->row = r->next;
    p = &r->plays[r->next++];
    if (by_hand(r))
        r->config->waits(r->config->owner, p->row);
    err = client_run_begin(s, p, r->writes);
    if (err < 0) {
        check_play_stop(p, strerror(-err));
        if (s->live.play)
            client_run_finish(s);
    }
    return true;
}

static uint32_t fill_slots(struct client_run *r)
{
    uint32_t most = by_hand(r) ? 1 : AT_ONCE, running = 0;

    for (uint32_t i = 0; i < most; i++) {
        while (!r->slots[i].live.play && begin_next(r, &r->slots[i]))
            continue;
        running += r->slots[i].live.play != NULL;
    }
    return running;
}

static void collect_verdicts(struct client_run *r)
{
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        struct check_play *p = r->slots[i].live.play;

        if (!p || !check_play_is_over(p))
            continue;
        client_run_finish(&r->slots[i]);
        r->done++;
        if (r->config->progress)
            r->config->progress(r->config->owner, r->done, r->rows, p->row->id);
    }
}

static void play_all(struct client_run *r)
{
    while (!stop_asked(r) && fill_slots(r) > 0) {
        client_run_turn(r);
        collect_verdicts(r);
        show_what_is_over(r);
    }
    for (uint32_t i = 0; i < AT_ONCE; i++)
        if (r->slots[i].live.play) {
            check_play_stop(r->slots[i].live.play, "interrupted");
            client_run_finish(&r->slots[i]);
        }
    for (uint32_t i = 0; i < r->rows; i++)
        check_play_stop(&r->plays[i], "interrupted");
    show_what_is_over(r);
}

static void fill_rows(struct client_run *r)
{
    for (uint32_t i = 0; check_row_at(i) && r->rows < CHECK_ROWS_MAX; i++) {
        const struct check_row *row = check_row_at(i);

        if (check_group_of(row) != CHECK_CLIENT ||
            !check_row_chosen(row, r->config->only))
            continue;
        r->plays[r->rows] = (struct check_play){ .row = row, .exited = -1 };
        if (row->writing != r->writes)
            check_play_stop(&r->plays[r->rows],
                            r->writes ? "the client uploads" : "the client downloads");
        r->rows++;
    }
}

static enum check_run_end run_client_command(struct client_run *r)
{
    bool asked = false;

    r->err = look_first(r, &asked);
    if (r->stopped)
        return CHECK_RUN_STOPPED;
    if (r->err < 0 || !asked)
        return CHECK_RUN_NOBODY;
    fill_rows(r);
    play_all(r);
    return r->stopped ? CHECK_RUN_STOPPED : CHECK_RUN_DONE;
}

static int make_directory(struct client_run *r)
{
    const char *where = getenv("TMPDIR");

    snprintf(r->directory, sizeof r->directory, "%.30s/kedge-check-XXXXXX",
             where && *where ? where : "/tmp");
    return mkdtemp(r->directory) ? 0 : -errno;
}

/* A client may have left a temporary file of its own. */
static void remove_directory(const struct client_run *r)
{
    DIR *d = opendir(r->directory);
    struct dirent *e;

    while (d && (e = readdir(d)))
        (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(r->directory);
}

enum check_run_end check_run_client(const struct check_client_config *c,
                                    struct check_counts *counts, int *err)
{
    struct client_run *r = calloc(1, sizeof *r);
    struct check_play *plays = calloc(CHECK_ROWS_MAX, sizeof *plays);
    uint8_t *buffer = malloc(CHECK_DATAGRAM_MAX);
    enum check_run_end end = CHECK_RUN_NO_MEMORY;
    kedge_nanos began = clock_now();

    *counts = (struct check_counts){ 0 };
    *err = 0;
    if (r && plays && buffer) {
        *r = (struct client_run){
            .config = c, .counts = counts, .plays = plays, .buffer = buffer
        };
        for (uint32_t i = 0; i < AT_ONCE; i++)
            r->slots[i].run = r;
        r->err = make_directory(r);
        end = r->err < 0 ? CHECK_RUN_NOBODY : run_client_command(r);
        *err = r->err;
        if (r->err == 0 || r->directory[0])
            remove_directory(r);
        counts->lasted = clock_now() - began;
    }
    free(buffer);
    free(plays);
    free(r);
    return end;
}

bool check_command_valid(const char *const *command, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(command[i], "{url}") || strstr(command[i], "{port}"))
            return true;
    return false;
}
