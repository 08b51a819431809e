#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Relays datagrams of one client after the other, all from one socket, that has
# sent others before: what a server passes over, as it is none of its protocol.
# usage: behind_junk.pl LISTEN-ADDRESS PORT TO-ADDRESS TO-PORT junk|stun|nothing
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;

my ($address, $port, $to, $to_port, $first) = @ARGV;
my %first = (
	junk => ["\1\2\3\4", 'junk'],
	stun => [pack('H*', '000100002112a442001122334455667788990011')],
	nothing => [],
);
my $near = IO::Socket::IP->new(Type => SOCK_DGRAM, LocalHost => $address, LocalPort => $port)
	or die "near: $@";
my $far = IO::Socket::IP->new(Type => SOCK_DGRAM, PeerHost => $to, PeerPort => $to_port)
	or die "far: $@";
my $both = IO::Select->new($near, $far);
my $client;

while (1) {
	for my $s ($both->can_read) {
		my $from = recv $s, my $data, 65535, 0;
		next unless defined $from;
		if ($s == $far) {
			send $near, $data, 0, $client;
			next;
		}
		if (!defined $client) {
			for my $junk (@{$first{$first}}) {
				send $far, $junk, 0;
				select undef, undef, undef, 0.1;
			}
		}
		$client = $from;
		send $far, $data, 0;
	}
}
