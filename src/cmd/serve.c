/* SPDX-License-Identifier: MIT */
/* kedge serve: its command line. */
#include "cmd/serve_server.h"

#include <stdlib.h>

#define ROW(field) .into = offsetof(struct serve_options, field)

static const struct arg serve_args[] = {
    { .name = "root",
      .kind = ARG_TEXT,
      .value = "DIR",
      ROW(root),
      .help = "serve the files below DIR (default ./srv)" },
    { .name = "uploads",
      .kind = ARG_ENUM,
      .value = "refuse|create|overwrite|version",
      .words = "refuse|create|overwrite|version",
      ROW(uploads),
      .help = "what a put may do to the files below the root (default refuse)" },
    { .name = "public",
      .kind = ARG_FLAG,
      ROW(everywhere),
      .help = "listen on every address, not on loopback alone" },
    { .name = "user",
      .kind = ARG_TEXT,
      .value = "NAME",
      ROW(user),
      .help = "started as root, become NAME (default tftp, else nobody)" },
    { .name = "single-port",
      .kind = ARG_FLAG,
      ROW(single_port),
      .not_with = "port-range",
      .help = "answer from the request port itself: for NAT and containers" },
    { .name = "port-range",
      .kind = ARG_RANGE,
      .value = "LOW-HIGH",
      ROW(port_range),
      .low = 1,
      .high = 65535,
      .help = "take data ports from this range: for firewalls" },
    { .name = "shards",
      .kind = ARG_NUMBER,
      .value = "N",
      ROW(shards),
      .low = 1,
      .high = SHARDS_MAX,
      .help =
          "threads that serve TFTP, each with its share of --max-transfers (default 1)" },
    { .name = "max-transfers",
      .kind = ARG_NUMBER,
      .value = "N",
      ROW(max_transfers),
      .low = 1,
      .high = 1000000,
      .help = "transfers at once (default 16384)" },
    { .name = "max-upload",
      .kind = ARG_SIZE,
      .value = "SIZE",
      ROW(max_upload),
      .low = 1,
      .help = "refuse larger uploads (default: no limit)" },
    { .name = "upload-mode",
      .kind = ARG_OCTAL,
      .value = "OCTAL",
      ROW(upload_mode),
      .low = 0,
      .high = 0777,
      .help = "mode of new files (default 644)" },
    { .name = "blksize-max",
      .kind = ARG_NUMBER,
      .value = "mtu|N",
      .words = "mtu",
      ROW(blksize_max),
      .low = KEDGE_TFTP_BLKSIZE_MIN,
      .high = KEDGE_TFTP_BLKSIZE_MAX,
      .help = "largest block to grant (default mtu: what the route carries whole)" },
    { .name = "windowsize-max",
      .kind = ARG_NUMBER,
      .value = "N",
      ROW(windowsize_max),
      .low = 1,
      .high = KEDGE_TFTP_WINDOW_MAX,
      .help = "largest window to grant (default 64)" },
    { .name = "timeout",
      .kind = ARG_TIME,
      .value = "TIME",
      ROW(timeout),
      .low = 10 * KEDGE_MSEC,
      .high = 255 * KEDGE_SEC,
      .help = "longest wait before a packet is sent again (default 5s)" },
    { .name = "log",
      .kind = ARG_ENUM,
      .value = "text|json",
      .words = "text|json",
      ROW(log),
      .help = "form of the log on standard error (default text)" },
    { .name = "echo-max-connections",
      .kind = ARG_NUMBER,
      .value = "N",
      ROW(echo_max_connections),
      .low = 1,
      .high = 1000000,
      .help = "echo connections at once (default 16384)" },
    { .name = "idle-timeout",
      .kind = ARG_TIME,
      .value = "TIME",
      ROW(idle_timeout),
      .low = 10 * KEDGE_MSEC,
      .high = 86400 * KEDGE_SEC,
      .help = "close an echo connection that is silent so long (default 5m)" },
    { .name = "key",
      .kind = ARG_TEXT,
      .value = "FILE",
      ROW(key),
      .help = "tell probes more than an echo only if they share this key" },
    { .name = "trace", .kind = ARG_GONE, .help = "kedge trace kedge serve ..." },
};

static const struct serve_options serve_defaults_row = {
    .root = "./srv",
    .uploads = UPLOAD_REFUSE,
    .shards = 1,
    .max_transfers = TFTP_ROOM_DEFAULT,
    .max_upload = UPLOAD_NO_LIMIT,
    .upload_mode = UPLOAD_MODE,
    .blksize_max = ARG_WORD,
    .windowsize_max = TFTP_WINDOW_DEFAULT,
    .log = RECORD_AS_TEXT,
    .echo_max_connections = 16384,
    .idle_timeout = 300 * KEDGE_SEC,
};

static enum exit_code serve_run(const void *options, const struct operands *operands)
{
    struct server *s = calloc(1, sizeof *s);
    enum exit_code code;

    if (!s) {
        fputs("kedge serve: no memory\n", stderr);
        return EXIT_SYSTEM;
    }
    code = server_open(s, options);
    if (code == EXIT_OK)
        code = server_listen(s, operands);
    if (code == EXIT_OK)
        code = server_run(s);
    server_close(s);
    free(s);
    return code;
}

const struct verb verb_serve = {
    .name = "serve",
    .operands = "[ENDPOINT...]",
    .summary = "serve files by TFTP, echoes and replies",
    .notes =
        "Alone it serves tftp on port 6969, echo on 7007 (TCP and UDP) and reply on\n"
        "20001, on 127.0.0.1 and [::1]. An ENDPOINT replaces that set: "
        "tftp://HOST:PORT,\n"
        "echo://, echo+tcp://, echo+udp://, echo+unix:///PATH, echo+unix-dgram:///PATH,\n"
        "echo+unix-seqpacket:///PATH, reply+udp://HOST:PORT. Port 0 is any free one.\n",
    .args = serve_args,
    .arg_count = sizeof serve_args / sizeof *serve_args,
    .operands_max = CACHE_FILES_MAX,
    .defaults = &serve_defaults_row,
    .options_size = sizeof serve_defaults_row,
    .run = serve_run,
};
