#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Does I/O for a while in the state CASE of the device, OP: read, write or first-write, to a new chunk each; with CHUNK
# the device has a snapshot with chunks of that many sectors. Says "begins" before. Run by test/bench/by-function.
# timeout: 1200
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/bench.sh
. "$(dirname "$0")/../lib/bench.sh"

fast_disk cow 8192
cow=$NULLB
fast_disk orig 8192
disk=$NULLB
size=$(sectors "$disk")
target=${CASE#*-}
noexcl=""
[[ $CASE == dm-* ]] || noexcl=noexcl
if [[ $CASE == *partition ]]; then
	half=$(( size / 2 ))
	rawio addpart "$disk" 0 "$half" 1
	rawio addpart "$disk" "$half" "$half" 2
	wait_for 10 test -b "${disk}2"
fi
[[ -z $CHUNK || $CASE == plain ]] || mk_dm snap "0 $size snapshot $disk $cow N $CHUNK ${noexcl:+noexcl:$(devno "$disk")}"
case $target in
plain|partition) ;;
linear) mk_linear up "$disk" "$noexcl" ;;
*) mk_dm up "0 $size $target $disk $noexcl" ;;
esac
case $CASE in
plain) ;;
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

case $OP in
read|write)
	# what is copied for the first of them is copied
	[[ $OP == read ]] || iocost -b 1 -n 1024 write "$disk" 0 8192
	echo "begins"
	iocost -n 4000 "$OP" "$disk" 0 8192 ;;
first-write)
	echo "begins"
	iocost -b 1 -n $(( size / CHUNK )) -s "$CHUNK" write "$disk" 0 "$size" ;;
esac
