/* SPDX-License-Identifier: MIT */
/* The run: first who is there and what can be asked for, then all checks. */
#include "check/run.h"

#include "check/late.h"
#include "check/learn.h"
#include "check/steps.h"
#include "net/udp.h"
#include "os/clock.h"
#include "os/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE_BY_SIDE = 12,
    POLLED_MAX = SIDE_BY_SIDE * CHECK_SIDES + 256 + CHECK_LATE_MAX
};
static const kedge_nanos longest = 300 * KEDGE_SEC;

enum setup { SETUP_CONTACT, SETUP_AGAIN, SETUP_TWO, SETUP_PUT, SETUP_FREE, SETUP_SEED };

/* Played before the rows, to learn what the server is. */
static const struct check_row setups[] = {
    [SETUP_CONTACT] = { .id = "setup-contact",
                        .section = "",
                        .title = "",
                        .lesson = "",
                        CHECK_SCRIPT(RRQ("2000"),
                                     EXPECT("DATA 1 | OACK", .unless = "ERROR",
                                            .unless_why = "",
                                            .time = 1500 * KEDGE_MSEC)) },
    [SETUP_AGAIN] = { .id = "setup-again",
                      .section = "",
                      .title = "",
                      .lesson = "",
                      CHECK_SCRIPT(RRQ("2000"),
                                   EXPECT("DATA 1 | OACK", .unless = "ERROR",
                                          .unless_why = "", .time = 10 * KEDGE_SEC)) },
    [SETUP_TWO] = { .id = "setup-two",
                    .section = "",
                    .title = "",
                    .lesson = "",
                    CHECK_SCRIPT(RRQ("any"), EXPECT("any"), RRQ("any", .side = 1),
                                 EXPECT("any", .side = 1, .time = 1500 * KEDGE_MSEC)) },
    [SETUP_PUT] = { .id = "setup-put",
                    .section = "",
                    .title = "",
                    .lesson = "",
                    CHECK_SCRIPT(WRQ(3), EXPECT("ACK"), DATA(1), PAUSE(MS(300))) },
    [SETUP_FREE] = { .id = "setup-free",
                     .section = "",
                     .title = "",
                     .lesson = "",
                     CHECK_SCRIPT(RRQ("any"), EXPECT("any", .time = 60 * KEDGE_SEC)) },
    [SETUP_SEED] = { .id = "setup-seed",
                     .section = "",
                     .title = "",
                     .lesson = "",
                     CHECK_SCRIPT(STEP(CHECK_WRQ, .text = "seed", .number = 1),
                                  WRITE()) },
};

/* Small files that are uploaded where the server has none of the set. */
static const char *const seeds[] = {
    "0",    "1",     "511",    "512",    "513",  "1024",
    "2000", "20000", "200000", "600000", "text", "lines"
};
enum { SEEDS = sizeof seeds / sizeof *seeds, SEED_ANY = 6 }; /* "2000" */

struct check_run {
    const struct check_run_config *config;
    struct check_counts *counts;
    struct check_play *plays; /* one a row, in their order */
    uint32_t rows, done, shown;
    struct check_live live[SIDE_BY_SIDE + 1];
    struct check_late late;
    kedge_nanos began[SIDE_BY_SIDE + 1];
    struct net_address source;
    uint32_t mtu;
    uint8_t *buffer;
    struct pollfd polled[POLLED_MAX];
    struct check_polled whose[POLLED_MAX];
    uint32_t tag;
    bool set_is_there, seeded[SEEDS];
    const char *seed;         /* the one that is uploaded now */
    struct check_file learnt; /* size 0: none */
    bool puts_work, dead, stopped;
    bool refused; /* of the last setup: nobody listens */
};

/* What io.file gets: the run, and which of its plays asks. */
struct asker {
    struct check_run *run;
    uint32_t row;
};

static bool stop_asked(const struct check_run *r)
{
    struct pollfd p = { .fd = r->config->stop_fd, .events = POLLIN };

    return r->config->stop_fd >= 0 && poll(&p, 1, 0) > 0;
}

/* ---- files ---------------------------------------------------------------------------- */

static void name_file(const struct check_run *r, const char *word, struct check_file *f)
{
    snprintf(f->name, sizeof f->name, "%.300s" CHECK_FILE_PREFIX "%s", r->config->prefix,
             word);
}

static bool special(const char *word, struct check_file *f)
{
    *f = (struct check_file){ .content = CHECK_NOTHING };
    if (strcmp(word, "long") == 0)
        memset(f->name, 'a', 300);
    else if (strcmp(word, "parent") == 0)
        snprintf(f->name, sizeof f->name, "../../../../../../../../etc/passwd");
    else if (strcmp(word, "absolute") == 0)
        snprintf(f->name, sizeof f->name, "/etc/passwd");
    else
        return false;
    return true;
}

static bool uploaded(const struct check_run *r, uint32_t row, const char *word,
                     struct check_file *f, const char **why)
{
    *f = (struct check_file){ .content = strcmp(word, "put-text") == 0 ? CHECK_LINES
                                                                       : CHECK_PATTERN };
    f->size = f->content == CHECK_LINES ? check_file_wire_size(f, false) : 0;
    *why = "it uploads: give a name by --put-name";
    if (!r->config->put_name)
        return false;
    *why = r->counts->refusal;
    if (!r->puts_work && row < r->rows && r->plays[row].row->puts)
        return false;
    snprintf(f->name, sizeof f->name, "%.300s-%04x-%u", r->config->put_name,
             (unsigned)r->tag, row);
    return true;
}

static bool seeded(const struct check_run *r, const char *word, struct check_file *f)
{
    for (size_t i = 0; i < SEEDS; i++)
        if (strcmp(seeds[i], word) == 0 && (r->seeded[i] || r->seed == seeds[i]))
            return snprintf(f->name, sizeof f->name, "%.300s-%04x-file-%s",
                            r->config->put_name, (unsigned)r->tag, word),
                   true;
    return false;
}

static bool file(void *owner, const char *word, struct check_file *f, const char **why)
{
    const struct asker *a = owner;
    const struct check_run *r = a->run;

    if (special(word, f))
        return true;
    if (strncmp(word, "put", 3) == 0)
        return uploaded(r, a->row, word, f, why);
    if (strcmp(word, "seed") == 0)
        word = r->seed;
    if (strcmp(word, "any") == 0 && r->learnt.size > 0) {
        *f = r->learnt;
        return true;
    }
    *why = r->counts->own_file[0] ? r->counts->own_file
                                  : "it needs the files of kedge check --make-files";
    if (!check_file_known(strcmp(word, "any") == 0 ? "2000" : word, f))
        return false;
    word = strcmp(word, "any") == 0 ? "2000" : word;
    if (seeded(r, word, f))
        return true;
    name_file(r, word, f);
    return r->set_is_there || strcmp(word, "missing") == 0 || a->row >= r->rows;
}

/* ---- plays ---------------------------------------------------------------------------- */

static int check_begin(struct check_run *r, uint32_t slot, struct check_play *p)
{
    struct check_live *l = &r->live[slot];
    kedge_nanos now = clock_now();

    *l = (struct check_live){ .source = r->source,
                              .pcap = r->config->pcap,
                              .buffer = r->buffer };
    p->server = r->config->server;
    p->mtu = r->mtu;
    r->began[slot] = now;
    if (check_live_open(l, p) < 0)
        return -ENOMEM;
    check_play_start(p, l->sides, l->count, now);
    return 0;
}

static void check_finish(struct check_run *r, uint32_t slot)
{
    struct check_live *l = &r->live[slot];

    check_play_close(l->play);
    r->counts->packets += l->play->sent + l->play->received;
    check_late_take(&r->late, l);
    check_live_close(l);
}

/* Wait for whatever comes first, and hand it over. */
static void check_run_turn(struct check_run *r, uint32_t first, uint32_t slots)
{
    kedge_nanos now = clock_now(), until = now + 250 * KEDGE_MSEC;
    uint32_t n = 0, late;
    struct timespec wait;

    for (uint32_t i = first; i < first + slots; i++) {
        struct check_live *l = &r->live[i];

        if (!l->play)
            continue;
        if (l->play->deadline < until)
            until = l->play->deadline;
        n += check_live_poll(l, r->polled + n, r->whose + n, POLLED_MAX - n);
    }
    until = until > now ? until - now : 0;
    wait = (struct timespec){ 0, (long)until };
    late = check_late_poll(&r->late, r->polled + n, POLLED_MAX - n);
    if (ppoll(r->polled, n + late, &wait, NULL) < 0)
        return;
    now = clock_now();
    check_late_read(&r->late);
    for (uint32_t i = 0; i < n; i++)
        if (r->polled[i].revents)
            check_live_ready(&r->whose[i], r->polled[i].revents, now);
    for (uint32_t i = first; i < first + slots; i++)
        if (r->live[i].play) {
            check_play_tick(r->live[i].play, now);
            if (now - r->began[i] > longest)
                check_play_stop(r->live[i].play, "it did not end within 300 s");
        }
}

/* Play one script to its end while all others wait: the setup, and those that run alone. */
static int play_alone(struct check_run *r, struct check_play *p)
{
    int err = check_begin(r, SIDE_BY_SIDE, p);

    if (err < 0)
        return err;
    while (!check_play_is_over(p)) {
        check_run_turn(r, SIDE_BY_SIDE, 1);
        if (stop_asked(r)) {
            r->stopped = true;
            check_play_stop(p, "interrupted");
        }
    }
    check_finish(r, SIDE_BY_SIDE);
    return 0;
}

static enum check_verdict setup(struct check_run *r, enum setup which,
                                struct check_play *p)
{
    struct asker a = { r, UINT32_MAX - which };

    *p =
        (struct check_play){ .row = &setups[which], .io = { .owner = &a, .file = file } };
    r->refused = false;
    if (play_alone(r, p) < 0)
        return CHECK_FAILS;
    r->refused = p->refused;
    return p->finding.verdict;
}

/* ---- the beginning -------------------------------------------------------------------- */

static bool answers(struct check_run *r, bool *has_set)
{
    struct check_play p;
    enum check_verdict v = setup(r, SETUP_CONTACT, &p);

    if (v != CHECK_PASS && p.received == 0 && !p.refused && !r->stopped)
        v = setup(r, SETUP_AGAIN, &p);
    *has_set =
        p.received > 0 && v != CHECK_NOT_TRIED; /* right or wrong, it is no ERROR */
    return p.received > 0;
}

static void seed_all(struct check_run *r)
{
    struct check_play p;

    for (size_t i = 0; i < SEEDS && !r->stopped; i++) {
        r->seed = seeds[i];
        r->seeded[i] = setup(r, SETUP_SEED, &p) == CHECK_PASS;
        r->seed = NULL;
    }
}

static void try_uploads(struct check_run *r)
{
    struct check_play p;
    struct check_packet *last = NULL;

    if (!r->config->put_name)
        return;
    r->puts_work = setup(r, SETUP_PUT, &p) == CHECK_PASS;
    if (r->puts_work) {
        if (!r->set_is_there)
            seed_all(r);
        return;
    }
    last = p.finding.has_wrong ? &p.finding.wrong : NULL;
    snprintf(r->counts->refusal, sizeof r->counts->refusal, "uploads are refused: %.120s",
             last ? check_in_words(last).text : "no answer");
}

static void learn(struct check_run *r)
{
    const char *why;

    if (!r->config->own_file || r->set_is_there || r->seeded[SEED_ANY] || r->stopped)
        return;
    if (!check_learn(&r->config->server, &r->source, r->config->own_file, &r->learnt,
                     &why))
        snprintf(r->counts->own_file, sizeof r->counts->own_file, "%s", why);
}

static int prepare_run(struct check_run *r)
{
    struct net_route route;
    int mtu;

    if (net_route_open(&route) < 0 ||
        net_route_source(&route, &r->config->server, &r->source) < 0)
        return -EHOSTUNREACH;
    mtu = net_route_mtu(&route, &r->config->server);
    net_route_close(&route);
    r->mtu = mtu > 0 ? (uint32_t)mtu : 0;
    if (random_fill(&r->tag, sizeof r->tag) < 0)
        r->tag = (uint32_t)clock_now();
    r->tag &= 0xffff;
    return 0;
}

static void fill_rows(struct check_run *r, struct asker *askers)
{
    for (uint32_t i = 0; check_row_at(i) && r->rows < CHECK_ROWS_MAX; i++) {
        const struct check_row *row = check_row_at(i);

        if (check_group_of(row) == CHECK_CLIENT ||
            !check_row_chosen(row, r->config->only))
            continue;
        askers[r->rows] = (struct asker){ r, r->rows };
        r->plays[r->rows] =
            (struct check_play){ .row = row,
                                 .io = { .owner = &askers[r->rows], .file = file } };
        r->rows++;
    }
}

/* ---- the checks ----------------------------------------------------------------------- */

static void show_what_is_over(struct check_run *r)
{
    while (r->shown < r->rows && check_play_is_over(&r->plays[r->shown])) {
        r->counts->by[r->plays[r->shown].finding.verdict]++;
        r->config->result(r->config->owner, &r->plays[r->shown]);
        r->shown++;
    }
}

static void tell_check_progress(struct check_run *r, const struct check_play *running)
{
    if (r->config->progress)
        r->config->progress(r->config->owner, r->done, r->rows,
                            running ? running->row->id : "");
}

static bool was_silence(const struct check_play *p)
{
    return !p->finding.has_wrong && p->finding.verdict != CHECK_PASS &&
           p->finding.verdict != CHECK_NOT_TRIED;
}

/* After a check that ended in silence: is the server still there? */
static void look_for_life(struct check_run *r, const struct check_play *p)
{
    struct check_play free;
    bool has_set;

    if (!was_silence(p) || r->stopped || answers(r, &has_set) || r->stopped)
        return;
    if (r->counts->one_by_one && !r->refused &&
        setup(r, SETUP_FREE, &free) != CHECK_FAILS)
        return;
    r->dead = true;
    snprintf(r->counts->died_at, sizeof r->counts->died_at, "%s", p->row->id);
}

/* The next row of a kind that has not begun; NULL if there is none. Of those side by side
 * the long ones come first, and the others late; of those alone, what comes last. */
static struct check_play *next_row(struct check_run *r, uint32_t *at, bool alone,
                                   bool late)
{
    while (*at < r->rows) {
        struct check_play *p = &r->plays[(*at)++];

        if (p->row->alone == alone && (alone ? p->row->last : !p->row->lasts) == late)
            return p;
    }
    return NULL;
}

struct queue {
    uint32_t long_at, short_at;
};

static struct check_play *next_of(struct check_run *r, struct queue *q)
{
    struct check_play *p = next_row(r, &q->long_at, false, false);

    return p ? p : next_row(r, &q->short_at, false, true);
}

/* Of a server that serves one transfer at a time: requests of the check before may still
 * wait for their turn. */
static bool is_free(struct check_run *r)
{
    struct check_play p;

    if (r->counts->one_by_one && setup(r, SETUP_FREE, &p) == CHECK_FAILS)
        r->dead = true;
    return !r->dead;
}

static uint32_t fill_slots(struct check_run *r, struct queue *q, uint32_t most)
{
    uint32_t running = 0;

    for (uint32_t i = 0; i < most; i++) {
        struct check_play *p = r->live[i].play ? NULL : next_of(r, q);

        if (p && !is_free(r))
            check_play_stop(p, "the server no longer answers");
        else if (p && check_begin(r, i, p) < 0)
            check_play_stop(p, "no memory");
        running += r->live[i].play != NULL;
    }
    return running;
}

static void collect_packets(struct check_run *r, uint32_t most)
{
    for (uint32_t i = 0; i < most; i++) {
        struct check_play *p = r->live[i].play;

        if (!p || !check_play_is_over(p))
            continue;
        check_finish(r, i);
        r->done++;
        tell_check_progress(r, p);
        if (!r->dead)
            look_for_life(r, p);
    }
}

static void play_together(struct check_run *r)
{
    uint32_t most = r->counts->one_by_one ? 1 : SIDE_BY_SIDE;
    struct queue q = { 0 };

    while (!r->dead && !r->stopped && fill_slots(r, &q, most) > 0) {
        check_run_turn(r, 0, most);
        collect_packets(r, most);
        show_what_is_over(r);
        r->stopped |= stop_asked(r);
    }
    for (uint32_t i = 0; i < most; i++)
        if (r->live[i].play) {
            check_play_stop(r->live[i].play,
                            r->dead ? "the server no longer answers" : "interrupted");
            check_finish(r, i);
        }
}

static void play_each_alone(struct check_run *r, bool last)
{
    uint32_t at = 0;
    struct check_play *p;

    while (!r->dead && !r->stopped && (p = next_row(r, &at, true, last))) {
        tell_check_progress(r, p);
        if (!is_free(r))
            check_play_stop(p, "the server no longer answers");
        else if (play_alone(r, p) < 0)
            check_play_stop(p, "no memory");
        r->done++;
        look_for_life(r, p);
        show_what_is_over(r);
    }
}

static void end_the_rest(struct check_run *r)
{
    for (uint32_t i = 0; i < r->rows; i++)
        check_play_stop(&r->plays[i],
                        r->dead ? "the server no longer answers" : "interrupted");
    show_what_is_over(r);
}

/* One that serves a transfer at a time still has the second request, and is busy with it
 * for as long as it is patient. */
static void look_if_one_by_one(struct check_run *r)
{
    struct check_play p;

    r->counts->one_by_one = setup(r, SETUP_TWO, &p) == CHECK_FAILS && p.received > 0;
    if (r->counts->one_by_one && !r->stopped)
        (void)setup(r, SETUP_FREE, &p);
}

static enum check_run_end play_all(struct check_run *r)
{
    if (!answers(r, &r->set_is_there))
        return r->stopped ? CHECK_RUN_STOPPED : CHECK_RUN_NOBODY;
    try_uploads(r);
    learn(r);
    r->counts->set_is_there = r->set_is_there;
    look_if_one_by_one(r);
    play_together(r);
    play_each_alone(r, false);
    play_each_alone(r, true);
    end_the_rest(r);
    return r->stopped ? CHECK_RUN_STOPPED : CHECK_RUN_DONE;
}

enum check_run_end check_run_server(const struct check_run_config *c,
                                    struct check_counts *counts)
{
    struct check_run *r = calloc(1, sizeof *r);
    struct check_play *plays = calloc(CHECK_ROWS_MAX, sizeof *plays);
    struct asker *askers = calloc(CHECK_ROWS_MAX, sizeof *askers);
    uint8_t *buffer = malloc(CHECK_DATAGRAM_MAX);
    enum check_run_end end = CHECK_RUN_NO_MEMORY;
    kedge_nanos began = clock_now();

    *counts = (struct check_counts){ 0 };
    if (r && plays && askers && buffer) {
        *r = (struct check_run){
            .config = c, .counts = counts, .plays = plays, .buffer = buffer
        };
        fill_rows(r, askers);
        end = prepare_run(r) < 0 ? CHECK_RUN_NOBODY : play_all(r);
        counts->lasted = clock_now() - began;
        check_late_close(&r->late);
        free((void *)(uintptr_t)r->learnt.bytes);
    }
    free(buffer);
    free(askers);
    free(plays);
    free(r);
    return end;
}
