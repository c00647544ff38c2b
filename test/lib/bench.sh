# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Words for the scripts of test/bench; on top of lib.sh.
#
#	fast_disk NAME MIB [KEY=VALUE...]	a null_blk that stores nothing, in NULLB
#	halve DISK			two partitions of it, HALF1 and HALF2
#	attach UPPER MODE DEV		by a message, without what the tool does
#	detach UPPER			and remove it
#	costs CASE DEV			lines "cost CASE COLUMN INSTRUCTIONS": of a 4 KiB I/O, one after the other, or 32
#					at once
#	clock				nanoseconds of the guest
#	stalled DIR CMD...		while one writes in DIR: sets TOOK, how long CMD takes, and LONGEST, the longest
#					write meanwhile, in nanoseconds
#	freeze_and_thaw DIR

# Where in the bitmap a queue begins to look for a tag is random, stays, and costs more in its last word:
# made small and large again it begins in the first one.
fast_disk() {
	local requests all
	mk_null_blk "$1" "size=$2" queue_mode=2 irqmode=0 memory_backed=0 "${@:3}"
	requests=/sys/class/block/${NULLB#/dev/}/queue/nr_requests
	all=$(< "$requests")
	(( all > 16 )) || return 0
	echo 16 > "$requests"
	dd if="$NULLB" of=/dev/null iflag=direct bs=4k count=1 status=none
	echo "$all" > "$requests"
}

halve() {
	local half=$(( $(sectors "$1") / 2 ))
	rawio addpart "$1" 0 "$half" 1
	rawio addpart "$1" "$half" "$half" 2
	# shellcheck disable=SC2034	# of the caller
	HALF1=${1}1 HALF2=${1}2
	wait_for 10 test -b "$HALF2"
}

attach() {
	"$REAL_DMSETUP" message "$(dm "$1")" 0 @interpose_start "$2" "$(devno "$3")"
}

detach() {
	"$REAL_DMSETUP" message "$(dm "$1")" 0 @interpose_stop
	"$REAL_DMSETUP" remove "$(dm "$1")"
}

# Over a range of 4 MiB. Pages in the cache of the block device would cost a look for dirty ones.
costs() {
	local op
	blockdev --flushbufs "$2"
	for op in read write; do
		echo "cost $1 $op $(iocost "$op" "$2" 0 8192)"
		echo "cost $1 $op-32 $(iocost -q 32 "$op" "$2" 0 8192)"
	done
}

clock() {
	local t=$EPOCHREALTIME
	echo $(( ${t/./} * 1000 ))
}

stalled() {
	local dir=$1 writer start writes
	shift
	stall "$dir/stall" > "$TESTDIR/stalled" &
	writer=$!
	sleep 0.2
	start=$(clock)
	"$@"
	# shellcheck disable=SC2034	# of the caller
	TOOK=$(( $(clock) - start ))
	sleep 0.1
	kill "$writer"
	wait "$writer"
	# shellcheck disable=SC2034	# as well
	read -r writes LONGEST < "$TESTDIR/stalled"
	(( writes > 500 )) || fail "the writer has written $writes times"
}

freeze_and_thaw() {
	fsfreeze -f "$1"
	fsfreeze -u "$1"
}
