#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Sends one UDP datagram from an address that need not be its own.
# usage: spoof.pl FROM FROM-PORT TO TO-PORT TEXT
use strict;
use warnings;
use Socket qw(:all);

my ($from, $sport, $to, $dport, $text) = @ARGV;
my $family = $to =~ /:/ ? AF_INET6 : AF_INET;
my ($source, $target) = map { inet_pton($family, $_) } $from, $to;

sub checksum {
	my $sum = unpack '%32n*', $_[0] . (length($_[0]) % 2 ? "\0" : '');

	$sum = ($sum >> 16) + ($sum & 0xffff) while $sum >> 16;
	return ~$sum & 0xffff;
}

my $udp = pack('nnnn', $sport, $dport, 8 + length $text, 0) . $text;
my $pseudo = $source . $target . pack 'NN', length $udp, 17;
substr($udp, 6, 2) = pack 'n', checksum($pseudo . $udp) || 0xffff;

my $ip = $family == AF_INET6
	? pack('NnCC', 0x60000000, length $udp, 17, 64) . $source . $target
	: pack('CCnnnCCn', 0x45, 0, 20 + length $udp, 1, 0, 64, 17, 0) . $source . $target;
socket(my $s, $family, SOCK_RAW, IPPROTO_RAW) or die "raw: $!";
send($s, $ip . $udp, 0, $family == AF_INET6 ? pack_sockaddr_in6(0, $target)
	: pack_sockaddr_in(0, $target)) or die "send: $!";
