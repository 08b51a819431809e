#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A wire between two interfaces that loses packets, delivers them twice, late
# and in another order: what netem does, where the kernel has none.
# usage: lossy.pl DEVICE DEVICE SETTINGS     a wire, until it is killed
#        lossy.pl plain DEVICE...            no offloads: packets as on a wire
# SETTINGS is a file of one line: LOSS REORDERED DUPLICATES LATE JITTER, three in
# per cent, two in milliseconds: a reordered packet comes up to LATE later, and
# each packet up to JITTER.  It is read again on SIGHUP.
use strict;
use warnings;
use IO::Select;
use Socket qw(AF_INET SOCK_DGRAM SOCK_RAW);
use Time::HiRes qw(time);

use constant {
	AF_PACKET => 17,
	ETH_P_ALL => 0x0300, # in network order
	PACKET_OUTGOING => 4,
	SO_RCVBUFFORCE => 33,
	SIOCGIFINDEX => 0x8933,
	SIOCETHTOOL => 0x8946,
};
# ETHTOOL_STXCSUM, SSG, STSO, SGSO, SGRO
my @OFFLOADS = (0x17, 0x19, 0x1f, 0x24, 0x2c);

sub control {
	my ($device, $request, $data) = @_;
	my $ifreq = pack 'a16 a16', $device, $data;

	socket(my $s, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
	ioctl($s, $request, $ifreq) or return;
	return substr $ifreq, 16;
}

sub plain {
	my $device = shift;

	for my $command (@OFFLOADS) {
		my $value = pack 'L L', $command, 0;
		control($device, SIOCETHTOOL, pack 'P', $value) or
			warn sprintf "%s: offload %#x: %s\n", $device, $command, $!;
	}
}

sub wire {
	my $device = shift;
	my $index = unpack 'l', control($device, SIOCGIFINDEX, '') // die "$device: $!";

	socket(my $s, AF_PACKET, SOCK_RAW, ETH_P_ALL) or die "packet: $!";
	setsockopt($s, 1, SO_RCVBUFFORCE, pack 'l', 8 << 20);
	bind($s, pack 'S S l S C C a8', AF_PACKET, ETH_P_ALL, $index, 0, 0, 0, '') or die "bind: $!";
	return $s;
}

my @devices = @ARGV;
if ($devices[0] eq 'plain') {
	plain($_) for @devices[1 .. $#devices];
	exit 0;
}
my $file = pop @devices;
my ($loss, $reordered, $duplicates, $late, $jitter);
sub settings {
	open my $in, '<', $file or die "$file: $!";
	($loss, $reordered, $duplicates, $late, $jitter) = split ' ', <$in>;
}
my $changed = 1;
$SIG{HUP} = sub { $changed = 1 };

my @ends = map { wire($_) } @devices;
my %across = ($ends[0] => $ends[1], $ends[1] => $ends[0]);
my $select = IO::Select->new(@ends);
my %due; # milliseconds -> packets and where they go
my $first; # the first of them

sub later {
	my ($out, $packet) = @_;
	my $wait = rand $jitter;

	return if rand(100) < $loss;
	$wait += rand $late if rand(100) < $reordered;
	my $when = int((time + $wait / 1000) * 1000);
	push @{$due{$when}}, [$out, $packet];
	$first = $when if !defined $first || $when < $first;
}

while (1) {
	settings() if $changed;
	$changed = 0;
	my $wait = defined $first ? $first / 1000 - time : 1;
	for my $in ($select->can_read($wait > 0 ? $wait : 0)) {
		for (1 .. 64) {
			my $from = recv $in, my $packet, 65536, 0x40; # MSG_DONTWAIT
			last if !defined $from;
			next if unpack('x10 C', $from) == PACKET_OUTGOING;
			later($across{$in}, $packet);
			later($across{$in}, $packet) if rand(100) < $duplicates;
		}
	}
	next if !defined $first || $first / 1000 > time;
	my $now = int(time * 1000);
	for my $when (sort { $a <=> $b } grep { $_ <= $now } keys %due) {
		send $_->[0], $_->[1], 0 for @{delete $due{$when}};
	}
	($first) = sort { $a <=> $b } keys %due;
}
