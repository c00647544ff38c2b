#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test/vm/host.sh: a dump of a kernel that ran on a broken machine is told from one of a kernel that is broken.
set -euE -o pipefail

: "${srcdir:=$(dirname "$0")/../..}"
# shellcheck source=test/vm/host.sh
. "$srcdir/test/vm/host.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

expect() {
	local want=$1 got=possible
	shift
	printf '[  317.2] RSP: 0018:ff8ca4bd05f5fc70 EFLAGS: %s\n' "$@" > "$work/console"
	! impossible_flags "$work/console" || got=impossible
	[[ $got == "$want" ]] || {
		echo "EFLAGS $* are $got"
		status=1
	}
}

expect possible 00000246
expect possible 00010297 00000002 003f7fd7
expect impossible f29eba5a
expect impossible 00000246 0000024e
expect impossible 00000244
expect impossible 00400246
: > "$work/console"
! impossible_flags "$work/console" || {
	echo "no dump is an impossible one"
	status=1
}
exit "$status"
