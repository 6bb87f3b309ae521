/* SPDX-License-Identifier: MIT */
/* One file by TFTP, start to end: fetch it, or send it. Each call blocks until the transfer
 * is over, and has its own sockets and memory; any number of threads may each run one. What
 * is received appears under its name whole or not at all. For a server see kedge/server.h,
 * for many transfers at once in one thread kedge/tftp.h.
 *
 * A transfer recovers by itself from servers that refuse options and from links that
 * lose large or many datagrams (then it asks again, for less), and tries every address
 * of the server's name when one refuses or cannot be reached. */
#ifndef KEDGE_TRANSFER_H
#define KEDGE_TRANSFER_H

#include "kedge/endpoint.h"
#include "kedge/tftp.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KEDGE_TRANSFER_WINDOW = 32, /* asked for, where the caller does not say */
    KEDGE_SHA256_SIZE = 32,
    KEDGE_TRANSFER_TEXT = 256,
};

/* Zero is the default of each. */
struct kedge_transfer_options {
    uint32_t
        blksize; /* bytes, 8 to 65464; 0: what the path to the server takes unfragmented */
    uint32_t windowsize;  /* blocks; 0: KEDGE_TRANSFER_WINDOW, or less where the receive
                             buffer holds less, a peer's by default. Always 1 in netascii. */
    kedge_nanos timeout;  /* asked for, and the most that is waited before something is
                             sent again, 10 ms to 255 s; 0: measured, at most 6 s */
    kedge_nanos patience; /* without an answer or progress; 0: 30 s, or 6 timeouts */
    bool no_options;      /* a plain RFC 1350 request */
    const struct kedge_address *source; /* to send from, maybe with a port; NULL: any */

    /* What the file must hash to, KEDGE_SHA256_SIZE bytes, or NULL. Another content takes
     * no name at the receiver: not here, and not at a server that drops what is cut short. */
    const uint8_t *sha256;

    /* A descriptor that becomes readable when the transfer is to be given up; 0: none. */
    int cancel_fd;

    /* Called now and then, at least five times a second, with the bytes of the file moved
     * so far, and its size (UINT64_MAX if that is not known). False: give up. */
    bool (*progress)(void *owner, uint64_t bytes, uint64_t size);
    void *owner;
};

enum kedge_transfer_cause {
    KEDGE_TRANSFER_DONE,
    KEDGE_TRANSFER_NOT_RESOLVED, /* the server's name has no address */
    KEDGE_TRANSFER_NO_SOCKET,    /* none could be had here, or not at `source`: `code` */
    KEDGE_TRANSFER_UNREACHABLE,  /* no way to the server: `code` */
    KEDGE_TRANSFER_CLOSED,       /* ICMP says that nobody listens there */
    KEDGE_TRANSFER_SILENT,       /* no answer, no progress, or no last ACK: `outcome` */
    KEDGE_TRANSFER_PEER_ERROR,   /* the peer's ERROR `code`; its words are in `said` */
    KEDGE_TRANSFER_BAD_REPLY, /* the server granted what was not asked, or sent a block 0 */
    KEDGE_TRANSFER_LOCAL_FILE,  /* a file here: `code`, 0 where no errno is behind it */
    KEDGE_TRANSFER_DISK_FULL,   /* here */
    KEDGE_TRANSFER_WRONG_SIZE,  /* short, or not of the size announced */
    KEDGE_TRANSFER_CHANGED,     /* the file was altered while it was sent */
    KEDGE_TRANSFER_WRONG_SUM,   /* another SHA-256 */
    KEDGE_TRANSFER_STOPPED,     /* by cancel_fd or progress() */
    KEDGE_TRANSFER_BAD_REQUEST, /* no request can be made of it, and nothing was sent: not
                                   tftp://, no name or too long a one, port 0, an option
                                   out of its bounds */
};

struct kedge_transfer_result {
    enum kedge_transfer_cause cause;
    enum kedge_tftp_outcome outcome;  /* the same in the protocol's words */
    int code;                         /* an errno, or the ERROR's, as the cause has it */
    char reason[KEDGE_TRANSFER_TEXT]; /* one printable line, why it failed; "" if not */
    char recovered[KEDGE_TRANSFER_TEXT]; /* what was tried again and why; "" if nothing */
    uint8_t said[128];                   /* the ERROR's text: any bytes but NUL */
    size_t said_len;
    struct kedge_address peer;  /* as it answered, or was asked last; len 0: not known */
    struct kedge_address local; /* len 0: not known */
    uint64_t bytes;             /* of the file: received, or sent and acknowledged */
    uint64_t blocks;
    uint64_t resent;                   /* blocks or ACKs */
    uint64_t duplicates;               /* received */
    kedge_nanos rtt;                   /* smoothed; KEDGE_NEVER if there is no sample */
    kedge_nanos took;                  /* from the start to the end of the last block */
    struct kedge_tftp_options asked;   /* by the last attempt */
    struct kedge_tftp_options granted; /* to it */
    unsigned requests;                 /* made, repeats too; some may not have left */
    unsigned addresses;                /* of the host that were tried */
};

/* Fetch remote's file (remote->name, remote->netascii, remote->family) to path; `-` is
 * standard output. A regular file, or one that is not there, is replaced in one step when
 * all has come; anything else is written straight through. options may be NULL. True: all
 * is well. *result is set in any case. */
KEDGE_API KEDGE_MUST_CHECK bool kedge_get(const struct kedge_endpoint *remote,
                                          const char *path,
                                          const struct kedge_transfer_options *options,
                                          struct kedge_transfer_result *result);

/* Send path (`-` is standard input) to remote's name. What is no regular file is read
 * once, and its size is not announced. Otherwise as above. */
KEDGE_API KEDGE_MUST_CHECK bool kedge_put(const char *path,
                                          const struct kedge_endpoint *remote,
                                          const struct kedge_transfer_options *options,
                                          struct kedge_transfer_result *result);

#ifdef __cplusplus
}
#endif

#endif
