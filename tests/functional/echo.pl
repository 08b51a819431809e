#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Sends back what it gets.  Each address gets a socket of its own, so that a
# datagram is answered from the address that it was sent to.
# usage: echo.pl tcp|udp PORT ADDRESS4 ADDRESS6
use strict;
use warnings;
use Socket qw(:all);

my ($l4, $port, $address4, $address6) = @ARGV;
my $type = $l4 eq 'udp' ? SOCK_DGRAM : SOCK_STREAM;

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
for my $family (AF_INET, AF_INET6) {
	socket(my $s, $family, $type, 0) or die "socket: $!";
	setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
	setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 1) if $family == AF_INET6;
	bind($s, $family == AF_INET ? pack_sockaddr_in($port, inet_pton(AF_INET, $address4))
		: pack_sockaddr_in6($port, inet_pton(AF_INET6, $address6))) or die "bind: $!";
	if ($l4 eq 'tcp') {
		listen($s, 64) or die "listen: $!";
	}
	my $pid = fork() // die "fork: $!";
	next if $pid;
	while (1) {
		if ($l4 eq 'udp') {
			my $peer = recv($s, my $data, 65535, 0);
			send($s, $data, 0, $peer) if defined $peer;
			next;
		}
		accept(my $c, $s) or next;
		my $child = fork() // 0;
		if (!$child) {
			while (sysread($c, my $data, 65536)) {
				syswrite($c, $data);
			}
			exit 0;
		}
		close $c;
	}
}
sleep 1 while 1;
