/* SPDX-License-Identifier: MIT */
/* A row explained: the rule, the reason, and a picture of the exchange, which is drawn from
 * the script itself. */
#include "check/report.h"

#include <string.h>

enum { TEXT = 46 };

struct drawn {
    char text[160];
};

static const char *step_file(const struct check_step *s)
{
    return s->text ? s->text : "a new file";
}

static struct drawn request(const struct check_step *s)
{
    struct drawn d;

    snprintf(d.text, sizeof d.text, "%s \"%s\" %s%s%s",
             s->what == CHECK_RRQ ? "RRQ" : "WRQ", step_file(s),
             s->mode ? s->mode : "octet", s->options ? " " : "",
             s->options ? s->options : "");
    return d;
}

static struct drawn sent(const struct check_step *s)
{
    struct drawn d = { "" };

    switch (s->what) {
    case CHECK_RRQ:
    case CHECK_WRQ:
        return request(s);
    case CHECK_RAW:
        snprintf(d.text, sizeof d.text, "%u bytes to the request port", s->size);
        break;
    case CHECK_AGAIN:
        snprintf(d.text, sizeof d.text, "the request again");
        break;
    case CHECK_ACK:
    case CHECK_LONG_ACK:
        snprintf(d.text, sizeof d.text, "ACK %u%s", s->number,
                 s->what == CHECK_LONG_ACK ? " and one byte more" : "");
        break;
    case CHECK_DATA:
        snprintf(d.text, sizeof d.text, "DATA %u", s->number);
        break;
    case CHECK_ERROR:
        snprintf(d.text, sizeof d.text, "ERROR %u", s->number);
        break;
    case CHECK_OACK:
        snprintf(d.text, sizeof d.text, "OACK %s", s->options);
        break;
    default:
        snprintf(d.text, sizeof d.text, "%s %u from another port", s->text, s->number);
    }
    return d;
}

struct length {
    char text[24];
};

static struct length seconds(kedge_nanos t)
{
    struct length d;

    snprintf(d.text, sizeof d.text, "%u.%u s", (unsigned)(t / KEDGE_SEC),
             (unsigned)(t / (100 * KEDGE_MSEC) % 10));
    return d;
}

static struct drawn waited(const struct check_step *s)
{
    struct drawn d = { "" };
    struct length length = seconds(s->time);
    const char *time = length.text;

    switch (s->what) {
    case CHECK_EXPECT:
    case CHECK_OFFERS:
        snprintf(d.text, sizeof d.text, "%s", s->text);
        break;
    case CHECK_REPEAT:
        snprintf(d.text, sizeof d.text, "the same again, in time");
        break;
    case CHECK_QUIET:
        snprintf(d.text, sizeof d.text, "nothing for %s", time);
        break;
    case CHECK_NEVER:
        snprintf(d.text, sizeof d.text, "no %s", s->text);
        break;
    case CHECK_PAUSE:
        snprintf(d.text, sizeof d.text, "(a pause of %s)", time);
        break;
    case CHECK_BLOCKS:
        snprintf(d.text, sizeof d.text, "DATA %u to %u", s->number,
                 s->number + s->size - 1);
        break;
    case CHECK_READ:
    case CHECK_WRITE:
        snprintf(d.text, sizeof d.text, "(DATA and ACK, to the end of the file)");
        break;
    case CHECK_FEWER:
    case CHECK_AMPLIFY:
        snprintf(d.text, sizeof d.text, "at most %u packets in %s", s->size, time);
        break;
    case CHECK_GAPS:
        snprintf(d.text, sizeof d.text, "the same again, at growing gaps");
        break;
    case CHECK_INTERVAL:
        snprintf(d.text, sizeof d.text, "the same again, after %u s", s->size);
        break;
    case CHECK_STOPS:
        snprintf(d.text, sizeof d.text, "the same again, and an end within %s", time);
        break;
    case CHECK_ALIVE:
        snprintf(d.text, sizeof d.text, "(a plain request is still answered)");
        break;
    case CHECK_CROWD:
        snprintf(d.text, sizeof d.text, "(%u requests at once, all are served)", s->size);
        break;
    default:
        break;
    }
    return d;
}

static struct drawn looked(const struct check_step *s)
{
    struct drawn d = { "" };

    switch (s->what) {
    case CHECK_TEXT:
        snprintf(d.text, sizeof d.text,
                 s->number ? "(no path in the text)" : "(the text ends in NUL)");
        break;
    case CHECK_TIDS:
        snprintf(d.text, sizeof d.text, "(ports that cannot be guessed)");
        break;
    case CHECK_NEW_TID:
        snprintf(d.text, sizeof d.text, "(from a port of its own)");
        break;
    case CHECK_ONCE:
        snprintf(d.text, sizeof d.text, "OACK with %s once, or DATA 1", s->text);
        break;
    case CHECK_FITS:
        snprintf(d.text, sizeof d.text, "(it fits the MTU of the route)");
        break;
    case CHECK_HEARD:
        snprintf(d.text, sizeof d.text, "(by now it came again, %u times)", s->size);
        break;
    case CHECK_ASKED:
    case CHECK_SAME_TID:
        snprintf(d.text, sizeof d.text,
                 s->what == CHECK_ASKED ? "a request" : "the request again");
        break;
    case CHECK_EXITS:
        snprintf(d.text, sizeof d.text,
                 s->asks     ? "(it fails and says so, or asks anew)"
                 : s->number ? "(it ends, and says that it failed)"
                             : "(it ends, and says that all is well)");
        break;
    case CHECK_KEPT:
        snprintf(d.text, sizeof d.text,
                 s->number ? "(the file is whole)" : "(no file is left)");
        break;
    case CHECK_ASKED_OPTION:
    case CHECK_FORGET:
        break;
    default:
        return waited(s);
    }
    return d;
}

static void draw_step(FILE *out, const struct check_step *s)
{
    bool sends = s->what < CHECK_EXPECT;
    struct drawn d = sends ? sent(s) : looked(s);
    bool arrow = d.text[0] != '(' && strncmp(d.text, "nothing", 7) != 0;

    if (d.text[0])
        fprintf(out, "    |  %s%-*.*s%s  |\n", !sends && arrow ? "<- " : "   ", TEXT,
                TEXT, d.text, sends ? " ->" : "   ");
}

void check_report_explain(FILE *out, const struct check_row *row)
{
    bool of_client = check_group_of(row) == CHECK_CLIENT;

    fprintf(out, "%s: %s\n\n%s, %s\n\n", row->id, row->title, row->section,
            check_level_name(row->level));
    fprintf(out, "The rule: %s\n\nThe reason: %s\n\nIf it fails: %s\n\n", row->rule,
            row->why, row->lesson);
    fprintf(out, "    kedge%*s%s\n", TEXT + 1, "", of_client ? "client" : "server");
    for (uint32_t i = 0; i < row->count; i++)
        draw_step(out, &row->steps[i]);
    if (row->skip)
        fprintf(out, "\nIt is not played: %s.\n", row->skip);
    if (row->puts)
        fputs("\nIt uploads a file, so it is played only with --put-name.\n", out);
}
