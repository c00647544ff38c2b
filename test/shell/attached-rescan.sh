#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# While a partition, or the disk, is attached its partition table cannot be reread, nor the partition be
# deleted or resized, nor one be added to the disk: EBUSY. The attachment is not lost. After stop it all works.
# timeout: 180
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

start1=$(cat "/sys/class/block/$(basename "$PART1")/start")
size1=$(sectors "$PART1")

# the upper is over another disk: nothing but the attachment holds the partition
mk_dm up "0 $size1 linear $DISK2 0"
dmsetup remap start "$(dm up)" "$PART1"
fails '[Bb]usy' blockdev --rereadpt "$DISK1"
[[ -b $PART1 ]] || fail "the partition is gone"
fails '[Bb]usy' rawio delpart "$DISK1" 0 0 1
if native "a partition that is attached cannot be resized"; then
	fails '[Bb]usy' rawio resizepart "$DISK1" "$start1" $(( size1 - 8 )) 1
fi
equal "$(sectors "$PART1")" "$size1" "size of the partition"
rawio write "$PART1" 0 128 1
equal "$(counter up writes)" 1
rawio check "$DISK2" 0 128 1
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
rawio resizepart "$DISK1" "$start1" $(( size1 - 8 )) 1
equal "$(sectors "$PART1")" $(( size1 - 8 )) "size after stop"
rawio delpart "$DISK1" 0 0 1
blockdev --rereadpt "$DISK1"
wait_for 10 test -b "$PART1"
equal "$(sectors "$PART1")" "$size1" "size after the table was read again"

# the disk, with partitions
mk_upper up "$DISK1"
dmsetup remap start "$(dm up)" "$DISK1"
if native "a disk that is attached keeps its partitions"; then
	fails '[Bb]usy' blockdev --rereadpt "$DISK1"
	fails '[Bb]usy' rawio delpart "$DISK1" 0 0 1
else
	# those that come are seen as those that were
	blockdev --rereadpt "$DISK1"
	wait_for 10 test -b "$PART1"
	attached up || fail "detached by a rescan"
fi
before=0
! kernel_is module || before=$(counter up writes)
rawio write "$PART1" 0 128 2
equal "$(counter up writes)" $(( before + 1 ))
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
blockdev --rereadpt "$DISK1"
wait_for 10 test -b "$PART1"
rawio check "$PART1" 0 128 2

# a disk without any: none may appear
mk_dm up "0 $(sectors "$DISK2") linear $DISK3 0"
dmsetup remap start "$(dm up)" "$DISK2"
if native "a disk that is attached gets no partition"; then
	fails '[Bb]usy' rawio addpart "$DISK2" 2048 2048 1
	fails '[Bb]usy' blockdev --rereadpt "$DISK2"
else
	rawio addpart "$DISK2" 2048 2048 1
	wait_for 10 test -b "${DISK2}1"
	rawio write "${DISK2}1" 0 128 4
	equal "$(counter up writes)" 1 "through a partition that was added"
	rawio check "$DISK3" 2048 128 4
	rawio delpart "$DISK2" 0 0 1
fi
before=0
! kernel_is module || before=$(counter up writes)
rawio write "$DISK2" 0 128 3
equal "$(counter up writes)" $(( before + 1 ))
dmsetup remap stop "$(dm up)"
dmsetup remove "$(dm up)"
rawio addpart "$DISK2" 2048 2048 1
rawio delpart "$DISK2" 0 0 1
blockdev --rereadpt "$DISK2"
