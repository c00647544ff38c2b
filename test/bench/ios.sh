#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Does I/O for a while in the state CASE of the device, OP: read, write, 32 at once as read-32 and write-32, or first-write,
# to a new chunk each; with CHUNK the device has a snapshot with chunks of that many sectors. Before, it writes lines
# "ADDRESS NAME" to the first disk, an empty one after them, and says "begins". Run by test/bench/by-function.
# timeout: 1200
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/bench.sh
. "$(dirname "$0")/../lib/bench.sh"

# the hook is there as long as a table is
! kernel_is module || dmsetup remove interpose-init
fast_disk cow 8192
cow=$NULLB
fast_disk orig 8192
disk=$NULLB
size=$(sectors "$disk")
target=${CASE#*-}
noexcl=""
[[ $CASE == dm-* ]] || noexcl=noexcl
if [[ $CASE == *partition ]]; then
	halve "$disk"
fi
[[ -z $CHUNK || $CASE == plain ]] || mk_dm snap "0 $size snapshot $disk $cow N $CHUNK ${noexcl:+noexcl:$(devno "$disk")}"
case $target in
plain|hooked|disk|partition) ;;
linear) mk_linear up "$disk" "$noexcl" ;;
*) mk_dm up "0 $size $target $disk $noexcl" ;;
esac
case $CASE in
plain) ;;
hooked) mk_upper up "$disk" ;;
other-disk)
	mk_upper up "$cow"
	attach up remap "$cow" ;;
*partition)
	if [[ $CASE == other-partition ]]; then
		mk_upper up "${disk}2"
		attach up remap "${disk}2"
	fi
	disk=${disk}1 ;;
dm-*) disk=$(dmdev up) ;;
remap-*|filter-*) attach up "${CASE%%-*}" "$disk" ;;
*) broken "no case $CASE" ;;
esac

awk '$2 ~ /^[tTwW]$/ { print $1, $3 } END { print "" }' /proc/kallsyms | dd of="$DISK1" bs=64k conv=fsync status=none

# I/O is under way when it says so: to start a program takes as many instructions as some hundred I/Os
begin() {
	local job
	iocost "$@" &
	job=$!
	sleep 0.1
	echo "begins"
	wait "$job"
}

case $OP in
read*|write*)
	# what is copied for the first of them is copied
	[[ $OP == read* ]] || iocost -b 1 -n 1024 write "$disk" 0 8192
	depth=()
	[[ $OP != *-32 ]] || depth=(-q 32)
	begin "${depth[@]}" -n 8000 "${OP%-32}" "$disk" 0 8192 ;;
first-write)
	begin -b 1 -n $(( size / CHUNK )) -s "$CHUNK" write "$disk" 0 "$size" ;;
esac
