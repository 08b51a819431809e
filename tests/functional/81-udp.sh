#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What goes over UDP is known for what it is: real clients, on the usual port
# and on a foreign one, IPv4 and IPv6.  OpenVPN over TCP too.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers

udp_policy() {
	cat <<-END
		version = 1;
		gateway: { name = "udp"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		hosts: { work = ["www.example.org"]; };
		segment: ( { name = "resolver"; from = "lan"; to = "servers"; service = "dns"; action = "allow"; } );
		egress: (
		  { name = "quic by name"; from = "lan"; app = "quic"; host = "@work"; action = "allow"; },
		  { name = "known"; from = "lan"; app = ["ntp", "snmp", "tftp", "stun", "openvpn"]; action = "allow"; },
		  { name = "the rest"; from = "lan"; action = "reject"; }
		);
	END
}

# events ADDRESS PORT: what the flows to there were named.
events() {
	jq -r "select(.dest_ip == \"$1\" and .dest_port == $2) | .app_proto // empty" \
		"$LAB/agent/log/eve.json" 2>/dev/null | sort -u | tr '\n' ' '
}

seen() {
	[ -n "$(events "$1" "$2")" ]
}

# One datagram to ADDRESS PORT, in hexadecimal.
cat >"$LAB/say_bytes" <<-'END'
	#!/usr/bin/perl
	use strict;
	use warnings;
	use IO::Socket::IP;
	my ($address, $port, $bytes) = @ARGV;
	IO::Socket::IP->new(Type => SOCK_DGRAM, PeerHost => $address, PeerPort => $port)
		->send(pack 'H*', $bytes);
END
chmod 755 "$LAB/say_bytes"
STUN_BINDING=000100002112a442001122334455667788990011

# named APP NAME ADDRESS PORT COMMAND...: the client's first words to there are
# known.  Nobody need answer.
named() {
	local app=$1 name=$2 address=$3 port=$4

	shift 4
	client timeout -k 1 $((6 * LAB_SLOW)) "$@" >"$LAB/log/$name" 2>&1 </dev/null &
	wait_for 6 seen "$address" "$port"
	kill "$!" 2>/dev/null
	check "$name" "$(tail -n 2 "$LAB/log/$name")" is "$(events "$address" "$port")" "$app "
}

bracketed() {
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# --- QUIC -----------------------------------------------------------------------

start_quic() {
	local port address

	for port in 443 8443; do
		for address in "$WEB4" "$WEB6"; do
			start_server "quic-$address-$port" "$NS_OUTSIDE" "udp/$port@$address" \
				gtlsserver -q -d "$LAB/web/www.example.org" "$address" "$port" \
				"$LAB/tls/www.example.org.key" "$LAB/tls/www.example.org.pem" || return 1
		done
	done
	for address in "$WEB4" "$WEB6"; do
		start_server "dtls-$address" "$NS_OUTSIDE" "udp/4433@$address" \
			openssl s_server -dtls1_2 -quiet -listen -accept "$(bracketed "$address"):4433" \
			-cert "$LAB/tls/www.example.org.pem" -key "$LAB/tls/www.example.org.key" || return 1
	done
}

# quic NAME ADDRESS PORT [OPTION...]: the client believes that the name has this
# address alone.
quic() {
	local name=$1 address=$2 port=$3

	shift 3
	mkdir -p "$LAB/etc/$NS_CLIENT"
	printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >"$LAB/etc/$NS_CLIENT/hosts"
	client timeout -k 1 $((6 * LAB_SLOW)) gtlsclient --exit-on-all-streams-close --timeout=3s \
		"$@" "$name" "$port" "https://$(bracketed "$name")/index.html" 2>&1 |
		grep -a -o -m 1 ':status: 200'
}

quic_cases() {
	local at v address

	for at in 443 8443; do
		for v in 4 6; do
			address=WEB$v
			address=${!address}
			allowed "quic-$v-$at" "200" quic www.example.org "$address" "$at"
			refused "quic-other-name-$v-$at" "200" quic evil.example.com "$address" "$at"
		done
	done
	allowed quic-v2 "200" quic www.example.org "$WEB4" 443 --version=v2draft \
		--preferred-versions=v2draft
}

# --- what comes before a hello ---------------------------------------------------

# relay_behind FIRST ADDRESS PORT: to there from a socket that has sent that first;
# $relay is where it listens.
relay_behind() {
	relay=$((20000 + port)) # each has a flow of its own
	start_server "behind-$1-$relay" "$NS_CLIENT" "udp/$relay@127.0.0.1" \
		perl "$LAB_ROOT/tests/functional/behind_junk.pl" 127.0.0.1 "$relay" "$2" "$3" "$1"
}

# behind junk|stun NAME ADDRESS PORT: the same behind what no server of QUIC looks at.
behind() {
	relay_behind "$1" "$3" "$4" && quic "$2" 127.0.0.1 "$relay"
}

# after_another NAME ADDRESS PORT: behind a connection for a name that is allowed.
after_another() {
	relay_behind nothing "$2" "$3" && quic www.example.org 127.0.0.1 "$relay" >/dev/null &&
		quic "$1" 127.0.0.1 "$relay"
}

# dtls_behind stun NAME ADDRESS PORT: a session of DTLS; the server says which
# name it was asked for.
dtls_behind() {
	relay_behind "$1" "$3" "$4" &&
		client timeout -k 1 $((4 * LAB_SLOW)) openssl s_client -dtls1_2 -connect "127.0.0.1:$relay" \
			-servername "$2" </dev/null 2>&1 | grep -a -o -m 1 'Cipher is [A-Z].*'
}

junk_policy() {
	cat <<-END
		version = 1;
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: (
		  { name = "quic by name"; from = "lan"; app = "quic"; host = "www.example.org"; action = "allow"; },
		  { name = "no other quic"; from = "lan"; app = "quic"; action = "reject"; },
		  { name = "dtls by name"; from = "lan"; app = "dtls"; host = "www.example.org"; action = "allow"; },
		  { name = "no other dtls"; from = "lan"; app = "dtls"; action = "reject"; },
		  { name = "udp"; from = "lan"; service = "udp"; action = "allow"; }
		);
	END
}

junk_cases() {
	local at v address first

	for v in 4 6; do
		address=WEB$v
		address=${!address}
		at=$((v == 4 ? 443 : 8443))
		for first in junk stun; do
			allowed "behind-$first-$v-$at" "200" behind "$first" www.example.org "$address" "$at"
			refused "behind-$first-other-name-$v-$at" "200" \
				behind "$first" evil.example.com "$address" "$at"
		done
		allowed "same-name-again-$v-$at" "200" after_another www.example.org "$address" "$at"
		refused "another-connection-$v-$at" "200" after_another evil.example.com "$address" "$at"
	done
	for v in 4 6; do
		address=WEB$v
		address=${!address}
		allowed "dtls-behind-stun-$v" "Cipher" dtls_behind stun www.example.org "$address" 4433
		refused "dtls-behind-stun-other-name-$v" "Cipher" dtls_behind stun evil.example.com "$address" 4433
	done
}

# The Initial of a client that names no server: no tool here leaves the name out.
NAMELESS=c2000000010831323334353637380000406781c095641ac028b6dfb5303dbc4dc5f17bfc244ded3e
NAMELESS+=2ccc85e1173075dc198da29af98c4524aeb20dee2479adbe867cdbdc6f35df6066bb3ba89ab91c64
NAMELESS+=96a6792d5e6ac354b0f0a23d06168769eae7ca9b955c795581fb39ba1a4d7bdf53495f190750f58b
NAMELESS+=94

nameless_policy() {
	cat <<-END
		version = 1;
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		application: { no-sni = "deny"; };
		egress: ( { name = "udp"; from = "lan"; service = "udp"; action = "allow"; } );
	END
}

nameless_cases() {
	local v address at

	capture_start nameless "$NS_OUTSIDE" udp port 443 or udp port 8443
	for v in 4 6; do
		address=OTHER_WEB$v
		address=${!address}
		for at in 443 8443; do
			client "$LAB/say_bytes" "$address" "$at" "$NAMELESS"
			check "quic-without-name-$v-$at" "no such event" \
				wait_for 6 nameless_refused "$address" "$at"
		done
	done
	capture_stop nameless
	check quic-without-name-never-arrives "it did" is "$(payload nameless udp)" "0 0"
	allowed quic-any-name "200" quic evil.example.com "$WEB4" 443
}

nameless_refused() {
	[ -n "$(last_event ".dest_ip == \"$1\" and .dest_port == $2 and .app_proto == \"quic\" and
		.tls.sni == null and .fw.reason == \"guard.no-sni\"")" ]
}

# --- VPN ------------------------------------------------------------------------

# openvpn needs a device of its own; that it cannot have one is no matter once it
# has spoken.
openvpn_to() {
	local l4=$1 address=$2 port=$3

	shift 3
	echo openvpn --dev null --nobind --client --auth-nocache --connect-timeout 5 \
		--ca "$LAB/tls/ca.pem" --cert "$LAB/tls/www.example.org.pem" \
		--key "$LAB/tls/www.example.org.key" --proto "$l4" \
		--remote "$address" "$port" "$@"
}

vpn_cases() {
	local v address port l4

	openvpn --genkey secret "$LAB/ta.key" >/dev/null 2>&1
	for v in 4 6; do
		address=ECHO$v
		address=${!address}
		for port in 1194 5353; do
			# shellcheck disable=SC2046 # words
			named openvpn "openvpn-udp-$v-$port" "$address" "$port" \
				$(openvpn_to "udp$v" "$address" "$port")
		done
		# shellcheck disable=SC2046
		named openvpn "openvpn-tls-auth-$v" "$address" 1195 \
			$(openvpn_to "udp$v" "$address" 1195 --tls-auth "$LAB/ta.key" 1)
		# shellcheck disable=SC2046
		named openvpn "openvpn-tls-crypt-$v" "$address" 1196 \
			$(openvpn_to "udp$v" "$address" 1196 --tls-crypt "$LAB/ta.key")
		for port in 9000 443; do
			l4=tcp$v-client
			# shellcheck disable=SC2046
			named openvpn "openvpn-tcp-$v-$port" "$address" "$port" \
				$(openvpn_to "$l4" "$address" "$port" --tls-crypt "$LAB/ta.key")
		done
	done
}

# The kernel's WireGuard, or the one in user space, whose sockets have their
# place for all of the machine.
wireguard_to() {
	local dev=w$1x$$ address=$2 port=$3

	if ! client ip link add "$dev" type wireguard 2>/dev/null; then
		client wireguard-go "$dev" >/dev/null 2>&1 || return 1
		wait_for 5 test -S "/var/run/wireguard/$dev.sock" || return 1
	fi
	(umask 077 && wg genkey >"$LAB/$dev.key")
	client wg set "$dev" private-key "$LAB/$dev.key" peer "$(wg genkey | wg pubkey)" \
		endpoint "$address:$port" allowed-ips "172.31.$1.0/24" persistent-keepalive 1 || return 1
	client ip link set "$dev" up
}

wireguard_cases() {
	local n=0 v address port

	for v in 4 6; do
		address=ECHO$v
		address=${!address}
		for port in 51820 53; do
			n=$((n + 1))
			if ! wireguard_to "$n" "$(bracketed "$address")" "$port"; then
				skip "wireguard-$v-$port" "neither the kernel nor wireguard-go can make a device here"
				continue
			fi
			wait_for 10 seen "$address" "$port"
			check "wireguard-$v-$port" "no handshake" is "$(events "$address" "$port")" "wireguard "
			client ip link del "w${n}x$$" 2>/dev/null
			rm -f "/var/run/wireguard/w${n}x$$.sock"
		done
	done
}

# --- others ---------------------------------------------------------------------

other_cases() {
	local v address udp to

	for v in 4 6; do
		case $v in
		4) address=$OTHER_WEB4 udp=udp ;;
		6) address=$OTHER_WEB6 udp=udp6 ;;
		esac
		to=$udp:$(bracketed "$address")
		named ntp "ntp-$v" "$address" 123 ntpdig "-$v" -t 1 "$address"
		named snmp "snmp-$v" "$address" 161 \
			snmpget -v 2c -c public -r 0 -t 1 "$to:161" 1.3.6.1.2.1.1.1.0
		named snmp "snmp-v3-elsewhere-$v" "$address" 10161 \
			snmpget -v 3 -l noAuthNoPriv -u somebody -r 0 -t 1 "$to:10161" 1.3.6.1.2.1.1.1.0
		named tftp "tftp-$v" "$address" 69 tftp "-$v" "$address" -c get motd /dev/null
		named tftp "tftp-elsewhere-$v" "$address" 10069 tftp "-$v" "$address" 10069 -c get motd /dev/null
	done
	named stun stun "$OTHER_WEB4" 3478 stun "$OTHER_WEB4" 1
	named stun stun-elsewhere-4 "$OTHER_WEB4" 10443 "$LAB/say_bytes" "$OTHER_WEB4" 10443 "$STUN_BINDING"
	named stun stun-elsewhere-6 "$OTHER_WEB6" 10443 "$LAB/say_bytes" "$OTHER_WEB6" 10443 "$STUN_BINDING"
}

# What begins like one of them and is not.
lookalike_cases() {
	local port=20000 name bytes

	while read -r name bytes; do
		port=$((port + 1))
		named unknown "not-$name" "$ECHO4" "$port" "$LAB/say_bytes" "$ECHO4" "$port" "$bytes"
	done <<-END
		quic c0000000010462636465000005aabbccddee
		wireguard 0100000000112233445566778899aabbccddeeff
		openvpn 3801020304050607080000000001
		stun 000500002112a44300112233445566778899aabb
		ntp 23020640000000000000000000000000
		snmp 301a02010104067075626c6963
		rtp 80600001000000010000000100112233
	END
}

if ! start_echo || ! start_quic; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
quic_cases
junk_cases
agent_or_fail
udp_policy >"$LAB/udp.conf"
check apply "the policy was not applied" agent_apply "$LAB/udp.conf"
explained() {
	fwctl explain --policy "$LAB/udp.conf" --from "$CLIENT4" --to "$WEB4:443" --proto udp \
		--sni "$1" | grep -q "$2"
}

check explain-quic "explain does not know that a hello over UDP is QUIC" explained \
	www.example.org 'quic by name  *[a-z ]*yes'
PHASE=judged
quic_cases
check quic-is-told "no such event" told \
	'.app_proto == "quic" and .tls.sni == "evil.example.com" and .verdict.action == "drop"'
vpn_cases
wireguard_cases
other_cases
lookalike_cases
nameless_policy >"$LAB/nameless.conf"
check apply-nameless "the policy was not applied" agent_apply "$LAB/nameless.conf"
nameless_cases
junk_policy >"$LAB/junk.conf"
check apply-junk "the policy was not applied" agent_apply "$LAB/junk.conf"
junk_cases
check behind-junk-is-told "no such event" test -n "$(last_event '.app_proto == "quic" and
	.tls.sni == "evil.example.com" and .fw.rule == "no other quic"')"
finish
