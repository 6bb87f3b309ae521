/* SPDX-License-Identifier: MIT */
/* Why a transfer ended as it did, as far as what was seen of it says: one verdict of a table,
 * whose rows are asked in order. Facts go in, a verdict comes out. Without evidence there is
 * none: VERDICT_UNKNOWN. It knows no sentence; of text only the verdicts' ids, by which
 * programs know them, and which stay as they are. */
#ifndef TFTP_VERDICT_H
#define TFTP_VERDICT_H

#include "tftp/sessions.h"

/* What on the server's own side refused or ended it. Its owner says so. */
enum verdict_fault {
    FAULT_NONE,
    FAULT_MALFORMED, /* a request that cannot be read */
    FAULT_MODE,      /* neither octet nor netascii */
    FAULT_STOPPING,
    FAULT_POLICY, /* a rule refuses it */
    FAULT_NOT_FOUND,
    FAULT_BAD_NAME,
    FAULT_DENIED, /* by the file system's rights */
    FAULT_EXISTS,
    FAULT_DISK_FULL,
    FAULT_TOO_LARGE,
    FAULT_WRONG_SIZE,
    FAULT_CHANGED,
    FAULT_BUSY,    /* it may be had in a moment */
    FAULT_GONE,    /* the root itself */
    FAULT_STORAGE, /* all else of files and disks */
};

/* The last ICMP message about what was sent to the peer. Anybody can forge one. */
enum verdict_icmp {
    ICMP_SAYS_NOTHING,
    ICMP_SAYS_CLOSED,      /* port unreachable, says the peer's own address */
    ICMP_SAYS_REJECTED,    /* port unreachable, says another address */
    ICMP_SAYS_PROHIBITED,  /* a rule of a router or firewall forbids it */
    ICMP_SAYS_EXPIRED,     /* the hop limit was used up */
    ICMP_SAYS_UNREACHABLE, /* network or host unreachable, and the like */
};

/* What was seen. Blocks are counted as in the file: 1 is the first. */
struct verdict_facts {
    enum kedge_tftp_op op;
    enum kedge_tftp_outcome outcome;
    enum verdict_fault fault;
    enum verdict_icmp icmp;
    enum tftp_from
        from;       /* where its answers left from at the end; at one port: REQUEST */
    bool moved;     /* from the data port, which was silent, to the request port */
    bool barred;    /* this host's own firewall lets nothing leave from its data port */
    bool displaced; /* the table was full, and it gave way */
    bool stopped_before; /* the same address, file and block as at an earlier end */
    bool validated;      /* its peer has answered */
    unsigned granted;    /* KEDGE_TFTP_HAS_... */
    uint32_t blksize;
    uint64_t requests; /* times that its request came, as far as they were answered */
    uint64_t answers;  /* until it was validated: times that the first answer left */
    uint64_t block;    /* the first that is not acknowledged, or the one that is wanted */
    uint64_t last;     /* the file's last block; UINT64_MAX: not known */
    uint64_t blocks;   /* sent or received */
    uint64_t resent;   /* blocks, or ACKs */
    uint64_t repeats;  /* times that `block`, or the ACK before it, left again */
    uint64_t duplicates;
    kedge_nanos
        spoke;     /* how long after its last progress the peer last spoke; 0: did not */
    uint16_t code; /* of the peer's ERROR */
    uint8_t strange;   /* its datagrams that are none of a transfer; 255: or more */
    uint8_t elsewhere; /* its datagrams at another port of this server; likewise */
};

enum verdict {
    VERDICT_NONE, /* all is well */
    VERDICT_MALFORMED_REQUEST,
    VERDICT_UNKNOWN_MODE,
    VERDICT_SERVER_STOPPING,
    VERDICT_UPLOADS_REFUSED,
    VERDICT_POLICY_REFUSED,
    VERDICT_NO_DIRECTORY,
    VERDICT_FILE_NOT_FOUND,
    VERDICT_BAD_NAME,
    VERDICT_NOT_PERMITTED,
    VERDICT_FILE_EXISTS,
    VERDICT_DISK_FULL,
    VERDICT_TOO_LARGE,
    VERDICT_WRONG_SIZE,
    VERDICT_FILE_CHANGED,
    VERDICT_SERVER_BUSY,
    VERDICT_ROOT_GONE,
    VERDICT_STORAGE_FAILED,
    VERDICT_TABLE_FULL,
    VERDICT_SIZE_PROBE,
    VERDICT_BLOCKS_FROM_ZERO,
    VERDICT_BLOCK_NUMBER_WRAP,
    VERDICT_PATH_MTU,
    VERDICT_OPTIONS_REFUSED,
    VERDICT_UNKNOWN_TRANSFER,
    VERDICT_CLIENT_FULL,
    VERDICT_STOPPED_TWICE,
    VERDICT_CLIENT_ABORTED,
    VERDICT_CLIENT_RESTARTED,
    VERDICT_OPTIONS_ABANDONED,
    VERDICT_REQUEST_ABANDONED,
    VERDICT_PORT_REJECTED,
    VERDICT_ANSWER_REFUSED,
    VERDICT_CLIENT_GONE,
    VERDICT_PROHIBITED,
    VERDICT_HOP_LIMIT,
    VERDICT_UNREACHABLE,
    VERDICT_NOT_UNDERSTOOD,
    VERDICT_WRONG_PORT,
    VERDICT_DATA_PORT_SILENT,
    VERDICT_OPTIONS_UNANSWERED,
    VERDICT_BOTH_PORTS_SILENT,
    VERDICT_ANSWERS_LOST,
    VERDICT_NO_ANSWER,
    VERDICT_BLOCK_NOT_HEARD,
    VERDICT_ACKS_NOT_HEARD,
    VERDICT_CLIENT_SILENT,
    VERDICT_UPLOAD_SILENT,
    VERDICT_LAST_ACK_MISSING,
    VERDICT_OWN_FIREWALL, /* from here on: it ended well, and yet */
    VERDICT_DATA_PORT_BLOCKED,
    VERDICT_PACKETS_DOUBLED,
    VERDICT_PACKETS_LOST,
    VERDICT_UNKNOWN, /* it did not end well, and nothing that was seen says why */
    VERDICTS,
};

/* All that a session knows, of one that is over. The rest is zero: its fault, ICMP and
 * stopped_before are its owner's to add. */
void verdict_facts_of(const struct tftp_sessions *t, const struct tftp_session *s,
                      struct verdict_facts *out);

/* The first row that holds. */
enum verdict verdict_of(const struct verdict_facts *f);

/* A word of lower-case letters and hyphens; "-" of VERDICT_NONE. */
const char *verdict_id(enum verdict v);

/* Where the last transfers ended that stopped in mid-file. Zero is the start. */
enum { VERDICT_STOPS = 64 };

struct verdict_stops {
    struct {
        uint64_t who;
        uint64_t block;
    } at[VERDICT_STOPS];
};

/* Note where it stopped, by address (not port) and file. True: the one before stopped there
 * too. */
bool verdict_stopped_again(struct verdict_stops *stops, const struct tftp_sessions *t,
                           const struct tftp_session *s, uint64_t block);

#endif
