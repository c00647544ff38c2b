# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Words for tests that interpose under I/O; on top of lib.sh.
#
#	SEED, random N			the seed of this run (settable); a number from 0 to N - 1 from it
# Verifying writers (test/src/iowrite.c) on $TESTDIR/DIR
#	start_writers DIR [ARG...]	in the background; returns when they are at work (WARM_UP operations: 2000)
#	ops				operations so far
#	more_ops N			wait until N more have been done
#	stop_writers			stop them; any bad block or I/O error is a failure
#	check_files DIR			all files are as the writers left them, read with O_DIRECT
#	check_fs DEV DIR		umount, e2fsck, mount again, check_files, umount
# Two processes that write in a known order (test/src/order.c), in files A and B
#	start_order A B			returns when they are at work
#	stop_order
# Endless raw writers (test/src/rawio.c)
#	start_hammer DEV THREADS [ARG...]	in the first THREADS * 64 KiB of DEV
#	each_writes N			wait until each of the threads has written N more
#	stop_hammer
#	start_hammer_in CGROUP DEV THREADS	the same in a cgroup
#	late_count			bios that the late hook has caught since boot
#	throttled_round KNOB VALUE [MODE TARGET]	one start while writers wait in a throttle; sets THREADS,
#					LATE and PAST_ATTACH; with MODE filter TARGET drops writes
#	md5_of_first MIB DEV
#	mk_verity SALT DATA HASH [VERITYSETUP-OPTIONS...]	a hash tree without superblock; sets ROOT (its hash)
#					and HASH_BLOCKS
# Files in memory, of a group that may have only some of it: most of them are swapped out
#	mk_swap DEV			swap on DEV, and a place for the files
#	swap_fill NAME			40 MiB of them; prints the md5
#	swap_sum NAME			reads them again; prints the md5
#	swap_free			removes them all
#	end_swap DEV
# What a command may not change
#	state				tables, holders, attachments, open counts of all dm devices
#	refused REGEX CMD...		fail_with, and the state is the same afterwards
#	in_use_by DEV			names of the holders of DEV, as sysfs has them
#	kernel_memory			lines "WHAT N": objects of each slab cache that does not cache files, and kB
#					of memory
# The upper
#	upper_writes NAME		bios that the dm device has completed: writes and flushes
#	counts NAME WORD N		for wait_for: its counter WORD is at least N
#	idle_upper NAME N		its counters do not move while the writers do N operations
# Filters
#	since NAME BEFORE		what "counters NAME" has grown by since it was BEFORE, without "held"
#	holds_bios NAME N		for wait_for: exactly N bios are held now
#	within SECONDS CMD...		CMD must succeed in less time (four times that in the debug kernel)
#	target_says NAME		the status of its one target, without start, length and name
#	block_of DEV PATH N		the block of DEV where block N of that file of its ext4 is, in 4 KiB
#	remove_recipes			what dmsetup snapshot, move and cache have made, after a failure
#	small_part SIZE			a first partition of that size on DISK2, instead of what is there;
#					sets SMALL
# Targets with several devices
#	slice NAME MIB			a dm device on the next so many MiB of DISK3, its first MiB zeroed
#	become NAME TABLE...		load that table and let it live
#	put_up TABLE			start a linear upper "up" over SMALL, then let it become that: what a
#					target has read before start is of no use, others still write past it
#	take_down			stop it and remove it
#	word NAME N			the Nth word of the status of its one target, behind its name
#	says NAME N WORD		for wait_for: that word is WORD
#	signature DEV			the type of what is on it, as blkid finds it; or nothing

: "${SEED:=$(( SRANDOM % 1000000000 ))}"
echo "seed: $SEED (SEED=)"
RANDOM=$(( SEED % 32768 ))

random() {
	# not in a subshell, where RANDOM would begin anew: sets R
	# shellcheck disable=SC2034	# for the caller
	R=$(( (RANDOM << 15 | RANDOM) % $1 ))
}

count_in() {
	local n
	n=$(cat "$TESTDIR/$1" 2> /dev/null) || n=0
	echo "${n:-0}"
}

at_least() {
	(( $(count_in "$1") >= $2 ))
}

start_writers() {
	local dir=$1
	shift
	rm -f "$TESTDIR/ops"
	bg nice iowrite -s "$SEED" -c "$TESTDIR/ops" -o "$TESTDIR/generations" "$@" "$TESTDIR/$dir"
	WRITERS=$BG
	# the files are being filled before that
	wait_for 120 at_least ops "${WARM_UP:-2000}"
}

ops() {
	count_in ops
}

more_ops() {
	local from
	from=$(ops)
	wait_for "${2:-120}" at_least ops $(( from + $1 ))
}

stop_writers() {
	local rc=0
	end_bg "$WRITERS" || rc=$?
	equal "$rc" 0 "the writers found faults: exit status"
}

check_files() {
	iowrite -v "$TESTDIR/generations" "$TESTDIR/$1"
}

check_fs() {
	unmount "$2"
	fsck_ok "$1"
	mnt "$1" "$2"
	check_files "$2"
	unmount "$2"
}

start_order() {
	rm -f "$TESTDIR/order"
	bg nice order write -c "$TESTDIR/order" "$1" "$2"
	ORDER=$BG
	wait_for 120 at_least order 140
}

stop_order() {
	end_bg "$ORDER"
}

start_hammer() {
	local dev=$1 threads=$2
	shift 2
	rm -f "$TESTDIR/hammer"
	bg nice rawio hammer -c "$TESTDIR/hammer" "$@" "$dev" 0 "$threads"
	HAMMER=$BG
	wait_for 60 at_least hammer 1
}

each_writes() {
	local from
	from=$(count_in hammer)
	wait_for 100 at_least hammer $(( from + $1 ))
}

stop_hammer() {
	end_bg "$HAMMER"
}

state() {
	dmstate
}

refused() {
	local before after
	before=$(state)
	fail_with "$@"
	after=$(state)
	if [[ $before != "$after" ]]; then
		diff <(echo "$before") <(echo "$after") || :
		fail "a refused command changed something: ${*:2}"
	fi
}

in_use_by() {
	local d
	d=$(basename "$(readlink -f "$1")")
	find "/sys/class/block/$d/holders" -mindepth 1 -printf '%f\n' | sort | paste -sd' '
}

kernel_memory() {
	local cache i n
	drop_caches
	# what is freed by RCU, by kobject release work, and with the worker of an interposer
	sleep 3
	# slabs that are kept for what comes next are no leak
	for cache in /sys/kernel/slab/*; do
		# one may go meanwhile
		echo 1 2> /dev/null > "$cache/shrink" || [[ ! -e $cache ]]
	done
	# each of these files has left an object of 96 bytes behind, which the kernel frees after five seconds, with others
	# that wait for a grace period
	sleep 7
	# the least of some looks: a process that happens to run beside has ten files and more
	for (( i = 0; i < 5; i++ )); do
		for cache in /sys/kernel/slab/{kmalloc-[0-9]*,kmalloc-cg-*,filp,bdev_cache}; do
			[[ -e $cache ]] || continue
			read -r n _ < "$cache/objects"
			echo "${cache##*/} $n"
		done
		sleep 0.3
	done | awk '!($1 in least) { order[++count] = $1; least[$1] = $2 }
		$2 < least[$1] { least[$1] = $2 }
		END { for (i = 1; i <= count; i++) print order[i], least[order[i]] }'
	awk '/^SUnreclaim|^Percpu/ { print $1, $2 }' /proc/meminfo
}

dm_node() {
	echo "dm-$("$REAL_DMSETUP" info -c --noheadings -o minor "$(dm "$1")")"
}

upper_writes() {
	diskstat "$(dm_node "$1")" 5
}

idle_upper() {
	local before
	before=$(cat "/sys/class/block/$(dm_node "$1")/stat")
	more_ops "$2"
	equal "$(cat "/sys/class/block/$(dm_node "$1")/stat")" "$before" "I/O went through $1, which is not attached"
}

counts() {
	(( $(counter "$1" "$2") >= $3 ))
}

late_count() {
	cat /sys/kernel/debug/block_interposer/late
}

md5_of_first() {
	dd if="$2" iflag=direct bs=1M count="$1" status=none | md5sum | cut -d' ' -f1
}

# Writers in a cgroup that lets only a few of their bios through wait behind the early hook when start
# comes. KNOB is written VALUE for the duration. Sets PAST_ATTACH to 1 when the original has changed after
# start had returned, and LATE to the number of bios that were caught late.
throttled_round() {
	local knob=$1 value=$2 mode=${3:-remap} group=/sys/fs/cgroup/$PREFIX before after late
	THREADS=32
	grep -qw io /sys/fs/cgroup/cgroup.controllers || broken "no io controller"
	[[ -e /sys/kernel/debug/block_interposer/late ]] || fail "no count of late catches in debugfs"
	echo +io > /sys/fs/cgroup/cgroup.subtree_control
	mkdir "$group"
	dd if=/dev/zero of="$DISK2" bs=1M count=2 oflag=direct status=none
	dd if=/dev/zero of="$DISK3" bs=1M count=2 oflag=direct status=none
	# shared: what is on the original is read below the upper
	mk_upper low "$DISK2"
	mk_dm up "0 $(sectors "$DISK2") ${4:-linear $DISK3 0}"
	echo "$(devno "$DISK2") wiops=20" > "$group/io.max"
	start_hammer_in "$group" "$DISK2" "$THREADS"
	[[ -z $knob ]] || echo "$value" > "$knob"
	late=$(late_count)
	dmsetup "$mode" start "$(dm up)" "$DISK2"
	before=$(md5_of_first 2 "$(dmdev low)")
	# then each has had its parked bio through the throttle
	each_writes 2
	after=$(md5_of_first 2 "$(dmdev low)")
	LATE=$(( $(late_count) - late ))
	[[ -z $knob ]] || echo 0 > "$knob"
	echo "caught late: $LATE of $THREADS writers"
	PAST_ATTACH=0
	# shellcheck disable=SC2034	# for the caller
	[[ $before == "$after" ]] || PAST_ATTACH=1
	echo "$(devno "$DISK2") wiops=max" > "$group/io.max"
	dmsetup "$mode" stop "$(dm up)"
	each_writes 2
	stop_hammer
	wait_for 10 rmdir "$group"
	[[ $mode == remap ]] || return 0
	# whichever way they went, none was lost and none came later than its successor
	rawio hammered "$DISK2" 0 "$THREADS" "$DISK3"
}

start_hammer_in() {
	local group=$1 dev=$2 threads=$3
	rm -f "$TESTDIR/hammer"
	# shellcheck disable=SC2016	# for the inner shell
	bg bash -c 'echo 0 > "$1/cgroup.procs" && exec nice rawio hammer -c "$2" "$3" 0 "$4"' \
		hammer "$group" "$TESTDIR/hammer" "$dev" "$threads"
	HAMMER=$BG
	wait_for 100 at_least hammer 1
}

# NOW WAS: four numbers each
difference() {
	local now was
	read -r -a now <<< "$1"
	read -r -a was <<< "$2"
	echo "$(( now[0] - was[0] )) $(( now[1] - was[1] )) $(( now[2] - was[2] )) $(( now[3] - was[3] ))"
}

since() {
	difference "$(counters "$1")" "$2"
}

holds_bios() {
	[[ $(counter "$1" held) == "$2" ]]
}

within() {
	local limit=$1 began took
	shift
	began=$(date +%s%N)
	"$@"
	took=$(( ($(date +%s%N) - began) / 1000000 ))
	! kernel_is debug || limit=$(( limit * 4 ))
	(( took < limit * 1000 )) || fail "took $took ms, not less than $limit s: $*"
}

target_says() {
	"$REAL_DMSETUP" status "$(dm "$1")" | cut -d' ' -f4-
}

block_of() {
	local block
	# no look at checksums: those of the bitmaps are wrong for a moment while the file system is written to
	block=$(debugfs -n -R "bmap $2 $3" "$1" 2> /dev/null)
	[[ $block =~ ^[1-9][0-9]*$ ]] || fail "no block $3 of $2 on $1: '$block'"
	echo "$block"
}

remove_recipes() {
	local n pass
	for pass in 1 2 3; do
		for n in $("$REAL_DMSETUP" info -c --noheadings -o name -S 'uuid=~^DMREMAP-' 2> /dev/null | grep -v '^No devices'); do
			"$REAL_DMSETUP" resume "$n"
			"$REAL_DMSETUP" message "$n" 0 @interpose_stop
			(( pass == 1 )) || "$REAL_DMSETUP" remove "$n"
		done
	done > /dev/null 2>&1 || :
}

small_part() {
	echo ",$1" | sfdisk -q --label dos "$DISK2"
	SMALL=${DISK2}1
	wait_for 10 test -b "$SMALL"
}

slices=0
slice() {
	local first=$(( slices * 2048 ))
	slices=$(( slices + $2 ))
	(( slices * 2048 <= $(sectors "$DISK3") )) || broken "DISK3 is too small for all slices"
	mk_dm "$1" "0 $(( $2 * 2048 )) linear $DISK3 $first"
	dd if=/dev/zero of="$(dmdev "$1")" bs=1M count=1 oflag=direct status=none
}

become() {
	reload "$@"
	dmsetup resume "$(dm "$1")"
}

put_up() {
	echo "upper: $1"
	mk_upper up "$SMALL"
	dmsetup remap start "$(dm up)" "$SMALL"
	become up "0 $(sectors "$SMALL") $1"
}

take_down() {
	dmsetup remap stop "$(dm up)"
	not attached up
	dmsetup remove "$(dm up)"
}

word() {
	local words
	read -r -a words < <(target_says "$1")
	echo "${words[$2 - 1]:-}"
}

says() {
	[[ $(word "$1" "$2") == "$3" ]]
}

signature() {
	blkid -p -o value -s TYPE "$1" || :
}

mk_verity() {
	local said
	said=$(veritysetup format --no-superblock --salt "$1" "${@:4}" "$2" "$3")
	ROOT=$(awk '/^Root hash:/ { print $NF }' <<< "$said")
	HASH_BLOCKS=$(awk '/^Hash blocks:/ { print $NF }' <<< "$said")
	[[ $ROOT && $HASH_BLOCKS ]] || broken "veritysetup says: $said"
}

mk_swap() {
	local group=/sys/fs/cgroup/$PREFIX
	mkswap -q "$1"
	swapon "$1"
	echo +memory > /sys/fs/cgroup/cgroup.subtree_control
	mkdir "$group"
	# not memory.max: where the disk is slow that kills instead of waiting
	echo 16M > "$group/memory.high"
	mkdir "$TESTDIR/shm"
	mount -t tmpfs -o size=200M tmpfs "$TESTDIR/shm"
}

swap_fill() {
	# shellcheck disable=SC2016	# for the inner shell
	bash -c 'echo 0 > "$1/cgroup.procs"; for i in $(seq 10); do
			head -c 4M /dev/urandom > "$2.$i"; done; cat "$2".* | md5sum' \
		swap_fill "/sys/fs/cgroup/$PREFIX" "$TESTDIR/shm/$1"
}

swap_sum() {
	# shellcheck disable=SC2016	# for the inner shell
	bash -c 'echo 0 > "$1/cgroup.procs"; cat "$2".* | md5sum' \
		swap_sum "/sys/fs/cgroup/$PREFIX" "$TESTDIR/shm/$1"
}

swap_free() {
	rm "$TESTDIR"/shm/*
}

end_swap() {
	umount "$TESTDIR/shm"
	swapoff "$1"
	rmdir "/sys/fs/cgroup/$PREFIX"
}
