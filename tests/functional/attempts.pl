#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# One new connection after the other, and what becomes of them.
# usage: attempts.pl KIND PORT ADDRESS NAME FIRST-SOURCE-PORT STOP-FILE
# KIND: raw, or http (a request for NAME).  The server sends back what it gets.
# Until STOP-FILE is there; then prints "N tried, N answered".
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;

$SIG{PIPE} = 'IGNORE';
my ($kind, $port, $address, $name, $source, $stop) = @ARGV;
my $text = $kind eq 'http' ? "GET / HTTP/1.1\r\nHost: $name\r\n\r\n" : "ping\n";
my ($tried, $answered) = (0, 0);

sub attempt {
	my $s = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port, Timeout => 5,
		LocalPort => $source + $tried % 2000, ReuseAddr => 1) or return "no connection: $@";

	syswrite $s, $text or return "not sent: $!";
	IO::Select->new($s)->can_read(5) or return 'silence';
	my $n = sysread $s, my $data, 4096;
	return defined $n ? $n == length $text ? '' : "$n bytes" : "$!";
}

while (!-e $stop) {
	my $why = attempt();

	$tried++;
	$answered++ if $why eq '';
	print STDERR "attempt $tried: $why\n" if $why ne '';
	select undef, undef, undef, 0.02;
}
print "$tried tried, $answered answered\n";
