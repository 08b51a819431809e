#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who asks others than the resolvers for names, in clear or encrypted, is refused;
# the resolvers themselves answer, also encrypted; and programs that ask whether
# they may use resolvers of their own are told no.  Real servers and clients.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
for tool in unbound dnsmasq dig kdig curl openssl; do
	command -v "$tool" >/dev/null || skip_all 92-foreign-dns "no $tool here"
done
lab_up
UNBOUND4=10.20.0.54
UNBOUND6=fd00:20::54
FOREIGN4=192.0.2.54
FOREIGN6=2001:db8:1::54
PUBLIC4=9.9.9.9 # outside, as everybody knows it
add_address "$NS_SERVER" eth0 "$UNBOUND4/16"
add_address "$NS_SERVER" eth0 "$UNBOUND6/64"
add_address "$NS_OUTSIDE" eth0 "$FOREIGN4/24"
add_address "$NS_OUTSIDE" eth0 "$FOREIGN6/64"
add_address "$NS_OUTSIDE" eth0 "$PUBLIC4/32"
ip -n "$NS_GATEWAY" route add "$PUBLIC4/32" dev wan0

# start_unbound NAME NS ADDRESS...: DNS in clear, over TLS, and over HTTPS
start_unbound() {
	local name=$1 ns=$2 a port

	shift 2
	{
		cat <<-CONF
			server:
				access-control: 0.0.0.0/0 allow
				access-control: ::/0 allow
				username: ""
				chroot: ""
				directory: "$LAB"
				pidfile: "$LAB/$name.pid"
				use-syslog: no
				do-daemonize: no
				module-config: "iterator"
				tls-port: 853
				tls-additional-port: 8530
				https-port: 4430
				tls-service-key: "$LAB/tls/packages.example.org.key"
				tls-service-pem: "$LAB/tls/packages.example.org.pem"
				local-zone: "example.org." static
				local-data: 'asked.example.org 60 IN A 192.0.2.99'
		CONF
		for a; do
			for port in 53 5300 853 8530 4430; do
				echo "	interface: $a@$port"
			done
		done
		printf 'remote-control:\n\tcontrol-enable: no\n'
	} >"$LAB/$name.conf"
	start_server "$name" "$ns" "udp/53@$1" unbound -d -c "$LAB/$name.conf"
}

policy() {
	cat <<-CONF
		version = 1;
		gateway: { name = "foreign"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { resolvers = ["$RESOLVER4", "$RESOLVER6", "$UNBOUND4", "$UNBOUND6"]; };
		segment: ( { name = "inside"; from = "lan"; to = "servers"; action = "allow"; } );
		egress: ( { name = "web"; action = "allow"; } );
		hygiene: { bogons = false; private = false; };
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; foreign-dns = "$1"; };
	CONF
}

reason() {
	jq -r "select(.dest_ip == \"$1\" and .dest_port == $2 and .event_type == \"verdict\") | .fw.reason" \
		"$LAB/agent/log/eve.json" 2>/dev/null | tail -n 1
}

# asks WANT TEST ADDRESS PORT COMMAND...: is the name of `start_unbound` told?
asks() {
	local want=$1 test=$PHASE-$2 address=$3 port=$4 seen

	shift 4
	seen=$("$@" 2>&1 </dev/null)
	case $want/$PHASE in
	told/* | refused/allow)
		check "$test" "$seen, $(reason "$address" "$port")" grep -q '192\.0\.2\.99' <<<"$seen"
		;;
	*)
		sleep "$LAB_SLOW"
		check "$test" "$seen" is "$(grep -c '192\.0\.2\.99' <<<"$seen")/$(reason "$address" "$port")" \
			0/guard.foreign-dns
		;;
	esac
}

# dig and kdig with little patience
digs() {
	client dig +tries=1 +time=3 +short asked.example.org A "$@"
}

kdigs() {
	client kdig +retry=0 +time=3 +short asked.example.org A "$@"
}

# all_ways WANT NAME ADDRESS
all_ways() {
	asks "$1" "$2-udp" "$3" 53 digs "@$3"
	asks "$1" "$2-tcp" "$3" 53 digs "@$3" +tcp
	asks "$1" "$2-udp-elsewhere" "$3" 5300 digs "@$3" -p 5300
	asks "$1" "$2-tcp-elsewhere" "$3" 5300 digs "@$3" -p 5300 +tcp
	asks "$1" "$2-tls" "$3" 853 kdigs "@$3" +tls
	asks "$1" "$2-https-by-name" "$3" 4430 kdigs "@$3" -p 4430 +https=/dns-query \
		+tls-sni=dns.google
}

# A page of a web server, by PATH
page() {
	client curl -sS -m 5 --resolve "www.example.org:80:$WEB4" "$@" 2>&1
}

canary() {
	local at how seen

	for at in "$RESOLVER4" "$RESOLVER6"; do
		for how in +notcp +tcp +noedns; do
			seen=$(client dig "$how" "@$at" "$1" "$2" +tries=1 +time=3 2>&1)
			check "$PHASE-$1-$2-$at-${how#+}" "$seen" is \
				"$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' <<<"$seen")/$(grep -c '192\.0\.2\.77' <<<"$seen")/$(grep -ci 'malformed\|warning' <<<"$seen")" \
				"$3/0"
		done
	done
}

canaries() {
	local seen

	if [ "$PHASE" = allow ]; then
		canary use-application-dns.net A NOERROR/1
		canary mask.icloud.com A NOERROR/1
		return
	fi
	canary use-application-dns.net A NXDOMAIN/0
	canary Use-Application-DNS.net A NXDOMAIN/0
	canary mask.icloud.com A NXDOMAIN/0
	canary mask-h2.icloud.com AAAA NXDOMAIN/0
	canary _dns.resolver.arpa A NOERROR/0
	canary www.icloud.com A NOERROR/1
	# by the system's own resolver
	seen=$(client getent ahosts mask.icloud.com 2>&1)
	check nobody-finds-it "$seen" is "$seen" ""
	seen=$(client getent ahosts www.icloud.com 2>&1)
	check another-is-found "$seen" grep -q 192.0.2.77 <<<"$seen"
	check canary-event "$(tail -n 3 "$LAB/agent/log/eve.json")" grep -q '"reason":"dns.canary"' \
		"$LAB/agent/log/eve.json"
	seen=$(fwctl status --json | jq .counters.answers_denied)
	check canary-counter "$seen" test "$seen" -gt 9
}

judge_case() {
	PHASE=$1
	policy "$PHASE" >"$LAB/policy.conf"
	check "apply-$PHASE" "$(tail -n 3 "$LAB/log/seen")" seen agent_apply "$LAB/policy.conf"
	all_ways refused foreign "$FOREIGN4"
	all_ways refused foreign-v6 "$FOREIGN6"
	asks refused public-tls "$PUBLIC4" 8530 kdigs "@$PUBLIC4" -p 8530 +tls
	asks refused public-https "$PUBLIC4" 4430 kdigs "@$PUBLIC4" -p 4430 +https=/dns-query \
		+tls-sni=packages.example.org
	all_ways told own "$UNBOUND4"
	all_ways told own-v6 "$UNBOUND6"
	# who asks for the others
	check "$PHASE-resolver-asks" "$(server_ns dig +short "@$FOREIGN4" asked.example.org 2>&1)" \
		is "$(server_ns dig -b "$RESOLVER4" +short "@$FOREIGN4" asked.example.org 2>&1)" 192.0.2.99
	check "$PHASE-page" "$(page http://www.example.org/)" is "$(page http://www.example.org/)" \
		"hello from www.example.org"
	canaries
}

# What is refused for its path or type had the server answer without us.
in_clear() {
	page "http://www.example.org/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA29yZwAAAQAB" >"$LAB/log/seen"
	sleep "$LAB_SLOW"
	check by-path "$(cat "$LAB/log/seen")" is "$(reason "$WEB4" 80)" guard.foreign-dns
	page -H "Content-Type: application/dns-message" -d x http://www.example.org/ >"$LAB/log/seen"
	sleep "$LAB_SLOW"
	check by-type "$(cat "$LAB/log/seen")" is "$(reason "$WEB4" 80)" guard.foreign-dns
	# on a connection that was allowed
	page http://www.example.org/ "http://www.example.org/dns-query?dns=AAAB" >"$LAB/log/seen"
	check not-the-first "$(cat "$LAB/log/seen")" is "$(grep -c 404 "$LAB/log/seen")" 0
	sleep "$LAB_SLOW"
	check not-the-first-reason "$(cat "$LAB/log/seen")" is "$(reason "$WEB4" 80)" guard.foreign-dns
	client curl -sS -m 5 --doh-insecure --doh-url https://dns.quad9.net:4430/dns-query \
		--resolve "dns.quad9.net:4430:$FOREIGN4" http://asked.example.org/ >"$LAB/log/seen" 2>&1
	sleep "$LAB_SLOW"
	check curl-doh "$(cat "$LAB/log/seen")" is "$(reason "$FOREIGN4" 4430)" guard.foreign-dns
	if client kdig +quic +retry=0 +time=2 "@$FOREIGN4" -p 8533 asked.example.org >"$LAB/log/seen" 2>&1 ||
		! grep -qi 'invalid option\|not supported\|unknown' "$LAB/log/seen"; then
		sleep "$LAB_SLOW"
		check quic "$(cat "$LAB/log/seen")" is "$(reason "$FOREIGN4" 8533)" guard.foreign-dns
	else
		skip quic "this kdig speaks no QUIC"
	fi
}

for name in use-application-dns.net mask.icloud.com mask-h2.icloud.com _dns.resolver.arpa www.icloud.com; do
	echo "address=/$name/192.0.2.77"
done >"$LAB/resolver.more"
basic_servers
if ! start_unbound foreign "$NS_OUTSIDE" "$FOREIGN4" "$FOREIGN6" "$PUBLIC4" ||
	! start_unbound own "$NS_SERVER" "$UNBOUND4" "$UNBOUND6"; then
	not_ok servers "a server of the lab does not come up"
	finish
fi
touch "$LAB/log/seen"
agent_or_fail
judge_case allow
judge_case deny
in_clear
finish
