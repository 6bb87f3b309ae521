/* SPDX-License-Identifier: MIT */
/* Tests of listening at the paths of unix sockets: kedge/endpoint.h. */
#include "listening.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void left_over_path_is_replaced(void **state)
{
    char endpoint[64], at[KEDGE_ENDPOINT_TEXT];
    struct kedge_error error;
    struct stat st;
    int fd;

    (void)state;
    in_folder(endpoint, "unix");
    close(listening(endpoint, at)); /* its path stays */
    assert_int_equal(stat(at + strlen("unix://"), &st), 0);
    fd = listening(endpoint, at);
    fails(kedge_listen(endpoint, &error), &error, KEDGE_SYSTEM, "Address already in use");
    kedge_unlisten(fd);
    assert_int_equal(stat(at + strlen("unix://"), &st), -1);
}

/* Who asks whether anybody listens does not wait in the queue of one who is stuck. */
static void a_stuck_listener_is_no_left_over(void **state)
{
    char endpoint[64], at[KEDGE_ENDPOINT_TEXT];
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct kedge_error error;
    int fd, clients[2];

    (void)state;
    in_folder(endpoint, "unix");
    fd = listening(endpoint, at);
    assert_int_equal(listen(fd, 0), 0);
    strcpy(to.sun_path, endpoint + strlen("unix://"));
    for (size_t i = 0; i < COUNT(clients); i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&to, sizeof to), -(int)i);
    }
    assert_int_equal(errno, EAGAIN);
    fails(kedge_listen(endpoint, &error), &error, KEDGE_SYSTEM, "Address already in use");
    for (size_t i = 0; i < COUNT(clients); i++)
        close(clients[i]);
    kedge_unlisten(fd);
}

static void a_file_is_never_replaced(void **state)
{
    char endpoint[64];
    struct kedge_error error;
    FILE *file;

    (void)state;
    in_folder(endpoint, "unix");
    file = fopen(endpoint + strlen("unix://"), "w");
    assert_non_null(file);
    fclose(file);
    fails(kedge_listen(endpoint, &error), &error, KEDGE_SYSTEM, "Address already in use");
    assert_int_equal(unlink(endpoint + strlen("unix://")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(left_over_path_is_replaced),
        cmocka_unit_test(a_stuck_listener_is_no_left_over),
        cmocka_unit_test(a_file_is_never_replaced),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
