#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Thousands of attachments, to remap and as a filter, and of attempts that fail late, leave nothing behind in slab and
# per-cpu memory, no open and no holder.
# timeout: 900
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

# Not CYCLES, of which ./check has few with the module: too few tell nothing. In the kernel of a distribution each start
# waits for all of its tasks.
: "${LEAK_CYCLES:=$(kernel_is module && echo 100 || echo 400)}"

mk_upper up "$PART1"
mk_dm pair "0 $(sectors "$PART2") linear $PART2 0 noexcl"
mk_zero small 64
p1=$(devno "$PART1") p2=$(devno "$PART2")

# some kB are allocated before the first name is refused
commas=$(printf ',%.0s' {1..1000})

cycles() {
	local i
	fuzzmsg repeat "$(dm up)" "$1" "@interpose_start remap $p1" @interpose_stop
	fuzzmsg repeat "$(dm pair)" $(( $1 / 10 )) "@interpose_start remap $p2 nolockfs" "@interpose_status" \
		"@interpose_stop"
	! kernel_is patched || fuzzmsg repeat "$(dm up)" $(( $1 / 2 )) "@interpose_start filter $p1 nolockfs" \
		"@interpose_status" "@interpose_stop"
	# each table that can filter has memory for bios
	for (( i = 0; i < $1 / 10; i++ )); do
		reload up "0 $(sectors "$PART1") delay $PART1 0 0 noexcl"
		"$REAL_DMSETUP" resume "$(dm up)"
	done
	# the second of the two does not fit
	fuzzmsg refuse "$(dm up)" $(( $1 / 2 )) \
		"@interpose_start remap $p1 and $(devno "$(dmdev small)") $p2"
	for (( i = 0; i < $1 / 20; i++ )); do
		not "$REAL_DMSETUP" create "$(dm no)" \
			--table "0 $(sectors "$PART1") snapshot $PART1 $DISK2 N 8 noexcl" 2> /dev/null
		not "$REAL_DMSETUP" create "$(dm no)" \
			--table "0 $(sectors "$PART1") linear $PART1 0 noexcl:$commas" 2> /dev/null
	done
}

# what each CPU keeps to allocate from would count as used ("slab_debug=F" on the command line of the kernel)
kernel_is debug || equal "$(< /sys/kernel/slab/kmalloc-8/sanity_checks)" 1 "checks of kmalloc-8"

native "filters" || :
cycles $(( LEAK_CYCLES / 5 ))
kernel_memory > "$TESTDIR/memory.0"
# One object for every tenth cycle would be seen, and 256 bytes for each; debug kernels keep freed memory
# in quarantine.
objects=$(( LEAK_CYCLES / 10 )) unreclaimable=$(( LEAK_CYCLES / 4 )) percpu=32
# with the module: the kernel's other caches vary by 88 kB however few the cycles are, by 12 to 40 kB in a hundred
! kernel_is module || unreclaimable=128
! kernel_is debug || objects=10000 unreclaimable=65536 percpu=1024
# A leak grows in each round. What grows once is the kernel's own: a worker more, which has files and slabs, or memory that
# is freed later on a machine that has little of its processor.
declare -A times=()
leaks=1
for (( round = 1; round <= 4 && leaks; round++ )); do
	cycles "$LEAK_CYCLES"
	kernel_memory > "$TESTDIR/memory.$round"
	leaks=0
	while read -r what was _ is; do
		(( was == is )) || echo "round $round: $what $was, then $is"
		case $what in
		SUnreclaim:) allowed=$unreclaimable ;;
		Percpu:) allowed=$percpu ;;
		*) allowed=$objects ;;
		esac
		(( is < was + allowed )) || times[$what]=$(( ${times[$what]:-0} + 1 ))
		(( ${times[$what]:-0} < round )) || leaks=1
	done < <(paste -d' ' "$TESTDIR/memory.$(( round - 1 ))" "$TESTDIR/memory.$round")
done
if (( leaks )); then
	for what in "${!times[@]}"; do
		(( times[$what] < round - 1 )) || echo "$what grew in each round"
	done
	fail "memory is lost"
fi
for n in up pair small; do
	equal "$(open_count $n)" 0 "open count of $n"
	dmsetup remove "$(dm $n)"
done
equal "$(in_use_by "$PART1")" ""
rawio claim "$PART1"
rawio claim "$PART2"
# which an open partition would not allow
blockdev --rereadpt "$DISK1"
