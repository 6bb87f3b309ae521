/* The file of one answered request: below a directory that no name leads out of, by the
 * rules of file/root.h and file/upload.h, but waited for. */
#ifndef TRANSFER_SERVED_H
#define TRANSFER_SERVED_H

#include "file/upload.h"
#include "transfer/file.h"

struct fetch_served {
    struct fetch_file file;
    struct store_root root;
    struct root_name name;
    int fd;                 /* of a file that is sent; -1 */
    struct stat was;        /* when it was opened */
    bool uploading;         /* `upload` has begun and has not ended */
    bool job;               /* one is under way */
    struct workers workers; /* started with an upload */
    struct upload_rules rules;
    struct upload upload;
};

/* On a fault nothing is open; else fetch_served_close(), which leaves nothing behind of
 * an upload that was not kept. *s must not move meanwhile. */
KEDGE_MUST_CHECK struct transfer_error
fetch_served_open(struct fetch_served *s, const struct kedge_transfer_request *request,
                  const struct kedge_tftp_request *wish);
void fetch_served_close(struct fetch_served *s);

#endif
