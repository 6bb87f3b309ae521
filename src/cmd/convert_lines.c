/* SPDX-License-Identifier: MIT */
/* Lines of dnsmasq's form, from a file and from those that it names. */
#include "cmd/convert_lines.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Stands for a comma in quotes, which separates nothing. */
#define HIDDEN_COMMA '\x01'

/* The next of a list with commas; NULL at its end. It writes into the list. */
char *convert_next_item(char **list)
{
    char *item = *list;
    char *comma = item ? strchr(item, ',') : NULL;

    *list = comma ? comma + 1 : NULL;
    if (comma)
        *comma = '\0';
    for (char *at = item; at && *at; at++)
        if (*at == HIDDEN_COMMA)
            *at = ',';
    return item;
}

/* The text between quotes, in place; behind it. NULL: the second quote is missing. */
static const char *unquote(const char *from, char **to)
{
    static const char escapes[] = "\"tnebr\\";
    static const char meant[] = "\"\t\n\033\b\r\\";

    for (; *from && *from != '"'; from++) {
        const char *known = *from == '\\' && from[1] ? strchr(escapes, from[1]) : NULL;

        if (known)
            from++;
        *(*to)++ = known ? meant[known - escapes] : *from == ',' ? HIDDEN_COMMA : *from;
    }
    return *from ? from + 1 : NULL;
}

/* A line without quotes, comment, and space at its ends. False: a quote is missing. */
static bool strip_line(char *line)
{
    const char *from = line;
    char *to = line;
    bool white = true;

    while (*from && !(white && *from == '#')) {
        if (*from == '"') {
            from = unquote(from + 1, &to);
            white = false;
            if (!from)
                return false;
            continue;
        }
        white = isspace((unsigned char)*from);
        if (!white || to > line)
            *to++ = white ? ' ' : *from;
        from++;
    }
    while (to > line && to[-1] == ' ')
        to--;
    *to = '\0';
    return true;
}

static void read_line(struct convert_lines *l, char *line)
{
    char *equals;
    char *end;

    if (!strip_line(line)) {
        convert_fault(l->c, "a quote", "is not closed");
        return;
    }
    equals = strchr(line, '=');
    end = equals ? equals : line + strlen(line);
    while (end > line && end[-1] == ' ')
        end--;
    if (equals) {
        equals++;
        equals += strspn(equals, " ");
    }
    *end = '\0';
    if (*line)
        l->option(l->owner, line, equals);
}

static void read_lines(struct convert_lines *l, FILE *file)
{
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, file) >= 0) {
        l->c->line++;
        read_line(l, line);
    }
    if (ferror(file))
        convert_fault(l->c, "the file", "cannot be read: %s", strerror(errno));
    free(line);
}

void convert_lines_read(struct convert_lines *l, const char *path)
{
    const char *file = l->c->file;
    unsigned line = l->c->line;
    FILE *opened = NULL;

    if (l->depth == CONVERT_DEPTH_MAX || l->files == CONVERT_FILES_MAX) {
        convert_fault(l->c, path, "is one of more than %d files, or %d in each other",
                      CONVERT_FILES_MAX, CONVERT_DEPTH_MAX);
        return;
    }
    opened = fopen(path, "re");
    if (!opened) {
        convert_fault(l->c, path, "cannot be read: %s", strerror(errno));
        return;
    }
    l->files++;
    l->depth++;
    l->c->file = convert_keep(l->c, path);
    l->c->line = 0;
    read_lines(l, opened);
    fclose(opened);
    l->depth--;
    l->c->file = file;
    l->c->line = line;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t len = strlen(name);
    size_t back = strlen(ending);

    return len > back && strcmp(name + len - back, ending) == 0;
}

/* What dnsmasq reads of a directory. `endings` is a list that is written to. */
static bool is_read(const char *name, char *endings)
{
    size_t len = strlen(name);
    bool only = false;
    bool wanted = false;
    const char *ending;

    if (len == 0 || name[0] == '.' || name[len - 1] == '~' ||
        (name[0] == '#' && name[len - 1] == '#'))
        return false;
    while ((ending = convert_next_item(&endings))) {
        if (ending[0] == '*') {
            only = true;
            wanted = wanted || ends_with(name, ending + 1);
        } else if (*ending && ends_with(name, ending)) {
            return false;
        }
    }
    return wanted || !only;
}

void convert_lines_read_directory(struct convert_lines *l, char *list)
{
    const char *path = convert_next_item(&list);
    struct dirent **found = NULL;
    int count = path ? scandir(path, &found, NULL, alphasort) : 0;

    if (count < 0)
        convert_fault(l->c, "conf-dir", "cannot read %.200s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char file[4400];
        struct stat st;

        snprintf(file, sizeof file, "%.4096s/%s", path, found[i]->d_name);
        if (is_read(found[i]->d_name, list ? convert_keep(l->c, list) : NULL) &&
            stat(file, &st) == 0 && S_ISREG(st.st_mode))
            convert_lines_read(l, file);
        free(found[i]);
    }
    free(found);
}
