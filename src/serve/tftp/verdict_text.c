/* SPDX-License-Identifier: MIT */
/* The sentences of the verdicts. A word in braces stands for what was seen. */
#include "serve/tftp/verdict_text.h"

#include "base/number.h"

#include <string.h>

static const char *const sentences[VERDICTS] = {
    [VERDICT_NONE] = "",
    [VERDICT_MALFORMED_REQUEST] = "the request cannot be read ({reason}): a fault of the "
                                  "client, or another protocol "
                                  "at this port",
    [VERDICT_UNKNOWN_MODE] =
        "the client asks for a mode that is neither octet nor netascii: set it to octet "
        "(binary)",
    [VERDICT_SERVER_STOPPING] =
        "the server was stopped: a client that asks again begins at the start",
    [VERDICT_UPLOADS_REFUSED] =
        "the server takes no such upload ({reason}): --uploads create, "
        "overwrite or version allows them, "
        "or a section of the policy",
    [VERDICT_POLICY_REFUSED] = "the policy refuses it: {reason}",
    [VERDICT_NO_DIRECTORY] = "the directory of the upload is not there ({reason}): "
                             "create-directories = yes in "
                             "the policy makes it",
    [VERDICT_FILE_NOT_FOUND] =
        "the file is not below the root ({reason}): names are as written, and upper and "
        "lower case differ (--ignore-case)",
    [VERDICT_BAD_NAME] = "no file can have this name ({reason})",
    [VERDICT_NOT_PERMITTED] =
        "the user that serves may not do it ({reason}): namei -l shows which part of the "
        "path stops it",
    [VERDICT_FILE_EXISTS] = "the file is there, and --uploads create replaces none: "
                            "overwrite or version does",
    [VERDICT_DISK_FULL] = "the server has no room left ({reason})",
    [VERDICT_TOO_LARGE] =
        "the file is larger than allowed ({reason}): --max-upload bounds uploads",
    [VERDICT_WRONG_SIZE] =
        "the client sent another size than it announced (tsize), and nothing was kept",
    [VERDICT_FILE_CHANGED] = "the file was altered while it was served: write a new one "
                             "beside it and rename it",
    [VERDICT_SERVER_BUSY] = "the server lacks something at the moment ({reason}): the "
                            "client asks again by itself",
    [VERDICT_ROOT_GONE] = "nothing can be served from the client's root ({reason}): it "
                          "hears nothing until the directory is there and the server is "
                          "restarted",
    [VERDICT_STORAGE_FAILED] = "the server's storage failed ({reason})",
    [VERDICT_TABLE_FULL] =
        "the server had no place left for another client, and this one, which had not "
        "answered, gave way",
    [VERDICT_SIZE_PROBE] = "only the size was asked: many boot loaders end that with an "
                           "ERROR and then ask for "
                           "the file",
    [VERDICT_BLOCKS_FROM_ZERO] =
        "the client numbers its blocks from 0, and the first is 1 (RFC 1350, section 2)",
    [VERDICT_BLOCK_NUMBER_WRAP] = "the client stopped at block {block}, where block "
                                  "numbers of 16 bits end: it cannot "
                                  "take so many blocks; a larger blksize makes fewer",
    [VERDICT_PATH_MTU] = "the options were acknowledged, but block 1 of {blksize} bytes "
                         "was sent {times} and "
                         "never was: packets of that size may not arrive (path MTU); "
                         "--blksize-max 512 shows "
                         "it",
    [VERDICT_OPTIONS_REFUSED] = "the client refused the options it was granted "
                                "({granted}): it should not ask for "
                                "them",
    [VERDICT_UNKNOWN_TRANSFER] =
        "the client takes the answer for another transfer's (ERROR 5): it heard two "
        "answers, or a NAT changed the port",
    [VERDICT_CLIENT_FULL] =
        "the client has no room for the file (ERROR 3 at block {block}{of_last})",
    [VERDICT_STOPPED_TWICE] =
        "the client stopped at block {block}{of_last} of this file for the second time: "
        "its "
        "memory or storage may end there, or something on the path drops that block",
    [VERDICT_CLIENT_ABORTED] = "the client ended it at block {block}{of_last} by ERROR "
                               "{code}, for a reason of its "
                               "own",
    [VERDICT_CLIENT_RESTARTED] = "the client sent a new request at block "
                                 "{block}{of_last}: it was reset, or gave up "
                                 "waiting",
    [VERDICT_OPTIONS_ABANDONED] =
        "the options ({granted}) were answered {answers} and never acknowledged, and "
        "then "
        "the client asked otherwise: it may not understand them",
    [VERDICT_REQUEST_ABANDONED] =
        "the client sent another request before it answered anything",
    [VERDICT_PORT_REJECTED] =
        "{by}, which is not the client, rejects the answers (ICMP port unreachable): a "
        "firewall on the path; open the data ports there (--port-range), or use "
        "--single-port",
    [VERDICT_ANSWER_REFUSED] =
        "answered {answers} from port {port}; an ICMP message says the client's port is "
        "closed: the client ended, or a NAT knows only the port that was asked{next}",
    [VERDICT_CLIENT_GONE] =
        "the client's own host says that nothing listens at its port any more (ICMP), at "
        "block {block}{of_last}: the client ended or was restarted",
    [VERDICT_PROHIBITED] = "{by} says that a firewall forbids the answers (ICMP)",
    [VERDICT_HOP_LIMIT] =
        "{by} says that the hop limit of the answers was used up (ICMP): a routing loop",
    [VERDICT_UNREACHABLE] = "{by} says that the client cannot be reached (ICMP): a "
                            "missing route, or the client "
                            "is off",
    [VERDICT_NOT_UNDERSTOOD] =
        "{strange} of what the client sent were no packets of a transfer: a fault of the "
        "client, or something on the path alters them",
    [VERDICT_WRONG_PORT] = "answered {answers} from port {port}, and the client spoke to "
                           "another port of this "
                           "server: it does not heed the port of the answer, or a NAT "
                           "changed it; --single-port "
                           "has one port only",
    [VERDICT_DATA_PORT_SILENT] =
        "answered {answers} from port {port}, nothing came back, and the client asked "
        "again: "
        "a firewall or NAT drops the data port; --single-port auto answers from the port "
        "that was asked",
    [VERDICT_OPTIONS_UNANSWERED] =
        "answered {answers} from port {port} too, and the options ({granted}) were never "
        "acknowledged though the client asked again: it may not understand them, or "
        "answers "
        "are lost",
    [VERDICT_BOTH_PORTS_SILENT] =
        "answered {answers} from ports {data_port} and {port}, nothing came back from "
        "either, "
        "and the client asked again: answers are lost on the way to it",
    [VERDICT_ANSWERS_LOST] = "answered {answers} from port {port}, which was asked, "
                             "nothing came back, and the "
                             "client asked again: answers are lost on the way to it",
    [VERDICT_NO_ANSWER] =
        "answered {answers} from port {port}, nothing came back, and the client did not "
        "ask "
        "again: it is gone, its address was forged, or a firewall or NAT drops the "
        "answers{next}",
    [VERDICT_BLOCK_NOT_HEARD] = "the client repeated its last ACK, but block "
                                "{block}{of_last}, "
                                "sent {times}, did not reach it: the path drops it",
    [VERDICT_ACKS_NOT_HEARD] =
        "the client repeated a block that was acknowledged: ACKs do not reach it, since "
        "block {done}",
    [VERDICT_CLIENT_SILENT] = "the client acknowledged {done}{of_last} blocks and fell "
                              "silent; the next was sent "
                              "{times}: it was switched off, hangs, or lost its link",
    [VERDICT_UPLOAD_SILENT] = "the client sent {done} blocks and fell silent: it was "
                              "switched off, hangs, or lost "
                              "its link",
    [VERDICT_LAST_ACK_MISSING] =
        "all was sent, and only the last ACK is missing: the client most likely has the "
        "file, for some start it at once",
    [VERDICT_OWN_FIREWALL] =
        "a firewall of this host lets nothing leave from data port {data_port}, so port "
        "{request_port} answered: open the data ports (--port-range)",
    [VERDICT_DATA_PORT_BLOCKED] =
        "nothing came back from data port {data_port}, so port {request_port} answered, "
        "and "
        "that works: a firewall or NAT drops the data ports; open them (--port-range) to "
        "spare clients a timeout",
    [VERDICT_PACKETS_DOUBLED] =
        "{dup} of {blocks} packets of the client came twice, and nothing left twice: two "
        "links or a loop carry each packet",
    [VERDICT_PACKETS_LOST] =
        "{resent} blocks of {blocks} had to leave again: the path loses packets, or the "
        "client is slow",
    [VERDICT_UNKNOWN] = "nothing that was seen says why",
};

/* "once", "twice", "3 times". */
static void put_times(struct writer *w, uint64_t n)
{
    if (n == 1) {
        put(w, span_of("once"));
    } else if (n == 2) {
        put(w, span_of("twice"));
    } else {
        put_decimal(w, n);
        put(w, span_of(" times"));
    }
}

static void put_next(struct writer *w, const struct verdict_words *words)
{
    if (!words->auto_port || words->port == words->request_port)
        return;
    put(w, span_of("; single-port auto will try port "));
    put_decimal(w, words->request_port);
    put(w, span_of(" at its next request"));
}

static void put_of_last(struct writer *w, uint64_t last)
{
    if (last == UINT64_MAX)
        return;
    put(w, span_of(" of "));
    put_decimal(w, last);
}

struct number {
    const char *name;
    uint64_t value;
};

enum { NUMBERS = 12 };

static bool put_verdict_number(struct writer *w, struct kedge_span name,
                               const struct number numbers[NUMBERS])
{
    for (size_t i = 0; i < NUMBERS; i++) {
        if (!span_equal(name, span_of(numbers[i].name)))
            continue;
        put_decimal(w, numbers[i].value);
        return true;
    }
    return false;
}

static bool put_counted(struct writer *w, struct kedge_span name,
                        const struct verdict_words *words)
{
    const struct verdict_facts *f = words->facts;
    const struct number numbers[NUMBERS] = { { "block", f->block },
                                             { "done", sub_sat(f->block, 1) },
                                             { "blksize", f->blksize },
                                             { "blocks", f->blocks },
                                             { "resent", f->resent },
                                             { "dup", f->duplicates },
                                             { "strange", f->strange },
                                             { "code", f->code },
                                             { "port", words->port },
                                             { "data_port", words->data_port },
                                             { "request_port", words->request_port },
                                             { "requests", f->requests } };

    return put_verdict_number(w, name, numbers);
}

static void put_verdict_word(struct writer *w, struct kedge_span name,
                             const struct verdict_words *words)
{
    if (put_counted(w, name, words))
        return;
    if (span_equal(name, span_of("reason")))
        put(w, words->reason);
    else if (span_equal(name, span_of("granted")))
        put(w, words->granted);
    else if (span_equal(name, span_of("by")))
        put(w, words->by);
    else if (span_equal(name, span_of("answers")))
        put_times(w, words->facts->answers);
    else if (span_equal(name, span_of("times")))
        put_times(w, words->facts->repeats + 1);
    else if (span_equal(name, span_of("of_last")))
        put_of_last(w, words->facts->last);
    else if (span_equal(name, span_of("next")))
        put_next(w, words);
    else
        KEDGE_ASSERT(false);
}

void verdict_put(struct writer *w, enum verdict v, const struct verdict_words *words)
{
    const char *at = sentences[v];
    size_t plain = strcspn(at, "{");

    while (at[plain]) {
        const char *name = at + plain + 1;
        size_t len = strcspn(name, "}");

        put(w, (struct kedge_span){ (const uint8_t *)at, plain });
        put_verdict_word(w, (struct kedge_span){ (const uint8_t *)name, len }, words);
        at = name + len + 1;
        plain = strcspn(at, "{");
    }
    put(w, span_of(at));
}
