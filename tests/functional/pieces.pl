#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# An HTTP request sent in segments of SIZE bytes; prints the answer, of a CONNECT
# its first line.
# usage: pieces.pl ADDRESS PORT NAME LOCAL-PORT (0: any) SIZE [METHOD]
use strict;
use warnings;
use Socket qw(:all);

my ($address, $port, $name, $local, $size, $method) = @ARGV;
my $tunnel = ($method // '') eq 'CONNECT';
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
my $target = $tunnel ? "CONNECT $name" : "GET /";
my $request = "$target HTTP/1.1\r\nHost: $name\r\nConnection: close\r\n\r\n";
for my $piece ($request =~ /.{1,$size}/gs) {
	defined syswrite($s, $piece) or die "write: $!";
	select undef, undef, undef, 0.002;
}
while (sysread($s, my $data, 65536)) {
	print $data;
	last if $tunnel;
}
