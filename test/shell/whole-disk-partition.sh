#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A whole disk and its partitions exclude each other. An upper of the disk sees what comes through a
# partition; an upper of a partition sees what comes through the disk and touches it, one that straddles the
# edge included. The uppers are over other disks, so that each byte shows which way it went.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

whole=$(sectors "$DISK1")
half=$(( whole / 2 ))
size1=$(sectors "$PART1")
start1=$(cat "/sys/class/block/$(basename "$PART1")/start")
mk_dm disk "0 $half linear $DISK2 0" "$half $(( whole - half )) linear $DISK3 0"

# --- the disk is attached
for dev in "$PART1" "$PART2" "$DISK2"; do
	rawio write "$dev" 0 1024 1
done
dmsetup remap start "$(dm disk)" "$DISK1"
mk_zero part "$size1"
refused "$PART1: $(dm disk) is attached to the whole disk $(basename "$DISK1")" \
	dmsetup remap start "$(dm part)" "$PART1"
dmsetup remove "$(dm part)"
before=$(counter disk writes)
rawio write -b 4096 "$PART1" 0 80 2
equal "$(counter disk writes)" $(( before + 10 )) "writes through a partition"
rawio check "$PART1" 0 80 2
# the sector of the disk, not that of the partition
rawio check "$DISK2" "$start1" 80 2
rawio write -b 4096 "$DISK1" 4096 80 3
rawio check "$DISK2" 4096 80 3
before=$(counters disk)
rawio flush "$PART1"
[[ $(counters disk) != "$before" ]] || fail "a flush through the partition is not seen"
dmsetup remap stop "$(dm disk)"
rawio check "$PART1" 0 1024 1
rawio check "$PART2" 0 1024 1
dmsetup remove "$(dm disk)"

# --- a partition is attached
mk_dm part "0 $size1 linear $DISK2 0"
mk_zero disk "$whole"
rawio write "$DISK2" 0 1024 4
dmsetup remap start "$(dm part)" "$PART1"
refused "$DISK1: $(dm part) is attached to the partition $(basename "$PART1")" \
	dmsetup remap start "$(dm disk)" "$DISK1"
rawio check "$PART1" 0 1024 4

before=$(counter part writes)
rawio write -b 4096 "$DISK1" $(( start1 + 64 )) 80 5
(( $(counter part writes) >= before + 10 )) || fail "writes through the disk are not seen"
rawio check "$PART1" 64 80 5
rawio check "$DISK2" 64 80 5
before=$(counter part reads)
rawio check "$DISK1" $(( start1 + 64 )) 80 5
(( $(counter part reads) > before )) || fail "reads through the disk are not seen"

# what went through the disk into the partition is flushed where it went
before=$(counter part writes)
rawio flush "$DISK1"
equal "$(counter part writes)" $(( before + 1 )) "a flush of the disk"

# outside of it nothing is seen
before=$(counters part)
rawio write -b 4096 "$DISK1" $(( start1 + size1 + 2048 )) 80 6
rawio write -b 4096 "$PART2" 4096 80 7
equal "$(counters part)" "$before" "I/O to another partition"

# 32 sectors before the end of the partition, 32 behind: one write, both halves where they belong
start2=$(cat "/sys/class/block/$(basename "$PART2")/start")
equal "$start2" $(( start1 + size1 )) "the partitions touch"
head -c 32768 /dev/urandom > "$TESTDIR/straddle"
before=$(counter part writes)
dd if="$TESTDIR/straddle" of="$DISK1" bs=32k count=1 seek=$(( (start1 + size1 - 32) * 512 )) \
	oflag=direct,seek_bytes conv=notrunc status=none
(( $(counter part writes) > before )) || fail "a straddling write is not seen"
dd if="$DISK2" bs=512 skip=$(( size1 - 32 )) count=32 iflag=direct status=none |
	cmp - <(head -c 16384 "$TESTDIR/straddle") || fail "the half inside is not on the upper's disk"
dd if="$PART2" bs=512 count=32 iflag=direct status=none |
	cmp - <(tail -c 16384 "$TESTDIR/straddle") || fail "the half outside is lost"
dd if="$DISK1" bs=32k count=1 skip=$(( (start1 + size1 - 32) * 512 )) iflag=direct,skip_bytes status=none |
	cmp - "$TESTDIR/straddle" || fail "a straddling read"

dmsetup remap stop "$(dm part)"
# what was inside went elsewhere
rawio check "$PART1" 0 1024 1
