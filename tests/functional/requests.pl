#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# An HTTP/1.1 server that keeps connections, takes bodies of any size and writes
# a line for each request: "METHOD TARGET HOST BYTES".  Its answer has the MD5 of
# the body in a header.  It agrees to become a WebSocket, and then sends back what
# it gets.
# usage: requests.pl PORT LOG ADDRESS...
use strict;
use warnings;
use Digest::MD5;
use IO::Handle;
use IO::Select;
use IO::Socket::IP;

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
my ($port, $log, @addresses) = @ARGV;

sub note {
	open my $out, '>>', $log or die "$log: $!";
	$out->autoflush(1);
	print $out "@_\n";
	close $out;
}

sub take {
	my ($c, $n, $md5) = @_;
	my $rest = $n;

	while ($rest > 0) {
		my $got = read $c, my $data, $rest < 65536 ? $rest : 65536;
		return unless $got;
		$md5->add($data);
		$rest -= $got;
	}
	return $n;
}

sub chunks {
	my ($c, $md5) = @_;
	my $sum = 0;

	while (defined(my $line = <$c>)) {
		my $n = hex(($line =~ /^([0-9a-fA-F]+)/)[0] // return);
		defined take($c, $n, $md5) or return;
		<$c>;
		return $sum if $n == 0;
		$sum += $n;
	}
	return;
}

sub request {
	my $c = shift;
	my ($method, $target) = ((<$c> // return) =~ /^(\S+) (\S+) HTTP/) or return;
	my $md5 = Digest::MD5->new;
	my %h;

	while (defined(my $line = <$c>)) {
		last if $line =~ /^\r?\n$/;
		$h{lc $1} = $2 if $line =~ /^([^:]+):\s*(.*?)\s*$/;
	}
	print $c "HTTP/1.1 100 Continue\r\n\r\n" if ($h{expect} // '') eq '100-continue';
	my $bytes = ($h{'transfer-encoding'} // '') =~ /chunked/ ? chunks($c, $md5)
		: take($c, $h{'content-length'} // 0, $md5);
	return unless defined $bytes;
	note($method, $target, $h{host} // '-', $bytes);
	if (lc($h{upgrade} // '') eq 'websocket') {
		print $c "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
		while (sysread $c, my $data, 65536) { syswrite $c, $data }
		return;
	}
	my $body = "$method $target $bytes\n";
	print $c "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) .
		"\r\nX-MD5: " . $md5->hexdigest . "\r\n\r\n$body";
	return 1;
}

my $listening = IO::Select->new(map {
	IO::Socket::IP->new(LocalHost => $_, LocalPort => $port, Listen => 64,
		ReuseAddr => 1, V6Only => 1) or die "$_: $@";
} @addresses);
while (1) {
	for my $s ($listening->can_read) {
		my $c = $s->accept or next;
		if (!fork) {
			$c->autoflush(1);
			1 while request($c);
			exit 0;
		}
		close $c;
	}
}
