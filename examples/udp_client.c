/* SPDX-License-Identifier: MIT */
/* A UDP client: sends a message, waits for its answer and shows it, as many times as it
 * is told. UDP promises nothing: a message or its answer may be lost, so the wait ends. */
#include "kedge/datagram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (2 * KEDGE_SEC)

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

/* 0, or -errno: -EAGAIN when no answer came. */
static int ask(int fd, const char *message)
{
    char reply[65536] = { 0 };
    ssize_t len = kedge_send_to(fd, message, strlen(message), NULL);

    if (len < 0)
        return (int)len;
    len = kedge_receive_from(fd, reply, sizeof reply, NULL);
    if (len < 0)
        return (int)len;
    printf("Message from Server ");
    print_bytes(reply, (size_t)len);
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long count = argc > 1 ? strtol(argv[1], &end, 10) : 1;
    const char *to = argc > 2 ? argv[2] : "udp://127.0.0.1:20001";
    const char *message = argc > 3 ? argv[3] : "Hello UDP Server";
    struct kedge_error error;
    int fd, err;

    if (count < 1 || (end && *end)) {
        fprintf(stderr, "USAGE: udp_client [COUNT [ENDPOINT [MESSAGE]]]\n");
        return 1;
    }
    fd = kedge_dial(to, &error);
    if (fd < 0) {
        fprintf(stderr, "udp_client: %s\n", error.text);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    err = kedge_receive_timeout(fd, PATIENCE);
    for (long i = 0; i < count && err == 0; i++)
        err = ask(fd, message);
    close(fd);
    if (err < 0)
        fprintf(stderr, "udp_client: %s: %s\n", to, strerror(-err));
    return err < 0;
}
