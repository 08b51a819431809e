#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Many connections that talk all the time, and what becomes of them.
# usage: transfer.pl serve PORT ADDRESS...
#        transfer.pl talk COUNT KIND PORT ADDRESS NAME STOP-FILE
# KIND: raw, http (a request for NAME first) or tls (a ClientHello for NAME).
# The server sends back what it gets.  The client writes a numbered line on each
# connection again and again and expects it back; when STOP-FILE is there it
# waits for what is still due (two minutes at most: TCP may be that late after
# nothing got through for a minute) and prints "COUNT whole, COUNT broken, COUNT lines".
# STOP-FILE.ready is made once all have had an answer.
use strict;
use warnings;
use Errno qw(EAGAIN EINPROGRESS);
use IO::Poll qw(POLLIN POLLOUT POLLERR POLLHUP);
use IO::Socket::IP;
use Time::HiRes qw(time sleep);

$SIG{PIPE} = 'IGNORE';
$| = 1;
my $role = shift;

sub serve {
	my ($port, @addresses) = @_;
	my $poll = IO::Poll->new;
	my %listening;

	for (@addresses) {
		my $s = IO::Socket::IP->new(LocalHost => $_, LocalPort => $port,
			Listen => 1024, ReuseAddr => 1, V6Only => 1) or die "$_: $@";
		$s->blocking(0);
		$listening{$s} = $s;
		$poll->mask($s => POLLIN);
	}
	while (1) {
		$poll->poll(1);
		for my $h ($poll->handles(POLLIN | POLLHUP | POLLERR)) {
			if ($listening{$h}) {
				while (my $c = $h->accept) {
					$c->blocking(0);
					$poll->mask($c => POLLIN);
				}
				next;
			}
			my $n = sysread $h, my $data, 65536;
			if (!defined $n ? $! != EAGAIN : $n == 0) {
				$poll->remove($h);
				close $h;
				next;
			}
			syswrite $h, $data if $n;
		}
	}
}

# A TLS 1.2 ClientHello for this name: RFC 8446, 4.1.2 and RFC 6066, 3.
sub client_hello {
	my $name = shift;
	my $sni = pack 'n/a*', pack('C', 0) . pack 'n/a*', $name;
	my $extensions = pack('n n/a*', 0, $sni) . pack('n n/a*', 10, pack 'n n', 2, 23);
	my $body = pack('n', 0x0303) . 'r' x 32 . pack('C', 0) . pack('n n', 2, 0xc02f) .
		pack('C C', 1, 0) . pack 'n/a*', $extensions;
	my $message = pack('C', 1) . substr(pack('N', length $body), 1) . $body;

	return pack('C n', 22, 0x0301) . pack 'n/a*', $message;
}

sub hello {
	my ($kind, $name) = @_;

	# The lines are the body.
	return "POST / HTTP/1.1\r\nHost: $name\r\nContent-Length: 1000000000\r\n\r\n" if $kind eq 'http';
	return client_hello($name) if $kind eq 'tls';
	return "begin\n";
}

sub talk {
	my ($count, $kind, $port, $address, $name, $stop) = @_;
	my $poll = IO::Poll->new;
	my (%c, $lines, $whole, $broken) = ();

	$lines = $whole = $broken = 0;
	for (1 .. $count) {
		my $s = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port,
			Timeout => 10);
		if (!$s) {
			$broken++;
			printf STDERR "%s: no connection: %s\n", time, $@;
			next;
		}
		$s->blocking(0);
		$c{$s} = { s => $s, due => hello($kind, $name), got => '', n => 0 };
		syswrite $s, $c{$s}{due};
		$poll->mask($s => POLLIN);
	}
	my ($ready, $end) = (0, 0);
	while (%c) {
		$end ||= time + 120 if -e $stop;
		last if $end && time > $end;
		$poll->poll(0.2);
		for my $h ($poll->handles(POLLIN | POLLHUP | POLLERR)) {
			my $c = $c{$h} or next;
			my $n = sysread $h, my $data, 65536;
			if (!defined $n ? $! != EAGAIN : $n == 0) {
				$broken++;
				printf STDERR "%s: port %d after %d lines: %s\n", time,
					$h->sockport, $c->{n}, defined $n ? 'end' : $!;
				$poll->remove($h);
				delete $c{$h};
				next;
			}
			$c->{got} .= $data if $n;
		}
		for my $c (values %c) {
			if ($c->{due} ne '') {
				next if length $c->{got} < length $c->{due};
				if ($c->{got} ne $c->{due}) {
					$broken++;
					$poll->remove($c->{s});
					delete $c{$c->{s}};
					next;
				}
				$ready++ if $c->{n}++ == 0;
				$lines++;
				@$c{'got', 'due', 'at'} = ('', '', time + 0.2);
			} elsif ($end) {
				$whole++;
				$poll->remove($c->{s});
				delete $c{$c->{s}};
			} elsif (time >= $c->{at}) {
				$c->{due} = "line $c->{n} of $port\n";
				syswrite $c->{s}, $c->{due};
			}
		}
		if ($ready >= $count && !-e "$stop.ready") {
			open my $f, '>', "$stop.ready";
			print $f "$ready\n";
		}
	}
	$broken += keys %c;
	print "$whole whole, $broken broken, $lines lines\n";
}

$role eq 'serve' ? serve(@ARGV) : talk(@ARGV);
