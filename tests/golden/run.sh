#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Compare what the compiler makes of each NAME.conf with the files beside it.
#
# usage: run.sh [--update] [NAME...]
#   --update  rewrite the expected files; the review is their diff
#   GOLDEN    the program that prints the forms
set -u

cd "$(dirname "$0")/../.." || exit 2
golden=$(realpath -m "${GOLDEN:-build/release/tests/golden/golden}")
cd tests/golden || exit 2
update=
if [ "${1:-}" = --update ]; then
	update=yes
	shift
fi
if [ ! -x "$golden" ]; then
	echo "not ok golden: there is no program $golden"
	exit 1
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
# what was printed names its files from there
mkdir -p "$work/a/b" && ln -s "$PWD/lists" "$work/a/b/lists" && ln -s "$PWD/../../build" "$work/build" || exit 2
passed=0
failed=0

result() { # NAME STATUS WHY
	if [ "$2" -eq 0 ]; then
		echo "ok $1"
		passed=$((passed + 1))
	else
		echo "not ok $1: $3"
		failed=$((failed + 1))
	fi
}

# A form that says nothing has no file.
compare() { # NAME FORM
	local want=$1.$2

	if ! "$golden" "$2" "$1.conf" >"$work/got" 2>"$work/err"; then
		cat "$work/err"
		result "$want" 1 "the program failed"
		return
	fi
	if [ -n "$update" ]; then
		rm -f "$want"
		[ ! -s "$work/got" ] || cp "$work/got" "$want"
	fi
	[ -e "$want" ] || want=/dev/null
	diff -u "$want" "$work/got"
	result "$1.$2" $? "not as expected"
}

# Every policy is read and printed; what it compiles to is told of those whose
# subject that is.  The xtables form differs in the queue's rule alone.
forms_of() { # NAME
	case $1 in
	model-fail-open | model-queues) echo "diag ast ir nft nl xt" ;;
	model-*) echo "diag ast ir nft nl" ;;
	*) echo "diag ast" ;;
	esac
}

# What was printed must read back and print the same.
read_back() { # NAME
	cp "$1.ast" "$work/a/b/back.conf"
	"$golden" ast "$work/a/b/back.conf" | cmp - "$1.ast"
	result "$1 reads back" $? "prints another policy"
}

[ $# -gt 0 ] || set -- *.conf
for name; do
	name=${name%.conf}
	for form in $(forms_of "$name"); do
		compare "$name" "$form"
	done
	[ ! -e "$name.ast" ] || read_back "$name"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
