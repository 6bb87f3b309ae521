# SPDX-License-Identifier: MIT
"""One-line faults of transfers and of the net: rows as in rooms.py."""

READER, WRITER, TARGET = "src/transfer/block_reader.c", "src/transfer/block_writer.c", "src/transfer/target.c"
SOURCE, WAIT, SEND = "src/transfer/source.c", "src/transfer/wait.c", "src/transfer/send.c"
DF, IN, OUT = "src/net/udp_df.c", "src/net/udp_in.c", "src/net/udp_out.c"
NETLINK = "src/net/netlink.c"
GSO, SOCKET, ERRORS = "src/net/udp_gso_batch.c", "src/net/udp_socket.c", "src/net/udp_errors.c"

WIRE = {
    # Blocks of a file.
    "a block is read beyond the file's end": (READER, ["transfer/block_reader"], "min_u64(count * c->blksize, sub_sat(c->size, part.offset))", "(count * c->blksize)"),
    "bytes are lent beyond the file's end": (READER, ["transfer/block_reader"], "min_u64(most, sub_sat(c->size, offset))", "most"),
    "each lent block is the first": (READER, ["transfer/block_reader"], "        bytes += size;\n", ""),
    "a file has one block too few": (READER, ["transfer/block_reader"], "    out->last = whole < out->end - out->first;", "    out->last = whole <= out->end - out->first;"),
    "a text begins again at each block": (READER, ["transfer/block_reader"], "        c->here = c->after;", "        c->here.block = block;"),
    "what is written later moves nothing on": (WRITER, ["transfer/block_writer"], "    if (is_taken(&result))\n        t->offset", "    if (result.error == STORE_OK)\n        t->offset"),
    "a text that is written later is acknowledged": (WRITER, ["transfer/block_writer"], "return result.error == STORE_OK ? late : result;", "return result;"),
    # Files at this end.
    "a late write goes to the wrong offset": (TARGET, ["transfer/target"], "t->delivered - t->held_bytes;", "t->delivered;"),
    "a second attempt writes its start again": (TARGET, ["transfer/target"], "bytes.ptr + known, bytes.len", "bytes.ptr, bytes.len"),
    "a last write that failed is a file": (TARGET, ["transfer/faults:a_get"], "error = transfer_error_of(flush_target(t));", "(void)flush_target(t).error;"),
    "a commit that failed is a file": (TARGET, ["transfer/faults:a_get"], "error = transfer_error_of(local_target_commit(&t->local));", "(void)local_target_commit(&t->local).error;"),
    "a size that differs is right": (TARGET, ["transfer/target"], "announced != FETCH_UNKNOWN && size != announced", "0"),
    "bytes sent again are hashed again": (SOURCE, ["transfer/source"], "!s->wanted || known >= bytes.len", "!s->wanted"),
    "a file that changes is sent whole": (SOURCE, ["transfer/source"], "    if (local_source_changed(&s->local))", "    if (0)"),
    "a pipe is read twice": (SOURCE, ["transfer/source"], "return !l->stream || l->end <= l->keep_room;", "return true;"),
    # What is heard.
    "DATA of any port of the host is taken": (WAIT, ["transfer/session"], "x->peer.len ? net_address_equal(&x->peer, from)", "x->peer.len ? net_address_same_host(&x->peer, from)"),
    "more than was announced is taken": (WAIT, ["transfer/session"], "x->block_writer.offset > x->announced", "0"),
    "what a file borrows is written over": (WAIT, ["transfer/session"], "bool holds = x->file->settle &&", "bool holds = false &&"),
    "an ERROR is kept beyond its room": (WAIT, ["transfer/session"], "min_u64(in->body.len, sizeof x->said)", "in->body.len"),
    "an ICMP about another ends it": (WAIT, ["transfer/session"], "    if (!net_address_equal(&e->to, x->peer.len ? &x->peer : &x->server))\n        return;", ""),
    "an ERROR of a stranger is answered": (WAIT, ["transfer/session"], "        packet->op == KEDGE_TFTP_ERROR || x->told_off", "        x->told_off"),
    "strangers are told off for ever": (WAIT, ["transfer/session"], " || x->told_off == TOLD_OFF)", ")"),
    # What is sent.
    "blocks that the socket did not take were sent": (SEND, ["transfer/faults:blocks_that_a_full_socket_did_not_take_were_not_sent"], "packets->first, packets->first + done, x->now);", "packets->first, packets->end, x->now);"),
    "a part of the frames is the last": (SEND, ["transfer/client:there_and_back"], "        out.last = false;\n", ""),
    # Datagrams.
    "DF stays set": (DF, ["net/udp_socket"], "    (void)discover(fd, v6, IP_PMTUDISC_DONT);\n", ""),
    "a datagram that fits no link leaves in pieces": (DF, ["net/udp_socket"], "discover(fd, v6, IP_PMTUDISC_PROBE)", "discover(fd, v6, IP_PMTUDISC_DONT)"),
    "a message of another hides what came": (IN, ["net/faults:a_queue"], "if (n < 0 && errno != EINTR && !udp_errno_is_anothers(errno))", "if (n < 0)"),
    "an interruption is a fault": (IN, ["net/faults:a_train_that_the_kernel_refuses"], "!b->apart && errno != EAGAIN && errno != EINTR &&", "!b->apart && errno != EAGAIN &&"),
    "room for control is used up": (IN, ["net/udp_in"], "    for (unsigned i = 0; i < b->count; i++)\n        arm(b, i);\n    b->count = 0;", "    b->count = 0;"),
    "a cut datagram is whole": (IN, ["net/udp_in"], "in->cut = h->msg_flags & MSG_TRUNC;", "in->cut = false;"),
    "one message a call brings all": (IN, ["net/udp_shortcuts"], "b->one ? 1 : b->room)", "b->room)"),
    "a full socket loses what waits": (OUT, ["net/faults:a_queue"], "    if (code == EAGAIN)\n        return false;\n", ""),
    "a part of a queue counts for all": (OUT, ["net/faults:a_train_that_the_kernel_refuses"], "unsigned end = b->first + (unsigned)n;", "unsigned end = b->count;"),
    "a part of a train counts for all": (GSO, ["net/faults:a_train_that_the_kernel_refuses"], "done += (unsigned)n;", "done = count;"),
    "a message of another costs a datagram": (OUT, ["net/faults:a_queue"], "udp_errno_is_anothers(errno) && retried != b->first", "0"),
    "the rest of a train is sent from its start": (OUT, ["net/faults:a_train_that_the_kernel_refuses"], "(uint8_t *)v->iov_base + done * t.stride;", "(uint8_t *)v->iov_base;"),
    "the barred have no bound": (OUT, ["net/udp_out"], "code == EPERM && b->barred_count < UDP_BARRED", "code == EPERM"),
    "a train has more segments than the kernel takes": (GSO, ["net/udp_out"], "min_u64(UDP_BYTES_MAX / t->stride, UDP_GSO_SEGMENTS)", "(UDP_BYTES_MAX / t->stride)"),
    "a full socket has taken a train": (GSO, ["net/faults:a_train"], "*full = err == EAGAIN;", "*full = false;"),
    "a train that is refused is lost": (GSO, ["net/faults:a_train_that_is_refused_is_not_lost"], "(err == EIO || err == EINVAL || err == EMSGSIZE)", "err == EINVAL"),
    "any ICMP is a refusal": (ERRORS, ["net/udp_errors"], "e->type == ICMP_DEST_UNREACH && e->subtype == ICMP_PORT_UNREACH;", "e->type == ICMP_DEST_UNREACH;"),
    "a route that shrinks stops a transfer": (SOCKET, ["net/udp_socket"], "IPV6_MTU_DISCOVER, IP_PMTUDISC_DONT", "IPV6_MTU_DISCOVER, IP_PMTUDISC_DO"),
    "a range has one port": (SOCKET, ["net/udp_ports"], "(start % size + i) % size", "start % size"),
    "a socket that failed stays open": (SOCKET, ["net/faults:a_train_that_the_kernel_refuses"], "    if (err)\n        close(fd);\n    return err;\n}\n\nint udp_let_wait", "    return err;\n}\n\nint udp_let_wait"),
    "another process answers for the kernel": (NETLINK, ["net/neighbour"], "from.nl_pid == 0 ? n : 0", "n"),
    "a late answer is the answer": (NETLINK, ["net/neighbour"], " && h->nlmsg_seq == number", ""),
}
