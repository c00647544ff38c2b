#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each bio reaches the filter exactly once and completes exactly once: split below, with FUA, with a flush before
# its data, an empty flush, discard, write zeroes, NOWAIT, polled, one of many in a plug, of any size; passed,
# held by the target, and held by a suspended upper. What the original counts is compared: no bio is lost there.
# timeout: 240
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")
stat=/sys/class/block/$(basename "$PART1")/stat

original() {
	# sectors read and written, as the original itself counts them
	awk '{ print $3, $7 }' "$stat"
}

# WANT: reads, sectors, writes, sectors; the original moves the same sectors, if it is said how many
once() {
	local want=$1 moved=$2 before was now
	shift 2
	before=$(counters up)
	read -r -a was < <(original)
	"$@" > "$TESTDIR/out" || fail "status $? ($(cat "$TESTDIR/out")): $*"
	equal "$(since up "$before")" "$want" "seen by the filter: $*"
	[[ -n $moved ]] || return 0
	read -r -a now < <(original)
	equal "$(( now[0] - was[0] )) $(( now[1] - was[1] ))" "$moved" "sectors that the original has moved: $*"
}

every_kind() {
	local bytes s before
	for (( bytes = 4096; bytes <= 1048576; bytes *= 2 )); do
		s=$(( bytes / 512 ))
		once "0 0 1 $s" "0 $s" oneio write -b "$bytes" -f 17 "$PART1" 2048
		once "1 $s 0 0" "$s 0" oneio read -b "$bytes" "$PART1" 2048
	done
	once "0 0 1 1" "0 1" oneio write -b 512 "$PART1" 8191
	# written through, and flushed
	once "0 0 2 8" "0 8" oneio write -d "$PART1" 8192
	once "0 0 2 2048" "0 2048" oneio write -d -b 1048576 "$PART1" 8192
	once "0 0 1 0" "0 0" oneio flush "$PART1"
	# pieces in memory that is not aligned
	once "0 0 1 256" "0 256" oneio write -b 131072 -v 32 -o 512 "$PART1" 8192
	once "1 256 0 0" "256 0" oneio read -b 131072 -v 32 -o 512 "$PART1" 8192
	once "0 0 1 64" "" rawio discard "$PART1" 16384 64
	once "0 0 1 128" "" rawio zeroout "$PART1" 24576 128
}

# --- passed
mk_upper up "$PART1"
dmsetup filter start "$(dm up)" "$PART1"
# requests of this size at most: where memory is contiguous nothing would be split otherwise
limit=/sys/block/$(basename "$DISK1")/queue/max_sectors_kb
whole=$(cat "$limit")
echo 128 > "$limit"
ios=$(diskstat "$PART1" 5)
once "0 0 1 2048" "0 2048" oneio write -b 1048576 "$PART1" 2048
(( $(diskstat "$PART1" 5) > ios + 1 )) || fail "a write of 1 MiB is not split below: this test proves less than it says"
every_kind
echo "$whole" > "$limit"
once "1 8 0 0" "8 0" oneio read -n "$PART1" 2048
once "0 0 1 8" "0 8" oneio write -n "$PART1" 2048

# 256 blocks of the page cache in one plug: merged below, but each is a bio
merges=$(diskstat "$PART1" 6)
before=$(counters up)
dd if=/dev/urandom of="$PART1" bs=1M count=1 seek=20 conv=notrunc,fsync status=none
after=$(since up "$before")
(( $(diskstat "$PART1" 6) > merges )) || echo "nothing was merged"
read -r -a n <<< "$after"
equal "${n[3]}" 2048 "sectors of 1 MiB through the page cache"
(( n[2] >= 2 && n[2] <= 257 )) || fail "bios of 1 MiB through the page cache: ${n[2]}"

# ext4: a commit block is a write with a flush before it. All that the original does, and nothing else,
# comes through the filter: requests and what was merged into them, for no bio here is split.
mk_ext4 "$PART1" a -E lazy_itable_init=0,lazy_journal_init=0
sync
completed() {
	awk '{ print $5, $6, $7, $9 }' "$stat"
}
# Sets finished to what the original has done by now (writes, merged ones, sectors, in flight), and seen to what
# the filter has counted: nothing happens between the two.
at_rest() {
	local tries=0 later=
	finished=-
	until [[ $finished == *" 0" && $finished == "$later" ]]; do
		(( tries++ < 20 )) || fail "$PART1 does not come to rest"
		finished=$(completed)
		seen=$(counters up)
		sleep 0.5
		later=$(completed)
	done
}
at_rest
before=$seen begin=$finished
for (( i = 0; i < 20; i++ )); do
	# creates, and commits
	dd if=/dev/zero of="$TESTDIR/a/f$i" bs=4k count=1 conv=fsync status=none
done
at_rest
read -r -a n <<< "$(difference "$seen" "$before")"
read -r -a d <<< "$(difference "$finished" "$begin")"
ios=$(( d[0] + d[1] ))
echo "ext4: ${n[2]} bios, ${n[3]} sectors seen; $ios writes, ${d[2]} sectors done"
(( ios >= 60 )) || fail "there was no commit for each file"
equal "${n[3]}" "${d[2]}" "sectors that ext4 has written"
# flushes without data come on top; one for each fsync at the most
(( n[2] >= ios && n[2] <= ios + 20 )) || fail "${n[2]} bios seen, but $ios writes done"
unmount a
dmsetup filter stop "$(dm up)"
fsck_ok "$PART1"

# --- held by the target for a while, each of them
for delay in 3 60; do
	reload up "0 $size delay $PART1 0 $delay noexcl"
	dmsetup resume "$(dm up)"
	dmsetup filter start "$(dm up)" "$PART1"
	every_kind
	equal "$(counter up held)" 0
	dmsetup filter stop "$(dm up)"
done

# --- held by a suspended upper, each kind once
reload up "0 $size linear $PART1 0 noexcl"
dmsetup resume "$(dm up)"
dmsetup filter start "$(dm up)" "$PART1"
rawio write "$PART1" 0 4096 1
before=$(counters up)
dmsetup suspend "$(dm up)"
pids=()
for io in "write -b 1048576 -f 33 $PART1 2048" "write -f 34 $PART1 8192" "read -b 65536 $PART1 0" \
		"flush $PART1" "write -b 65536 -v 16 -o 512 -f 35 $PART1 16384"; do
	# shellcheck disable=SC2086	# a list of words
	bg oneio $io
	pids+=("$BG")
done
wait_for 30 holds_bios up 5
holds 1 holds_bios up 5
dmsetup resume "$(dm up)"
for p in "${pids[@]}"; do
	wait "$p"
done
equal "$(since up "$before")" "1 128 4 2184" "five held bios"
equal "$(counter up held)" 0
filled() {
	oneio read -O -b "$2" "$PART1" "$1" | tr -d "\\$3" | cmp - /dev/null || fail "sector $1 is not what was held"
}
filled 2048 1048576 041
filled 8192 4096 042
filled 16384 65536 043
dmsetup filter stop "$(dm up)"

# --- polled, on a device that can
dmsetup remove "$(dm up)"
mk_null_blk poll size=64 poll_queues=1 submit_queues=1
# null_blk takes memory for what is new when it is polled, where it must not sleep
oneio write -b 131072 "$NULLB" 0
mk_upper up "$NULLB"
# io_uring asks first whether it can be done without waiting: a delay cannot, that bio ends with EAGAIN, and
# the one that comes after it waits. Linux 6.1 says NOWAIT of all that is polled, so there the first waits.
for table in "linear $NULLB 0" "delay $NULLB 0 5"; do
	each=20
	[[ $table != delay* || $(uname -r) == 6.1.* ]] || each=40
	reload up "0 $(sectors "$NULLB") $table noexcl"
	dmsetup resume "$(dm up)"
	dmsetup filter start "$(dm up)" "$NULLB"
	# pages of it in the cache would make io_uring wait before there is a bio
	blockdev --flushbufs "$NULLB"
	before=$(counters up)
	read -r -a was < "/sys/class/block/$(basename "$NULLB")/stat"
	for (( i = 0; i < 20; i++ )); do
		equal "$(oneio write -p -f 36 "$NULLB" $(( i * 8 )))" OK
		equal "$(oneio read -p -b 65536 "$NULLB" 0)" OK
	done
	equal "$(since up "$before")" "$each $(( each * 128 )) $each $(( each * 8 ))" "polled: $table"
	read -r -a now < "/sys/class/block/$(basename "$NULLB")/stat"
	equal "$(( now[0] - was[0] )) $(( now[2] - was[2] )) $(( now[4] - was[4] )) $(( now[6] - was[6] ))" \
		"20 2560 20 160" "done by the original: $table"
	oneio read -O -b 65536 "$NULLB" 0 | tr -d '\044' | cmp - /dev/null
	dmsetup filter stop "$(dm up)"
done
