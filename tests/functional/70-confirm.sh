#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# apply --confirm, confirm, rollback, history: who dies meanwhile changes
# nothing of what was promised.
B=${1:-${B:-build/release}}
# shellcheck source=tests/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need_agent
lab_up
agent_or_fail

# policy NAME: one that is known by its gateway's name
policy() {
	sed "0,/name = \"[^\"]*\"/s//name = \"$1\"/" \
		"$LAB_ROOT/packaging/policies/sample.conf" >"$LAB/$1.conf"
}

in_force() {
	fwctl status --json | jq -r '.policy.gateway // "none"'
}

is_in_force() {
	[ "$(in_force)" = "$1" ]
}

state() {
	fwctl history --json | jq -r ".generations[] | select(.generation == $1) | .state"
}

fwctl_said() {
	fwctl "$@" >"$LAB/said" 2>&1
}

has_table() {
	gateway nft list table inet fwagent >/dev/null 2>&1
}

not() {
	! "$@"
}

for name in one two three four; do
	policy "$name"
done

# the first apply of all, not confirmed: back to no policy
check first-pending "refused" fwctl apply --confirm 1s "$LAB/one.conf"
check first-is-in-force "none" is "$(in_force)" one
check first-goes-away "still in force" wait_for 4 is_in_force none
check first-table-is-gone "the table is still there" not has_table
check first-is-rolled-back "state" is "$(state 1)" "rolled back"

check apply "refused" fwctl apply --comment "a \"good\" one" "$LAB/one.conf"
check confirm-nothing "not 1" is "$(fwctl confirm >/dev/null 2>&1; echo $?)" 1

# confirmed in time
said=$(fwctl apply --confirm=60 "$LAB/two.conf")
check tells-how-to-confirm "$said" grep -q "60 s unless you say: fwctl confirm" <<<"$said"
check status-tells-of-it "nothing in status" grep -q "^PENDING  back to generation 2 in" <(fwctl status)
said=$(fwctl apply "$LAB/three.conf" 2>&1)
check second-apply-is-refused "exit status" is "$?" 1
check second-apply-says-why "$said" grep -q "waits to be confirmed: first 'fwctl confirm' or 'fwctl rollback'" <<<"$said"
check confirm "refused" fwctl confirm
check confirmed-stays "not in force" is "$(in_force)" two
check confirmed-is-confirmed "state" is "$(state 3)" confirmed

# not confirmed; fwctl waits for it and tells
fwctl apply --confirm 1 --wait "$LAB/three.conf" >/dev/null 2>&1
check wait-exits-6 "exit status" is "$?" 6
check unconfirmed-goes-back "in force" is "$(in_force)" two
fwctl apply --confirm 30s --wait "$LAB/three.conf" >/dev/null 2>&1 &
waiting=$!
check waited-for "not in force" wait_for 5 is_in_force three
check wait-confirm "refused" fwctl confirm
wait "$waiting"
check wait-exits-0 "exit status" is "$?" 0

# a pending one replaced by another: the way back stays the confirmed one
check replace-1 "refused" fwctl apply --confirm 60 "$LAB/four.conf"
check replace-2 "$(cat "$LAB/said" 2>/dev/null)" fwctl_said apply --confirm 60 "$LAB/one.conf"
check replace-tells-of-it "$(cat "$LAB/said")" \
	grep -q "^warning: generation 6, applied by root, waited to be confirmed" "$LAB/said"
check confirm-another "not 1" is "$(fwctl confirm 6 >"$LAB/said" 2>&1; echo $?)" 1
check confirm-another-says-which "$(cat "$LAB/said")" grep -q "it is generation 7 that waits" "$LAB/said"
check rollback-of-pending "refused" fwctl rollback
check replaced-goes-back "in force" is "$(in_force)" three
check replaced-is-abandoned "state" is "$(state 6)" abandoned

# rollback to a number, and to the one before
check rollback-n "refused" fwctl rollback 2
check rollback-n-in-force "in force" is "$(in_force)" one
check rollback-n-keeps-the-comment "comment" is \
	"$(fwctl history --json | jq -r '.generations[] | select(.generation == 2) | .comment')" 'a "good" one'
check rollback-unknown "not 1" is "$(fwctl rollback 99 >/dev/null 2>&1; echo $?)" 1
check rollback-n-unchanged "in force" is "$(in_force)" one
check apply-four "refused" fwctl apply "$LAB/four.conf"
check rollback-before "refused" fwctl rollback
check rollback-before-in-force "in force" is "$(in_force)" one
check apply-three "refused" fwctl apply "$LAB/three.conf"

# the daemon dies: the next one goes back at the deadline ...
check kill-pending "refused" fwctl apply --confirm 4s "$LAB/two.conf"
kill -KILL "$AGENT_PID"
wait "$AGENT_PID" 2>/dev/null
agent_or_fail
check kill-still-pending "in force" is "$(in_force)" two
check kill-goes-back "still in force" wait_for 6 is_in_force three
# ... or at once, when it has passed
check kill-late-pending "refused" fwctl apply --confirm 1s "$LAB/two.conf"
kill -KILL "$AGENT_PID"
wait "$AGENT_PID" 2>/dev/null
sleep 1.2
agent_or_fail
check kill-late-goes-back "in force" is "$(in_force)" three
check kill-late-table "nft" grep -q 'chain p_' <(gateway nft list table inet fwagent 2>/dev/null)
# ... and after another boot
check boot-pending "refused" fwctl apply --confirm 1h "$LAB/two.conf"
agent_stop
sed -i 's/"boot_id": "[^"]*"/"boot_id": "another"/' "$LAB/agent/state/pending.json"
agent_or_fail
check boot-goes-back "in force" is "$(in_force)" three
check boot-says-why "log" grep -q "not confirmed before the restart of the system" "$LAB/log/fwagentd"

# kill -9 at any moment of an apply and its confirmation: the next daemon has a
# policy in force, and history can be read
for turn in $(seq 12); do
	(fwctl apply --confirm 60 "$LAB/two.conf" && fwctl confirm) >/dev/null 2>&1 &
	sleep "0.0$((turn * 7 % 100 / 10))$((turn * 7 % 10))"
	kill -KILL "$AGENT_PID"
	wait "$AGENT_PID" "$!" 2>/dev/null
	agent_start || break
	seen=$(in_force)
	case $seen in two | three) ;; *) break ;; esac
	fwctl rollback >/dev/null 2>&1
	fwctl apply "$LAB/three.conf" >/dev/null 2>&1
done
check killed-anywhen-is-whole "turn $turn: in force $seen" test "$turn" = 12 -a "$seen" != none
check killed-anywhen-history "history cannot be read" test "$(fwctl history --json | jq '.generations | length')" -gt 5

# the two that come at once: one wins, both are told
fwctl apply "$LAB/one.conf" >"$LAB/a" 2>&1 &
a=$!
fwctl apply "$LAB/two.conf" >"$LAB/b" 2>&1
b=$?
wait "$a"
a=$?
echo "  two at once: exit $a and $b; $(cat "$LAB/a" "$LAB/b" | grep -c 'in force: ') in force"
check at-once-one-in-force "exit $a $b" test "$a" -eq 0 -o "$b" -eq 0
check at-once-loser-is-told "$(cat "$LAB/a" "$LAB/b")" test "$((a + b))" -eq 0 -o \
	"$(cat "$LAB/a" "$LAB/b" | grep -c 'meanwhile generation .* came into force')" -eq 1

# the way back is broken (or another version does not understand it): an older
# one is taken, at the deadline, at a start and at the start of the system
fwctl rollback >/dev/null 2>&1
for name in one two three; do
	fwctl apply "$LAB/$name.conf" >/dev/null 2>&1
done
broken=$(fwctl history --json | jq .current)
echo "nonsense;" >"$LAB/agent/state/generations/$(printf %06d "$broken")/policy.conf"
check broken-way-back "refused" fwctl apply --confirm 1 "$LAB/four.conf"
check broken-older-is-taken "in force: $(in_force)" wait_for 6 is_in_force two
fwctl apply "$LAB/four.conf" >/dev/null 2>&1
broken=$(fwctl history --json | jq .current)
rm -r "$LAB/agent/state/generations/$(printf %06d "$broken")"
kill -KILL "$AGENT_PID"
wait "$AGENT_PID" 2>/dev/null
gateway nft flush ruleset
gateway "$FWAGENTD" --boot --state-dir "$LAB/agent/state" >"$LAB/boot" 2>&1
check broken-boot "$(cat "$LAB/boot")" has_table
agent_or_fail
check broken-start "not in force" is "$(in_force)" two

# wrong times
for time in 0 0s 25h 1000000000h; do
	check "confirm-$time" "not refused" is "$(fwctl apply --confirm "$time" "$LAB/one.conf" >/dev/null 2>&1; echo $?)" 2
done
check confirm-day "refused" fwctl apply --confirm 24h "$LAB/one.conf"
check confirm-day-confirm "refused" fwctl confirm
check under-panic-on "refused" fwctl panic on
check under-panic-apply "not told" grep -q "^warning: panic is on" <(fwctl apply "$LAB/two.conf" 2>&1)
check under-panic-off "refused" fwctl panic off

# the folder cannot be written: a promise that cannot be kept is not given
fwctl history | sed 's/^/  /' | head -n 12
rm -rf "$LAB/agent/state/generations"
: >"$LAB/agent/state/generations"
pointed=$(readlink "$LAB/agent/state/confirmed")
fwctl apply --confirm "$LAB/four.conf" >"$LAB/a" 2>&1
check no-store-no-promise "exit status" is "$?" 1
check no-store-says-why "$(cat "$LAB/a")" grep -q "so nothing could take it back in time" "$LAB/a"
check no-store-points "$(readlink "$LAB/agent/state/confirmed")" test -n "$pointed"
check no-store-warns "no warning" grep -q "not stored" <(fwctl apply "$LAB/four.conf" 2>&1)
check no-store-keeps-the-last "points elsewhere" is "$(readlink "$LAB/agent/state/confirmed")" "$pointed"
finish
