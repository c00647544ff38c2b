#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A snapshot of a mounted partition, taken under load: its content is the state at start for two processes
# that write in a known order, its sum stays the same while the live file system changes, and fsck of it
# is clean without a journal to replay.
# timeout: 600
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# a small partition: all of it is read five times
echo ',96M' | sfdisk -q --label dos "$DISK2"
PART1=${DISK2}1
DISK2=$DISK3
wait_for 10 test -b "$PART1"

mk_ext4 "$PART1" a
start_writers a
start_order "$TESTDIR/a/A" "$TESTDIR/a/B"

# the snapshot first: the origin may not be resumed before its snapshot is there
mk_dm snap "0 $(sectors "$PART1") snapshot $PART1 $DISK2 N 8 noexcl:$PART1"
mk_dm up "0 $(sectors "$PART1") snapshot-origin $PART1 noexcl"
shared=" noexcl:$(devno "$PART1")"
! kernel_is module || shared=""
dmsetup table "$(dm snap)" | grep -E " snapshot $(shared_dev "$PART1") $(devno "$DISK2") N 8$shared\$" > /dev/null ||
	fail "table of the snapshot: $(dmsetup table "$(dm snap)")"
equal "$(in_use_by "$DISK2")" "$(dm_node snap)"
fails 'busy|in use' mkfs.ext4 -q "$DISK2"

dmsetup remap start "$(dm up)" "$PART1"
at_start=$(count_in order)
blockdev --flushbufs "$(dmdev snap)"
sum=$(md5_of "$(dmdev snap)")
more_ops 1000
wait_for 60 at_least order $(( at_start + 50 ))
equal "$(md5_of "$(dmdev snap)")" "$sum" "the snapshot has changed"
[[ $(md5_of "$PART1") != "$sum" ]] || fail "the live device does not change, this test proves nothing"
fsck_clean "$(dmdev snap)"
mnt "$(dmdev snap)" s ro
order check "$TESTDIR/s/A" "$TESTDIR/s/B" || fail "the snapshot is not of one instant"
newest=$(order check "$TESTDIR/s/A" "$TESTDIR/s/B" | cut -d' ' -f1)
(( newest <= at_start + 2 )) || fail "the snapshot has $newest, start returned at $at_start"
unmount s
equal "$(md5_of "$(dmdev snap)")" "$sum" "the snapshot has changed"

stop_order
order check "$TESTDIR/a/A" "$TESTDIR/a/B"
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm snap)"
dmsetup remove "$(dm up)"
stop_writers
check_fs "$PART1" a
