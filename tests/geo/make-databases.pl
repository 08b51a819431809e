#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
# Write the databases of the tests, country.mmdb and asn.mmdb, into a folder:
# the lab's documentation prefixes, spread over countries and networks.
#
# usage: make-databases.pl FOLDER
use strict;
use warnings;

use MaxMind::DB::Writer::Tree;

my $folder = shift or die "usage: make-databases.pl FOLDER\n";

my %types = (
	country                  => 'map',
	registered_country       => 'map',
	names                    => 'map',
	iso_code                 => 'utf8_string',
	en                       => 'utf8_string',
	autonomous_system_number => 'uint32',
);

# write_database NAME TYPE [NETWORK, DATA]...
sub write_database {
	my ($name, $type, @networks) = @_;
	my $tree = MaxMind::DB::Writer::Tree->new(
		ip_version               => 6,
		record_size              => 24,
		database_type            => $type,
		languages                => ['en'],
		description              => { en => 'networks of the tests' },
		alias_ipv6_to_ipv4       => 1,
		remove_reserved_networks => 0,
		map_key_type_callback    => sub { $types{ $_[0] } },
	);
	$tree->insert_network(@$_) for @networks;
	# Written aside: who reads the file sees the whole or nothing.
	open my $out, '>:raw', "$folder/$name.part" or die "$folder/$name: $!\n";
	$tree->write_tree($out);
	close $out or die "$folder/$name: $!\n";
	rename "$folder/$name.part", "$folder/$name" or die "$folder/$name: $!\n";
}

sub country {
	return { country => { iso_code => shift } };
}

# In use in a country that it is not registered in; and only registered.
my $abroad = {
	country            => { iso_code => 'NL' },
	registered_country => { iso_code => 'DE' },
};
my $registered = { registered_country => { iso_code => 'BE' } };

write_database(
	'country.mmdb', 'Test-Country',
	[ '192.0.2.0/25',    country('NL') ],
	[ '192.0.2.128/25',  country('DE') ],
	[ '198.51.100.0/25', $abroad ],
	[ '203.0.113.0/24',  $registered ],
	[ '2001:db8:1::/48', country('NL') ],
	[ '2001:db8:2::/48', country('DE') ],
);
write_database(
	'asn.mmdb', 'Test-ASN',
	[ '192.0.2.0/25',    { autonomous_system_number => 64500 } ],
	[ '198.51.100.0/24', { autonomous_system_number => 64501 } ],
	[ '2001:db8:1::/48', { autonomous_system_number => 64500 } ],
);
