/* SPDX-License-Identifier: MIT */
/* An echo client: sends one message, reads until all of it is back, and shows it. A
 * stream knows no messages: what was sent at once may come back in any number of parts. */
#include "kedge/stream.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As Python's repr() shows bytes. */
static void print_bytes(const char *bytes, size_t len)
{
    int quote = memchr(bytes, '\'', len) && !memchr(bytes, '"', len) ? '"' : '\'';

    printf("b%c", quote);
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];

        if (c == '\t' || c == '\n' || c == '\r')
            printf("\\%c", c == '\t' ? 't' : c == '\n' ? 'n' : 'r');
        else if (c < ' ' || c > '~')
            printf("\\x%02x", (unsigned)(unsigned char)c);
        else
            printf(c == '\\' || c == quote ? "\\%c" : "%c", c);
    }
    putchar(quote);
}

/* Send it, and read as much back. How many bytes came before the server ended; -errno. */
static ssize_t talk(int fd, const char *message, char *back, size_t len)
{
    size_t got = 0;
    ssize_t n = kedge_write_all(fd, message, len);

    while (n >= 0 && got < len) {
        n = kedge_read_some(fd, back + got, len - got);
        if (n == 0)
            break;
        got += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? n : (ssize_t)got;
}

int main(int argc, char **argv)
{
    const char *to = argc > 1 ? argv[1] : "tcp://127.0.0.1:65432";
    const char *message = argc > 2 ? argv[2] : "Hello, world";
    size_t len = strlen(message);
    char back[1 << 17]; /* no argument is longer */
    struct kedge_error error;
    int fd = kedge_dial(to, &error);
    ssize_t got;

    if (fd < 0) {
        fprintf(stderr, "echo_client: %s\n", error.text);
        return 1;
    }
    got = talk(fd, message, back, len);
    close(fd);
    if (got >= 0) {
        printf("Received ");
        print_bytes(back, (size_t)got);
        printf("\n");
    }
    if (got < (ssize_t)len)
        fprintf(stderr, "echo_client: %s: %s\n", to,
                got < 0 ? strerror((int)-got) : "it ended before all was back");
    return got < (ssize_t)len;
}
