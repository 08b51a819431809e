#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A Tor network of the lab's own, not to be run: five relays outside, on 443 and on
# ports of their own, of which three are its authorities; two clients, one for each
# family.
# shellcheck disable=SC2154 # set by lib.sh

# The relays' addresses and ports.
TOR_RELAYS=("198.51.100.31 2001:db8:1::31 443" "198.51.100.32 2001:db8:1::32 9001"
	"198.51.100.33 2001:db8:1::33 24001" "198.51.100.34 2001:db8:1::34 9001"
	"198.51.100.35 2001:db8:1::35 443")

# tor_identity NUMBER: keys of an authority; prints how others know it.
tor_identity() {
	local dir=$LAB/tor/relay$1 a4 a6 port print

	read -r a4 a6 port <<<"${TOR_RELAYS[$1]}"
	mkdir -p "$dir/keys"
	echo lab | tor-gencert --create-identity-key --passphrase-fd 0 -m 12 -a "$a4:7000" \
		-i "$dir/keys/authority_identity_key" -s "$dir/keys/authority_signing_key" \
		-c "$dir/keys/authority_certificate" >"$LAB/log/gencert" 2>&1
	# it wants some authority, this one is nobody
	print=$(tor --quiet --list-fingerprint --DataDirectory "$dir" --ORPort 1 --Nickname "lab$1" \
		--DirAuthority "x orport=1 v3ident=$(printf '%040d' 1) 127.0.0.1:1 $(printf '%040d' 1)")
	echo "DirAuthority lab$1 orport=$port no-v2 ipv6=[$a6]:$port" \
		"v3ident=$(sed -n 's/^fingerprint //p' "$dir/keys/authority_certificate")" \
		"$a4:7000 ${print#* }"
}

tor_relay() {
	local dir=$LAB/tor/relay$1 a4 a6 port

	read -r a4 a6 port <<<"${TOR_RELAYS[$1]}"
	mkdir -p "$dir"
	add_address "$NS_OUTSIDE" eth0 "$a4/24"
	add_address "$NS_OUTSIDE" eth0 "$a6/64"
	cat - "$LAB/tor/authorities" >"$dir/torrc" <<-END
		TestingTorNetwork 1
		DataDirectory $dir
		Nickname lab$1
		ContactInfo lab@example.org
		Address $a4
		Address [$a6]
		ORPort $a4:$port
		ORPort [$a6]:$port
		SocksPort 0
		ExitRelay 1
		ExitPolicy accept *:*
		ExitPolicyRejectPrivate 0
		ShutdownWaitLength 0
	END
	[ "$1" -ge 3 ] || cat >>"$dir/torrc" <<-END
		DirPort $a4:7000
		AuthoritativeDirectory 1
		V3AuthoritativeDirectory 1
		AuthDirHasIPv6Connectivity 1
		TestingV3AuthInitialVotingInterval 5
		TestingV3AuthInitialVoteDelay 2
		TestingV3AuthInitialDistDelay 2
		V3AuthVotingInterval 10
		V3AuthVoteDelay 2
		V3AuthDistDelay 2
		TestingDirAuthVoteExit *
		TestingDirAuthVoteGuard *
	END
	start_server "tor-relay$1" "$NS_OUTSIDE" "tcp/$port@$a4" tor -f "$dir/torrc"
}

tor_client() {
	local dir=$LAB/tor/client$1

	mkdir -p "$dir"
	cat - "$LAB/tor/authorities" >"$dir/torrc" <<-END
		TestingTorNetwork 1
		DataDirectory $dir
		SocksPort 127.0.0.1:905$1
		ClientUseIPv4 $(($1 == 4))
		ClientUseIPv6 $(($1 == 6))
		ConfluxEnabled 0
	END
	start_server "tor-client$1" "$NS_CLIENT" "tcp/905$1@127.0.0.1" tor -f "$dir/torrc"
}

start_tor() {
	local n pids=()

	mkdir -p "$LAB/tor"
	for n in 0 1 2; do
		tor_identity "$n" >"$LAB/tor/authority$n" &
		pids+=("$!")
	done
	wait "${pids[@]}"
	cat "$LAB"/tor/authority? >"$LAB/tor/authorities"
	pids=()
	for n in 0 1 2 3 4; do
		tor_relay "$n" &
		pids+=("$!")
	done
	wait "${pids[@]}"
	tor_client 4
	tor_client 6
}

# by_tor FAMILY: it takes the network three votes until a client knows its way.
by_tor() {
	within "$TOR_PATIENCE" tor_page "$1"
}

tor_page() {
	client curl -sS -m 4 --socks5 "127.0.0.1:905$1" -H "Host: www.example.org" "http://$WEB4/" 2>&1
}
