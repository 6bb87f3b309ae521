# SPDX-License-Identifier: MIT
"""Which tests hold each row of the tables "In place of" in docs/server.md. TESTS: at least one of
them has the peer beside kedge, and sees what the row is about. CONVERSION_ONLY: no test does; it is
shown that the option becomes that line of a policy, or is named as one without a counterpart. A guard
(tests/guards/test_documents.py) sees that each row is in one of the two, and that the tests are there;
whether they show what the row says is for the reader of both."""

HPA, MAP = "interop/test_in_tftpd.py", "interop/test_map.py"
MOVES, ROWS = "interop/test_migrations.py", "interop/test_in_place_of.py"
ALIKE = f"{HPA}::test_the_same_is_granted_and_refused"
WORDS = f"{HPA}::test_command_lines_end_alike"
DNSMASQ = f"{MOVES}::test_names_bring_what_they_brought_from_dnsmasq"
ATFTPD = f"{MOVES}::test_names_bring_what_they_brought_from_atftpd"
CONVERT = "e2e/test_convert.py"
A_LINE_OF_DNSMASQ = f"{CONVERT}::test_an_option_of_dnsmasq_is_a_line_of_the_policy"
A_LINE_OF_ATFTPD = f"{CONVERT}::test_an_option_of_atftpd_is_a_line_of_the_policy"
ALONE_IN_DNSMASQ = f"{CONVERT}::test_what_dnsmasq_has_alone_is_named"
ALONE_IN_ATFTPD = f"{CONVERT}::test_what_atftpd_has_alone_is_named"

TESTS = {
    "tftpd-hpa": {
        "`--secure` `-s DIR`": [ALIKE],
        "no `-s`: full paths, below named directories": [ALIKE],
        "uploads to files that are there, and that all may write": [ALIKE],
        "`--create` `-c`": [ALIKE],
        "`--umask` `-U` (666 without)": [f"{ROWS}::test_new_files_have_the_same_mode"],
        "`--permissive` `-p`": [ALIKE],
        "`--user` `-u`": [f"{ROWS}::test_files_are_read_as_the_same_user"],
        "`--address` `-a 192.0.2.1:69`, `-4`, `-6`": [f"{ROWS}::test_the_same_families_are_heard",
                                                      WORDS],
        "`--blocksize` `-B N`": [ALIKE],
        "`--refuse` `-r blksize`": [ALIKE],
        "`--retransmit` `-T`": [f"{ROWS}::test_a_block_comes_again_as_soon", WORDS],
        "`--port-range` `-R LOW:HIGH`": [f"{ROWS}::test_data_leave_from_the_same_ports", WORDS],
        "`--map-file` `-m`": [f"{MAP}::test_maps_that_others_wrote", f"{MAP}::test_random_maps"],
        "`--listen` `-l`, `--foreground` `-L`": [f"{ROWS}::test_the_pid_file_comes_and_goes"],
        "`--pidfile` `-P`, `--timeout` `-t`": [f"{ROWS}::test_the_pid_file_comes_and_goes",
                                               f"{ROWS}::test_inetd_starts_both"],
        "inetd": [f"{ROWS}::test_inetd_starts_both"],
        "`--verbose` `-v`": [f"{ROWS}::test_each_request_is_a_line"],
        "SIGHUP: the map is read again": [f"{ROWS}::test_a_map_is_read_again"],
    },
    "dnsmasq's": {
        "`tftp-root=DIR`": [DNSMASQ],
        "`tftp-root=DIR,IFACE`": [DNSMASQ],
        "`tftp-unique-root` (`=ip`, `=mac`)": [  # by address; =mac is seen converted
            DNSMASQ, f"{CONVERT}::test_clients_with_a_directory_have_it_as_their_root"],
        "`tftp-lowercase`": [DNSMASQ],
        "`tftp-secure`": [f"{ROWS}::test_the_owner_counts_for_dnsmasq_and_rights_for_kedge"],
        "`tftp-no-fail`": [f"{ROWS}::test_a_root_that_is_not_there"],
        "`tftp-mtu=N`, `tftp-no-blocksize`": [f"{MOVES}::test_blocks_are_as_large_as_dnsmasqs",
                                              f"{MOVES}::test_blocks_stay_small_as_with_dnsmasq"],
        "no uploads": [f"{ROWS}::test_neither_dnsmasq_nor_kedge_takes_uploads"],
    },
    "atftpd": {
        "the directory, last on the line": [ATFTPD],
        "uploads, always": [f"{MOVES}::test_uploads_are_as_with_atftpd"],
        "`--user USER.GROUP`, `--group`": [f"{ROWS}::test_atftpd_reads_as_the_same_user"],
        # The size of the window is seen converted.
        "`--no-blksize`, `--no-windowsize`": [f"{MOVES}::test_blocks_are_as_large_as_atftpds",
                                              A_LINE_OF_ATFTPD],
    },
}

CONVERSION_ONLY = {
    "dnsmasq's": {
        "`enable-tftp=IFACE`, `interface`, `except-interface`": [A_LINE_OF_DNSMASQ],
        "`listen-address=ADDRESS`": [A_LINE_OF_DNSMASQ],
        "`tftp-max=N` (50)": [A_LINE_OF_DNSMASQ],
        "`tftp-port-range=LOW,HIGH`": [A_LINE_OF_DNSMASQ],
        "`tftp-single-port`": [A_LINE_OF_DNSMASQ],
        "`quiet-tftp`": [ALONE_IN_DNSMASQ],
    },
    "atftpd": {
        "`--port`, `--bind-address`": [A_LINE_OF_ATFTPD],
        "`--maxthread N`": [A_LINE_OF_ATFTPD],
        "`--retry-timeout S`": [ALONE_IN_ATFTPD],
        "`--logfile FILE`, `--verbose`": [ALONE_IN_ATFTPD],
        "`--pcre FILE`": [ALONE_IN_ATFTPD],
        "`--daemon`, `--pidfile`": [ALONE_IN_ATFTPD],
        "multicast, mtftp": [ALONE_IN_ATFTPD],
    },
}
