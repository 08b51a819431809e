#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A few flows of each kind: what also runs in the VM, where the kernel has its
# native `queue` expression.  Says how packets are queued.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
basic_servers
start_dns foreign "$NS_OUTSIDE" "$FOREIGN_DNS4" || { not_ok servers "dnsmasq does not come up"; finish; }
start_proxies || { not_ok servers "a proxy does not come up"; finish; }
start_echo || { not_ok servers "the echo does not come up"; finish; }

web() {
	client curl -sS -m $((10 * LAB_SLOW)) --cacert "$LAB/tls/ca.pem" "$@" 2>&1
}

answers() {
	seen web "$@"
	grep -q "hello from" "$LAB/log/seen"
}

refuses() {
	! answers "$@"
}

check control-other-name "does not work without the agent" answers -4 https://evil.example.com/
check control-connect "does not work without the agent" \
	answers -x "http://$PROXY4:80" https://www.example.org/
check control-socks "does not work without the agent" \
	answers --socks5-hostname "$PROXY4:443" https://www.example.org/

agent_or_fail
check apply "the sample policy was not applied" agent_apply "$LAB_ROOT/packaging/policies/sample.conf"
queueing=$(fwctl status --json | jq -r .queue.target)
echo "  queueing by the $queueing expression"
if printf 'table inet fw_probe {\nchain c {\nqueue num 1\n}\n}\n' | gateway nft -c -f - 2>/dev/null; then
	check native-queue-where-there-is-one "the xt target is used" is "$queueing" native
fi

capture_start server "$NS_OUTSIDE"
check http-4 "no answer" answers -4 http://www.example.org/
check https-4 "no answer" answers -4 https://www.example.org/
check https-6 "no answer" answers -6 https://packages.example.org/
check other-name-4 "passed" refuses --local-port 20000-20009 -4 https://evil.example.com/
check other-name-6 "passed" refuses --local-port 20010-20019 -6 http://evil.example.com/
check no-name "passed" refuses --local-port 20020-20029 -4 -k "https://$WEB4/"
check connect "passed" refuses --local-port 20030-20039 -x "http://$PROXY4:80" https://www.example.org/
check socks "passed" refuses --local-port 20040-20049 --socks5-hostname "$PROXY4:443" \
	https://www.example.org/
# curl's 7: could not connect, as after a reset; 28 would be its time limit
check reset-by-the-kernel "no reset at once" is "$(client curl -s -m $((2 * LAB_SLOW)) \
	-o /dev/null "http://$ECHO4:9000/"; echo $?)" 7
check reset-by-the-kernel-6 "no reset at once" is "$(client curl -s -m $((2 * LAB_SLOW)) \
	-o /dev/null "http://[$ECHO6]:9000/"; echo $?)" 7
check udp "passed" test "$(say client hi -u -p 20050 "$ECHO4" 9000)" != hi
capture_stop server
check no-payload-of-denied-flows "the server saw payload (packets bytes)" is \
	"$(payload server "src portrange 20000-29999")" "0 0"
before=$(queue_packets)
check download "64 MiB did not arrive" is "$(client curl -sS -m $((30 * LAB_SLOW)) -r 0-67108863 \
	-o /dev/null -w '%{size_download}' http://www.example.org/big.bin)" 67108864
used=$(($(queue_packets) - before))
check download-leaves-the-queue "$used packets went through it" test "$used" -gt 0 -a "$used" -lt 50
# A connection between the ports of one that was just refused is another one.
for v in 4 6; do
	case $v in 4) address=$WEB4 ;; 6) address="[$WEB6]" ;; esac
	for port in 1 2 3 4 5; do
		again=(--local-port "45${v}0$port" --connect-to "::$address:")
		check "refused-from-this-port-$v" "evil.example.com answers" \
			refuses "-$v" "${again[@]}" https://evil.example.com/
		check "same-port-again-$v" "www.example.org does not answer" \
			answers "-$v" "${again[@]}" https://www.example.org/
	done
done
finish
