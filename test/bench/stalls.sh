#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How long start and stop take, how long a writer waits for them at most, and how that and the cost of an I/O grow with
# what is attached. Lines "stall LOAD EVENT TOOK LONGEST SYNC FROZEN QUEUE-FROZEN GRACE", "pairs N START STOP" and "scale
# N READ-ATTACHED READ-OTHER BYTES-EACH", in nanoseconds of the guest. Run by test/bench/run, under -icount.
# timeout: 1800
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/bench.sh
. "$(dirname "$0")/../lib/bench.sh"

tracing=/sys/kernel/tracing
probed=(__x64_sys_syncfs freeze_super thaw_super blk_mq_freeze_queue blk_mq_unfreeze_queue synchronize_rcu
	synchronize_rcu_expedited percpu_ref_switch_to_atomic_sync)
for f in "${probed[@]}"; do
	# the beginning and the end of each call
	printf 'p:begin_%s %s\nr:end_%s %s\n' "$f" "$f" "$f" "$f" >> "$tracing/kprobe_events"
done
echo 1 > "$tracing/events/kprobes/enable"

# Nanoseconds in syncfs(), with a file system frozen, with a queue frozen, and in waits for RCU, of what was not the
# writer's.
phases() {
	awk '$1 !~ /^(stall|iowrite|jbd2|kworker)/ && match($0, /[0-9]+\.[0-9]+: (begin|end)_[a-z0-9_]+:/) {
			split(substr($0, RSTART, RLENGTH), part, ": *")
			name = part[2]
			begins = sub(/^begin_/, "", name)
			sub(/^end_/, "", name)
			t = part[1]
			if (begins) {
				# the one begins in the other
				if (!depth[name]++)
					since[name] = t
				if (name == "freeze_super" && !frozen++)
					frozen_since = t
				if (name == "blk_mq_freeze_queue" && !queues++)
					queue_since = t
			} else {
				if (!--depth[name])
					sum[name] += t - since[name]
				if (name == "thaw_super" && !--frozen)
					frozen_sum += t - frozen_since
				if (name == "blk_mq_unfreeze_queue" && !--queues)
					queue_sum += t - queue_since
			}
		}
		END {
			grace = sum["synchronize_rcu"] + sum["synchronize_rcu_expedited"]
			grace += sum["percpu_ref_switch_to_atomic_sync"]
			printf "%d %d %d %d\n", sum["__x64_sys_syncfs"] * 1e9, frozen_sum * 1e9, queue_sum * 1e9,
				grace * 1e9
		}' "$tracing/trace"
}

# event LOAD NAME CMD...: while the writer writes
event() {
	local load=$1 name=$2
	shift 2
	echo > "$tracing/trace"
	stalled "$TESTDIR/a" "$@"
	echo "stall $load $name $TOOK $LONGEST $(phases)"
}

mk_null_blk orig size=1024 queue_mode=2 irqmode=0 memory_backed=1
mk_ext4 "$NULLB" a -b 4096
mk_upper up "$NULLB"
for load in idle busy; do
	if [[ $load == busy ]]; then
		mkdir a/busy
		bg iowrite -n 4 "$TESTDIR/a/busy"
		busy=$BG
	fi
	event "$load" nothing sleep 0.1
	event "$load" freeze-and-thaw freeze_and_thaw "$TESTDIR/a"
	event "$load" remap-start dmsetup remap start "$(dm up)" "$NULLB"
	event "$load" remap-stop dmsetup remap stop "$(dm up)"
	event "$load" filter-start dmsetup filter start "$(dm up)" "$NULLB"
	event "$load" filter-stop dmsetup filter stop "$(dm up)"
done
end_bg "$busy"
dmsetup remove "$(dm up)"
unmount a

echo 0 > "$tracing/events/kprobes/enable"

# idle devices: how it grows
disks=()
for (( i = 0; i < 257; i++ )); do
	fast_disk "n$i" 4 submit_queues=1 hw_queue_depth=2
	disks+=("$NULLB")
	(( i == 256 )) || mk_upper "up$i" "$NULLB"
done
for n in 1 4 16; do
	pairs=()
	for (( i = 0; i < n; i++ )); do
		pairs+=("$(dm "up$i")" "${disks[i]}")
	done
	# no grace period of what was before
	sleep 0.5
	start=$(clock)
	dmsetup remap start "${pairs[@]}"
	started=$(clock)
	for (( i = 0; i < n; i++ )); do
		dmsetup remap stop "$(dm "up$i")"
	done
	echo "pairs $n $(( started - start )) $(( ($(clock) - started) / n ))"
done

# what one more attached device takes
memory() {
	drop_caches
	awk '/^(Slab|Percpu|KernelStack):/ { sum += $2 } END { print sum * 1024 }' /proc/meminfo
}

attached=0
for n in 1 16 256; do
	before=$(memory)
	from=$attached
	for (( ; attached < n; attached++ )); do
		attach "up$attached" remap "${disks[attached]}"
	done
	each=$(( ($(memory) - before) / (n - from) ))
	echo "scale $n $(iocost read "${disks[0]}" 0 8192) $(iocost read "${disks[256]}" 0 8192) $each"
done
