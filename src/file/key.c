/* SPDX-License-Identifier: MIT */
/* A shared key read from its file, and MACs made with it (HMAC-SHA-256). */
#include "file/key.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <unistd.h>

/* Until the end or until there is no room. -errno. */
static int read_key_bytes(int fd, uint8_t *bytes, size_t room, size_t *len)
{
    ssize_t n = 1;

    for (*len = 0; *len < room && n != 0; *len += n > 0 ? (size_t)n : 0) {
        n = read(fd, bytes + *len, room - *len);
        if (n < 0 && errno != EINTR)
            return -errno;
    }
    return 0;
}

int key_read(struct store_key *k, const char *path)
{
    uint8_t bytes[KEY_MAX + 3]; /* one too many, and a line's end */
    size_t len = 0;
    int err, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    err = read_key_bytes(fd, bytes, sizeof bytes, &len);
    close(fd);
    if (err)
        return err;
    len -= len > 0 && bytes[len - 1] == '\n';
    len -= len > 0 && bytes[len - 1] == '\r';
    if (len < KEY_MIN || len > KEY_MAX)
        return -EINVAL;
    k->len = len;
    for (size_t i = 0; i < len; i++)
        k->bytes[i] = bytes[i];
    return 0;
}

void key_mac(const struct store_key *k, struct kedge_span bytes, uint8_t out[KEY_MAC])
{
    uint8_t whole[SHA256_DIGEST_SIZE];
    struct hmac_sha256_ctx h;

    hmac_sha256_set_key(&h, k->len, k->bytes);
    hmac_sha256_update(&h, bytes.len, bytes.ptr);
    hmac_sha256_digest(&h, sizeof whole, whole);
    for (size_t i = 0; i < KEY_MAC; i++)
        out[i] = whole[i];
}

bool key_proves(const struct store_key *k, struct kedge_span bytes,
                const uint8_t mac[KEY_MAC])
{
    uint8_t right[KEY_MAC];

    key_mac(k, bytes, right);
    return memeql_sec(right, mac, KEY_MAC);
}
