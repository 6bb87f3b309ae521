/* SPDX-License-Identifier: MIT */
/* Reads a policy file and takes its comments out. */
#include "cmd/policy_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *fill_policy_text(FILE *f, char *text, const char *end)
{
    size_t len = fread(text, 1, POLICY_FILE_MAX + 1, f);

    if (ferror(f))
        return strerror(errno);
    if (len > POLICY_FILE_MAX)
        return "larger than 4 MiB, the limit of a policy file";
    if (memchr(text, '\0', len))
        return "contains a NUL byte, and is not text";
    memcpy(text + len, end, strlen(end) + 1);
    return NULL;
}

char *policy_text_read(const char *path, const char *end, const char **why)
{
    FILE *f = fopen(path, "re");
    char *text = malloc(POLICY_FILE_MAX + 2 + strlen(end));

    *why = f && text ? fill_policy_text(f, text, end) : strerror(errno);
    if (f)
        fclose(f);
    if (!*why)
        return text;
    free(text);
    return NULL;
}

/* Behind a text in quotes, or the end. */
static char *behind_quotes(char *c)
{
    char quote = *c++;

    while (*c && *c != quote)
        c += *c == '\\' && c[1] ? 2 : 1;
    return *c ? c + 1 : c;
}

static char *blank_until(char *c, const char *end)
{
    while (*c && strncmp(c, end, strlen(end)) != 0) {
        if (*c != '\n')
            *c = ' ';
        c++;
    }
    return c;
}

/* Behind a C comment, now blanks; NULL if it has no end. */
static char *blank_block(char *c)
{
    char *end = NULL;

    c[0] = c[1] = ' ';
    end = blank_until(c + 2, "*/");
    if (!*end)
        return NULL;
    end[0] = end[1] = ' ';
    return end + 2;
}

/* Behind a word without quotes, in which // and the like are bytes as others. */
static char *behind_word(char *c)
{
    size_t len = strcspn(c, " \t\r\n\"'{}(),=+#");

    return c + (len > 0 ? len : 1);
}

bool policy_text_blank(char *text)
{
    char *c = text;

    while (c && *c) {
        if (*c == '"' || *c == '\'')
            c = behind_quotes(c);
        else if (*c == '#' || (c[0] == '/' && c[1] == '/'))
            c = blank_until(c, "\n");
        else if (c[0] == '/' && c[1] == '*')
            c = blank_block(c);
        else
            c = behind_word(c);
    }
    return c != NULL;
}
