#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two jobs at once, each on a CPU of its own: lines "jobs CASE TICKS", ticks of the clock for a read. Run by
# test/bench/run, in a machine whose CPUs run side by side.
# timeout: 600
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/bench.sh
. "$(dirname "$0")/../lib/bench.sh"

declare -A least

# the least of some rounds
measure() {
	local job ticks=0 n pids=()
	for job in 0 1; do
		taskset -c "$job" iocost -b 5000 -n 4 read "$2" 0 8192 > "$TESTDIR/job$job" &
		pids+=($!)
	done
	wait "${pids[@]}"
	for job in 0 1; do
		read -r n < "$TESTDIR/job$job"
		ticks=$(( ticks + n ))
	done
	(( ticks >= ${least[$1]:-ticks + 1} )) || least[$1]=$ticks
}

fast_disk orig 256 submit_queues=2
for _ in 1 2 3 4 5; do
	measure plain "$NULLB"
	mk_linear up "$NULLB"
	measure dm-linear "$(dmdev up)"
	"$REAL_DMSETUP" remove "$(dm up)"
	have_interpose || continue
	for mode in remap filter; do
		mk_upper up "$NULLB"
		attach up "$mode" "$NULLB"
		measure "$mode-linear" "$NULLB"
		detach up
	done
done
for name in "${!least[@]}"; do
	echo "jobs $name ${least[$name]}"
done
