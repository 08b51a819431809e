#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Applying a hundred thousand prefixes: the service manager's watchdog is fed and
# events reach the log meanwhile; a changed rule beside them takes no time; the
# files are stored with the generation.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
N=${N:-100000}

cat >"$LAB/notify.pl" <<'END'
use strict;
use warnings;
use Socket;
use Time::HiRes qw(time);
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
bind($s, pack_sockaddr_un($ARGV[0])) or die;
my ($last, $most) = (time, 0);
while (defined recv $s, my $text, 4096, 0) {
	my $gap = time - $last;
	$most = $gap if $gap > $most;
	$last = time;
	open my $f, '>', "$ARGV[0].most" or die;
	printf $f "%d\n", $most * 1000;
}
END
perl "$LAB/notify.pl" "$LAB/notify" &
echo $! >"$LAB/pids/notify"
wait_for 5 test -S "$LAB/notify"
awk -v n="$N" 'BEGIN { for (i = 0; i < n; i++) printf "%d.%d.%d.%d/31\n", 20 + i / 4194304, i / 16384 % 256, i / 64 % 256, i % 64 * 4 }' \
	>"$LAB/feed.txt"
policy() {
	cat >"$LAB/$1.conf" <<-END
		version = 1;
		gateway: { name = "$1"; };
		zones: {
		  lan: { interfaces = ["lan0"]; networks = ["10.10.0.0/16"]; };
		  wan: { interfaces = ["wan0"]; external = true; };
		};
		addresses: { feed = ["@file:feed.txt"]; };
		egress: (
		  { name = "feed"; to = "@feed"; action = "deny"; },
		  { name = "$2"; from = "lan"; service = "tcp/$3"; app = "http"; host = "*"; action = "allow"; }
		);
	END
}
policy small http 80
sed -i '/feed/d' "$LAB/small.conf"
policy large http 80
policy large2 web 8080

NOTIFY_SOCKET=$LAB/notify agent_or_fail
check small "refused" fwctl apply "$LAB/small.conf"
rm -f "$LAB/notify.most"
begin=${EPOCHREALTIME/./}
check large "refused" fwctl apply "$LAB/large.conf"
echo "  $N prefixes in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms, longest silence $(cat "$LAB/notify.most") ms"
check large-feeds-the-watchdog "silent for $(cat "$LAB/notify.most") ms" test "$(cat "$LAB/notify.most")" -lt 1500
check large-engine-goes-on "restarts" is "$(fwctl status --json | jq .engine.restarts)" 0
begin=${EPOCHREALTIME/./}
check one-rule "refused" fwctl apply "$LAB/large2.conf"
echo "  one rule beside them in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
check stored-once "not linked" is "$(stat -c %h "$LAB/agent/state/generations/000003/files/0000")" 2
check rollback "refused" fwctl rollback
check rollback-in-force "in force" is "$(fwctl status --json | jq -r .policy.gateway)" large

# who listens to rulesets, anywhere, makes the kernel slow: it is named
is_listening_to_rulesets() {
	# shellcheck disable=SC2016 # awk's
	ip netns exec "$1" awk '$2 == 12 && $4 != "00000000"' /proc/net/netlink | grep -q .
}
check small-again "refused" fwctl apply "$LAB/small.conf"
for ns in "$NS_OUTSIDE" "$NS_GATEWAY"; do
	ip netns exec "$ns" nft monitor >/dev/null 2>&1 &
	echo $! >"$LAB/pids/listens-$ns"
	check "listens-$ns" "nft monitor does not" wait_for 10 is_listening_to_rulesets "$ns"
done
sed -i '1s/$/ /; $a 198.18.0.0/31' "$LAB/feed.txt"
begin=${EPOCHREALTIME/./}
fwctl apply "$LAB/large.conf" >"$LAB/said" 2>&1
check listened-apply "exit status" is "$?" 0
echo "  with two that listen in $(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
check listener-is-named "$(cat "$LAB/said")" grep -q "^warning: nft listens to changes of rulesets" "$LAB/said"
check listener-elsewhere-is-named "$(cat "$LAB/said")" \
	grep -q "^warning: nft, in another network namespace, listens" "$LAB/said"
check listener-in-status "$(fwctl status)" grep -q "^note     nft listens to changes" <(fwctl status)
check small-is-not-warned "warned" test -z "$(fwctl apply "$LAB/small.conf" 2>&1 | grep listens)"
for ns in "$NS_OUTSIDE" "$NS_GATEWAY"; do
	kill "$(cat "$LAB/pids/listens-$ns")"
done
check large-once-more "refused" fwctl apply "$LAB/large.conf"

rm "$LAB/feed.txt"
kill -KILL "$AGENT_PID"
wait "$AGENT_PID" 2>/dev/null
agent_or_fail
check restart-has-the-files "in force" is "$(fwctl status --json | jq -r .policy.gateway)" large
check restart-has-the-elements "set" test "$(gateway nft -j list sets table inet fwagent 2>/dev/null | wc -c)" -gt $((N * 8))
finish
