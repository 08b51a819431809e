#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A TCP client (IPv4) that is made by hand, for what no kernel would send.
# usage: raw.pl OWN-ADDRESS OWN-PORT ADDRESS PORT STEP...
#   syn[=TEXT]          SYN (with data), wait for the answer, acknowledge
#   FLAGS@OFFSET=TEXT   a segment; flags of FSRPAU, offset from the ISN + 1;
#                       with U the urgent pointer is behind the text
#   bad@OFFSET=TEXT     the same with a wrong checksum
#   wait=SECONDS        take what comes
# TEXT may hold \r \n \xHH.  The answers' payload is printed, and "RST" for a
# reset.  The own kernel must not see the answers: drop them on its input.
use strict;
use warnings;
use Socket qw(:all);
use Time::HiRes qw(time);

my ($from, $sport, $to, $dport, @steps) = @ARGV;
my ($isn, $acked, $answer) = (1000000, 0, '');

alarm 60;
$| = 1;
socket(my $out, AF_INET, SOCK_RAW, IPPROTO_RAW) or die "raw: $!";
socket(my $in, 17, SOCK_DGRAM, 8) or die "packet: $!"; # AF_PACKET, ETH_P_IP

sub checksum {
	my $sum = unpack '%32n*', $_[0] . (length($_[0]) % 2 ? "\0" : '');

	$sum = ($sum >> 16) + ($sum & 0xffff) while $sum >> 16;
	return ~$sum & 0xffff;
}

sub transmit {
	my ($seq, $flags, $data, $spoil) = @_;
	my $urgent = $flags & 0x20 ? length $data : 0;
	my @head = ($sport, $dport, $seq & 0xffffffff, $acked & 0xffffffff,
		0x50, $flags, 65535);
	my $tcp = pack('nnNNCCnnn', @head, 0, $urgent) . $data;
	my $pseudo = inet_aton($from) . inet_aton($to) . pack 'Cxn', 6, length $tcp;
	my $sum = checksum(substr($pseudo, 0, 8) . pack('xCn', 6, length $tcp) . $tcp);
	my $ip;

	substr($tcp, 16, 2) = pack 'n', $spoil ? $sum ^ 0x5555 : $sum;
	$ip = pack('CCnnnCCn', 0x45, 0, 20 + length $tcp, 1, 0, 64, 6, 0) .
		inet_aton($from) . inet_aton($to);
	substr($ip, 10, 2) = pack 'n', checksum($ip);
	send($out, $ip . $tcp, 0, pack_sockaddr_in(0, inet_aton($to))) or die "send: $!";
}

# Take packets until there was one with these flags, or for so long.
sub take {
	my ($seconds, $wanted) = @_;
	my $end = time + $seconds;

	while ((my $left = $end - time) > 0) {
		my $bits = '';
		vec($bits, fileno $in, 1) = 1;
		select($bits, undef, undef, $left) > 0 or last;
		defined recv($in, my $p, 65535, 0) or last;
		my $h = (ord($p) & 15) * 4;
		next if ord(substr $p, 9, 1) != 6 || substr($p, 12, 4) ne inet_aton($to);
		my ($s, $d, $seq, undef, $off, $flags) = unpack 'nnNNCC', substr $p, $h, 14;
		next if $s != $dport || $d != $sport;
		my $total = unpack 'n', substr $p, 2, 2;
		my $data = substr $p, $h + ($off >> 4) * 4, $total - $h - ($off >> 4) * 4;
		if ($flags & 4) {
			$answer .= ' RST ';
			last if $wanted;
		}
		my $next = $seq + length($data) + (($flags & 3) ? 1 : 0);
		if ($next > $acked || $flags & 2) {
			$answer .= $data;
			$acked = $next;
			transmit($isn + 1 + ($main::sent // 0), 0x10, '') unless $flags & 6;
		}
		return 1 if $wanted && ($flags & $wanted) == $wanted;
	}
	return 0;
}

my %bits = (F => 1, S => 2, R => 4, P => 8, A => 16, U => 32);
for my $step (@steps) {
	my ($what, $text) = split /=/, $step, 2;

	$text //= '';
	$text =~ s/\\x([0-9a-f]{2})/chr hex $1/ge;
	$text =~ s/\\r/\r/g;
	$text =~ s/\\n/\n/g;
	if ($what eq 'syn') {
		transmit($isn, 2, $text);
		take(2, 0x12) or $answer .= ' NO-ANSWER ';
		transmit($isn + 1, 16, '');
	} elsif ($what eq 'wait') {
		take($text, 0);
	} elsif ($what =~ /^(\w+)@(-?\d+)$/) {
		my $flags = 16;

		$flags = 0, $flags |= $bits{$_} for $1 eq 'bad' ? 'A' : ();
		if ($1 ne 'bad') {
			$flags = 0;
			$flags |= $bits{$_} for split //, $1;
		}
		$main::sent = $2 + length $text if $2 + length $text > ($main::sent // 0);
		transmit($isn + 1 + $2, $flags, $text, $1 eq 'bad');
	} else {
		die "no step '$step'";
	}
}
$answer =~ s/\0//g;
print "$answer\n";
