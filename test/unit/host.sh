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

expect_int3() {
	local want=$1 got=true
	printf '%s\n' "[    1.0] Code: 90 cc <0f> 1f" "[   59.2] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI" \
		"[   59.2] RIP: 0010:kmem_cache_free_bulk.part.0+0xad/0x3a0" "[   59.2] Code: 44 89 $2 <90> 4d 8b 43 38" \
		"[   59.3] Code: 0f 1f <44> 00" > "$work/console"
	! stale_int3 "$work/console" || got=stale
	[[ $got == "$want" ]] || {
		echo "an int3 where there is $2 is $got"
		status=1
	}
}
expect_int3 stale 66
expect_int3 stale e9
expect_int3 true cc
echo "[   59.2] Code: 44 89 66 <90> 4d" > "$work/console"
! stale_int3 "$work/console" || {
	echo "another dump is one of int3"
	status=1
}
exit "$status"
