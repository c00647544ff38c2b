#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The first write of every chunk is copied exactly once, and no other: what the snapshot has allocated is what was
# written to, whatever wrote it, how often, at once, over the edges of chunks or over several hundred of them; with a
# flush before its data and with FUA. A bio to chunks that are copied already is not held.
# timeout: 240
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 64M
size=$(sectors "$SMALL")
mk_upper low "$SMALL"

# sectors of the snapshot's store that hold copies
copied() {
	local used meta
	read -r used meta < <(target_says snap | tr '/' ' ' | awk '{ print $1, $3 }')
	echo $(( used - meta ))
}

begin() {
	rawio write "$SMALL" 0 "$size" 3
	blockdev --flushbufs "$SMALL"
	# a persistent one begins with zeroes
	dd if=/dev/zero of="$DISK3" bs=4k count=1 oflag=direct status=none
	mk_dm snap "0 $size snapshot $SMALL $DISK3 $1 $chunk noexcl:$SMALL"
	mk_dm up "0 $size snapshot-origin $SMALL noexcl"
	dmsetup filter start "$(dm up)" "$SMALL"
	equal "$(copied)" 0
}

finish() {
	# the snapshot is what it was; the live device what was written
	rawio check -b 1048576 "$(dmdev snap)" 0 "$size" 3
	rawio check -b 1048576 "$(dmdev snap)" 0 "$size" 3
	equal "$(counter up held)" 0
	dmsetup filter stop "$(dm up)"
	dmsetup remove "$(dm snap)"
	dmsetup remove "$(dm up)"
}

for chunk in 8 32 128 512 2048; do
	echo "chunks of $chunk sectors"
	begin N
	# one sector of each of 20 chunks, from the end, then all again
	for again in 1 2; do
		for (( n = 19; n >= 0; n-- )); do
			oneio write -b 512 -f 1 "$SMALL" $(( n * chunk + (n * 7) % chunk )) > /dev/null
		done
		equal "$(copied)" $(( 20 * chunk )) "20 chunks, time $again"
	done
	# what is read to be copied is not shown to the filter
	equal "$(counter up reads)" 0 "reads seen"
	# many at once in the same chunk
	pids=()
	for (( n = 0; n < 8; n++ )); do
		bg oneio write -b 512 -f 2 "$SMALL" $(( 20 * chunk + n ))
		pids+=("$BG")
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	equal "$(copied)" $(( 21 * chunk )) "eight writers in one chunk"
	# two sectors over the edge of two chunks
	equal "$(oneio write -b 1024 -f 3 "$SMALL" $(( 24 * chunk - 1 )))" OK
	equal "$(copied)" $(( 23 * chunk )) "over the edge"
	# 1 MiB and two sectors over the edges of its chunks: unaligned, many chunks in one bio
	first=$(( 32 * chunk - 1 )) count=2050
	equal "$(oneio write -b $(( count * 512 )) -f 4 "$SMALL" "$first")" OK
	chunks=$(( (first + count - 1) / chunk - first / chunk + 1 ))
	equal "$(copied)" $(( (23 + chunks) * chunk )) "one write over $chunks chunks"
	oneio read -O -b $(( count * 512 )) "$SMALL" "$first" | tr -d '\004' | cmp - /dev/null || fail "the live data"
	# again, and nothing is copied
	equal "$(oneio write -b $(( count * 512 )) -f 5 "$SMALL" "$first")" OK
	# FUA and flush; reads; a flush
	equal "$(oneio write -d -b 512 -f 6 "$SMALL" 0)" OK
	equal "$(oneio read -b 65536 "$SMALL" $(( 60 * chunk % 65536 )))" OK
	equal "$(oneio flush "$SMALL")" OK
	equal "$(copied)" $(( (23 + chunks) * chunk )) "writes to copied chunks"
	equal "$(oneio write -d -b 512 -f 6 "$SMALL" $(( size - 1 )))" OK
	equal "$(copied)" $(( (24 + chunks) * chunk )) "FUA to a new chunk"
	# write zeroes are writes
	if (( chunk <= 128 )); then
		rawio zeroout "$SMALL" 98304 $(( 3 * chunk ))
		equal "$(copied)" $(( (27 + chunks) * chunk )) "write zeroes"
	fi
	finish
done

# persistent, and rings in 512 KiB written by eight threads at once: the count is exact
chunk=8
begin P
start_hammer "$SMALL" 8
each_writes 40
stop_hammer
equal "$(copied)" 1024 "eight rings of 64 KiB"
rawio hammered "$SMALL" 0 8
finish

# While the copy for one bio cannot go on, one to chunks that are copied already does.
mk_dm cow "0 $(sectors "$DISK3") linear $DISK3 0"
mk_dm snap "0 $size snapshot $SMALL $(dmdev cow) N 8 noexcl:$SMALL"
mk_dm up "0 $size snapshot-origin $SMALL noexcl"
dmsetup filter start "$(dm up)" "$SMALL"
equal "$(oneio write -b 65536 "$SMALL" 0)" OK
dmsetup suspend "$(dm cow)"
bg oneio write "$SMALL" 1024
waiting=$BG
wait_for 20 holds_bios up 1
# shellcheck disable=SC2016	# for the inner shell
bg sh -c 'oneio write -b 32768 "$1" 8 > "$2"' sh "$SMALL" "$TESTDIR/out"
wait_for 20 grep -qs OK "$TESTDIR/out"
holds_bios up 1 || fail "held: $(counter up held)"
kill -0 "$waiting" || fail "a write has not waited for its copy"
dmsetup resume "$(dm cow)"
wait "$waiting"
equal "$(copied)" $(( 17 * 8 )) "17 chunks"
dmsetup filter stop "$(dm up)"
for n in snap up cow; do
	dmsetup remove "$(dm $n)"
done

# a journal: commit blocks are writes with a flush before the data, each to a chunk of its own
rawio write "$SMALL" 0 "$size" 9
mk_ext4 "$SMALL" a -b 4096
dd if=/dev/zero of="$TESTDIR/a/file" bs=1M count=1 conv=fsync status=none
sync
mk_dm snap "0 $size snapshot $SMALL $DISK3 N 8 noexcl:$SMALL"
mk_dm up "0 $size snapshot-origin $SMALL noexcl"
dmsetup filter start "$(dm up)" "$SMALL"
dd if="$(dmdev snap)" bs=1M iflag=direct status=none > "$TESTDIR/image"
for (( n = 0; n < 30; n++ )); do
	dd if=/dev/zero of="$TESTDIR/a/f$n" bs=4k count=1 conv=fsync status=none
done
cmp "$(dmdev snap)" "$TESTDIR/image" || fail "the snapshot has changed under commits of the journal"
# each chunk that differs now has been copied; what has been copied was written to
unmount a
blockdev --flushbufs "$SMALL"
differ=$({ cmp -l "$(dmdev low)" "$TESTDIR/image" || :; } | awk '{ b[int(($1 - 1) / 4096)] = 1 } END { for (i in b) n++; print n + 0 }')
echo "$differ chunks differ, $(( $(copied) / 8 )) were copied"
(( differ > 60 && differ <= $(copied) / 8 )) || fail "$differ chunks differ, $(( $(copied) / 8 )) were copied"
dmsetup filter stop "$(dm up)"
