#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# delay as a filter: reads, writes and flushes each wait as long as the table says, and no other; from start to
# stop; under a mounted file system with verifying writers the content is right.
# timeout: 180
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")

# KIND LOW HIGH IO...: takes that many milliseconds (in the debug kernel perhaps longer). A delay begins with the
# last tick that the kernel has counted: where those come late, it is shorter. TIMES: the sum of so many.
takes() {
	local what=$1 low=$2 high=$3 result ms took=0 n
	shift 3
	! kernel_is debug || high=$(( high * 4 ))
	for (( n = 0; n < ${TIMES:-1}; n++ )); do
		read -r result ms < <(oneio "$@")
		equal "$result" OK "$what"
		took=$(( took + ms ))
	done
	echo "$what: $took ms, want $low to $high"
	(( took >= low && took <= high )) || fail "$what: $took ms, want $low to $high"
}

rawio write "$PART1" 0 1024 1
mk_dm up "0 $size delay $PART1 0 0 $PART1 0 1500 $PART1 0 3000 noexcl"
takes "a write before start" 0 1400 write -t "$PART1" 0
dmsetup filter start "$(dm up)" "$PART1"
takes "a read" 0 1400 read -t "$PART1" 0
takes "a write" 1400 2900 write -t "$PART1" 0
takes "a large write" 1400 2900 write -t -b 1048576 "$PART1" 8
takes "an empty flush" 2900 6000 flush -t "$PART1"
# FUA, then the flush of its fsync
takes "a write with FUA and a flush" 4400 10000 write -t -d "$PART1" 0
equal "$(counters up | cut -d' ' -f1-3)" "1 8 5"
dmsetup filter stop "$(dm up)"
takes "a write after stop" 0 1400 write -t "$PART1" 0
takes "a flush after stop" 0 1400 flush -t "$PART1"
oneio read -O -b 1048576 "$PART1" 8 | tr -d '\245' | cmp - /dev/null || fail "the large write has not arrived"

# read and write alone, and one for all; also below 50 ms, where the target works otherwise
reload up "0 $size delay $PART1 0 2000 $PART1 0 0 noexcl"
dmsetup resume "$(dm up)"
dmsetup filter start "$(dm up)" "$PART1"
takes "a read" 1900 6000 read -t "$PART1" 0
takes "a write" 0 1900 write -t "$PART1" 0
takes "a flush" 0 1900 flush -t "$PART1"
dmsetup filter stop "$(dm up)"
reload up "0 $size delay $PART1 0 40 noexcl"
dmsetup resume "$(dm up)"
dmsetup filter start "$(dm up)" "$PART1"
TIMES=8 takes "reads" 200 4000 read -t "$PART1" 0
TIMES=8 takes "writes" 200 4000 write -t "$PART1" 0
TIMES=8 takes "flushes" 200 4000 flush -t "$PART1"
dmsetup filter stop "$(dm up)"

# a bio with a flush before its data waits for both: ext4 writes its commit blocks like that
reload up "0 $size delay $PART1 0 0 $PART1 0 1000 $PART1 0 2000 noexcl"
dmsetup resume "$(dm up)"
mk_ext4 "$PART1" a
sync
dmsetup filter start "$(dm up)" "$PART1"
dd if=/dev/zero of="$TESTDIR/a/file" bs=4k count=1 status=none
began=$(date +%s%N)
sync "$TESTDIR/a/file"
took=$(( ($(date +%s%N) - began) / 1000000 ))
echo "fsync of a new file: $took ms"
# data, then the journal's blocks, then the commit block
(( took >= 4800 )) || fail "fsync took $took ms: the commit block has not waited for flush and write"
dmsetup filter stop "$(dm up)"

reload up "0 $size delay $PART1 0 10 $PART1 0 20 $PART1 0 70 noexcl"
dmsetup resume "$(dm up)"
start_writers a
for (( i = 0; i < 3; i++ )); do
	dmsetup filter start "$(dm up)" "$PART1"
	more_ops 60
	dmsetup filter stop "$(dm up)"
	more_ops 60
done
stop_writers
dmsetup remove "$(dm up)"
check_fs "$PART1" a
