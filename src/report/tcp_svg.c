#include "report/tcp_svg.h"

#include "report/tcp_text.h"

#include <inttypes.h>
#include <string.h>

#define TABLE 690 /* where the table of calls begins */
#define LINE 19

static const struct box {
    enum kedge_tcp_state state;
    int x, y; /* its middle */
} boxes[] = {
    { KEDGE_TCP_CLOSED, 450, 70 },       { KEDGE_TCP_SYN_SENT, 230, 160 },
    { KEDGE_TCP_LISTEN, 670, 160 },      { KEDGE_TCP_SYN_RECEIVED, 670, 250 },
    { KEDGE_TCP_ESTABLISHED, 450, 320 }, { KEDGE_TCP_FIN_WAIT_1, 230, 410 },
    { KEDGE_TCP_CLOSE_WAIT, 670, 410 },  { KEDGE_TCP_FIN_WAIT_2, 120, 500 },
    { KEDGE_TCP_CLOSING, 340, 500 },     { KEDGE_TCP_LAST_ACK, 670, 500 },
    { KEDGE_TCP_TIME_WAIT, 230, 590 },   { KEDGE_TCP_CLOSED, 560, 590 },
};

static const struct {
    int x1, y1, x2, y2, label_x, label_y;
    const char *anchor, *label;
} lines[WAY_EDGES] = {
    [WAY_LISTEN] = { 500, 89, 630, 139, 582, 106, "start", "listen()" },
    [WAY_CONNECT] = { 400, 89, 270, 139, 318, 106, "end", "connect(): SYN leaves" },
    [WAY_ASKED] = { 670, 179, 670, 229, 680, 208, "start", "SYN comes; SYN, ACK leaves" },
    [WAY_ANSWERED] = { 260, 179, 412, 299, 318, 250, "end",
                       "SYN, ACK comes; ACK leaves" },
    [WAY_ACCEPTED] = { 640, 269, 530, 309, 600, 300, "start", "ACK comes" },
    [WAY_FINISH] = { 400, 339, 270, 389, 318, 360, "end",
                     "close(), shutdown(): FIN leaves" },
    [WAY_FINISHED] = { 500, 339, 630, 389, 582, 360, "start", "FIN comes; ACK leaves" },
    [WAY_HALF] = { 205, 429, 145, 479, 160, 455, "end", "ACK comes" },
    [WAY_BOTH] = { 255, 429, 315, 479, 302, 455, "start", "FIN comes; ACK leaves" },
    [WAY_WHOLE] = { 145, 519, 205, 569, 160, 552, "end", "FIN comes" },
    [WAY_BOTH_ACK] = { 315, 519, 255, 569, 302, 552, "start", "ACK comes" },
    [WAY_LAST] = { 670, 429, 670, 479, 680, 458, "start", "close(): FIN leaves" },
    [WAY_LAST_ACK] = { 650, 519, 590, 569, 640, 550, "start", "ACK comes" },
    [WAY_FORGOTTEN] = { 308, 590, 481, 590, 395, 582, "middle", "after 60 s" },
};

static const char head[] =
    "<style>\n"
    "svg{--paper:#fff;--ink:#1c2330;--faint:#a9b1bd;--way:#0a6b50;--seen:#d9f0e7;"
    "--rst:#b3261e;background:var(--paper);font:13px system-ui,sans-serif}\n"
    "@media(prefers-color-scheme:dark){svg{--paper:#14181f;--ink:#e6e9ee;--faint:#5d6673;"
    "--way:#4fd1a5;--seen:#143b30;--rst:#ff8a80}}\n"
    "text{fill:var(--ink)}.faint{fill:var(--faint)}line{stroke:var(--faint);"
    "stroke-width:1.2}.way{stroke:var(--way);stroke-width:3}\n"
    "rect{fill:var(--paper);stroke:var(--faint)}.passed rect{stroke:var(--way);"
    "stroke-width:2;stroke-dasharray:5 3}.seen rect{fill:var(--seen);"
    "stroke:var(--way);stroke-width:2.5}\n"
    ".rst{fill:var(--rst);font-weight:600}.mono{font:12px ui-monospace,monospace;"
    "white-space:pre}\n"
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

static void put_edge(FILE *out, enum way_edge e, bool taken)
{
    fprintf(out,
            "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" marker-end=\"url(#a)\"%s/>"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"%s>%s</text>\n",
            lines[e].x1, lines[e].y1, lines[e].x2, lines[e].y2,
            taken ? " class=\"way\"" : "", lines[e].label_x, lines[e].label_y,
            lines[e].anchor, taken ? "" : " class=\"faint\"", lines[e].label);
}

/* The lower CLOSED is where connections end. */
static const char *look_of(const struct way *w, const struct box *b)
{
    bool ended = w->taken[WAY_LAST_ACK] || w->taken[WAY_FORGOTTEN];

    if (b->state == KEDGE_TCP_CLOSED && b->y > TABLE / 2) {
        for (unsigned s = 0; s < KEDGE_TCP_STATES; s++)
            ended |= w->reset[s];
        return ended ? "seen" : "other";
    }
    return w->seen[b->state] ? "seen" : w->passed[b->state] ? "passed" : "other";
}

static void put_box(FILE *out, const struct way *w, const struct box *b)
{
    const char *look = look_of(w, b);

    fprintf(out,
            "<g class=\"%s\"><rect x=\"%d\" y=\"%d\" width=\"150\" height=\"38\" "
            "rx=\"6\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\"%s>%s</text></g>\n",
            look, b->x - 75, b->y - 19, b->x, b->y + 5,
            strcmp(look, "other") == 0 ? " class=\"faint\"" : "", way_name(b->state));
    if (w->reset[b->state] && b->state != KEDGE_TCP_CLOSED)
        fprintf(out, "<text class=\"rst\" x=\"%d\" y=\"%d\">RST</text>\n", b->x + 80,
                b->y + 5);
}

static void put_call(FILE *out, size_t row, const struct kedge_call *c)
{
    char space[TCP_LINE];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space };

    if (c)
        tcp_text_call(&w, c);
    else
        tcp_text_head(&w);
    fprintf(out, "<text class=\"mono\" xml:space=\"preserve\" x=\"20\" y=\"%zu\">",
            TABLE + LINE * row);
    put_escaped(out, written(&w));
    fputs("</text>\n", out);
}

void tcp_svg(FILE *out, const struct way *way, const struct kedge_call *calls,
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
    for (unsigned e = 0; e < WAY_EDGES; e++)
        put_edge(out, (enum way_edge)e, way->taken[e]);
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        put_box(out, way, &boxes[i]);
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
