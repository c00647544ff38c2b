#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Start, stop, and the load of a table that shares a device, with each of their allocations, of objects and of pages,
# failing in turn: they succeed or say ENOMEM, nothing is half done, it works at once when there is memory, and nothing
# leaks in ROUNDS (2) rounds.
# timeout: 300
# kernel: patched
# native: fault injection, which no kernel of a distribution has
# tier: long
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${ROUNDS:=2}"

fault=/sys/kernel/debug
for setting in {failslab,fail_page_alloc}/{probability=0,times=-1,verbose=0,ignore-gfp-wait=N} \
		failslab/cache-filter=N fail_page_alloc/{min-order=0,ignore-gfp-highmem=N}; do
	[[ -e $fault/${setting%%=*} ]] || broken "no $fault/${setting%%=*}"
	echo "${setting#*=}" > "$fault/${setting%%=*}"
done

# small: the file system is frozen some hundred times
printf ',32M\n,32M\n' | sfdisk -q --label dos "$DISK2"
wait_for 10 test -b "${DISK2}2"
one=${DISK2}1 two=${DISK2}2
size=$(sectors "$one")
mk_ext4 "$one" a
echo content > "$TESTDIR/a/file"
sync
p1=$(devno "$one") p2=$(devno "$two")

mk_upper up "$one"
mk_upper pair "$two"
mk_upper table "$one"
mk_upper whole "$DISK3"
and="and $(devno "$(dmdev pair)") $p2"

# WHAT FAILNTH-ARGS...
nth() {
	local before
	if [[ $quietly ]]; then
		failnth "${@:2}" > "$TESTDIR/said" || fail "$1: $(cat "$TESTDIR/said")"
		return
	fi
	before=$(state)
	failnth "${@:2}" > "$TESTDIR/said" || fail "$1: $(cat "$TESTDIR/said")"
	# allocations, and those that are not needed
	echo "$1: $(paste -sd' ' "$TESTDIR/said")"
	equal "$(state)" "$before" "state after: $1"
	allocations=$(( allocations + $(awk '{ n += $1 } END { print n }' "$TESTDIR/said") ))
}

every_command() {
	local up
	up=$(dm up)
	for mode in remap filter; do
		nth "$mode start" start "$up" "@interpose_start $mode $p1" @interpose_stop
		nth "$mode start of two" start "$up" "@interpose_start $mode $p1 $and" @interpose_stop "$(dm pair)"
		nth "$mode stop" stop "$up" "@interpose_start $mode $p1" @interpose_stop
		nth "$mode start --nolockfs" start "$up" "@interpose_start $mode $p1 nolockfs" @interpose_stop
		nth "$mode start of the disk" start "$(dm whole)" "@interpose_start $mode $(devno "$DISK3")" @interpose_stop
	done
	for table in "linear $one 0 noexcl" "linear $one 0 noexcl:$one" "snapshot-origin $one noexcl"; do
		read -r target params <<< "$table"
		nth "load of $target" load "$(dm table)" "$size" "$target" "$params"
	done
	nth "suspend, resume" swap "$(dm table)" "$size" linear "$one 0 noexcl"
	"$REAL_DMSETUP" message "$up" 0 "@interpose_start remap $p1"
	nth "load while attached" load "$up" "$size" linear "$one 0 noexcl"
	nth "suspend, resume while attached" swap "$up" "$size" linear "$one 0 noexcl"
	"$REAL_DMSETUP" message "$up" 0 @interpose_stop
}
quietly=""
allocations=0
every_command
(( allocations > 100 )) || fail "only $allocations allocations have failed: this test proves nothing"
quietly=1

# what each CPU keeps to allocate from would count as used ("slab_debug=F" on the command line of the kernel)
kernel_is debug || equal "$(< /sys/kernel/slab/kmalloc-8/sanity_checks)" 1 "checks of kmalloc-8"
# a leak grows with each round, each time; what else there is does not
suspects=.
for (( try = 0; try < 4; try++ )); do
	kernel_memory > "$TESTDIR/before"
	for (( round = 0; round < ROUNDS; round++ )); do
		every_command
	done
	kernel_memory > "$TESTDIR/after"
	suspects=$(paste -d' ' "$TESTDIR/before" "$TESTDIR/after" |
		awk -v n="$ROUNDS" '$2 + n <= $4 { printf "%s %d, then %d\n", $1, $2, $4 }' | grep -E "^($suspects)" || :)
	[[ $suspects ]] || break
	echo "$suspects"
	suspects=$(cut -d' ' -f1 <<< "$suspects" | paste -sd'|')
done
(( try < 4 )) || fail "leaks: $suspects"

equal "$(cat "$TESTDIR/a/file")" content
unmount a
fsck_ok "$one"
