#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A change of policy: connections that the new one refuses are cut within a
# second, the others never notice - a thousand of them over a hundred changes -
# and counters go on counting.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
APPLIES=${APPLIES:-100}
EACH=${EACH:-125} # connections of each of eight kinds

# policy FILE [RULES]: raw is decided by the kernel, http and tls by the engine
policy() {
	cat >"$1" <<-END
		version = 1;
		gateway: { name = "cut"; mode = "${MODE:-enforce}"; queues = 2; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
		  servers: { interfaces = ["srv0"]; networks = ["10.20.0.0/16", "fd00:20::/64"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		egress: (
		  $2
		  { name = "never used"; from = "10.10.77.$((RANDOM % 250 + 1))"; service = "tcp/7"; action = "deny"; }
		);
		application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
	END
}

RAW='{ name = "raw"; from = "lan"; service = ["tcp/9100", "udp/9000"]; action = "allow"; },'
NAMES='{ name = "names"; from = "lan"; service = ["tcp/9200", "tcp/9300"]; app = ["http", "tls"];
	host = ["www.example.org", "packages.example.org"]; action = "allow"; },'
ONE_NAME='{ name = "one name"; from = "lan"; service = ["tcp/9200", "tcp/9300"]; app = ["http", "tls"];
	host = ["www.example.org"]; action = "allow"; },'
NO_NAME='{ name = "no name"; from = "lan"; service = ["tcp/9200", "tcp/9300"]; app = ["http", "tls"];
	host = ["evil.example.com"]; action = "deny"; },'

serve() {
	start_server "transfer$1" "$NS_OUTSIDE" "tcp/$1@$ECHO4" perl "$LAB_ROOT/tests/functional/transfer.pl" \
		serve "$1" "$ECHO4" "$ECHO6"
}
for port in 9100 9200 9300; do
	serve "$port" || { not_ok servers "no server"; finish; }
done
start_echo >/dev/null 2>&1

# talk NAME COUNT KIND PORT ADDRESS HOST: in the background
talk() {
	client perl "$LAB_ROOT/tests/functional/transfer.pl" talk "$2" "$3" "$4" "$5" "$6" \
		"$LAB/stop-$1" >"$LAB/talk-$1" 2>"$LAB/log/talk-$1" &
	echo $! >"$LAB/pids/talk-$1"
	wait_for 30 test -e "$LAB/stop-$1.ready"
}

ended() {
	[ -s "$LAB/talk-$1" ]
}

whole() {
	: >"$LAB/stop-$1"
	wait_for 20 ended "$1"
	cat "$LAB/talk-$1"
}

agent_or_fail
policy "$LAB/all.conf" "$RAW $NAMES"
check apply "refused" fwctl apply "$LAB/all.conf"

# --- cut --------------------------------------------------------------------------

for family in 4 6; do
	address=ECHO$family
	check "raw$family-starts" "no answer" talk "raw$family" 2 raw 9100 "${!address}" -
	check "www$family-starts" "no answer" talk "www$family" 2 http 9200 "${!address}" www.example.org
	check "packages$family-starts" "no answer" talk "packages$family" 2 tls 9300 "${!address}" packages.example.org
done
policy "$LAB/one.conf" "$RAW $ONE_NAME"
begin=${EPOCHREALTIME/./}
check apply-one-name "refused" fwctl apply "$LAB/one.conf"
check refused-name4-is-cut "still there" wait_for 2 ended packages4
check refused-name6-is-cut "still there" wait_for 2 ended packages6
echo "  cut $(((${EPOCHREALTIME/./} - begin) / 1000)) ms after the apply began"
check refused-name-all-broken "$(cat "$LAB/talk-packages4")" grep -q '^0 whole, 2 broken' "$LAB/talk-packages4"
check others-go-on "ended" test ! -s "$LAB/talk-raw4" -a ! -s "$LAB/talk-www6"
check cut-is-told "no event" told '.fw.reason == "policy" and .tls.sni == "packages.example.org"'
check cut-is-counted "status" is "$(fwctl status --json | jq .counters.cut)" 4

policy "$LAB/none.conf" "$RAW $NO_NAME"
check apply-no-name "refused" fwctl apply "$LAB/none.conf"
check www-is-cut "still there" wait_for 2 ended www4
policy "$LAB/noraw.conf" "$NO_NAME"
MODE=observe policy "$LAB/observe.conf" "$NO_NAME"
check apply-observe "refused" fwctl apply "$LAB/observe.conf"
sleep 1
check observe-cuts-nothing "cut" test ! -s "$LAB/talk-raw4" -a ! -s "$LAB/talk-raw6"
check apply-no-raw "refused" fwctl apply "$LAB/noraw.conf"
check raw4-is-cut "still there" wait_for 2 ended raw4
check raw6-is-cut "still there" wait_for 2 ended raw6
check raw-names-the-list "no such event" \
	told '.fw.reason == "policy" and .dest_port == 9100'

# a verdict process that remembers nothing: what asks the same as before stays
check apply-again "refused" fwctl apply "$LAB/all.conf"
check www-again "no answer" talk again 2 http 9200 "$ECHO4" www.example.org
kill -KILL "$(fwctl status --json | jq .engine.pid)"
sleep 1
policy "$LAB/all2.conf" "$RAW $NAMES"
check apply-unchanged "refused" fwctl apply "$LAB/all2.conf"
sleep 1
check forgotten-and-unchanged-stays "cut" test ! -s "$LAB/talk-again"
check apply-changed "refused" fwctl apply "$LAB/one.conf"
check forgotten-and-changed-is-cut "still there" wait_for 2 ended again

# a rule for a sender, whom nobody can tell of a connection any more
MAC=$(ip -n "$NS_CLIENT" -j link show eth0 | jq -r '.[0].address')
SENDER='{ name = "sender"; from = "lan"; mac = "'$MAC'"; service = "tcp/9100"; action = "allow"; },'
policy "$LAB/sender.conf" "$SENDER"
check apply-sender "refused" fwctl apply "$LAB/sender.conf"
check sender-starts "no answer" talk sender 2 raw 9100 "$ECHO4" -
policy "$LAB/sender2.conf" "$SENDER $NAMES { name = \"other\"; from = \"lan\"; service = \"tcp/9000-9200\"; to = \"$ECHO6\"; action = \"allow\"; }, { name = \"rest\"; service = \"tcp/9000-9999\"; action = \"reject\"; },"
check apply-beside-the-sender "refused" fwctl apply "$LAB/sender2.conf"
sleep 1
check sender-stays "cut" test ! -s "$LAB/talk-sender"
check apply-without-the-sender "refused" fwctl apply "$LAB/noraw.conf"
check sender-is-cut "still there" wait_for 2 ended sender

# What is not TCP does not say that it begins: what was cut goes on by itself
# once it is allowed again, by another policy or because none is enforced.
datagram() { # FAMILY: always of the same flow
	local address=ECHO$1

	say client hi -u -p "777$1" -w 2 "${!address}" 9000
}
datagrams() { # NAME allowed|refused FILE
	check "apply-$1" "refused" fwctl apply "$3"
	"$2" "$1-4" hi datagram 4
	"$2" "$1-6" hi datagram 6
}
PHASE=judged
MODE=observe policy "$LAB/noraw-observe.conf" "$NAMES"
datagrams datagrams allowed "$LAB/all.conf"
datagrams datagrams-cut refused "$LAB/noraw.conf"
datagrams datagrams-again allowed "$LAB/all.conf"
datagrams datagrams-cut-again refused "$LAB/noraw.conf"
datagrams datagrams-observed allowed "$LAB/noraw-observe.conf"

# --- a thousand, a hundred times --------------------------------------------------------

check apply-all "refused" fwctl apply "$LAB/all.conf"
# the kernel remembers a connection that was reset for ten seconds, and refuses
# another from the same port until then
no_cut_ones() {
	! gateway grep -q "CLOSE" /proc/net/nf_conntrack
}
if gateway test -e /proc/net/nf_conntrack; then wait_for 15 no_cut_ones; else sleep 11; fi
kinds="raw:9100:- http:9200:www.example.org tls:9300:www.example.org tls:9300:packages.example.org"
for kind in $kinds; do
	IFS=: read -r what port host <<<"$kind"
	for family in 4 6; do
		address=ECHO$family
		talk "many-$what-$host-$family" "$EACH" "$what" "$port" "${!address}" "$host" ||
			not_ok "many-$what-$host-$family" "not all have begun"
	done
done

rule_counter() {
	gateway nft -j list counters table inet fwagent 2>/dev/null |
		jq "[.nftables[].counter? | select(.name? // \"\" | test(\"raw\")) | .packets] | add"
}
before=$(rule_counter)
cut=$(fwctl status --json | jq .counters.cut)
begin=${EPOCHREALTIME/./}
for i in $(seq "$APPLIES"); do
	policy "$LAB/turn.conf" "$RAW $NAMES $([ $((i % 2)) = 0 ] && echo '{ name = "more"; from = "lan"; service = "tcp/8"; action = "allow"; },')"
	fwctl apply "$LAB/turn.conf" >"$LAB/said" 2>&1 || { not_ok "apply-$i" "$(cat "$LAB/said")"; break; }
done
echo "  $APPLIES applies in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
for kind in $kinds; do
	IFS=: read -r what port host <<<"$kind"
	for family in 4 6; do
		seen=$(whole "many-$what-$host-$family")
		sed 's/^/  /' "$LAB/log/talk-many-$what-$host-$family"
		check "many-$what-$host-$family" "$seen" grep -q "^$EACH whole, 0 broken" <<<"$seen"
		echo "  $what $host IPv$family: $seen"
	done
done
echo "  $(fwctl status --json | jq -c .reasons)"
check counters-survive "rule counter $before, then $(rule_counter)" test "$(rule_counter)" -ge "$before" -a "$before" -gt 0
check none-was-cut "cut" is "$(fwctl status --json | jq .counters.cut)" "$cut"
finish
