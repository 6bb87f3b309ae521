/* SPDX-License-Identifier: MIT */
/* The live page and its policy. */
#include "serve/status/page.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

extern const char status_page_html[]; /* page.html */

struct hash {
    char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1];
};

struct kedge_span status_page(void)
{
    return span_of(status_page_html);
}

/* Of what stands between the first of each. */
static struct hash hash_between(const char *open, const char *close)
{
    const char *opening = strstr(status_page_html, open);
    const char *from = opening ? opening + strlen(open) : "";
    const char *closing = strstr(from, close);
    size_t len = closing ? strlen(from) - strlen(closing) : 0;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct hash hash = { { 0 } };
    struct sha256_ctx sha;

    KEDGE_ASSERT(len > 0);
    sha256_init(&sha);
    sha256_update(&sha, len, (const uint8_t *)from);
    sha256_digest(&sha, sizeof digest, digest);
    base64_encode_raw(hash.text, sizeof digest, digest);
    return hash;
}

const char *status_page_policy(char out[STATUS_PAGE_POLICY])
{
    struct hash script = hash_between("<script>", "</script>");
    struct hash style = hash_between("<style>", "</style>");

    snprintf(out, STATUS_PAGE_POLICY,
             "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; "
             "connect-src 'self'; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'",
             script.text, style.text);
    return out;
}
