/* SPDX-License-Identifier: MIT */
/* Steps of a script that wait: how each begins, what it makes of a packet, and what it
 * makes of the end of its time. */
#include "check/private.h"

#include "base/number.h"
#include "kedge/tftp.h"

#include <stdio.h>
#include <string.h>

static const kedge_nanos usual_wait = 3 * KEDGE_SEC, usual_repeat = 9 * KEDGE_SEC;

/* What a packet that was expected changes. */
static void take_in(struct check_side *s, const struct check_in *in)
{
    uint16_t op = check_opcode(in->bytes);

    if (op == KEDGE_TFTP_OACK)
        play_adopt(s, in->bytes);
    if (op == KEDGE_TFTP_DATA &&
        check_number(in->bytes) == kedge_tftp_wire(s->next, s->rollover)) {
        s->next++;
        s->done += in->bytes.len - 4;
    }
}

static void mismatch(struct check_play *p, const struct check_in *in, const char *pattern,
                     struct check_match m)
{
    play_fail(p, in, "%s", pattern);
    play_mark(p, m.mark, m.mark_len);
    play_cause(p, cause_of_packet(p, pattern, in->bytes));
}

struct pattern {
    char text[128];
};

/* A pattern in which SIZE is the size of this side's file. */
static struct pattern pattern_of(const struct check_play *p)
{
    const char *text = step_of(p)->text, *size = strstr(text, "SIZE");
    const struct check_file *f = &p->sides[step_of(p)->side].file;
    struct pattern out;

    if (size)
        snprintf(out.text, sizeof out.text, "%.*s%llu%s", (int)(size - text), text,
                 (unsigned long long)f->size, size + strlen("SIZE"));
    else
        snprintf(out.text, sizeof out.text, "%s", text);
    return out;
}

static void judge_expect(struct check_play *p, const struct check_in *in)
{
    struct pattern pattern = pattern_of(p);
    struct check_match m = check_match(pattern.text, in->bytes);

    if (m.ok && !(in->is_old && check_opcode(in->bytes) == KEDGE_TFTP_ERROR)) {
        take_in(side_of(p), in);
        play_next(p);
    } else if (play_unless(p, in)) {
        return;
    } else if (in->is_old) {
        side_of(p)->has_peer = side_of(p)->over = false;
    } else if (!in->is_repeat) {
        mismatch(p, in, pattern.text, m);
    }
}

/* An option that is not granted is no fault: what depends on it cannot be looked at. */
static void judge_offers(struct check_play *p, const struct check_in *in)
{
    const char *pattern = step_of(p)->text;
    uint16_t op = check_opcode(in->bytes);

    if (check_match(pattern, in->bytes).ok) {
        take_in(side_of(p), in);
        play_next(p);
    } else if (op == KEDGE_TFTP_OACK || op == KEDGE_TFTP_DATA || op == KEDGE_TFTP_ACK) {
        play_skip(p, "the server does not grant %s", pattern + strlen("OACK "));
    } else if (op == KEDGE_TFTP_ERROR) {
        play_skip(p, "the server answers ERROR %u to %s", check_number(in->bytes),
                  pattern + strlen("OACK "));
    } else {
        judge_expect(p, in);
    }
}

static void judge_never(struct check_play *p, const struct check_in *in)
{
    if (check_match(step_of(p)->text, in->bytes).ok) {
        play_fail(p, in, "no %s", step_of(p)->text);
        play_mark(p, 0, min_u64(4, in->bytes.len));
    } else if (!play_unless(p, in) && check_opcode(in->bytes) == KEDGE_TFTP_ERROR) {
        play_next(p);
    }
}

static void judge_once(struct check_play *p, const struct check_in *in)
{
    struct kedge_span list = { in->bytes.ptr + 2,
                               in->bytes.len > 2 ? in->bytes.len - 2 : 0 };
    struct kedge_span first, again;

    if (check_opcode(in->bytes) != KEDGE_TFTP_OACK ||
        !check_option(list, step_of(p)->text, &first)) {
        play_next(p);
        return;
    }
    list.len -= (size_t)(first.ptr + first.len + 1 - list.ptr);
    list.ptr = first.ptr + first.len + 1;
    if (check_option(list, step_of(p)->text, &again)) {
        play_fail(p, in, "OACK with %s once", step_of(p)->text);
        play_mark(p, (size_t)(again.ptr - in->bytes.ptr), again.len);
    } else {
        play_next(p);
    }
}

static void judge_quiet(struct check_play *p, const struct check_in *in)
{
    if (in->is_repeat && p->count < step_of(p)->size) {
        p->count++;
        return;
    }
    play_fail(p, in, "nothing for %llu ms",
              (unsigned long long)(step_of(p)->time / KEDGE_MSEC));
    play_mark(p, 0, min_u64(4, in->bytes.len));
    play_cause(p, cause_of_packet(p, "", in->bytes));
}

static void judge_repeat(struct check_play *p, const struct check_in *in)
{
    if (in->is_repeat) {
        play_next(p);
        return;
    }
    play_fail(p, in, "the same packet again, byte for byte");
    play_mark(p, 0, min_u64(4, in->bytes.len));
    play_cause(p, cause_of_packet(p, "repeat", in->bytes));
}

static void judge_blocks(struct check_play *p, const struct check_in *in)
{
    const struct check_step *step = step_of(p);
    char pattern[32];
    struct check_match m;

    snprintf(pattern, sizeof pattern, "DATA %u", (step->number + p->count) & 0xffff);
    m = check_match(pattern, in->bytes);
    if (!m.ok) {
        if (!in->is_repeat || p->count > 0)
            mismatch(p, in, pattern, m);
        return; /* the packet before the window may come twice */
    }
    take_in(side_of(p), in);
    p->deadline = p->now + (step->time ? step->time : usual_wait);
    if (++p->count == step->size)
        play_next(p);
}

static void note_gaps(struct check_play *p, uint32_t from)
{
    struct writer w = { .ptr = (uint8_t *)p->finding.measured,
                        .room = sizeof p->finding.measured - 1 };

    put(&w, span_of("repeats after "));
    for (uint32_t i = from; i < p->count; i++) {
        kedge_nanos gap = p->times[i] - (i ? p->times[i - 1] : p->began);

        if (i > from)
            put(&w, span_of(", "));
        put_decimal(&w, gap / KEDGE_SEC);
        put_u8(&w, '.');
        put_decimal(&w, gap / (100 * KEDGE_MSEC) % 10);
        put_decimal(&w, gap / (10 * KEDGE_MSEC) % 10);
        put(&w, span_of(" s"));
    }
    p->finding.note = p->finding.measured;
}

static void judge_times(struct check_play *p, const struct check_in *in)
{
    kedge_nanos after = p->now - p->began, want = step_of(p)->size * KEDGE_SEC;

    if (!in->is_repeat)
        return;
    if (p->count < CHECK_OWED)
        p->times[p->count++] = p->now;
    if (step_of(p)->what != CHECK_INTERVAL)
        return;
    note_gaps(p, 0);
    if (after + KEDGE_SEC / 2 >= want && after <= want + 3 * KEDGE_SEC / 2)
        play_next(p);
    else
        play_fail(p, in,
                  "the packet again after %u s, as agreed; it came after %llu.%02llu s",
                  step_of(p)->size, (unsigned long long)(after / KEDGE_SEC),
                  (unsigned long long)(after / (10 * KEDGE_MSEC) % 100));
}

static void judge_fewer(struct check_play *p, const struct check_in *in)
{
    if (++p->count > step_of(p)->size) {
        play_fail(p, in, "at most %u packets; this is one more", step_of(p)->size);
        play_mark(p, 0, min_u64(4, in->bytes.len));
    }
}

static void judge_crowd(struct check_play *p, const struct check_in *in)
{
    struct check_side *s = &p->sides[in->side];

    if (s->over || check_opcode(in->bytes) != KEDGE_TFTP_DATA)
        return;
    play_send_ack(p, in->side, 1);
    s->over = true;
    if (++p->count == step_of(p)->size)
        play_next(p);
}

static void judge_asked(struct check_play *p, const struct check_in *in)
{
    struct check_side *l = &p->sides[CHECK_LISTENER], *s = &p->sides[0];
    struct kedge_span name, mode, options;
    const char *why = "";

    if (net_address_equal(&p->ignore, &in->from))
        return; /* the request of the check before, once more */
    if (!check_request(in->bytes, &name, &mode, &options)) {
        mismatch(p, in, p->row->writing ? "WRQ" : "RRQ",
                 (struct check_match){ false, 0, 2 });
        return;
    }
    l->request_len = (uint32_t)min_u64(in->bytes.len, sizeof l->request);
    memcpy(l->request, in->bytes.ptr, l->request_len);
    p->asked = true;
    p->asked_writes = check_opcode(in->bytes) == KEDGE_TFTP_WRQ;
    s->peer = in->from;
    s->has_peer = true;
    s->over = false;
    s->netascii = span_equal_nocase(mode, "netascii");
    if (p->asked_writes != p->row->writing)
        play_skip(p, "the command %s", p->asked_writes ? "uploads" : "downloads");
    else if (s->netascii)
        play_skip(p, "the command asks for netascii");
    else if (!p->io.file(p->io.owner, p->asked_writes ? "taken" : "served", &s->file,
                         &why))
        play_skip(p, "%s", why);
    else
        play_next(p);
}

static void judge_same_tid(struct check_play *p, const struct check_in *in)
{
    if (net_address_equal(&p->sides[0].peer, &in->from)) {
        play_next(p);
        return;
    }
    play_fail(p, in, "the request again from port %u; it came from port %u",
              net_address_port(&p->sides[0].peer), net_address_port(&in->from));
}

static void judge_stops(struct check_play *p, const struct check_in *in)
{
    (void)in;
    p->count++;
    p->progress = p->now;
}

/* It may end, or ask once more on other terms; the same request again is a late copy. */
static void judge_exits(struct check_play *p, const struct check_in *in)
{
    const struct check_side *l = &p->sides[CHECK_LISTENER];
    bool same = net_address_equal(&p->sides[0].peer, &in->from) &&
                in->bytes.len == l->request_len &&
                memcmp(in->bytes.ptr, l->request, in->bytes.len) == 0;

    if (in->side == CHECK_LISTENER && !same)
        play_next(p);
}

static void judge_alive(struct check_play *p, const struct check_in *in)
{
    (void)in;
    play_next(p);
}

void play_judge(struct check_play *p, const struct check_in *in)
{
    static void (*const judges[])(struct check_play *, const struct check_in *) = {
        [CHECK_EXPECT] = judge_expect,    [CHECK_OFFERS] = judge_offers,
        [CHECK_NEVER] = judge_never,      [CHECK_ONCE] = judge_once,
        [CHECK_QUIET] = judge_quiet,      [CHECK_REPEAT] = judge_repeat,
        [CHECK_BLOCKS] = judge_blocks,    [CHECK_READ] = play_read_judge,
        [CHECK_WRITE] = play_write_judge, [CHECK_GAPS] = judge_times,
        [CHECK_INTERVAL] = judge_times,   [CHECK_AMPLIFY] = judge_fewer,
        [CHECK_FEWER] = judge_fewer,      [CHECK_STOPS] = judge_stops,
        [CHECK_CROWD] = judge_crowd,      [CHECK_ALIVE] = judge_alive,
        [CHECK_ASKED] = judge_asked,      [CHECK_SAME_TID] = judge_same_tid,
        [CHECK_EXITS] = judge_exits,
    };
    size_t what = (size_t)step_of(p)->what;

    if (what < sizeof judges / sizeof *judges && judges[what])
        judges[what](p, in);
}

static void begin_crowd(struct check_play *p)
{
    const char *why = "";
    struct check_file f;
    uint8_t buf[CHECK_REQUEST_MAX];
    struct writer w = { .ptr = buf, .room = sizeof buf };

    if (!p->io.file(p->io.owner, "1", &f, &why)) {
        play_skip(p, "%s", why);
        return;
    }
    put_u16(&w, KEDGE_TFTP_RRQ);
    put_string(&w, span_of(f.name));
    put_string(&w, span_of("octet"));
    for (uint32_t i = 0; i < step_of(p)->size; i++)
        play_send_to(p, i, &p->server, written(&w));
}

static void begin_alive(struct check_play *p)
{
    const char *why = "";
    struct check_file f;
    uint8_t buf[CHECK_REQUEST_MAX];
    struct writer w = { .ptr = buf, .room = sizeof buf };

    if (!p->io.file(p->io.owner, "any", &f, &why)) {
        play_skip(p, "%s", why);
        return;
    }
    put_u16(&w, KEDGE_TFTP_RRQ);
    put_string(&w, span_of(f.name));
    put_string(&w, span_of("octet"));
    play_send_to(p, step_of(p)->side, &p->server, written(&w));
}

static void begin_exits(struct check_play *p)
{
    if (p->by_hand)
        play_next(p);
    else if (p->exited >= 0)
        play_time_is_up(p);
}

static void begin_kept(struct check_play *p)
{
    bool want = step_of(p)->number == 1;

    if (p->by_hand || (want ? p->kept_whole : !p->kept_any))
        play_next(p);
    else
        play_fail(p, NULL, want ? "the file, whole; %s" : "no file that looks whole; %s",
                  p->kept_any ? "what is there is not the file that was served"
                              : "there is none");
}

void play_wait_begin(struct check_play *p)
{
    const struct check_step *step = step_of(p);
    kedge_nanos wait = step->time;

    if (wait == 0)
        wait = step->what == CHECK_REPEAT ? usual_repeat : usual_wait;
    if (step->what == CHECK_QUIET && p->at > 0 && step[-1].what == CHECK_AGAIN)
        wait += 2 * side_of(p)->took; /* a second answer takes as long as the first */
    p->deadline = p->now + wait;
    switch (step->what) {
    case CHECK_READ:
        play_read_begin(p);
        break;
    case CHECK_WRITE:
        play_write_begin(p);
        break;
    case CHECK_CROWD:
        begin_crowd(p);
        break;
    case CHECK_ALIVE:
        begin_alive(p);
        break;
    case CHECK_EXITS:
        begin_exits(p);
        break;
    case CHECK_KEPT:
        begin_kept(p);
        break;
    default:
        break;
    }
}

static void silence(struct check_play *p, const char *what)
{
    kedge_nanos waited = p->now - p->began;
    bool is_short = waited < KEDGE_SEC;

    play_fail(p, NULL, "%s within %llu %s; nothing came", what,
              (unsigned long long)(waited / (is_short ? KEDGE_MSEC : KEDGE_SEC)),
              is_short ? "ms" : "s");
    play_cause(p, cause_of_silence(p));
}

static void end_gaps(struct check_play *p)
{
    kedge_nanos first, last;

    if (p->count < 2) {
        play_next(p);
        return;
    }
    first = p->times[0] - p->began;
    last = p->times[p->count - 1] - p->times[p->count - 2];
    note_gaps(p, 0);
    if (last > first + first / 5)
        play_next(p);
    else
        play_fail(p, NULL, "gaps that grow; %s", p->finding.measured);
}

static void end_stops(struct check_play *p)
{
    kedge_nanos quiet = p->now - p->progress;

    snprintf(p->finding.measured, sizeof p->finding.measured,
             "%u repeats, the last %llu s before the end", p->count,
             (unsigned long long)(quiet / KEDGE_SEC));
    p->finding.note = p->finding.measured;
    if (quiet >= step_of(p)->time / 3 || p->count <= 12)
        play_next(p);
    else
        play_fail(p, NULL, "repeats that end within %llu s; there were %s",
                  (unsigned long long)(step_of(p)->time / KEDGE_SEC),
                  p->finding.measured);
}

/* How much a forger of requests would make the server send to somebody. */
static void end_amplify(struct check_play *p)
{
    const struct check_side *s = side_of(p);

    snprintf(p->finding.measured, sizeof p->finding.measured,
             "%u packets, %llu bytes: %llu times the request's %u", s->heard,
             (unsigned long long)s->heard_bytes,
             (unsigned long long)(s->request_len ? s->heard_bytes / s->request_len : 0),
             s->request_len);
    p->finding.note = p->finding.measured;
    play_next(p);
}

static void end_exits(struct check_play *p)
{
    bool want_ok = step_of(p)->number == 0;

    if (p->exited < 0)
        play_fail(p, NULL, "an end of the command within %llu s; it still runs",
                  (unsigned long long)((p->now - p->began) / KEDGE_SEC));
    else if ((p->exited == 0) == want_ok)
        play_next(p);
    else
        play_fail(p, NULL, "an exit status that %s; it was %d",
                  want_ok ? "says that all is well, 0" : "says that it failed",
                  p->exited);
}

void play_time_is_up(struct check_play *p)
{
    const struct check_step *step = step_of(p);

    switch (step->what) {
    case CHECK_QUIET:
    case CHECK_NEVER:
    case CHECK_PAUSE:
    case CHECK_FEWER:
        play_next(p);
        break;
    case CHECK_AMPLIFY:
        end_amplify(p);
        break;
    case CHECK_READ:
    case CHECK_WRITE:
        play_transfer_time(p);
        break;
    case CHECK_GAPS:
        end_gaps(p);
        break;
    case CHECK_STOPS:
        end_stops(p);
        break;
    case CHECK_EXITS:
        end_exits(p);
        break;
    case CHECK_CROWD:
        play_fail(p, NULL, "answers to all of %u requests; %u were served", step->size,
                  p->count);
        break;
    case CHECK_OFFERS:
        play_skip(p, "the server does not answer a request with %s",
                  step->text + strlen("OACK "));
        break;
    case CHECK_ASKED:
    case CHECK_SAME_TID:
        silence(p, step->what == CHECK_ASKED ? "a request" : "the request again");
        break;
    case CHECK_REPEAT:
        silence(p, "the same packet again");
        break;
    case CHECK_ALIVE:
        silence(p, "an answer to a plain request");
        break;
    default:
        silence(p, step->text ? step->text : "DATA");
    }
}
