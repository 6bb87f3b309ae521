#include "kedge/diagram.h"

#include "report/tcp_svg.h"
#include "report/tcp_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kedge_diagram {
    FILE *file; /* NULL: the terminal */
    struct way way;
    struct kedge_call calls[KEDGE_DIAGRAM_CALLS]; /* the first ones */
    size_t count;
    uint64_t more;
};

static const char svg[] = "svg:";

int kedge_diagram_open(struct kedge_diagram **out, const char *how)
{
    bool file = strncmp(how, svg, strlen(svg)) == 0 && how[strlen(svg)];
    struct kedge_diagram *d;
    int error;

    if (*how && !file)
        return -EINVAL;
    d = calloc(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    if (file)
        d->file = fopen(how + strlen(svg), "we");
    error = errno;
    if (file && !d->file) {
        free(d);
        return -error;
    }
    *out = d;
    return 0;
}

int kedge_diagram_option(struct kedge_diagram **out, int *argc, char **argv)
{
    static const char option[] = "--trace";
    size_t len = strlen(option);

    *out = NULL;
    for (int i = 1; i < *argc; i++) {
        const char *how = argv[i] + len;

        if (strncmp(argv[i], option, len) != 0 || (*how && *how != '='))
            continue;
        memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
        (*argc)--;
        return kedge_diagram_open(out, *how ? how + 1 : how);
    }
    return 0;
}

/* A line in one write, so that those of two programs do not mix. */
static void print(struct writer *w)
{
    fwrite(w->ptr, 1, w->len, stderr);
    fflush(stderr);
}

static void print_call(const struct kedge_diagram *d, const struct kedge_call *c)
{
    char space[2 * TCP_LINE];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space };

    if (d->count == 0 && d->more == 0)
        tcp_text_head(&w);
    tcp_text_call(&w, c);
    print(&w);
}

void kedge_diagram_saw(void *diagram, const struct kedge_call *call)
{
    struct kedge_diagram *d = diagram;

    way_add(&d->way, call);
    if (!d->file)
        print_call(d, call);
    if (d->count == KEDGE_DIAGRAM_CALLS) {
        d->more++;
        return;
    }
    d->calls[d->count] = *call;
    d->calls[d->count++].peer = NULL;
}

static bool is_tcp(const struct way *w)
{
    for (unsigned s = KEDGE_TCP_UNKNOWN + 1; s < KEDGE_TCP_STATES; s++)
        if (w->seen[s])
            return true;
    return false;
}

static void print_picture(const struct kedge_diagram *d)
{
    char space[TCP_PICTURE];
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space };

    tcp_text_picture(&w, &d->way, d->calls, d->count);
    print(&w);
}

/* The file is written anew: it only grows. */
static int write_file(struct kedge_diagram *d)
{
    rewind(d->file);
    tcp_svg(d->file, &d->way, d->calls, d->count, d->more);
    if (fflush(d->file) != 0)
        return -errno;
    return ferror(d->file) ? -EIO : 0;
}

int kedge_diagram_draw(struct kedge_diagram *d)
{
    if (d && d->file)
        return write_file(d);
    if (d && is_tcp(&d->way))
        print_picture(d);
    return 0;
}

int kedge_diagram_end(struct kedge_diagram *d)
{
    int err = kedge_diagram_draw(d);

    if (d && d->file && fclose(d->file) != 0 && !err)
        err = -errno;
    free(d);
    return err;
}
