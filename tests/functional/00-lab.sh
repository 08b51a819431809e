#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The lab itself, without the agent: every tool that later tests rely on works
# here, so a refusal seen there is the agent's.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

lab_up
check web "nginx does not come up" start_web
check resolver "dnsmasq does not come up" start_dns resolver "$NS_SERVER" "$RESOLVER4" "$RESOLVER6"
check foreign-resolver "dnsmasq does not come up" start_dns foreign "$NS_OUTSIDE" "$FOREIGN_DNS4"
check proxies "tinyproxy or microsocks does not come up" start_proxies
check ssh "sshd does not come up" start_ssh
check echo "the echo server does not come up" start_echo
capture_start all "$NS_OUTSIDE"

get=(curl -sS -m $((20 * LAB_SLOW)) --cacert "$LAB/tls/ca.pem")
for family in 4 6; do
	check "http-$family" "no answer" is \
		"$(client "${get[@]}" "-$family" http://www.example.org/)" "hello from www.example.org"
	check "https-$family" "no answer" is \
		"$(client "${get[@]}" "-$family" https://packages.example.org/)" "hello from packages.example.org"
done
check http-proxy "no answer" is "$(client "${get[@]}" -x "http://$PROXY4:8080" https://evil.example.com/)" \
	"hello from evil.example.com"
check socks5 "no answer" is "$(client "${get[@]}" --socks5-hostname "$PROXY4:1080" https://evil.example.com/)" \
	"hello from evil.example.com"
check socks4a "no answer" is "$(client "${get[@]}" --socks4a "$PROXY4:1081" http://evil.example.com/)" \
	"hello from evil.example.com"
check ssh-22 "no login" is "$(client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" "root@$SSH4" echo in)" in
check ssh-443 "no login" is "$(client ssh "${SSH_OPTIONS[@]}" -i "$LAB/ssh/user" -p 443 "root@$SSH443" echo in)" in
check dig "no answer" is "$(client dig +short "@$RESOLVER4" www.example.org AAAA)" "$WEB6"
check dig-foreign "no answer" is "$(client dig +short "@$FOREIGN_DNS4" www.example.org)" "$WEB4"
check raw-tcp "no echo" is "$(say client hello "$ECHO6" 9000)" hello
check raw-udp "no echo" is "$(say client hello -u "$ECHO4" 9000)" hello
capture_stop all
check capture "the capture did not see the echo" is \
	"$(payload all "src host $CLIENT4 and udp dst port 9000")" "1 6"
finish
