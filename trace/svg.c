/* SPDX-License-Identifier: MIT */
/* Boxes and arrows, and a table of calls. */
#include "trace/svg.h"

#include "trace/line.h"

#include <inttypes.h>
#include <string.h>

#define TABLE 690 /* where the table of calls begins */
#define LINE 19

static const struct box {
    enum tcp_state state;
    int x, y; /* its middle */
} boxes[] = {
    { STATE_CLOSED, 450, 70 },       { STATE_SYN_SENT, 230, 160 },
    { STATE_LISTEN, 670, 160 },      { STATE_SYN_RECEIVED, 670, 250 },
    { STATE_ESTABLISHED, 450, 320 }, { STATE_FIN_WAIT_1, 230, 410 },
    { STATE_CLOSE_WAIT, 670, 410 },  { STATE_FIN_WAIT_2, 120, 500 },
    { STATE_CLOSING, 340, 500 },     { STATE_LAST_ACK, 670, 500 },
    { STATE_TIME_WAIT, 230, 590 },   { STATE_CLOSED, 560, 590 },
};

static const struct {
    int x1, y1, x2, y2, label_x, label_y;
    const char *anchor, *label;
} lines[PATH_EDGES] = {
    [PATH_LISTEN] = { 500, 89, 630, 139, 582, 106, "start", "listen()" },
    [PATH_CONNECT] = { 400, 89, 270, 139, 318, 106, "end", "connect(): SYN leaves" },
    [PATH_ASKED] = { 670, 179, 670, 229, 680, 208, "start",
                     "SYN comes; SYN, ACK leaves" },
    [PATH_ANSWERED] = { 260, 179, 412, 299, 318, 250, "end",
                        "SYN, ACK comes; ACK leaves" },
    [PATH_ACCEPTED] = { 640, 269, 530, 309, 600, 300, "start", "ACK comes" },
    [PATH_FINISH] = { 400, 339, 270, 389, 318, 360, "end",
                      "close(), shutdown(): FIN leaves" },
    [PATH_FINISHED] = { 500, 339, 630, 389, 582, 360, "start", "FIN comes; ACK leaves" },
    [PATH_HALF] = { 205, 429, 145, 479, 160, 455, "end", "ACK comes" },
    [PATH_BOTH] = { 255, 429, 315, 479, 302, 455, "start", "FIN comes; ACK leaves" },
    [PATH_WHOLE] = { 145, 519, 205, 569, 160, 552, "end", "FIN comes" },
    [PATH_BOTH_ACK] = { 315, 519, 255, 569, 302, 552, "start", "ACK comes" },
    [PATH_LAST] = { 670, 429, 670, 479, 680, 458, "start", "close(): FIN leaves" },
    [PATH_LAST_ACK] = { 650, 519, 590, 569, 640, 550, "start", "ACK comes" },
    [PATH_FORGOTTEN] = { 308, 590, 481, 590, 395, 582, "middle", "after 60 s" },
};

/* Plain values: not every program that draws SVG knows variables of CSS. */
static const char head[] =
    "<style>\n"
    "svg{background:#fff;font:13px system-ui,sans-serif}\n"
    "text{fill:#1c2330}.faint{fill:#5d6673}line{stroke:#a9b1bd;stroke-width:1.2}\n"
    ".taken{stroke:#0a6b50;stroke-width:3}\n"
    "rect{fill:#fff;stroke:#a9b1bd}.passed rect{stroke:#0a6b50;stroke-width:2;\n"
    "stroke-dasharray:5 3}\n"
    ".seen rect{fill:#d9f0e7;stroke:#0a6b50;stroke-width:2.5}\n"
    ".rst{fill:#b3261e;font-weight:600}.mono{font:12px ui-monospace,monospace;\n"
    "white-space:pre}\n"
    "@media(prefers-color-scheme:dark){svg{background:#14181f}text{fill:#e6e9ee}\n"
    ".faint{fill:#a2acba}line{stroke:#5d6673}.taken{stroke:#4fd1a5}\n"
    "rect{fill:#14181f;stroke:#5d6673}.passed rect{stroke:#4fd1a5}\n"
    ".seen rect{fill:#143b30;stroke:#4fd1a5}.rst{fill:#ff8a80}}\n"
    "</style>\n"
    "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
    "markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" "
    "orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" "
    "fill=\"context-stroke\"/></marker></defs>\n";

static void put_escaped(FILE *out, struct kedge_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        int c = text.ptr[i];

        if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '&')
            fputs("&amp;", out);
        else if (c >= ' ')
            fputc(c, out);
    }
}

static void put_edge(FILE *out, enum path_edge e, bool taken)
{
    fprintf(out,
            "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" marker-end=\"url(#a)\"%s/>"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"%s>%s</text>\n",
            lines[e].x1, lines[e].y1, lines[e].x2, lines[e].y2,
            taken ? " class=\"taken\"" : "", lines[e].label_x, lines[e].label_y,
            lines[e].anchor, taken ? "" : " class=\"faint\"", lines[e].label);
}

/* The lower CLOSED is where connections end. */
static const char *look_of(const struct tcp_path *w, const struct box *b)
{
    bool ended = w->taken[PATH_LAST_ACK] || w->taken[PATH_FORGOTTEN];

    if (b->state == STATE_CLOSED && b->y > TABLE / 2) {
        for (unsigned s = 0; s < STATE_COUNT; s++)
            ended |= w->reset[s];
        return ended ? "seen" : "other";
    }
    return w->seen[b->state] ? "seen" : w->passed[b->state] ? "passed" : "other";
}

static void put_box(FILE *out, const struct tcp_path *w, const struct box *b)
{
    const char *look = look_of(w, b);

    fprintf(out,
            "<g class=\"%s\"><rect x=\"%d\" y=\"%d\" width=\"150\" height=\"38\" "
            "rx=\"6\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\"%s>%s</text></g>\n",
            look, b->x - 75, b->y - 19, b->x, b->y + 5,
            strcmp(look, "other") == 0 ? " class=\"faint\"" : "", path_name(b->state));
    if (w->reset[b->state] && b->state != STATE_CLOSED)
        fprintf(out, "<text class=\"rst\" x=\"%d\" y=\"%d\">RST</text>\n", b->x + 80,
                b->y + 5);
}

static void put_call(FILE *out, size_t row, const struct trace_call *c)
{
    char space[LINE_MOST];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space };

    if (c)
        line_call(&w, c, 0);
    else
        line_head(&w);
    fprintf(out, "<text class=\"mono\" xml:space=\"preserve\" x=\"20\" y=\"%zu\">",
            TABLE + LINE * row);
    put_escaped(out, written(&w));
    fputs("</text>\n", out);
}

void svg_write(FILE *out, const struct tcp_path *path, const struct trace_call *calls,
               size_t count, uint64_t more)
{
    size_t height = TABLE + LINE * (count + 2);

    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1040\" height=\"%zu\" "
            "viewBox=\"0 0 1040 %zu\" role=\"img\">\n"
            "<title>TCP, as these calls went through it</title>\n%s",
            height, height, head);
    fputs(
        "<text x=\"20\" y=\"30\">TCP, as these calls went through it: filled boxes were "
        "seen after a call, dashed ones were passed between two.</text>\n",
        out);
    for (unsigned e = 0; e < PATH_EDGES; e++)
        put_edge(out, (enum path_edge)e, path->taken[e]);
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        put_box(out, path, &boxes[i]);
    put_call(out, 0, NULL);
    for (size_t i = 0; i < count; i++)
        put_call(out, i + 1, &calls[i]);
    if (more > 0)
        fprintf(out,
                "<text x=\"20\" y=\"%zu\">and %" PRIu64
                " calls more, which the diagram counts too</text>\n",
                TABLE + LINE * (count + 1), more);
    fputs("</svg>\n", out);
}
