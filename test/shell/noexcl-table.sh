#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# noexcl opens a device that is in use; the table shows it again and loads from its own output; sysfs and the
# holders tell; and without the word the claim is as exclusive as ever.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_ext4 "$PART1" a
size=$(sectors "$PART1")
p1=$(devno "$PART1")
# NAME WANT: what sysfs says of it
noexcl_file() {
	kernel_is module || equal "$(cat "/sys/block/$(dm_node "$1")/dm/noexcl")" "$2" "sysfs: noexcl of $1"
}

before=$(state)
for table in "0 $size linear $PART1 0" "0 $size snapshot-origin $PART1" "0 $size delay $PART1 0 0"; do
	fails . "$REAL_DMSETUP" create "$(dm excl)" --table "$table"
	equal "$(state)" "$before" "state after: $table"
done

mk_linear plain "$PART2"
noexcl_file plain 0
fails busy rawio claim "$PART2"
dmsetup remove "$(dm plain)"

# every target that has one device
tables=("linear $p1 0")
if native "noexcl of other targets than linear"; then
	tables+=("delay $p1 0 0" "flakey $p1 0 1 0" "dust $p1 0 512" "snapshot-origin $p1" "unstriped 1 8 0 $p1 0"
		"striped 1 8 $p1 0" "crypt aes-xts-plain64 $(printf '0%.0s' {1..64}) 0 $p1 0")
fi
for table in "${tables[@]}"; do
	mk_dm up "0 $size $table noexcl"
	shown=$("$REAL_DMSETUP" table --showkeys "$(dm up)")
	if kernel_is module; then
		equal "$shown" "$(shared_line 0 "$size" "$PART1" 0)"
	else
		[[ $shown == *" noexcl" ]] || fail "not shown again: $shown"
		[[ $shown != *noexcl*noexcl* ]] || fail "shown twice: $shown"
	fi
	noexcl_file up 1
	equal "$(in_use_by "$PART1")" "$(dm_node up)" "holders, $table"
	if native "dmsetup deps of a shared device"; then
		equal "$("$REAL_DMSETUP" deps -o devno "$(dm up)")" "1 dependencies	: (${p1/:/, })"
	fi
	# a round trip
	echo "$shown" | dmsetup reload "$(dm up)"
	dmsetup resume "$(dm up)"
	equal "$("$REAL_DMSETUP" table --showkeys "$(dm up)")" "$shown" "round trip"
	dmsetup remove "$(dm up)"
	equal "$(in_use_by "$PART1")" "" "holders after removal, $table"
done

# who succeeds says nothing
quiet dmsetup create "$(dm up)" --table "0 $size linear $p1 0 noexcl"
quiet dmsetup reload "$(dm up)" --table "0 $size linear $p1 0 noexcl"
quiet dmsetup resume "$(dm up)"
quiet dmsetup remove "$(dm up)"

# the named form for the only device: the same
mk_dm up "0 $size linear $p1 0 noexcl:$PART1"
if kernel_is module; then
	equal "$("$REAL_DMSETUP" table "$(dm up)")" "$(shared_line 0 "$size" "$PART1" 0)"
else
	equal "$("$REAL_DMSETUP" table "$(dm up)")" "0 $size linear $p1 0 noexcl:$p1"
fi
"$REAL_DMSETUP" table "$(dm up)" | dmsetup reload "$(dm up)"
dmsetup resume "$(dm up)"
dmsetup remove "$(dm up)"

# reload between shared and exclusive
unmount a
mk_linear up "$PART1"
reload up "0 $size linear $PART1 0 noexcl"
noexcl_file up 0
dmsetup resume "$(dm up)"
noexcl_file up 1
mnt "$PART1" a
before=$(state)
not reload up "0 $size linear $PART1 0" 2> /dev/null
equal "$(state)" "$before"
dmsetup remove "$(dm up)"

# a shared open does not keep others from a claim, nor a claim others from a shared open
mk_upper one "$PART1"
mk_upper two "$PART1"
equal "$(in_use_by "$PART1" | wc -w)" 2
dmsetup remove "$(dm one)"
dmsetup remove "$(dm two)"
unmount a
mk_upper up "$PART1"
mnt "$PART1" a
unmount a
rawio claim "$PART1"
mk_linear claim "$PART1"
fails busy rawio claim "$PART1"
equal "$(in_use_by "$PART1" | wc -w)" 2
dmsetup remove "$(dm claim)"
rawio claim "$PART1"
