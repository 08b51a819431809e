#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The daemon is exchanged for another program, again and again, while transfers
# run and new connections are tried: nothing forbidden passes meanwhile, and
# nothing is lost of what the kernel decides or had decided.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
UPGRADES=${UPGRADES:-6}

cat >"$LAB/policy.conf" <<-'END'
	version = 1;
	gateway: { name = "upgrade"; queues = 2; };
	zones: {
	  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16", "fd00:10::/64"]; };
	  wan: { interfaces = ["wan0"]; external = true; };
	};
	egress: (
	  { name = "raw"; from = "lan"; service = "tcp/9100"; action = "allow"; },
	  { name = "name"; from = "lan"; service = "tcp/9200"; app = "http"; host = "www.example.org"; action = "allow"; }
	);
	application: { connect = "allow"; socks = "allow"; no-sni = "allow"; };
END
for port in 9100 9200 9300; do
	start_server "transfer$port" "$NS_OUTSIDE" "tcp/$port@$ECHO4" perl "$LAB_ROOT/tests/functional/transfer.pl" \
		serve "$port" "$ECHO4" "$ECHO6" || { not_ok servers "no server"; finish; }
done
# what reaches the servers of what must not
outside nft -f - <<END
table inet arrivals {
	chain c {
		type filter hook prerouting priority -300;
		tcp dport 9300 counter
		tcp dport 9200 tcp sport 40000-41999 tcp flags & psh == psh counter
	}
}
END

arrived() {
	outside nft -j list chain inet arrivals c | jq '[.. | .counter? // empty | .packets] | add'
}

# in the background, its result in $LAB/out-NAME: talk NAME KIND PORT, attempt NAME KIND PORT HOST SOURCE
talk() {
	client perl "$LAB_ROOT/tests/functional/transfer.pl" talk 50 "$2" "$3" "$ECHO4" www.example.org \
		"$LAB/stop-$1" >"$LAB/out-$1" 2>"$LAB/log/$1" &
	wait_for 20 test -e "$LAB/stop-$1.ready" || not_ok "$1" "not all have begun"
}

attempt() {
	client perl "$LAB_ROOT/tests/functional/attempts.pl" "$2" "$3" "$ECHO4" "$4" "$5" \
		"$LAB/stop-$1" >"$LAB/out-$1" 2>"$LAB/log/$1" &
}

ended() {
	[ -s "$LAB/out-$1" ]
}

# answered N NAME: so many attempts at least; all_answered NAME: none failed
answered() {
	local tried answered

	read -r tried _ answered _ <"$LAB/out-$2"
	[ "${answered:-0}" -ge "$1" ] && [ "${tried:-0}" -ge "$1" ]
}

all_answered() {
	answered 20 "$1" && answered "$(cut -d' ' -f1 "$LAB/out-$1")" "$1"
}

agent_or_fail
check apply "refused" fwctl apply "$LAB/policy.conf"
talk old-raw raw 9100
talk old-name http 9200
attempt new-raw raw 9100 - 30000
attempt forbidden-port raw 9300 - 36000
attempt forbidden-name http 9200 evil.example.com 40000
attempt new-name http 9200 www.example.org 46000

old=$FWAGENTD
cp "$FWAGENTD" "$LAB/fwagentd-new"
echo >>"$LAB/fwagentd-new"
for turn in $(seq "$UPGRADES"); do
	sleep 1
	if [ $((turn % 3)) = 0 ]; then # one that crashes rather than ends
		kill -KILL "$AGENT_PID"
		wait "$AGENT_PID" 2>/dev/null
	else
		agent_stop
	fi
	[ "$FWAGENTD" = "$old" ] && FWAGENTD=$LAB/fwagentd-new || FWAGENTD=$old
	agent_start || { not_ok "upgrade-$turn" "the other program does not come up"; break; }
done
sleep 1
check upgraded "turn $turn" is "$turn" "$UPGRADES"
check ruleset-was-sent-anew "never" test "$(grep -c 'nothing is sent' "$LAB/log/fwagentd")" -eq 0
for name in old-raw old-name new-raw forbidden-port forbidden-name new-name; do
	: >"$LAB/stop-$name"
done
for name in old-raw old-name new-raw forbidden-port forbidden-name new-name; do
	wait_for 30 ended "$name"
	echo "  $name: $(cat "$LAB/out-$name")"
	sed 's/^/    /' "$LAB/log/$name" | head -n 3
done
check running-transfers "$(cat "$LAB/out-old-raw")" grep -q "^50 whole, 0 broken" "$LAB/out-old-raw"
check running-transfers-of-a-name "$(cat "$LAB/out-old-name")" grep -q "^50 whole, 0 broken" "$LAB/out-old-name"
check new-connections "$(cat "$LAB/out-new-raw")" \
	all_answered new-raw
check forbidden-port "$(cat "$LAB/out-forbidden-port")" grep -q ", 0 answered" "$LAB/out-forbidden-port"
check forbidden-name "$(cat "$LAB/out-forbidden-name")" grep -q ", 0 answered" "$LAB/out-forbidden-name"
check forbidden-arrives-nowhere "$(arrived) packets" is "$(arrived)" 0
check new-connections-of-a-name "$(cat "$LAB/out-new-name")" \
	answered 20 new-name
finish
