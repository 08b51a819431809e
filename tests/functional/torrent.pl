#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# A small file to share, and for each address and port of its one peer a
# torrent and the tracker's answer, both files.
#
# usage: torrent.pl FOLDER ADDRESS4 ADDRESS6 PORT...
use strict;
use warnings;
use Digest::SHA qw(sha1);

my ($folder, $four, $six, @ports) = @ARGV;
my $content = "shared in the lab\n" x 1000;

sub text { return length($_[0]) . ":$_[0]" }

sub put {
	my ($name, $bytes) = @_;
	open my $to, '>:raw', "$folder/$name" or die "$folder/$name: $!\n";
	print {$to} $bytes;
	close $to or die "$folder/$name: $!\n";
	return;
}

mkdir $folder;
mkdir "$folder/seed";
put('seed/shared', $content);
my $info = 'd6:lengthi' . length($content) . 'e4:name6:shared12:piece lengthi32768e6:pieces'
	. text(sha1($content)) . 'e';
for my $port (@ports) {
	for my $v (4, 6) {
		my $address = $v == 4 ? $four : $six;
		put("$v-$port", 'd8:intervali60e5:peersld2:ip' . text($address) . "4:porti${port}eeee");
		put("$v-$port.torrent",
			'd8:announce' . text("http://127.0.0.1:6969/$v-$port") . "4:info${info}e");
	}
}
