#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Perl's Net::TFTPd, one transfer at a time: net_tftpd.pl ADDRESS PORT ROOT
use strict;
use warnings;
use Net::TFTPd;

my $listener = Net::TFTPd->new(
    LocalAddr => $ARGV[0], LocalPort => $ARGV[1], RootDir => $ARGV[2],
    Writable => 1, ACKtimeout => 1
) or die Net::TFTPd->error;
while (1) {
    my $request = $listener->waitRQ(3600) or next;
    eval { $request->processRQ() };
}
