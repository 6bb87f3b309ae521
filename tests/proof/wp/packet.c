/* SPDX-License-Identifier: MIT */
/* Packets of any length, read and written. */
/* Functions: kedge_tftp_parse, finished, write_pair, kedge_tftp_write_data,
 * kedge_tftp_write_ack */
#include "contracts.h"

/*@ requires \valid_read(w);
  @ assigns \nothing;
  @ ensures \result == (w->bad ? 0 : w->len); */
static size_t finished(const struct writer *w);

/*@ requires room: room == 0 || \valid(buf + (0 .. room - 1));
  @ assigns buf[0 .. room - 1];
  @ ensures within: \result <= room; */
static size_t write_pair(uint8_t *buf, size_t room, uint16_t op, uint16_t number);

/*@ requires room: room == 0 || \valid(buf + (0 .. room - 1));
  @ assigns buf[0 .. room - 1];
  @ ensures within: \result <= room; */
size_t kedge_tftp_write_data(uint8_t *buf, size_t room, uint16_t block);

/*@ requires room: room == 0 || \valid(buf + (0 .. room - 1));
  @ assigns buf[0 .. room - 1];
  @ ensures within: \result <= room; */
size_t kedge_tftp_write_ack(uint8_t *buf, size_t room, uint16_t block);

#include "tftp/packet.c"
