# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Words for the scripts of test/bench; on top of lib.sh.
#
#	fast_disk NAME MIB [KEY=VALUE...]	a null_blk that stores nothing, in NULLB
#	attach UPPER MODE DEV		by a message, without what the tool does
#	detach UPPER			and remove it

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

attach() {
	"$REAL_DMSETUP" message "$(dm "$1")" 0 @interpose_start "$2" "$(devno "$3")"
}

detach() {
	"$REAL_DMSETUP" message "$(dm "$1")" 0 @interpose_stop
	"$REAL_DMSETUP" remove "$(dm "$1")"
}
