#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Thousands of attachments, and of attempts that fail late, leave nothing behind in slab and per-cpu memory,
# no open and no holder.
# timeout: 600
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${CYCLES:=1000}"

mk_upper up "$PART1"
mk_dm pair "0 $(sectors "$PART2") linear $PART2 0 noexcl"
mk_zero small 64
p1=$(devno "$PART1") p2=$(devno "$PART2")

kernel_memory() {
	drop_caches
	# what is freed by RCU and by kobject release work
	sleep 1
	awk '/^SUnreclaim|^Percpu/ { n += $2 } END { print n }' /proc/meminfo
}

cycles() {
	local i
	fuzzmsg repeat "$(dm up)" "$1" "@interpose_start remap $p1" @interpose_stop
	fuzzmsg repeat "$(dm pair)" $(( $1 / 10 )) "@interpose_start remap $p2 nolockfs" "@interpose_status" \
		"@interpose_stop"
	for (( i = 0; i < $1 / 20; i++ )); do
		not "$REAL_DMSETUP" message "$(dm up)" 0 @interpose_start remap "$p1" \
			and "$(devno "$(dmdev small)")" "$p2" 2> /dev/null
		not "$REAL_DMSETUP" create "$(dm no)" \
			--table "0 $(sectors "$PART1") snapshot $PART1 $DISK2 N 8 noexcl" 2> /dev/null
	done
}

cycles $(( CYCLES / 5 ))
before=$(kernel_memory)
cycles "$CYCLES"
after=$(kernel_memory)
echo "unreclaimable: $before kB before, $after kB after $CYCLES cycles"
# 256 bytes for each cycle would be seen; debug kernels keep freed memory in quarantine
allowed=$(( CYCLES / 4 ))
! kernel_is debug || allowed=65536
(( after < before + allowed )) || fail "grew by $(( after - before )) kB"
for n in up pair small; do
	equal "$(open_count $n)" 0 "open count of $n"
	dmsetup remove "$(dm $n)"
done
equal "$(in_use_by "$PART1")" ""
rawio claim "$PART1"
rawio claim "$PART2"
