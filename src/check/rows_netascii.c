/* SPDX-License-Identifier: MIT */
/* netascii: text, whose lines end in CR LF on the wire. */
#include "check/steps.h"

static const struct check_row rows[] = {
    { .id = "netascii-read",
      .level = CHECK_MUST,
      .section = "RFC 1350 1, RFC 764",
      .title = "an LF is sent as CR LF, and a bare CR as CR NUL",
      .rule = "netascii is ASCII as Telnet has it: the end of a line is CR LF, and a CR "
              "alone is CR NUL.",
      .why = "Text files would run together, or end in a wrong byte. dnsmasq leaves a CR "
             "bare.",
      .lesson = "write CR LF for each newline, and CR NUL for each CR of the file",
      CHECK_SCRIPT(
          RRQ("text", .mode = "netascii"),
          READ(.unless = "ERROR", .unless_why = "the server takes no netascii")) },
    { .id = "netascii-block-end",
      .level = CHECK_MUST,
      .section = "RFC 1350 5",
      .title = "a CR LF may be cut by the end of a block",
      .rule =
          "Blocks are 512 bytes of what goes over the wire, wherever that cuts a line.",
      .why = "A byte is lost or doubled where the pair is cut.",
      .lesson = "keep the second byte of the pair for the next block",
      CHECK_SCRIPT(RRQ("lines", .mode = "netascii"),
                   EXPECT("DATA 1 len=512", .unless = "ERROR",
                          .unless_why = "the server takes no netascii"),
                   ACK(1), READ()) },
    { .id = "netascii-octet",
      .level = CHECK_MUST,
      .section = "RFC 1350 5",
      .title = "octet does not touch line ends",
      .rule = "octet is raw bytes.",
      .why = "Every binary that has a byte of 10 would be broken.",
      .lesson = "translate in netascii alone, and open files in binary mode",
      CHECK_SCRIPT(RRQ("text"), READ()) },
    { .id = "netascii-write",
      .level = CHECK_MUST,
      .section = "RFC 1350 5",
      .puts = true,
      .title = "what is stored from netascii has line ends of its own",
      .rule = "A host that gets netascii translates it to its own format.",
      .why = "Scripts with a CR at the end of a line do not run.",
      .lesson = "store CR LF as a newline, and CR NUL as a CR",
      CHECK_SCRIPT(WRQ(0, .text = "put-text", .mode = "netascii"),
                   EXPECT("ACK 0", .unless = "ERROR",
                          .unless_why = "the server takes no netascii"),
                   WRITE(), PAUSE(MS(400)), RRQ("put-text", .side = 1),
                   READ(.side = 1)) },
    { .id = "netascii-both",
      .level = CHECK_MUST,
      .section = "RFC 1350 5",
      .puts = true,
      .title = "text that is stored and read in netascii comes back the same",
      .rule = "The two translations undo each other.",
      .why = "A configuration changes each time it is saved.",
      .lesson = "the two translations have to undo each other: try a bare CR, and a CR "
                "at the end of a block",
      CHECK_SCRIPT(WRQ(0, .text = "put-text", .mode = "netascii"),
                   EXPECT("ACK 0", .unless = "ERROR",
                          .unless_why = "the server takes no netascii"),
                   WRITE(), PAUSE(MS(400)),
                   RRQ("put-text", .side = 1, .mode = "netascii"), READ(.side = 1)) },
};

const struct check_rows check_netascii_rows = { rows, sizeof rows / sizeof *rows };
