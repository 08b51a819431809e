#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Clients that stand in the middle of a failure.
# usage: failures.pl many ADDRESS NAME COUNT FIRST-PORT SECONDS
#            that many requests at once, from ports from there on; says how many
#            were answered
#        failures.pl half ADDRESS NAME PORT SECONDS FOLDER
#            half a request, and the rest once FOLDER/go is there; says what came
#            back
#        failures.pl flood ADDRESS PORT COUNT
#            that many datagrams of one flow
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

sub flow {
	my ($address, $from, $blocking) = @_;

	return IO::Socket::INET->new(PeerAddr => $address, PeerPort => 80, Proto => 'tcp',
		LocalPort => $from, ReuseAddr => 1, Blocking => $blocking, Timeout => 3);
}

sub many {
	my ($address, $name, $count, $first, $seconds) = @_;
	my $request = "GET / HTTP/1.1\r\nHost: $name\r\nConnection: close\r\n\r\n";
	my $until = time + $seconds;
	my ($writers, $readers, $answered) = (IO::Select->new, IO::Select->new, 0);

	for my $n (0 .. $count - 1) {
		my $s = flow($address, $first + $n, 0) or next;
		$writers->add($s);
	}
	while (($writers->count || $readers->count) && time < $until) {
		my ($can_read, $can_write) = IO::Select->select($readers, $writers, undef, 0.2);
		for my $s (@{$can_write // []}) {
			$writers->remove($s);
			$readers->add($s) if defined syswrite $s, $request;
		}
		for my $s (@{$can_read // []}) {
			my $n = sysread $s, my $got, 4096;
			$answered++ if $n && $got =~ m{^HTTP/1\.1 200};
			$readers->remove($s);
			close $s;
		}
	}
	return "$answered\n";
}

sub half {
	my ($address, $name, $port, $seconds, $folder) = @_;
	my $s = flow($address, $port, 1) or return "no connection\n";

	syswrite $s, "GET / HTTP/1.1\r\nHost: ";
	open my $file, '>', "$folder/half" or die "$folder: $!";
	close $file;
	for (1 .. 20 * $seconds) {
		last if -e "$folder/go";
		sleep 0.05;
	}
	syswrite $s, "$name\r\nConnection: close\r\n\r\n";
	return "nothing\n" unless IO::Select->new($s)->can_read($seconds);
	my $n = sysread $s, my $got, 4096;
	return $n ? (split /\r\n/, $got)[0] . "\n" : "reset\n";
}

sub flood {
	my ($address, $port, $count) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Proto => 'udp')
		or die "no socket: $@";

	send $s, 'x' x 20, 0 for 1 .. $count;
	return "$count\n";
}

my %does = (many => \&many, half => \&half, flood => \&flood);
my $what = shift // '';
my $does = $does{$what} or die "usage: failures.pl many|half|flood ...\n";
print $does->(@ARGV);
