#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Compare each NAME.conf with the forms stored beside it: run.sh [--update]
# [NAME...].  GOLDEN is the program that prints them.
set -u
cd "$(dirname "$0")" || exit 2
golden=${GOLDEN:-../../build/release/tests/golden/golden}
case $golden in
/*) ;;
*) [ -x "$golden" ] || golden=$OLDPWD/$golden ;;
esac
forms="diag ast"
update=false
passed=0 failed=0

if [ "${1:-}" = --update ]; then
	update=true
	shift
fi
if [ ! -x "$golden" ]; then
	echo "no program $golden: build it, or set GOLDEN" >&2
	exit 2
fi
[ $# -gt 0 ] || set -- *.conf
got=$(mktemp) || exit 2
trap 'rm -f "$got"' EXIT

check() { # NAME FORM
	if ! "$golden" "$2" "$1.conf" >"$got"; then
		echo "not ok - $1.$2: the program failed"
		return 1
	fi
	if $update; then
		# A form that says nothing has no file.
		if [ -s "$got" ]; then
			cat "$got" >"$1.$2"
		else
			rm -f "$1.$2"
		fi
	fi
	want=$1.$2
	[ -e "$want" ] || want=/dev/null
	if diff -u "$want" "$got"; then
		echo "ok - $1.$2"
	else
		echo "not ok - $1.$2"
		return 1
	fi
}

for conf; do
	name=${conf%.conf}
	for form in $forms; do
		if check "$name" "$form"; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
		fi
	done
	# What prints must read back and print the same.
	if [ -e "$name.ast" ]; then
		cp "$name.ast" "$got.conf"
		if "$golden" ast "$got.conf" | cmp -s - "$name.ast"; then
			echo "ok - $name reads back"
			passed=$((passed + 1))
		else
			echo "not ok - $name reads back"
			failed=$((failed + 1))
		fi
		rm -f "$got.conf"
	fi
done
echo "golden: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
