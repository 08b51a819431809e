#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# An HTTP request sent one byte a segment; prints the answer.
# usage: bytewise.pl ADDRESS PORT NAME LOCAL-PORT (0: any)
use strict;
use warnings;
use Socket qw(:all);

my ($address, $port, $name, $local) = @ARGV;
my $six = $address =~ /:/;
my $family = $six ? AF_INET6 : AF_INET;

sub place {
	my ($a, $p) = @_;
	return $six ? pack_sockaddr_in6($p, inet_pton(AF_INET6, $a))
		: pack_sockaddr_in($p, inet_pton(AF_INET, $a));
}

$SIG{ALRM} = sub { exit 1 };
$SIG{PIPE} = 'IGNORE';
alarm 20 * ($ENV{LAB_SLOW} // 1);
socket(my $s, $family, SOCK_STREAM, 0) or die "socket: $!";
setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1);
setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
if ($local) {
	bind($s, place($six ? '::' : '0.0.0.0', $local)) or die "bind: $!";
}
connect($s, place($address, $port)) or die "connect: $!";
for my $byte (split //, "GET / HTTP/1.1\r\nHost: $name\r\nConnection: close\r\n\r\n") {
	defined syswrite($s, $byte) or die "write: $!";
	select undef, undef, undef, 0.002;
}
while (sysread($s, my $data, 65536)) {
	print $data;
}
