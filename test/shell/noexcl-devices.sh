#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On a target with several devices noexcl:<dev> shares the named ones and the others stay exclusive; a bare
# noexcl is refused there, never a silent shared open; words that are no noexcl are refused, too.
# timeout: 300
# kernel: patched
# native: noexcl of targets other than linear, which dm itself has to know
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
size=$(sectors "$PART1")
p1=$(devno "$PART1") d2=$(devno "$DISK2") d3=$(devno "$DISK3")
before=$(state)

no_table() {
	fails . "$REAL_DMSETUP" create "$(dm no)" --table "$1"
	equal "$(state)" "$before" "state after: $1"
}

no_table "0 $size snapshot $PART1 $DISK2 N 8 noexcl"
no_table "0 $size snapshot $PART1 $DISK2 N 8"
no_table "0 $size snapshot $PART1 $DISK2 N 8 noexcl:$DISK2"
no_table "0 $size mirror core 2 1024 nosync 2 $DISK2 0 $DISK3 0 noexcl"
no_table "0 $(( size / 128 * 128 )) striped 2 64 $DISK2 0 $DISK3 0 noexcl"
no_table "0 $size linear $PART1 0 noexcl:"
no_table "0 $size linear $PART1 0 noexcl:,"
no_table "0 $size linear $PART1 0 noexcl:$PART1,"
no_table "0 $size linear $PART1 0 noexcl:nonsense"
no_table "0 $size linear $PART1 0 noexcl:99999:1"
no_table "0 $size linear $PART1 0 noexcl noexcl"
no_table "0 $size linear $PART1 noexcl 0"
no_table "0 $size linear $PART1 0 noexclx"
no_table "0 $size linear $PART1 0 NOEXCL x"
no_table "0 $size linear noexcl"
no_table "0 $size noexcl"
no_table "0 $size zero noexcl:$PART1"
# a name that the target does not open
no_table "0 $size linear $PART1 0 noexcl:$DISK3"

mk_dm snap "0 $size snapshot $PART1 $DISK2 N 8 noexcl:$PART1"
equal "$("$REAL_DMSETUP" table "$(dm snap)")" "0 $size snapshot $p1 $d2 N 8 noexcl:$p1"
equal "$(cat "/sys/block/$(dm_node snap)/dm/noexcl")" 1
equal "$(in_use_by "$PART1")" "$(dm_node snap)"
equal "$(in_use_by "$DISK2")" "$(dm_node snap)"
# the COW device is claimed
fails busy rawio claim "$DISK2"
dmsetup remove "$(dm snap)"
rawio claim "$DISK2"

# several names, by path and by number
mk_dm two "0 $(( size / 128 * 128 )) striped 2 64 $DISK2 0 $DISK3 0 noexcl:$DISK2,$d3"
"$REAL_DMSETUP" table "$(dm two)" | grep -E " noexcl:($d2,$d3|$d3,$d2)\$" > /dev/null ||
	fail "$("$REAL_DMSETUP" table "$(dm two)")"
rawio claim "$DISK2"
rawio claim "$DISK3"
dmsetup remove "$(dm two)"

# one table: the same device shared by one target and exclusively by another
unmount a
mk_dm mixed "0 64 linear $PART1 0 noexcl" "64 64 linear $PART1 64"
equal "$("$REAL_DMSETUP" table "$(dm mixed)" | grep -c noexcl)" 1
equal "$(in_use_by "$PART1")" "$(dm_node mixed)"
# the exclusive one counts
fails busy rawio claim "$PART1"
rawio write "$(dmdev mixed)" 0 128 1
rawio check "$PART1" 0 128 1
dmsetup remove "$(dm mixed)"
equal "$(in_use_by "$PART1")" ""
rawio claim "$PART1"

# a snapshot that shares its origin, which another table claims: it is of that device all the same
mk_dm snap "0 $size snapshot $PART1 $DISK2 N 8 noexcl:$PART1"
mk_dm origin "0 $size snapshot-origin $PART1"
rawio write "$(dmdev origin)" 0 128 2
rawio check "$(dmdev snap)" 0 128 1
rawio check "$PART1" 0 128 2
dmsetup remove "$(dm snap)"
dmsetup remove "$(dm origin)"
