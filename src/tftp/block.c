/* SPDX-License-Identifier: MIT */
/* Block numbers: 64 bits here, 16 on the wire. After 65535 comes 0, or 1 where the rollover
 * option says so. */
#include "kedge/tftp.h"

#include "base/number.h"

uint16_t kedge_tftp_wire(uint64_t block, uint32_t rollover)
{
    if (rollover == 0 || block == 0)
        return (uint16_t)(block % 65536);
    return (uint16_t)((block - 1) % 65535 + 1);
}

bool kedge_tftp_unwrap(uint64_t first, uint64_t count, uint16_t wire, uint32_t rollover,
                       uint64_t *block)
{
    uint64_t period = rollover ? 65535 : 65536;
    uint64_t ahead = (wire + period - kedge_tftp_wire(first, rollover)) % period;

    if (rollover && wire == 0)
        ahead = first == 0 ? 0 : UINT64_MAX; /* only block 0 itself is numbered 0 */
    else if (rollover && first == 0)
        ahead = wire;
    if (ahead >= count)
        return false;
    *block = first + ahead;
    return true;
}
