/* SPDX-License-Identifier: MIT */
/* kedge send: messages to one endpoint, and each reply with its round trip. */
#include "client/message.h"
#include "base/bytes.h"
#include "cmd/interrupt.h"
#include "cmd/lines.h"
#include "cmd/verbs.h"
#include "os/clock.h"
#include "os/loop.h"
#include "report/histogram.h"
#include "report/json.h"
#include "report/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_ROOM (MESSAGE_MAX * 6 + 512)

enum sending_end { END_CLOSE, END_HALF, END_RESET };

struct send_options {
    uint64_t count;
    kedge_nanos interval, timeout;
    bool newline, json, quiet, v4, v6;
    uint32_t end; /* enum end */
};

struct sending {
    const struct send_options *o;
    struct message_link link;
    uint64_t sent, answered;
    int code; /* of the last failure; 0: none */
    bool stop;
    kedge_nanos next; /* message leaves not before */
    struct histogram rtt;
    uint8_t reply[MESSAGE_MAX + 1];
    uint8_t message[MESSAGE_MAX];
    uint8_t lines[MESSAGE_MAX];
    char shown[LINE_ROOM]; /* a reply as text or JSON */
};

static void say_failure(const struct sending *s, const struct message_result *r)
{
    const char *why = "";

    if (r->outcome == MESSAGE_TIMEOUT)
        why = "no reply in time";
    else if (r->outcome == MESSAGE_CLOSED)
        why = "the peer closed the connection";
    else if (r->outcome == MESSAGE_FAILED)
        why = strerror(-r->code);
    fprintf(stderr, "kedge send: message %llu: %s\n", (unsigned long long)s->sent, why);
}

static void say_reply(struct sending *s, const struct message_result *r)
{
    struct writer w = { .ptr = (uint8_t *)s->shown, .room = sizeof s->shown - 1 };

    if (!s->o->quiet) {
        put(&w, span_of("reply "));
        put_decimal(&w, s->sent);
        put(&w, span_of(": "));
        put_decimal(&w, r->reply.len);
        put(&w, span_of(r->cut ? " bytes and more in " : " bytes in "));
        text_ms(&w, r->rtt);
        put(&w, span_of(" ms: "));
    }
    text_printable(&w, r->reply, w.room);
    s->shown[w.len] = 0;
    puts(s->shown);
}

static void say_greeting(struct sending *s, struct kedge_span said)
{
    struct writer w = { .ptr = (uint8_t *)s->shown, .room = sizeof s->shown - 1 };

    put(&w, span_of("greeting: "));
    put_decimal(&w, said.len);
    put(&w, span_of(said.len == 1 ? " byte: " : " bytes: "));
    text_printable(&w, said, w.room);
    s->shown[w.len] = 0;
    puts(s->shown);
}

static const char *outcome_name(enum message_outcome outcome)
{
    static const char *const names[] = { "reply", "timeout", "closed", "cancelled",
                                         "error" };

    return names[outcome];
}

/* rtt: KEDGE_NEVER where nothing was asked. */
static void put_reply(struct json *j, struct kedge_span reply, kedge_nanos rtt)
{
    json_u64_known(j, "rtt_ns", rtt != KEDGE_NEVER, rtt);
    json_u64(j, "bytes", reply.len);
    json_string(j, "reply", reply);
}

static void begin_json(struct sending *s, struct json *j, uint64_t message,
                       const char *outcome)
{
    json_init(j, (uint8_t *)s->shown, sizeof s->shown);
    json_object(j, NULL);
    json_u64(j, "v", 1);
    json_u64(j, "message", message);
    json_text(j, "outcome", outcome);
}

static void end_json(struct json *j)
{
    struct kedge_span line;

    json_end(j);
    if (json_finish(j, &line))
        printf("%.*s\n", (int)line.len, (const char *)line.ptr);
}

static void say_json(struct sending *s, const struct message_result *r)
{
    struct json j;

    begin_json(s, &j, s->sent, outcome_name(r->outcome));
    json_text(&j, "error", r->outcome == MESSAGE_FAILED ? strerror(-r->code) : NULL);
    if (r->outcome == MESSAGE_ANSWERED) {
        put_reply(&j, r->reply, r->rtt);
    } else {
        json_null(&j, "rtt_ns");
        json_null(&j, "bytes");
        json_null(&j, "reply");
    }
    end_json(&j);
}

static void say_greeting_json(struct sending *s, struct kedge_span said)
{
    struct json j;

    begin_json(s, &j, 0, "greeting");
    json_null(&j, "error");
    put_reply(&j, said, KEDGE_NEVER);
    end_json(&j);
}

/* A server of mail, say, speaks first. */
static void greet(struct sending *s)
{
    struct kedge_span said;

    if (!message_greeting(&s->link, &said))
        s->stop = true;
    else if (said.len > 0 && s->o->json)
        say_greeting_json(s, said);
    else if (said.len > 0 && !s->o->quiet)
        say_greeting(s, said);
}

static void say_result(struct sending *s, const struct message_result *r)
{
    if (s->o->json)
        say_json(s, r);
    else if (r->outcome == MESSAGE_ANSWERED)
        say_reply(s, r);
    if (r->outcome != MESSAGE_ANSWERED)
        say_failure(s, r);
}

/* The bytes as they leave: with a newline where one is asked for. False: too long. */
static bool compose(struct sending *s, struct kedge_span text, struct kedge_span *out)
{
    struct writer w = { .ptr = s->message, .room = sizeof s->message };

    put(&w, text);
    if (s->o->newline)
        put_u8(&w, '\n');
    *out = written(&w);
    return !w.bad;
}

static void stats(struct sending *s, const struct message_result *r)
{
    if (r->outcome == MESSAGE_CANCELLED) {
        s->sent--;
        s->stop = true;
        return;
    }
    if (r->outcome == MESSAGE_ANSWERED) {
        s->answered++;
        histogram_record(&s->rtt, r->rtt);
    }
    if (r->outcome == MESSAGE_FAILED)
        s->code = -r->code;
    /* A stream that failed or fell out of step has nothing more to say. */
    s->stop = s->link.stream && r->outcome != MESSAGE_ANSWERED;
    s->stop |= r->outcome == MESSAGE_CLOSED;
    say_result(s, r);
}

static void send_one(struct sending *s, struct kedge_span text)
{
    struct kedge_span message;
    struct message_result r;

    if (!compose(s, text, &message)) {
        s->sent++;
        fprintf(stderr, "kedge send: message %llu: longer than %zu bytes\n",
                (unsigned long long)s->sent, MESSAGE_MAX);
        return;
    }
    if (s->sent > 0 && !message_sleep(&s->link, s->next)) {
        s->stop = true;
        return;
    }
    s->next = clock_now() + s->o->interval;
    s->sent++;
    r = message_exchange(&s->link, message);
    stats(s, &r);
}

static void send_repeatedly(struct sending *s, struct kedge_span text)
{
    for (uint64_t i = 0; i < s->o->count && !s->stop; i++)
        send_one(s, text);
}

static void send_lines(struct sending *s)
{
    struct lines lines = {
        .fd = 0, .cancel = s->link.cancel, .space = s->lines, .room = sizeof s->lines
    };
    struct kedge_span line;
    enum lines_result result = LINES_ONE;

    while (!s->stop && (result = lines_next(&lines, &line)) == LINES_ONE)
        send_repeatedly(s, line);
    if (result == LINES_TOO_LONG || result == LINES_FAILED) {
        fprintf(stderr, "kedge send: standard input: %s\n",
                result == LINES_TOO_LONG ? "a line is too long" : strerror(errno));
        s->code = EIO;
        s->sent++;
    }
    s->stop |= result == LINES_CANCELLED;
}

static void send_all(struct sending *s, const struct operands *operands)
{
    if (operands->count == 1 && !s->stop)
        send_repeatedly(s, span_of("Hello, world"));
    for (size_t i = 1; i < operands->count && !s->stop; i++) {
        if (strcmp(operands->items[i], "-") == 0)
            send_lines(s);
        else
            send_repeatedly(s, span_of(operands->items[i]));
    }
}

static enum exit_code sending_finish(const struct sending *s)
{
    char space[128];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space - 1 };

    if (s->rtt.count > 0) {
        put(&w, span_of("; round trip min "));
        text_ms(&w, s->rtt.min);
        put(&w, span_of(", max "));
        text_ms(&w, s->rtt.max);
        put(&w, span_of(" ms"));
    }
    space[w.len] = 0;
    if (!s->o->quiet && !s->o->json) {
        printf("%llu sent, %llu answered%s", (unsigned long long)s->sent,
               (unsigned long long)s->answered, space);
        if (s->link.late > 0)
            printf("; %llu came too late", (unsigned long long)s->link.late);
        putchar('\n');
    }
    if (s->answered == s->sent)
        return EXIT_OK;
    if (s->answered > 0)
        return EXIT_SOME_FAILED;
    return s->code == ECONNREFUSED ? EXIT_NO_LISTENER : EXIT_ALL_FAILED;
}

static enum exit_code fail(const struct kedge_error *error)
{
    fprintf(stderr, "kedge send: %s\n", error->text);
    return exit_code_of(error);
}

static bool parse_target(const char *text, const struct send_options *o,
                         struct kedge_endpoint *e, struct kedge_error *error)
{
    if (!kedge_endpoint_parse(text, e, error))
        return false;
    e->family = o->v4 ? KEDGE_IPV4 : o->v6 ? KEDGE_IPV6 : KEDGE_ANY_FAMILY;
    if (e->service != KEDGE_TFTP)
        return true;
    snprintf(
        error->text, sizeof error->text,
        "tftp:// names a file; to send messages name a socket, such as udp://HOST:PORT");
    error->cause = KEDGE_BAD_ENDPOINT;
    return false;
}

static void sending_end(struct sending *s)
{
    if (s->o->end == END_HALF)
        message_finish(&s->link);
    else if (s->o->end == END_RESET)
        message_reset(&s->link);
}

static enum exit_code send_run(const void *options, const struct operands *operands)
{
    struct sending *s = calloc(1, sizeof *s);
    enum exit_code code;
    struct kedge_error error = { 0 };
    struct kedge_endpoint e;

    if (!s) {
        fputs("kedge send: no memory\n", stderr);
        return EXIT_SYSTEM;
    }
    s->o = options;
    s->link.reply = s->reply;
    s->link.cancel = -1;
    if (!parse_target(operands->items[0], s->o, &e, &error) ||
        message_dial(&e, s->o->timeout, &s->link, &error) < 0) {
        code = fail(&error);
        goto done;
    }
    s->link.cancel = interrupt_open();
    greet(s);
    send_all(s, operands);
    sending_end(s);
    interrupt_close(s->link.cancel);
    message_close(&s->link);
    code = sending_finish(s);
done:
    histogram_free(&s->rtt);
    free(s);
    return code;
}

static const struct send_options defaults = { .count = 1, .timeout = KEDGE_SEC };

#define FIELD(name) .into = offsetof(struct send_options, name)

static const struct arg args[] = {
    { .name = "count",
      .letter = 'c',
      .kind = ARG_NUMBER,
      .value = "N",
      FIELD(count),
      .low = 1,
      .help = "send each message N times (default 1)" },
    { .name = "interval",
      .letter = 'i',
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(interval),
      .help = "least time from one send to the next (default 0)" },
    { .name = "timeout",
      .kind = ARG_TIME,
      .value = "TIME",
      FIELD(timeout),
      .low = KEDGE_USEC,
      .high = 86400 * KEDGE_SEC,
      .help = "how long to wait for a connection and for each reply (default 1s)" },
    { .name = "newline",
      .kind = ARG_FLAG,
      FIELD(newline),
      .help = "end each message with a newline" },
    { .name = "json",
      .kind = ARG_FLAG,
      FIELD(json),
      .not_with = "quiet",
      .help = "print a line of JSON for each message" },
    { .name = "quiet",
      .letter = 'q',
      .kind = ARG_FLAG,
      FIELD(quiet),
      .help = "print only the replies" },
    { .name = "end",
      .kind = ARG_ENUM,
      .value = "close|half|reset",
      .words = "close|half|reset",
      FIELD(end),
      .help = "how a connection ends: close; half: shut down sending and read until "
              "the peer closes; reset: RST (default close)" },
    { .name = "trace", .kind = ARG_GONE, .help = "kedge trace kedge send ..." },
    { .letter = '4',
      .kind = ARG_FLAG,
      FIELD(v4),
      .not_with = "6",
      .help = "use IPv4 only" },
    { .letter = '6', .kind = ARG_FLAG, FIELD(v6), .help = "use IPv6 only" },
};

const struct verb verb_send = {
    .name = "send",
    .operands = "ENDPOINT [MESSAGE...]",
    .summary = "send messages to a socket, and show each reply with its round trip",
    .notes =
        "ENDPOINT is tcp://HOST:PORT, udp://HOST:PORT, unix:///PATH,\n"
        "unix-dgram:///PATH or unix-seqpacket:///PATH. A MESSAGE of - is the lines\n"
        "of standard input; without a MESSAGE, \"Hello, world\" is sent. What a server\n"
        "says within 50 ms, before it is asked, is shown as its greeting.\n"
        "Exit status: 0 all answered, 1 some, 2 none, 6 no connection in time,\n"
        "7 refused, 8 name not resolved, 13 no permission, 64 usage.\n",
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = send_run,
};
