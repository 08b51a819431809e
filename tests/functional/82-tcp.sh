#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Protocols over TCP, and DNS: real clients and servers, on the usual port and
# on a foreign one, over IPv4 and IPv6.  Each passes by a rule that names it,
# under its name in the events, and is stopped by a guard that denies it, while
# something else on the same ports passes.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
for tool in redis-server redis-cli mosquitto mosquitto_pub dig python3; do
	command -v "$tool" >/dev/null || skip_all 82-tcp "no $tool here"
done
lab_up
FOREIGN_DNS6=2001:db8:1::53

start_more() {
	local port

	for port in 53 5300; do
		cat >"$LAB/dns-$port.conf" <<-END
			no-resolv
			no-hosts
			bind-interfaces
			user=root
			log-facility=-
			no-daemon
			pid-file=$LAB/dns-$port.pid
			port=$port
			listen-address=$FOREIGN_DNS4
			listen-address=$FOREIGN_DNS6
			host-record=www.example.org,$WEB4,$WEB6
			host-record=evil.example.com,$WEB4,$WEB6
		END
		start_server "dns-$port" "$NS_OUTSIDE" "udp/$port@$FOREIGN_DNS4" \
			dnsmasq -C "$LAB/dns-$port.conf" || return 1
	done
	for port in 6379 8443; do
		start_server "redis-$port" "$NS_OUTSIDE" "tcp/$port@$ECHO4" \
			redis-server --port "$port" --bind "$ECHO4" "$ECHO6" \
			--protected-mode no --save '' --dir "$LAB" || return 1
	done
	for port in 1883 8444; do
		printf 'listener %s %s\nlistener %s %s\nallow_anonymous true\nuser root\n' \
			"$port" "$ECHO4" "$port" "$ECHO6" >"$LAB/mosquitto-$port.conf"
		start_server "mosquitto-$port" "$NS_OUTSIDE" "tcp/$port@$ECHO4" \
			mosquitto -c "$LAB/mosquitto-$port.conf" || return 1
	done
	for port in 25 8445; do
		start_server "smtp-$port" "$NS_OUTSIDE" "tcp/$port@$ECHO6" \
			python3 "$LAB_ROOT/tests/functional/starttls.py" \
			"$LAB/tls/www.example.org.pem" "$LAB/tls/www.example.org.key" \
			"$port" "$ECHO4" "$ECHO6" || return 1
	done
}

# policy NAME RULES GUARDS
policy() {
	cat >"$LAB/$1.conf" <<-END
		version = 1;
		gateway: { name = "tcp"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: ( $2 );
		protocol: ( $3 );
	END
}

shell() {
	client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" -p "$2" "root@$1" echo reached
}

ask() {
	client dig +time=$((2 * LAB_SLOW)) +tries=1 "$@" A
}

redis() {
	client timeout $((5 * LAB_SLOW)) redis-cli -h "$1" -p "$2" ping
}

mqtt() {
	client timeout $((5 * LAB_SLOW)) mosquitto_pub -h "$1" -p "$2" -t lab -m x -d
}

mail() {
	client timeout $((5 * LAB_SLOW)) openssl s_client -starttls smtp -connect "$1:$2" </dev/null
}

# cases NAMED-JUDGE: each tool at both ports and addresses.
cases() {
	local as=$1 v at ssh dns echo host

	for v in 4 6; do
		case $v in
		4) ssh=$SSH4 dns=$FOREIGN_DNS4 echo=$ECHO4 host=$ECHO4 ;;
		6) ssh=$SSH6 dns=$FOREIGN_DNS6 echo=$ECHO6 host="[$ECHO6]" ;;
		esac
		for at in 22 443; do
			"$as" "ssh-$v-$at" reached shell "$ssh" "$at"
		done
		for at in 53 5300; do
			"$as" "dns-udp-$v-$at" "$WEB4" ask "@$dns" -p "$at" www.example.org
			"$as" "dns-tcp-$v-$at" "$WEB4" ask "@$dns" -p "$at" +tcp www.example.org
		done
		for at in 6379 8443; do
			"$as" "redis-$v-$at" PONG redis "$echo" "$at"
		done
		for at in 1883 8444; do
			"$as" "mqtt-$v-$at" "received CONNACK (0)" mqtt "$echo" "$at"
		done
		for at in 25 8445; do
			"$as" "smtp-$v-$at" "CN = www.example.org" mail "$host" "$at"
		done
	done
}

# named APP RULE: there is a verdict with both, and none of this rule with another.
named() {
	local seen

	seen=$(jq -r "select(.fw.rule == \"$2\" and .event_type == \"verdict\") | .app_proto" \
		"$LAB/agent/log/eve.json" | sort -u)
	is "$seen" "$1"
}

# Two questions from one socket: how many answers come, and whose.
cat >"$LAB/ask_both" <<-'END'
	#!/usr/bin/perl
	use strict;
	use warnings;
	use IO::Socket::IP;
	use IO::Select;
	my ($address, $tcp, @names) = @ARGV;
	my $s = IO::Socket::IP->new(Type => $tcp ? SOCK_STREAM : SOCK_DGRAM, PeerHost => $address,
		PeerPort => 53) or die $@;
	for my $name (@names) {
		my $question = pack('n6', 7, 0x100, 1, 0, 0, 0) .
			join('', map { pack 'C/a', $_ } split /\./, $name) . pack('Cnn', 0, 1, 1);
		my $got = '';
		$s->syswrite($tcp ? pack 'n/a', $question : $question);
		$s->sysread($got, 4096) if IO::Select->new($s)->can_read(2);
		print length $got > 20 ? "$name " : "- ";
	}
END
chmod 755 "$LAB/ask_both"

# both_names NAME TCP
both_names() {
	local server

	for server in "$FOREIGN_DNS4" 2001:db8:1::53; do
		check "$1-$server" "@$LAB/log/ask_both" is \
			"$(client "$LAB/ask_both" "$server" "$2" www.example.org www.example.org \
				evil.example.com 2>>"$LAB/log/ask_both")" \
			"www.example.org www.example.org - "
		check "$1-is-told-$server" "no such event" told \
			".dest_ip == \"$server\" and .verdict.action == \"drop\" and
				.dns.rrname == \"evil.example.com\""
	done
}

basic_servers
if ! start_ssh || ! start_echo || ! start_more; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
cases allowed
agent_or_fail

PHASE=judged
policy named '
	{ name = "shells"; app = "ssh"; banner = "SSH-2.0-OpenSSH_*"; action = "allow"; },
	{ name = "names"; app = "dns"; qname = ["www.example.org"]; action = "allow"; },
	{ name = "cache"; app = "redis"; action = "allow"; },
	{ name = "things"; app = "mqtt"; action = "allow"; },
	{ name = "mail"; app = "smtp"; action = "allow"; },
	{ name = "no other"; action = "reject"; }' ''
check apply-named "the policy was not applied" agent_apply "$LAB/named.conf"
cases allowed
refused dns-other-name "$WEB4" ask "@$FOREIGN_DNS4" evil.example.com
refused dns-tcp-other-name "$WEB4" ask "@$FOREIGN_DNS4" +tcp evil.example.com
both_names dns-later-question ""
both_names dns-tcp-later-question tcp
refused something-else ping say client ping "$ECHO4" 9000
for rule in ssh:shells dns:names redis:cache mqtt:things smtp:mail; do
	check "named-${rule%%:*}" "another name in the events" named "${rule%%:*}" "${rule#*:}"
done

policy denied '{ name = "all"; from = "lan"; action = "allow"; }' \
	'{ name = "none of these"; from = "lan"; deny = ["ssh", "dns", "redis", "mqtt", "smtp"]; }'
check apply-denied "the policy was not applied" agent_apply "$LAB/denied.conf"
cases refused
allowed look-alike-4 "SSH is not spoken here" say client "SSH is not spoken here" "$ECHO4" 443
allowed look-alike-6 "EHLOX a" say client "EHLOX a" "$ECHO6" 9000
finish
