#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The sample policy, allowed and denied, in both address families; the server
# of a denied flow sees none of its payload; UDP is refused by ICMP.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
all_servers

# Denied flows come from local ports 20000 to 29999: the capture must not have a
# byte of theirs.
BASE=30000

bad_web() {
	web --local-port "$((BASE + port))-$((BASE + port + 9))" "$@"
}

pieces() {
	client perl "$LAB_ROOT/tests/functional/pieces.pl" "$@"
}

cases() {
	local hello="hello from" v web echo ssh resolver host

	for v in 4 6; do
		web=WEB$v
		echo=ECHO$v
		ssh=SSH$v
		resolver=RESOLVER$v
		case $v in 4) host=${!web} ;; 6) host="[${!web}]" ;; esac
		allowed "http-$v" "$hello" web "-$v" http://www.example.org/
		allowed "https-$v" "$hello" web "-$v" https://packages.example.org/
		allowed "https-wildcard-$v" "$hello" web "-$v" https://mirror.example.net/
		allowed "dns-$v" "$WEB4" client dig +short +time=3 +tries=1 "@${!resolver}" www.example.org
		allowed "ssh-$v" reached client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" "root@${!ssh}" echo reached
		allowed "http-in-pieces-$v" "$hello" pieces "${!web}" 80 www.example.org 0 9
		# More segments than a client sends without an answer: they are
		# acknowledged for the server, and delivered.
		allowed "http-bytewise-$v" "$hello" pieces "${!web}" 80 www.example.org 0 1
		refused "http-other-name-$v" "$hello" bad_web "-$v" http://evil.example.com/
		refused "https-other-name-$v" "$hello" bad_web "-$v" https://evil.example.com/
		refused "https-no-name-$v" "$hello" bad_web -k "https://$host/"
		refused "http-bytewise-other-name-$v" "$hello" pieces "${!web}" 80 evil.example.com $((BASE + 9000 + v)) 1
		refused "http-in-pieces-other-name-$v" "$hello" pieces "${!web}" 80 evil.example.com $((BASE + 9010 + v)) 9
		refused "http-suffix-trick-$v" "$hello" bad_web "-$v" -H 'Host: www.example.org.evil.example.com' http://evil.example.com/
		refused "raw-on-443-$v" hi say client hi -p $((BASE + 9100 + v)) "${!echo}" 443
		refused "raw-on-9000-$v" hi say client hi -p $((BASE + 9200 + v)) "${!echo}" 9000
		refused "udp-$v" hi say client hi -u -p $((BASE + 9300 + v)) "${!echo}" 9000
		refused "ssh-on-443-$v" reached client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" -p 443 "root@${!ssh}" echo reached
	done
	refused connect-on-80 "$hello" bad_web -x "http://$PROXY4:80" https://www.example.org/
	refused connect-on-8080 "$hello" bad_web -x "http://$PROXY4:8080" https://www.example.org/
	refused connect-on-8080-6 "$hello" bad_web -x "http://[$PROXY6]:8080" https://www.example.org/
	refused connect-on-80-6 "$hello" bad_web -x "http://[$PROXY6]:80" https://www.example.org/
	refused socks5-on-443 "$hello" bad_web --socks5-hostname "$PROXY4:443" https://www.example.org/
	refused socks5-local-name-on-443 "$hello" bad_web --socks5 "$PROXY4:443" https://www.example.org/
	refused socks4-on-443 "$hello" bad_web --socks4 "$SOCKS4A:443" http://www.example.org/
	refused socks4a-on-443 "$hello" bad_web --socks4a "$SOCKS4A:443" http://www.example.org/
	refused foreign-dns-udp "$WEB4" client dig +short +time=2 +tries=1 -b "$CLIENT4#$((BASE + 9500))" "@$FOREIGN_DNS4" www.example.org
	refused foreign-dns-tcp "$WEB4" client dig +short +time=2 +tries=1 +tcp "@$FOREIGN_DNS4" www.example.org
	allowed ingress hi say outside hi 10.20.0.80 443
	refused ingress-other-port hi say outside hi 10.20.0.80 9000
	refused segment-other-port hi say client hi 10.20.0.80 443
	allowed segment-ping "1 received" client ping -c 1 -W 3 10.20.0.80
	refused egress-ping "1 received" client ping -c 1 -W 1 "$WEB4"
	refused gateway-itself "1 received" client ping -c 1 -W 1 10.10.0.1

	# an address that is not of the zone is spoofed
	refused spoofed-address "$hello" web --interface 10.99.0.5 -4 http://www.example.org/
}

ip -n "$NS_CLIENT" address add 10.99.0.5/32 dev eth0
ip -n "$NS_GATEWAY" route add 10.99.0.5/32 dev lan0

cases
agent_or_fail
check apply "the sample policy was not applied" agent_apply "$LAB_ROOT/packaging/policies/sample.conf"
capture_start server "$NS_OUTSIDE"
capture_start client "$NS_CLIENT" "icmp or icmp6"
PHASE=judged
BASE=20000
port=0
cases

capture_stop server
capture_stop client
check no-payload-of-denied-flows "the server saw payload (packets bytes)" is \
	"$(payload server "src portrange 20000-29999")" "0 0"
check nothing-spoofed "the server saw the spoofed address" is \
	"$(tcpdump -n -r "$LAB/server.pcap" src host 10.99.0.5 2>/dev/null | wc -l)" 0
check icmp-for-udp-4 "no admin-prohibited at the client" \
	grep -q "admin prohibited" <(tcpdump -n -r "$LAB/client.pcap" icmp 2>/dev/null)
check icmp-for-udp-6 "no admin-prohibited at the client" \
	grep -q "prohibited" <(tcpdump -n -r "$LAB/client.pcap" icmp6 2>/dev/null)
finish
