# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests in which processes race with commands, on PART1, mounted on $TESTDIR/a, and PART2; on top of io.sh. There are
# the dm devices one and two over PART1 and three over PART2, and $TESTDIR/racer is what one process does for
# RACE_SECONDS, with the seed that is its argument. Besides them it may leave a device "snap".
#	race_commands MODE		the races, with writers on PART1, and the verdict: no hang, no damage, nothing
#					leaks; MODE, remap or filter, still works. It removes the three devices.

# whatever came last: the three are there under their names, live and not attached
settle() {
	local i n name names=(one two three) parts=("$PART1" "$PART1" "$PART2")
	for i in 0 1 2; do
		name=$(dm "${names[i]}")
		"$REAL_DMSETUP" rename "$name-x" "$name" > /dev/null 2>&1 || :
		for n in "$name" "$name-x"; do
			"$REAL_DMSETUP" resume "$n" > /dev/null 2>&1 || :
			"$REAL_DMSETUP" message "$n" 0 @interpose_stop > /dev/null 2>&1 || :
		done
		"$REAL_DMSETUP" remove "$name-x" > /dev/null 2>&1 || :
		"$REAL_DMSETUP" info "$name" > /dev/null 2>&1 || mk_upper "${names[i]}" "${parts[i]}"
	done
	"$REAL_DMSETUP" remove "$(dm snap)" > /dev/null 2>&1 || :
}

# bytes in slab caches after all that is free was given back
slab() {
	drop_caches
	awk '/^SUnreclaim/ { print $2 }' /proc/meminfo
}

# A rename between a suspend and its resume leaves a device suspended. What writes to the file system over it waits, a
# start that is asked just before it is attached too, and when all processes do nobody is left to resume it.
resume_all() {
	local n
	while :; do
		for n in one two three; do
			"$REAL_DMSETUP" resume "$(dm "$n")" || "$REAL_DMSETUP" resume "$(dm "$n")-x" || :
		done
		sleep 2
	done > /dev/null 2>&1
}

race() {
	local pids=() p rc=0 resumer
	resume_all &
	resumer=$!
	for p in 1 2 3 4 5; do
		RACE_SECONDS=$1 bash "$TESTDIR/racer" $(( SEED % 10000 + p )) > "$TESTDIR/racer.$p" 2>&1 &
		pids+=($!)
	done
	for p in "${pids[@]}"; do
		wait "$p" || rc=1
	done
	kill "$resumer"
	wait "$resumer" || :
	settle
	return "$rc"
}

race_commands() {
	local mode=$1 before after n
	start_writers a
	# first a short one, for what is allocated once and stays
	race 5
	before=$(slab)
	race "$RACE_SECONDS"
	more_ops 200
	after=$(slab)
	cat "$TESTDIR"/racer.? | sed 's/^[0-9]*: //; s/[0-9][0-9]*/N/g' | sort | uniq -c | sort -rn | sed -n 1,25p
	grep -c . "$TESTDIR"/racer.? || :
	! grep -iE 'segmentation|aborted|assert|cannot allocate' "$TESTDIR"/racer.? || fail "a command broke"
	for n in one two three; do
		not attached $n
		equal "$(open_count $n)" 0 "open count of $n"
	done
	echo "unreclaimable slab: $before kB before, $after kB after"
	(( after < before + 4096 )) || fail "slab grew from $before to $after kB in $RACE_SECONDS s"
	# they can still be used
	dmsetup "$mode" start "$(dm two)" "$PART1"
	more_ops 50
	dmsetup "$mode" stop "$(dm two)"
	idle_upper two 50
	stop_writers
	for n in one two three; do
		dmsetup remove "$(dm $n)"
	done
	equal "$(in_use_by "$PART1")" ""
	equal "$(in_use_by "$PART2")" ""
	check_fs "$PART1" a
	# the original can be claimed: no open of ours is left
	rawio claim "$PART1"
	rawio claim "$PART2"
}
