#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# For SOAK_SECONDS (60) whatever comes next, by SEED, to two mounted file systems with verifying writers: start and
# stop, to remap and as a filter, one and both at once, suspend and resume, reload to other targets, snapshots, a cache,
# a freeze, a rescan. No bad block, no command that fails, no writer that stands still, each snapshot keeps its content,
# and memory and slabs are what they were.
# timeout: 480
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${SOAK_SECONDS:=60}" "${STEPS_PER_ROUND:=10}"

at_end() {
	remove_recipes
}

# those that may filter as well as remap
tables() {
	local size
	size=$(sectors "$1")
	TABLES=("0 $size linear $1 0 noexcl" "0 $size delay $1 0 0 noexcl" "0 $size delay $1 0 5 noexcl"
		"0 $size flakey $1 0 1000 0 noexcl" "0 $size snapshot-origin $1 noexcl")
	! have_target dust > /dev/null || TABLES+=("0 $size dust $1 0 4096 noexcl")
}

any_of() {
	random $#
	shift "$R"
	ANY=$1
}

# commands of the soak, counted: whatever fails ends it
run() {
	commands=$((commands + 1))
	"$@" || fail "step $step: status $?: $*"
}

# NAME: it is attached, and the writers' bios come
started() {
	local before
	before=$(( $(counter "$1" reads) + $(counter "$1" writes) ))
	more_ops 10
	wait_for 60 has_grown "$1" "$before"
}

has_grown() {
	(( $(counter "$1" reads) + $(counter "$1" writes) > $2 ))
}

start_one() {
	local i=$1 options=()
	random 4
	(( R )) || options=(--nolockfs)
	# shellcheck disable=SC2046	# words
	any_of $(modes 2> /dev/null)
	run dmsetup "$ANY" start "${options[@]}" "$(dm "up$i")" "${parts[i]}"
	modes[i]=$ANY
	started "up$i"
}

start_both() {
	# shellcheck disable=SC2046	# words
	any_of $(modes 2> /dev/null)
	run dmsetup "$ANY" start "$(dm up0)" "${parts[0]}" "$(dm up1)" "${parts[1]}"
	modes=("$ANY" "$ANY")
	started up0
	started up1
}

stop_one() {
	local i=$1
	run dmsetup "${modes[i]}" stop "$(dm "up$i")"
	modes[i]=
	not attached "up$i"
}

suspend_resume() {
	local options=() o
	for o in --nolockfs --noflush; do
		random 3
		(( R )) || options+=("$o")
	done
	run dmsetup suspend "${options[@]}" "$(dm "up$1")"
	run dmsetup resume "$(dm "up$1")"
}

reload_other() {
	tables "${parts[$1]}"
	any_of "${TABLES[@]}"
	run reload "up$1" "$ANY"
	random 4
	(( R )) || run dmsetup suspend "$(dm "up$1")"
	run dmsetup resume "$(dm "up$1")"
}

snapshot_one() {
	local sum
	run dmsetup snapshot create "$(dm snap)" "${parts[$1]}" "${cows[0]}"
	sum=$(md5_of "$(dmdev snap)")
	more_ops 50
	fsck_clean "$(dmdev snap)"
	equal "$(md5_of "$(dmdev snap)")" "$sum" "step $step: a snapshot has changed"
	run dmsetup snapshot remove "$(dm snap)"
	wipefs -aq "${cows[0]}"
}

snapshot_both() {
	run dmsetup snapshot create "$(dm s0)" "${parts[0]}" "${cows[0]}" "$(dm s1)" "${parts[1]}" "${cows[1]}"
	more_ops 50
	mnt "$(dmdev s0)" s0 ro
	mnt "$(dmdev s1)" s1 ro
	order check "$TESTDIR/s0/A" "$TESTDIR/s1/B" || fail "step $step: the snapshots are not of one instant"
	unmount s0
	unmount s1
	run dmsetup snapshot remove "$(dm s1)" "$(dm s0)"
	wipefs -aq "${cows[@]}"
}

cache_one() {
	run dmsetup cache attach "${parts[$1]}" "${cows[2]}"
	more_ops 50
	run dmsetup cache detach "${parts[$1]}"
	wipefs -aq "${cows[2]}"
}

freeze_thaw() {
	run fsfreeze -f "$TESTDIR/${dirs[$1]}"
	run fsfreeze -u "$TESTDIR/${dirs[$1]}"
}

none_attached() {
	[[ -z ${modes[0]}${modes[1]} ]]
}

one_step() {
	local i
	random 2
	i=$R
	random 16
	case $R in
	0|1|2|3) if [[ ${modes[i]} ]]; then stop_one "$i"; else start_one "$i"; fi ;;
	4) ! none_attached || start_both ;;
	5|6|7) suspend_resume "$i" ;;
	8|9|10) reload_other "$i" ;;
	11) [[ ${modes[i]} ]] || snapshot_one "$i" ;;
	12) ! none_attached || snapshot_both ;;
	13) [[ ${modes[i]} ]] || cache_one "$i" ;;
	14) freeze_thaw "$i" ;;
	15) ! none_attached || run partx -u "$DISK2" ;;
	esac
	more_ops 10
}

# Nothing is attached then, and no upper is there.
sample() {
	local i
	for i in 0 1; do
		[[ ! ${modes[i]} ]] || stop_one "$i"
		equal "$(open_count "up$i")" 0 "open count of up$i"
		run dmsetup remove "$(dm "up$i")"
	done
	kernel_memory > "$TESTDIR/memory.$round"
	for i in 0 1; do
		mk_upper "up$i" "${parts[i]}"
	done
}

printf ',96M\n,96M\n,64M\n,64M\n' | sfdisk -q --label dos "$DISK2"
wait_for 10 test -b "${DISK2}4"
parts=("${DISK2}1" "${DISK2}2") cows=("${DISK2}3" "${DISK2}4" "$PART2") dirs=(a b) modes=("" "")
wipefs -aq "${cows[@]}"
mk_ext4 "${parts[0]}" a
mk_ext4 "${parts[1]}" b
mk_upper up0 "${parts[0]}"
mk_upper up1 "${parts[1]}"
start_writers a
start_order "$TESTDIR/a/A" "$TESTDIR/b/B"
have_target dust || :
native "filters" || :
step=0 round=0 commands=0 began=$SECONDS
while (( SECONDS - began < SOAK_SECONDS || round < 3 )); do
	for (( n = 0; n < STEPS_PER_ROUND; n++ )); do
		step=$((step + 1))
		one_step
	done
	sample
	echo "$((SECONDS - began)) s: $step steps, $commands commands, $(ops) operations, $(awk '{ printf "%s %s ", $1, $2 }' \
		<(grep -v kmalloc "$TESTDIR/memory.$round"))"
	round=$((round + 1))
done
stop_order
stop_writers

# The first round has allocated what stays. The least of what came later is no more than the most before.
failed=0
half=$(( (round + 1) / 2 ))
for (( n = 1; n < round; n++ )); do
	sed "s/^/$(( n >= half )) /" "$TESTDIR/memory.$n"
done > "$TESTDIR/samples"
while read -r what most least; do
	case $what in
	SUnreclaim:) allowed=2048 ;;
	Percpu:) allowed=64 ;;
	*) allowed=100 ;;
	esac
	! kernel_is debug || allowed=$(( allowed * 40 ))
	(( least <= most + allowed )) || { echo "$what grew from $most to $least"; failed=1; }
done < <(awk '$1 == 0 && $3 > most[$2] { most[$2] = $3 }
	$1 == 1 && (!($2 in least) || $3 < least[$2]) { least[$2] = $3 }
	END { for (w in least) print w, most[w] + 0, least[w] }' "$TESTDIR/samples")
(( ! failed )) || fail "memory is not what it was"
dmsetup remove "$(dm up0)"
dmsetup remove "$(dm up1)"
check_fs "${parts[0]}" a
unmount b
fsck_ok "${parts[1]}"
