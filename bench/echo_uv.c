/* SPDX-License-Identifier: MIT */
/* echo_uv: a TCP echo server as one writes it with libuv: a buffer for each read, which the
 * write gives back when it is done. TCP_NODELAY is set.
 *
 *   echo_uv PORT            on 127.0.0.1, until it is killed */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct reply {
    uv_write_t write;
    uv_buf_t buffer;
};

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    (void)handle;
    *out = uv_buf_init(malloc(wanted), (unsigned)wanted);
}

static void closed(uv_handle_t *handle)
{
    free(handle);
}

static void written(uv_write_t *write, int status)
{
    struct reply *reply = (struct reply *)write;

    (void)status;
    free(reply->buffer.base);
    free(reply);
}

static void came(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct reply *reply;

    if (n <= 0) {
        free(buffer->base);
        if (n < 0)
            uv_close((uv_handle_t *)stream, closed);
        return;
    }
    reply = malloc(sizeof *reply);
    reply->buffer = uv_buf_init(buffer->base, (unsigned)n);
    uv_write(&reply->write, stream, &reply->buffer, 1, written);
}

static void knocked(uv_stream_t *listener, int status)
{
    uv_tcp_t *client = malloc(sizeof *client);

    uv_tcp_init(listener->loop, client);
    if (status < 0 || uv_accept(listener, (uv_stream_t *)client) != 0) {
        uv_close((uv_handle_t *)client, closed);
        return;
    }
    uv_tcp_nodelay(client, 1);
    uv_read_start((uv_stream_t *)client, give_room, came);
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in at;
    uv_tcp_t listener;

    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", argc == 2 ? atoi(argv[1]) : 0, &at);
    if (uv_tcp_bind(&listener, (const struct sockaddr *)&at, 0) != 0 ||
        uv_listen((uv_stream_t *)&listener, 4096, knocked) != 0) {
        fputs("echo_uv: cannot listen\n", stderr);
        return 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
