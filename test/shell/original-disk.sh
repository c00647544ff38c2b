#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A whole disk with two mounted partitions as the original: start freezes both file systems, one instant for both, and
# I/O through both is seen. Partitions of one disk have uppers of their own at the same time, and interposers lie one
# below the other. What a dm device sends to the original or to its disk is seen as well, unless it shares it; and
# nobody shares the disk of an attached partition.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

printf ',64M\n,64M\n,32M\n' | sfdisk -q --label dos "$DISK2"
wait_for 10 test -b "${DISK2}3"
one=${DISK2}1 two=${DISK2}2 three=${DISK2}3
whole=$(sectors "$DISK2") size=$(sectors "$one")
mk_ext4 "$one" a
mk_ext4 "$two" b

needs_recovery() {
	dumpe2fs -h "$1" 2> /dev/null | grep '^Filesystem features:.* needs_recovery' > /dev/null
}

# snapshot_of_disk OPTIONS...: the disk as it is at start, its first two partitions in s1 and s2
snapshot_of_disk() {
	mk_dm snap "0 $whole snapshot $DISK2 $DISK3 N 16 noexcl:$DISK2"
	mk_dm up "0 $whole snapshot-origin $DISK2 noexcl"
	dmsetup remap start "$@" "$(dm up)" "$DISK2"
	mk_dm s1 "0 $size linear $(dmdev snap) $(cat "/sys/class/block/$(basename "$one")/start")"
	mk_dm s2 "0 $size linear $(dmdev snap) $(cat "/sys/class/block/$(basename "$two")/start")"
}

no_snapshot_of_disk() {
	local n
	dmsetup remap stop "$(dm up)"
	for n in s1 s2 snap up; do
		dmsetup remove "$(dm $n)"
	done
}

# --- the disk; A is on one partition, B on the other
WARM_UP=50 start_writers a -n 2 -b 32
start_order "$TESTDIR/a/A" "$TESTDIR/b/B"
snapshot_of_disk
newest=$(count_in order)
for n in s1 s2; do
	not needs_recovery "$(dmdev $n)"
	fsck_clean "$(dmdev $n)"
done
mnt "$(dmdev s1)" s1 ro
mnt "$(dmdev s2)" s2 ro
order check "$TESTDIR/s1/A" "$TESTDIR/s2/B" || fail "the snapshots are not of one instant"
seen=$(order check "$TESTDIR/s1/A" "$TESTDIR/s2/B" | cut -d' ' -f1)
(( seen <= newest + 2 )) || fail "the snapshot has $seen, start returned at $newest"
unmount s1
unmount s2
# each partition on its own
for dir in a b; do
	before=$(counter up write_sectors)
	dd if=/dev/urandom of="$TESTDIR/$dir/own" bs=64k count=16 oflag=direct status=none
	(( $(counter up write_sectors) >= before + 2048 )) || fail "not seen: writes to $dir"
done
wait_for 60 at_least order $(( $(count_in order) + 20 ))
no_snapshot_of_disk
# this test is not blind: what is not frozen is not clean
snapshot_of_disk --nolockfs
needs_recovery "$(dmdev s1)" || fail "not frozen, and clean all the same: this test proves nothing"
no_snapshot_of_disk

# --- each partition has its own, of each kind
mk_upper up1 "$one"
mk_dm up2 "0 $size delay $two 0 1 noexcl"
mk_upper up3 "$three"
two_by=remap
! native "a filter beside" || two_by=filter
dmsetup remap start "$(dm up1)" "$one"
dmsetup "$two_by" start "$(dm up2)" "$two"
dmsetup remap start "$(dm up3)" "$three"
more_ops 100
wait_for 60 at_least order $(( $(count_in order) + 10 ))
for n in 1 2; do
	(( $(counter up$n writes) > 10 )) || fail "not seen by up$n: $(counters up$n)"
done
equal "$(counters up3)" "0 0 0 0 0"
rawio write "$three" 0 128 7
equal "$(counters up3)" "0 0 1 128 0"
stop_order
order check "$TESTDIR/a/A" "$TESTDIR/b/B"

# nobody gets past them by sharing the disk
fails '[Bb]usy' dmsetup create "$(dm past)" --table "0 $whole linear $DISK2 0 noexcl"
# nor claims what is mounted
fails '[Bb]usy' "$REAL_DMSETUP" create "$(dm past)" --table "0 $size linear $one 0"
fails '[Bb]usy' "$REAL_DMSETUP" create "$(dm past)" --table "0 $whole linear $DISK2 0"
for n in 1 2 3; do
	word=remap
	(( n != 2 )) || word=$two_by
	dmsetup "$word" stop "$(dm up$n)"
	dmsetup remove "$(dm up$n)"
done
stop_writers
check_fs "$one" a
unmount b
fsck_ok "$two"

# --- a dm device over the disk, another over the partition, the interposer between
mk_upper up "$one"
mk_linear disk "$DISK2"
first=$(cat "/sys/class/block/$(basename "$one")/start")
dmsetup remap start "$(dm up)" "$one"
rawio write "$(dmdev disk)" "$first" 128 8
equal "$(counters up)" "0 0 1 128 0" "through a dm device over the disk"
rawio check "$one" 0 128 8
dmsetup remove "$(dm disk)"
dmsetup remap stop "$(dm up)"

native "an original of dm" || exit 0
# one below the other: each sees the bio, on its own device, and none sees its own
mk_linear vol "$one"
mk_upper top "$(dmdev vol)"
for way in "remap remap" "remap filter" "filter remap" "filter filter"; do
	read -r below above <<< "$way"
	dmsetup "$below" start "$(dm up)" "$one"
	dmsetup "$above" start "$(dm top)" "$(dmdev vol)"
	rawio write -b 4096 "$(dmdev vol)" 256 80 9
	equal "$(counters top)" "0 0 10 80 0" "$way: above"
	# the tool has read what is on the device
	equal "$(counter up writes) $(counter up write_sectors)" "10 80" "$way: below"
	rawio check "$(dmdev vol)" 256 80 9
	dmsetup "$below" stop "$(dm up)"
	rawio check "$(dmdev vol)" 256 80 9
	dmsetup "$above" stop "$(dm top)"
	rawio check "$one" 256 80 9
done
