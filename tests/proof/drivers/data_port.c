/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/data_port.c. */
/* With: base/bytes.c base/number.c base/deadlines.c tftp/rtt.c tftp/bursts.c
 *       tftp/pace.c tftp/sender.c tftp/receiver.c tftp/machine.c
 *       tftp/packet.c tftp/admission.c tftp/sessions.c tftp/table.c
 *       tftp/port_memory.c */
#include "arrival.h"

#include "tftp/request_port.c"

/* What is handed on, as it came: request_port.request has it, from any table. */
static void handed_on(struct tftp_sessions *t, const struct tftp_arrival *in,
                      kedge_nanos now, struct tftp_event *out)
{
    *out = (struct tftp_event){ .verdict = TFTP_DROPPED };
}

#define tftp_sessions_request handed_on

#include "tftp/data_port.c"

/* Spec: kedge_tftp_machine_read, hash_bytes, session_validated. */
void prove_data(void)
{
    struct tftp_sessions t;
    struct tftp_event out;
    ANY_DATAGRAM(bytes);
    struct tftp_arrival in = any_arrival(bytes);

    any_table(&t);
    tftp_sessions_data(&t, &in, any_u64(), &out);
    event_is_sound(&t, &out);
    //@ slevel merge;
    each_link_is_a_place(&t);
}
