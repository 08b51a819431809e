#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Asks on an interface for an address by DHCPv6 (RFC 8415: Solicit), as a host
# does that has only its link-local one; prints what is advertised.
# usage: lease6.pl INTERFACE
use strict;
use warnings;
use Socket qw(:all);

sub option {
	my ($code, $data) = @_;
	return pack('nn', $code, length $data) . $data;
}

my ($index) = `ip -o link show $ARGV[0]` =~ /^(\d+)/ or die "no interface $ARGV[0]";
my ($local) = `ip -6 -o address show dev $ARGV[0] scope link` =~ /inet6 ([0-9a-f:]+)/
	or die "no link-local address";
my $solicit = pack('N', 1 << 24 | 0x123456) .
	option(1, pack 'nnH*', 3, 1, '020000000001') .
	option(3, pack 'NNN', 1, 0, 0) . option(8, pack 'n', 0);

socket(my $s, AF_INET6, SOCK_DGRAM, 0) or die "socket: $!";
setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
bind($s, pack_sockaddr_in6(546, inet_pton(AF_INET6, $local), $index)) or die "bind: $!";
for (1 .. 3) {
	my $bits = '';

	send($s, $solicit, 0, pack_sockaddr_in6(547, inet_pton(AF_INET6, 'ff02::1:2'), $index))
		or die "send: $!";
	vec($bits, fileno $s, 1) = 1;
	next unless select $bits, undef, undef, 1;
	recv($s, my $answer, 65535, 0);
	# IAADDR within IA_NA
	if ($answer =~ /\x00\x05\x00\x18(.{16})/s) {
		print inet_ntop(AF_INET6, $1), "\n";
		exit 0;
	}
}
print "no answer\n";
