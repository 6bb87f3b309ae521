# SPDX-License-Identifier: MIT
"""One-line faults of the services: rows as in rooms.py."""

TRANSFER, DISPATCH, PORT = "src/serve/tftp/transfer.c", "src/serve/tftp/dispatch.c", "src/serve/tftp/port.c"
DIRECTORY, UPLOAD, COLD = "src/serve/tftp/directory.c", "src/serve/tftp/directory_upload.c", "src/serve/tftp/cold_read.c"
JUDGED, GROUP, LIMITS = "src/serve/tftp/judged.c", "src/serve/tftp/job_group.c", "src/serve/tftp/limits.c"
LIVE, REFUSAL, REQUEST = "src/serve/tftp/live.c", "src/serve/tftp/refusal.c", "src/serve/tftp/request.c"
CASES = "src/serve/tftp/case_cache.c"
UDP, DATAGRAMS, TCP = "src/serve/echo/udp.c", "src/serve/echo/datagrams.c", "src/serve/echo/tcp.c"
LOCAL, REPLY = "src/serve/echo/local.c", "src/serve/echo/reply.c"

STORED, GATHERED = ["serve/tftp/joined"], ["serve/tftp/directory_upload"]
FULL, READ = ["serve/tftp/full_socket"], ["serve/tftp/cold_read"]

SERVE = {
    # A transfer.
    "lent bytes wait though their file is let go": (TRANSFER, ["serve/tftp/full_socket:lent_bytes_do_not_outlive_their_transfer"], "        port_empty(t->port);\n", "        ;\n"),
    "a lent block is not noted": (TRANSFER, ["serve/tftp/full_socket:lent_bytes_do_not_outlive_their_transfer"], "t->lent = port_emptied(t->port) + 1;", "t->lent = 0;"),
    "a file that was altered ends well": (TRANSFER, ["serve/tftp/service:a_file_altered_while_it_is_served_has_no_last_block"], "        result = transfer_unaltered(t);", "        ;"),
    "a file has no last block": (TRANSFER, ["serve/tftp/provider:a_text_comes_to_its_end"], "        kedge_tftp_sender_end(sender, f.end - 1);", "        ;"),
    "a read that waits is asked for again": (TRANSFER, ["serve/tftp/provider:a_read_waits_at_each_step"], "        t->waits = WAITS_FOR_READ;\n", ""),
    "a commit that waits has failed": (TRANSFER, ["serve/tftp/provider:a_write_waits_at_each_step"], "    if (result.error == STORE_LATER)\n        t->waits = WAITS_FOR_COMMIT;\n    else\n", ""),
    "a commit that failed is acknowledged": (TRANSFER, ["serve/tftp/provider:a_failure_may_come_later"], "    if (result->error == STORE_OK)\n        kedge_tftp_receiver_committed", "    if (1)\n        kedge_tftp_receiver_committed"),
    "a write that failed is acknowledged": (TRANSFER, ["serve/tftp/faults:an_upload"], "    else if (result.error != STORE_OK)\n        transfer_fail(t, &result);\n}\n\nstatic void committed", "}\n\nstatic void committed"),
    "a write that waits is acknowledged": (TRANSFER, ["serve/tftp/provider:a_write_waits_at_each_step"], "        t->waits = WAITS_FOR_WRITE;", "        ;"),
    "a transfer that waits goes on": (TRANSFER, ["serve/tftp/provider:a_read_waits_at_each_step"], "if (t->waits || t->ending ||", "if (t->ending ||"),
    "a file is closed while it is read": (TRANSFER, ["serve/tftp/provider:a_peer_goes_while_a_step_is_under_way"], "    if (t->waits)\n        return;\n    if (t->open", "    if (t->open"),
    "what never opened is closed": (TRANSFER, ["serve/tftp/provider:what_may_be_better_soon_is_silence_to_a_reader"], "if (t->open && s->config", "if (s->config"),
    "a file is as large as can be": (TRANSFER, ["serve/tftp/provider:a_text_comes_to_its_end"], ".size = t->file->size,", ".size = UINT64_MAX,"),
    "a slow disk gets whole windows": (TRANSFER, ["serve/tftp/provider:a_slow_disk_gets_no_windows"], "        limits.windowsize_max = 1;", "        ;"),
    "one that opens too late stays open": (TRANSFER, ["serve/tftp/provider:one_that_opens_too_late_is_closed"], "        t->open |= waited == WAITS_FOR_OPEN && result.error == STORE_OK;\n", ""),
    "a failure that comes later is none": (TRANSFER, ["serve/tftp/provider:a_failure_may_come_later"], "    else if (result.error != STORE_OK)\n        transfer_fail(t, &result);\n    transfer_pump(t);", "    transfer_pump(t);"),
    "who shall ask again is refused": (TRANSFER, ["serve/tftp/provider:what_may_be_better_soon_is_silence_to_a_reader"], "    if (code >= 0)\n        len =", "    if (1)\n        len ="),
    "an upload that failed for a moment hears nothing": (TRANSFER, ["serve/tftp/provider:a_failure_may_come_later"], "        code = KEDGE_TFTP_UNDEFINED;", "        ;"),
    "a full socket stops nobody": (TRANSFER, FULL, "    if (done < count)\n        port_stick(t);", ""),
    "an answer to options is a plain ACK": (TRANSFER, ["serve/tftp/joined:a_gap_within_joined_blocks_is_told"], "if (block == 0 && t->session->granted.has)", "if (0)"),
    "an announced size is not told": (TRANSFER, ["serve/tftp/provider:the_announced_size_of_octets_is_told"], ".announced_bytes = sized ? asked->tsize : 0", ".announced_bytes = 0"),
    "the size of a text is taken for its file's": (TRANSFER, ["serve/tftp/provider:the_announced_size_of_octets_is_told"], "session->mode == KEDGE_TFTP_OCTET && (asked->has", "(asked->has"),
    # Datagrams to it.
    "joined blocks are all the first": (DISPATCH, STORED, "        left.ptr += in->m.segment;\n", ""),
    "all ports of a host are one peer": (DISPATCH, ["serve/tftp/service:an_open_that_hangs_stops_nobody"], "    out->peer.port = peer.port;\n", ""),
    "a broadcast is for us alone": (DISPATCH, ["serve/tftp/service:a_broadcast_address_answers_nobody"], ".to_broadcast = in->to_broadcast,", ".to_broadcast = false,"),
    "a transfer that was replaced stays": (DISPATCH, ["serve/tftp/service:a_peer_goes_while_its_file_opens"], "        transfer_end(transfer_of(s, event->replaced));", "        ;"),
    "a turn has no end": (DISPATCH, ["serve/tftp/service:a_turn_takes_some_packets_of_a_socket_and_ends"], "enum { BATCHES_MAX = 8,", "enum { BATCHES_MAX = 800,"),
    "a stuck transfer is forgotten": (DISPATCH, FULL, "        t->is_stuck = false;\n        transfer_pump(t);", "        t->is_stuck = false;"),
    "room in a socket is not seen": (DISPATCH, FULL, "    if (events & LOOP_WRITE)\n        unstick(p);", ""),
    "a reply to nobody's transfer leaves from any address": (DISPATCH, ["serve/tftp/service:a_reply_leaves_from_the_address_asked"], "    if (p->listener->any)\n        c.local = m->local;", ""),
    "a transfer speaks from any address": (REQUEST, ["serve/tftp/service:a_reply_leaves_from_the_address_asked"], "        t->channel.local = m->local;", "        ;"),
    "who stops takes requests": (DISPATCH, ["serve/tftp/service:one_that_stops_takes_no_request"], "return !s->stopping ||", "return true ||"),
    # Its ports.
    "lent bytes stay in a socket that is full": (PORT, FULL, "        udp_out_drop(p->out);", "        ;"),
    "a socket that is full is not waited for": (PORT, FULL, "            loop_watch_change(s->config.loop, &p->watch, LOOP_READ | LOOP_WRITE);\n            at", "            at"),
    "what an outbox sent is forgotten": (PORT, ["serve/tftp/full_socket:what_was_lent_and_left_costs_no_other_its_packet"], "    p->emptied += p->out->emptied;\n", ""),
    # Its directory.
    "a file is never let go": (DIRECTORY, ["serve/tftp/service:a_file_is_let_go"], "        cache_release(f->file, now_of(f));", "        ;"),
    "a changed file is not seen": (DIRECTORY, ["serve/tftp/service:a_file_altered_while_it_is_served_has_no_last_block"], "return turn_memory_changed(&directory_of(file)->memory, f->file, now_of(f));", "return false;"),
    "no descriptor is given back for an upload": (DIRECTORY, FULL, "if (err == EMFILE || err == ENFILE)", "if (0)"),
    # A block that a helper has read.
    "a cold read is copied beyond its end": (COLD, READ, " || part->want > c->len - at", ""),
    "a cold read serves what is before it": (COLD, READ, "if (part->offset < c->offset || at > c->len", "if (at > c->len + UINT32_MAX"),
    "parts of a cold read are all the first": (COLD, READ, "        at += v->iov_len;\n", ""),
    "a cold read is freed twice": (COLD, READ, "    c->iov.iov_base = NULL;\n", ""),
    "a cold read that was forgotten is there": (COLD, READ, "    c->len = c->want = 0;\n", ""),
    "a cold read begins at the start": (COLD, READ, "    c->offset = part->offset;\n", ""),
    # Bytes of an upload.
    "a late block moves those before it": (UPLOAD, GATHERED, "    if (g->len == 0)\n        g->offset = offset;", "    g->offset = offset;"),
    "more is gathered than there is room": (UPLOAD, GATHERED, "min_u64(bytes->len, GATHER_BYTES - g->len)", "min_u64(bytes->len, GATHER_BYTES)"),
    "gathered bytes go to the start": (UPLOAD, GATHERED, "&iov, 1, g->offset);\n}", "&iov, 1, 0);\n}"),
    "a write that failed for another's sake is forgotten": (UPLOAD, GATHERED, "    u->failed = write_gathered(u);", "    (void)!write_gathered(u).error;"),
    "each upload has memory": (UPLOAD, GATHERED, "all->count == GATHERERS_MAX", "0"),
    "what a helper wrote is written over": (UPLOAD, GATHERED, "    g->offset += done;\n", ""),
    "what came meanwhile is what was before": (UPLOAD, GATHERED, "        memmove(g->bytes, g->bytes + done, g->len);", "        ;"),
    "a commit during a write never comes": (UPLOAD, GATHERED, "else if (good && u->commits)", "else if (0)"),
    "a slow disk's memory has no bound": (UPLOAD, GATHERED, "if (u->upload.slow && len > GATHER_BYTES - g->len)", "if (0)"),
    "a commit forgets that a write failed": (UPLOAD, GATHERED, "    result = so_far(u);\n    if", "    result = store_ok();\n    if"),
    "an upload that is given up stays": (UPLOAD, GATHERED, "    forget_bytes(u);\n    if (!u->open)", "    forget_bytes(u);\n    if (1)"),
    # Names without case.
    "a directory that could not be read has no more names": (CASES, ["serve/tftp/case_cache"], "if (n->count < CASE_CACHE_NAMES && errno != 0)", "if (0)"),
    "a directory that has changed is as it was": (CASES, ["serve/tftp/case_cache"], "    if (!identity_same(&n->directory, id)) {\n", "    if (0) {\n"),
    "a directory that could not be read is read at each request": (CASES, ["serve/tftp/case_cache"], "return sub_sat(now, n->read_at) < CASE_CACHE_FAILED;", "return false;"),
    "one that has just changed is settled": (CASES, ["serve/tftp/case_cache"], "return n->read_at - n->seen_at >= CASE_CACHE_SETTLED;", "return true;"),
    # What was judged, and of whom.
    "an upload is judged as a download": (JUDGED, ["serve/tftp/judged"], "key.writes = q->writes;", "key.writes = 0;"),
    "a judgement counts for any name": (JUDGED, ["serve/tftp/judged"], "if (memcmp(&slot->key, &key, bytes_of(&key).len) == 0)", "if (memcmp(&slot->key, &key, offsetof(struct judged_key, name)) == 0)"),
    "a judgement outlives its policy": (JUDGED, ["serve/tftp/judged"], "key.generation = set->generation;", "key.generation = 1;"),
    "a refusal is kept as a grant": (JUDGED, ["serve/tftp/judged"], "rules->result.error != STORE_OK || len", "len"),
    "what depends on more than the name is kept": (JUDGED, ["serve/tftp/judged"], "if (!set->remembers || q", "if (q"),
    "a lookup waits behind a write": (GROUP, ["serve/tftp/job_group"], "0, writes };", "0, 0 };"),
    "two dots lead to the top": (GROUP, ["serve/tftp/job_group"], "depth -= depth > 0;", "depth = 0;"),
    "a tunnel is not counted": (LIMITS, ["serve/tftp/limits"], "HEADERS_V6) + (uint64_t)configured.slack;", "HEADERS_V6);"),
    "a configured window is not kept": (LIMITS, ["serve/tftp/limits"], "return configured && configured < own ? configured : own;", "return own;"),
    "a size that a client made up is shown": (LIVE, ["serve/tftp/live"], "asked <= INT64_MAX ? asked", "1 ? asked"),
    "a reader hears that it is to ask again": (REFUSAL, ["serve/tftp/refusal"], "        return -1;", "        return KEDGE_TFTP_ACCESS;"),
    "a text is cut in a word": (REFUSAL, ["serve/tftp/refusal"], "    if (strlen(text) <= room)\n", "    if (1)\n"),
    # Echoes.
    "an unsealed mark is taken in spite of a key": (UDP, ["serve/echo/marks"], "    if (!e->key)\n        return true;\n    if (ext", "    if (1)\n        return true;\n    if (ext"),
    "any seal will do": (UDP, ["serve/echo/marks"], "key_proves(e->key, marked, payload.ptr + EXTENDED_SIZE))", "true)"),
    "half a seal is read beyond its end": (UDP, ["serve/echo/marks"], "payload.len >= AUTHENTICATED_SIZE &&\n", "\n"),
    "a reply is longer than was asked": (UDP, ["serve/echo/marks"], "&m, size - m.bytes.len) == 0", "&m, size) == 0"),
    "who is refused gets a report": (UDP, ["serve/echo/marks"], "    if (!answer) {", "    if (0) {"),
    "a train loses the wrong part": (UDP, ["serve/echo/udp:others_of_a_train_come_back"], "memmove(bytes + at, bytes + at + size, m->bytes.len - at - size);", ";"),
    "the guard is not asked": (DATAGRAMS, ["serve/echo/udp:own_ports_are_not_answered"], "&g, loop_now(d->loop)) == GUARD_ANSWER", "&g, loop_now(d->loop)) < GUARD_VERDICTS"),
    "an echo that waits for room hears nothing more": (DATAGRAMS, ["serve/echo/faults:datagrams"], "    if (events & LOOP_WRITE)\n        flush_datagrams(d);", ""),
    "answers in a full socket are forgotten": (DATAGRAMS, ["serve/echo/faults:datagrams"], "udp_flush(&d->out) ? LOOP_READ : LOOP_WRITE", "(udp_flush(&d->out), LOOP_READ)"),
    "what a client did not take is lost": (TCP, ["serve/echo/faults:streams"], "return sent < got ? keep_rest(c, buffer + sent, (size_t)(got - sent)) : 0;", "return 0;"),
    "a rest begins again": (TCP, ["serve/echo/faults:streams"], "    c->rest_at += (uint32_t)n;\n", ""),
    "more is skipped than was sent": (TCP, ["serve/echo/tcp_pressure:what_is_kept_has_a_bound"], "connection_skip(c->watch.fd, kind, buffer, (size_t)sent);", "connection_skip(c->watch.fd, kind, buffer, (size_t)got);"),
    "rests have no bound": (TCP, ["serve/echo/tcp_pressure:what_is_kept_has_a_bound"], "c->echo->kept + ECHO_BUFFER <= ECHO_KEPT", "1"),
    "nobody is idle": (TCP, ["serve/echo/tcp:idle_ones_are_ended_and_busy_ones_not"], "now - e->oldest->moved >= e->limits.idle", "0"),
    "a full table keeps the loop awake": (TCP, ["serve/echo/tcp_limits:one_more_waits_until_one_goes"], "full ? 0 : LOOP_READ", "LOOP_READ"),
    "the descriptors of others are taken": (TCP, ["serve/echo/tcp_limits:the_highest_descriptors_are_for_others"], "if (e->beyond && !connection_room(", "if (0 && !connection_room("),
    "a stop takes back what was sent": (TCP, ["serve/echo/tcp_stop:stop_goes_on_with_who_talks"], "now - since >= ECHO_QUIET", "1"),
    "who has no name is answered": (LOCAL, ["serve/echo/local"], "    if (!has_name(from))\n", "    if (0)\n"),
    "a local loop has no guard": (LOCAL, ["serve/echo/local"], "!= GUARD_ANSWER", "== GUARD_VERDICTS"),
    "two repliers talk for ever": (REPLY, ["serve/echo/reply:reply_is_one_text"], "        r->d.guard.own_text = r->text;", "        ;"),
}
