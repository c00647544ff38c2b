# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Words for the scripts of test/bench; on top of lib.sh.
#
#	fast_disk NAME MIB [KEY=VALUE...]	a null_blk that stores nothing, in NULLB
#	attach UPPER MODE DEV		by a message, without what the tool does
#	detach UPPER			and remove it

fast_disk() {
	mk_null_blk "$1" "size=$2" queue_mode=2 irqmode=0 memory_backed=0 "${@:3}"
}

attach() {
	"$REAL_DMSETUP" message "$(dm "$1")" 0 @interpose_start "$2" "$(devno "$3")"
}

detach() {
	"$REAL_DMSETUP" message "$(dm "$1")" 0 @interpose_stop
	"$REAL_DMSETUP" remove "$(dm "$1")"
}
