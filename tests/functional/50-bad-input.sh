#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bad policies and bad circumstances: a clear message, the right exit status,
# nothing changed.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
sample=$LAB_ROOT/packaging/policies/sample.conf
bad=$LAB/bad
mkdir -p "$bad"

: >"$bad/empty.conf"
head -c 700 "$sample" >"$bad/truncated.conf"
head -c 4096 /dev/urandom >"$bad/binary.conf"
{ cat "$sample"; head -c 52428800 /dev/zero | tr '\0' ' '; echo "nonsense = 1;"; } >"$bad/50-MB.conf"
mkdir "$bad/folder.conf"
echo "@include \"$bad/loop.conf\"" >"$bad/loop.conf"
sed 's/connect = /conect = /' "$sample" >"$bad/unknown-key.conf"
sed 's/version = 1/version = "one"/' "$sample" >"$bad/wrong-type.conf"
sed 's/to = "@resolvers"/to = "@resolver"/' "$sample" >"$bad/undefined-name.conf"
sed 's/resolvers = .*;/resolvers = [];/' "$sample" >"$bad/empty-set.conf"
sed 's|10.20.0.0/16|10.10.0.0/17|' "$sample" >"$bad/overlapping-zones.conf"
sed 's/"reject"/"refuse"/' "$sample" >"$bad/unknown-action.conf"
{
	sed '/^addresses/,$d' "$sample"
	echo 'addresses: { many = ['
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "\"203.%d.%d.%d\"%s\n", i / 65536, (i / 256) % 256, i % 256, i < 99999 ? "," : "" }'
	echo ']; };'
	echo 'egress: ( { name = "many"; from = "lan"; to = "@many"; action = "allow"; } );'
} >"$bad/many.conf"

limited() {
	timeout -k 5 60 "$@"
}

# status EXPECTED NAME COMMAND...: exit status, and something was said.
status() {
	local expected=$1 name=$2 said rc

	shift 2
	said=$("$@" 2>&1)
	rc=$?
	if [ "$rc" -ne "$expected" ]; then
		not_ok "$name" "exit status $rc instead of $expected: $(head -c 200 <<<"$said" | tr '\0\n' '  ')"
	elif [ -z "$said" ] && [ "$expected" -ne 0 ]; then
		not_ok "$name" "says nothing"
	else
		ok "$name"
	fi
}

for kind in empty truncated binary folder loop unknown-key wrong-type undefined-name \
	empty-set overlapping-zones unknown-action 50-MB; do
	status 3 "check-$kind" limited "$FWCTL" check "$bad/$kind.conf"
done
status 3 check-missing-file limited "$FWCTL" check "$bad/there-is-none.conf"
status 0 check-100000-addresses limited "$FWCTL" check "$bad/many.conf"
status 2 wrong-command "$FWCTL" aply x
status 2 no-command "$FWCTL"
status 2 socket-without-path "$FWCTL" --socket
status 1 log-is-a-folder "$FWCTL" log --file "$bad"
to_full_disk() {
	"$FWCTL" "$@" >/dev/full
}
status 1 check-to-full-disk to_full_disk check "$sample"
status 1 help-to-full-disk to_full_disk --help
closed_output() {
	"$FWCTL" "$@" >&-
}
status 1 check-to-closed-output closed_output check "$sample"
check place-and-hint "no file:line and suggestion" \
	grep -q "unknown-key.conf:[0-9]*:.*\|.*did you mean" <("$FWCTL" check "$bad/unknown-key.conf" 2>&1)
check did-you-mean "no suggestion" grep -q "did you mean" <("$FWCTL" check "$bad/unknown-key.conf" 2>&1)
sed -i 's/socks = /sox = /; s/app = \["http"/app = ["htp"/' "$bad/unknown-key.conf"
check all-in-one-run "not all three mistakes are reported" is \
	"$("$FWCTL" check "$bad/unknown-key.conf" 2>&1 | grep -c 'unknown-key.conf:[0-9]*.*error')" 3

mkdir -p "$LAB/agent/run"
status 7 daemon-not-running fwctl apply "$sample"

agent_or_fail
status 0 apply fwctl apply "$sample"
gateway nft list ruleset >"$LAB/before" 2>/dev/null
status 3 apply-bad fwctl apply "$bad/undefined-name.conf"
: >"$LAB/empty.conf"
status 3 apply-empty fwctl apply "$LAB/empty.conf"
check apply-empty-says-why "another message" \
	grep -q "does not say its version" <(fwctl apply "$LAB/empty.conf" 2>&1)
gateway nft list ruleset >"$LAB/after" 2>/dev/null
check bad-apply-changes-nothing "the ruleset differs" is \
	"$(sed 's/packets [0-9]* bytes [0-9]*//' "$LAB/before" | cksum)" \
	"$(sed 's/packets [0-9]* bytes [0-9]*//' "$LAB/after" | cksum)"

second() {
	timeout 10 ip netns exec "$NS_GATEWAY" "$FWAGENTD" --foreground --state-dir "$1/state" \
		--run-dir "$1/run" --log-dir "$1/log" >"$LAB/log/second" 2>&1 </dev/null
	rc=$?
	sed 's/^/  /' "$LAB/log/second" | tail -n 3
	[ "$rc" -ne 0 ] && [ "$rc" -ne 124 ] && [ "$rc" -lt 128 ] && [ -s "$LAB/log/second" ]
}
check second-daemon-same-folders "it was not refused with a message" second "$LAB/agent"
status 0 first-daemon-goes-on fwctl status

# Another daemon in the same network: the queue is the first one's.
mkdir -p "$LAB/other/state" "$LAB/other/run" "$LAB/other/log"
queue_is_taken() {
	local other rc

	ip netns exec "$NS_GATEWAY" "$FWAGENTD" --state-dir "$LAB/other/state" \
		--run-dir "$LAB/other/run" --log-dir "$LAB/other/log" \
		>"$LAB/log/other" 2>&1 </dev/null &
	other=$!
	wait_for 20 test -S "$LAB/other/run/control.sock"
	timeout 30 "$FWCTL" --socket "$LAB/other/run/control.sock" apply "$sample" \
		>"$LAB/log/taken" 2>&1
	rc=$?
	kill "$other"
	wait "$other" 2>/dev/null
	sed 's/^/  /' "$LAB/log/taken"
	[ "$rc" -eq 1 ] && grep -q "is held by another program" "$LAB/log/taken" &&
		grep -q "nothing has changed" "$LAB/log/taken"
}
check queue-is-taken "it was not refused with a message" queue_is_taken
engine_is_alive() {
	fwctl status --json | jq -e '.engine.alive and .policy.digest' >/dev/null
}
check queue-is-kept "the first daemon has lost its engine or policy" engine_is_alive

not_root() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
chmod 755 "$LAB/agent" "$LAB/agent/run" 2>/dev/null
status 8 not-root not_root "$FWCTL" --socket "$LAB/agent/run/control.sock" apply "$sample"
refuses_not_root() {
	not_root timeout 10 "$FWAGENTD" --foreground --state-dir "$LAB/other" --run-dir "$LAB/other" \
		--log-dir "$LAB/other" >"$LAB/log/not-root" 2>&1 </dev/null
	rc=$?
	[ "$rc" -ne 0 ] && [ "$rc" -lt 124 ] && [ -s "$LAB/log/not-root" ]
}
check daemon-not-root "no clear refusal" refuses_not_root

# A capture that is cut in the middle, and one that is none.
capture_start cut "$NS_CLIENT"
say client hello 10.20.0.80 9 >/dev/null
capture_stop cut
full=$(stat -c %s "$LAB/cut.pcap")
head -c $((full - 10)) "$LAB/cut.pcap" >"$LAB/cut2.pcap"
status 1 replay-cut-capture "$FWCTL" replay --policy "$sample" "$LAB/cut2.pcap"
status 1 replay-no-capture "$FWCTL" replay --policy "$sample" "$bad/binary.conf"
finish
