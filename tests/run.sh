#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run the kinds of tests that are named, print each result as it comes, count.
# The last line is always: N passed, N failed, N skipped.
#
# usage: run.sh BUILD_FOLDER KIND...
#   kinds: lint unit golden replay fuzz corpus functional vm
#   TEST_WRAPPER   put before each unit test program (valgrind)
#   TEST_SKIP      unit test programs to leave out (test_x test_y)
#   TEST_FILTER    only functional scripts whose name contains this
#   TEST_JOBS      so many functional scripts side by side (2)
#
# A script of a kind prints lines `ok NAME`, `not ok NAME: why`,
# `SKIP NAME: reason`; other lines are shown as they are.  Exit 0 or 1 goes
# with the lines; 77 = all skipped; anything else counts as one failure more.
set -u

cd "$(dirname "$0")/.." || exit 2
B=${1:?usage: run.sh BUILD_FOLDER KIND...}
shift
passed=0
failed=0
skipped=0
failures=()
SCRIPT_SECONDS=600

pass() {
	passed=$((passed + ${2:-1}))
	echo "ok $1"
}

fail() {
	failed=$((failed + ${3:-1}))
	failures+=("$1: $2")
	echo "not ok $1: $2"
}

skip() {
	skipped=$((skipped + 1))
	echo "SKIP $1: $2"
}

# bounded SECONDS COMMAND...: what it prints, then how it ended; who is asked to
# stop asks the command to.
bounded() {
	timeout -k 20 "$@" </dev/null 2>&1 &
	trap 'kill $!' TERM
	wait $!
	echo "exit-status $?"
}

# run_lines KIND SECONDS COMMAND...: run a script that prints result lines.
run_lines() {
	count_lines "$1" "$2" < <(bounded "${@:2}")
}

# count_lines KIND SECONDS: what a bounded script printed.
count_lines() {
	local kind=$1 limit=$2 line status=lost seen=0 seen_bad=0

	while IFS= read -r line; do
		case $line in
		"ok - "* | "not ok - "*) line=${line/ok - /ok } ;;
		esac
		case $line in
		"ok "*)
			pass "$kind/${line#ok }"
			seen=$((seen + 1))
			;;
		"not ok "*)
			line=${line#not ok }
			case $line in
			*": "*) fail "$kind/${line%%: *}" "${line#*: }" ;;
			*) fail "$kind/$line" "see above" ;;
			esac
			seen_bad=$((seen_bad + 1))
			;;
		"SKIP "*)
			line=${line#SKIP }
			skip "$kind/${line%%: *}" "${line#*: }"
			seen=$((seen + 1))
			;;
		"exit-status "*)
			status=${line#exit-status }
			;;
		*)
			printf '  %s\n' "$line"
			;;
		esac
	done
	case $status in
	0 | 77)
		if [ $((seen + seen_bad)) -eq 0 ]; then
			fail "$kind" "said nothing"
		fi
		;;
	1)
		if [ "$seen_bad" -eq 0 ]; then
			fail "$kind" "exit status 1"
		fi
		;;
	124 | 137)
		fail "$kind" "not done after $limit s"
		;;
	*)
		fail "$kind" "exit status $status"
		;;
	esac
}

# A Check program: its own summary says how many checks there were.
run_unit_program() {
	local program=$1 name out status checks bad

	name=unit/$(basename "$program")
	if [[ " ${TEST_SKIP:-} " == *" ${name#unit/} "* ]]; then
		skip "$name" "left out by TEST_SKIP"
		return
	fi
	# shellcheck disable=SC2086 # the wrapper is a list of words
	out=$(CK_VERBOSITY=normal timeout -k 20 600 ${TEST_WRAPPER:-} "$program" </dev/null 2>&1)
	status=$?
	if [ $status -eq 77 ]; then
		skip "$name" "$(tail -n 1 <<<"$out")"
		return
	fi
	read -r checks bad < <(sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' <<<"$out" |
		awk '{ c += $1; b += $2 + $3 } END { print c + 0, b + 0 }')
	if [ "$bad" -gt 0 ] || [ $status -ne 0 ] || [ "$checks" -eq 0 ]; then
		tail -n 40 <<<"$out" | sed "s/^/  /"
		if [ "$bad" -eq 0 ]; then
			bad=1
			checks=$((checks + 1))
		fi
		fail "$name" "$bad of $checks checks, exit status $status" "$bad"
		passed=$((passed + checks - bad))
	else
		pass "$name ($checks checks)" "$checks"
	fi
}

run_unit() {
	local program any=

	for program in "$B"/unit/test_*; do
		if [ -x "$program" ] && [ -e "tests/unit/$(basename "$program").c" ]; then
			any=yes
			run_unit_program "$program"
		fi
	done
	[ -n "$any" ] || skip unit "no unit test was built"
}

run_script_kind() {
	if [ -x "tests/$1/run.sh" ]; then
		run_lines "$1" "$2" env "${1^^}=$PWD/$B/tests/$1/$1" "tests/$1/run.sh" "${@:3}"
	else
		skip "$1" "tests/$1/run.sh is not there"
	fi
}

# The fuzz targets run their corpus once, as ordinary regression tests.
run_fuzz() {
	local program target out any=

	for program in "$B"/fuzz/fuzz_*; do
		if [ ! -x "$program" ] || [ -d "$program" ]; then
			continue
		fi
		any=yes
		target=$(basename "$program")
		target=${target#fuzz_}
		if [ ! -d "tests/fuzz/corpus/$target" ]; then
			fail "fuzz/$target" "has no corpus in tests/fuzz/corpus/$target"
		elif out=$(timeout -k 20 300 "$program" "tests/fuzz/corpus/$target" </dev/null 2>&1); then
			pass "fuzz/$target ($(tail -n 1 <<<"$out"))"
		else
			tail -n 40 <<<"$out" | sed 's/^/  /'
			fail "fuzz/$target" "crashed on its corpus"
		fi
	done
	[ -n "$any" ] || skip fuzz "no fuzz target was built"
}

# Most of a script's time is waiting, so some run side by side (TEST_JOBS); the
# lines of each are shown when it has ended.
run_functional() {
	local script out
	local -A running=()

	out=$(mktemp -d) || exit 2
	trap 'kill "${!running[@]}"; wait; rm -r "$out"; exit 130' INT TERM
	for script in tests/functional/[0-9]*.sh; do
		[[ $script == *"${TEST_FILTER:-}"* ]] || continue
		[ ${#running[@]} -lt "${TEST_JOBS:-2}" ] || count_ended_script
		script=$(basename "$script" .sh)
		bounded $SCRIPT_SECONDS "tests/functional/$script.sh" "$B" >"$out/$script" &
		running[$!]=$script
	done
	while [ ${#running[@]} -gt 0 ]; do
		count_ended_script
	done
	trap - INT TERM
	rm -r "$out"
}

# count_ended_script: waits for one of run_functional's.
count_ended_script() {
	local pid

	wait -n -p pid "${!running[@]}"
	count_lines "functional/${running[$pid]}" $SCRIPT_SECONDS <"$out/${running[$pid]}"
	unset "running[$pid]"
}

for kind in "$@"; do
	echo "== $kind"
	case $kind in
	lint) run_lines lint 600 tests/lint/run.sh "$B" ;;
	unit) run_unit ;;
	golden) run_script_kind golden 600 ;;
	replay) run_script_kind replay 600 "$B" ;;
	fuzz) run_fuzz ;;
	corpus) run_lines corpus 900 tests/corpus.sh "$B" ;;
	functional) run_functional ;;
	vm)
		run_lines vm 600 tests/vm/run.sh "$B"
		run_lines vm 400 tests/vm/restart.sh "$B"
		;;
	*) fail "$kind" "no such kind" ;;
	esac
done

if [ ${#failures[@]} -gt 0 ]; then
	echo "== failed"
	printf '%s\n' "${failures[@]}"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
