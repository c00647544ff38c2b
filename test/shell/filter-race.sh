#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Starts and stops of filters and remaps, suspend, resume, remove, create, reload to other targets, rename, status,
# snapshots that come and go, from several processes at once, for RACE_SECONDS (40), on a mounted file system with
# writers: no hang, no damage, nothing leaks. Slab caches and open counts return to what they were.
# timeout: 480
# kernel: patched
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${RACE_SECONDS:=40}"

mk_ext4 "$PART1" a
size1=$(sectors "$PART1")
table1="0 $size1 linear $PART1 0 noexcl"
mk_dm one "$table1"
mk_dm two "$table1"
mk_dm three "0 $(sectors "$PART2") linear $PART2 0 noexcl"

# the commands of one process; they may fail, but not hang, and only with an errno that means something
cat > "$TESTDIR/racer" <<-'END'
	set -u
	RANDOM=$1
	names=("$PREFIX-one" "$PREFIX-two" "$PREFIX-three")
	parts=("$PART1" "$PART1" "$PART2")
	SECONDS=0
	while (( SECONDS < RACE_SECONDS )); do
		i=$(( RANDOM % 3 ))
		n=${names[i]} p=${parts[i]}
		size=$(blockdev --getsz "$p")
		tables=("linear $p 0" "delay $p 0 8" "delay $p 0 600" "dust $p 0 4096" "flakey $p 0 1000 0" "snapshot-origin $p")
		table="0 $size ${tables[RANDOM % 6]} noexcl"
		case $(( RANDOM % 18 )) in
		0|1|2|3) dmsetup filter start "$n" "$p" ;;
		4) dmsetup filter start --nolockfs "$n" "$p" ;;
		5) dmsetup filter start "${names[0]}" "$PART1" "${names[2]}" "$PART2" ;;
		6) dmsetup remap start "$n" "$p" ;;
		7|8|9) dmsetup filter stop "$n" ;;
		10) dmsetup remap stop "$n" ;;
		11) dmsetup suspend "$n"; dmsetup resume "$n" ;;
		12) dmsetup suspend --nolockfs "$n"; dmsetup resume "$n" ;;
		13) echo "$table" | dmsetup reload "$n"; dmsetup resume "$n" ;;
		14) dmsetup remove "$n"; echo "$table" | dmsetup create "$n" ;;
		15) dmsetup rename "$n" "$n-x"; dmsetup rename "$n-x" "$n" ;;
		16) dmsetup filter status ;;
		17) dmsetup create "$PREFIX-snap" --table \
				"0 $(blockdev --getsz "$PART1") snapshot $PART1 $DISK2 N 16 noexcl:$PART1" ||
			dmsetup remove "$PREFIX-snap" ;;
		esac 2>&1 | sed "s/^/$1: /"
	done
END
export PART1 PART2 DISK2 RACE_SECONDS

# whatever came last: the three are there under their names, live and not attached
settle() {
	local i name names=(one two three) parts=("$PART1" "$PART1" "$PART2")
	for i in 0 1 2; do
		name=$(dm "${names[i]}")
		"$REAL_DMSETUP" rename "$name-x" "$name" > /dev/null 2>&1 || :
		for n in "$name" "$name-x"; do
			"$REAL_DMSETUP" resume "$n" > /dev/null 2>&1 || :
			"$REAL_DMSETUP" message "$n" 0 @interpose_stop > /dev/null 2>&1 || :
		done
		"$REAL_DMSETUP" remove "$name-x" > /dev/null 2>&1 || :
		"$REAL_DMSETUP" info "$name" > /dev/null 2>&1 ||
			"$REAL_DMSETUP" create "$name" \
				--table "0 $(sectors "${parts[i]}") linear ${parts[i]} 0 noexcl"
	done
	"$REAL_DMSETUP" remove "$(dm snap)" > /dev/null 2>&1 || :
}

# bytes in slab caches after all that is free was given back
slab() {
	drop_caches
	awk '/^SUnreclaim/ { print $2 }' /proc/meminfo
}

race() {
	local pids=() p rc=0
	for p in 1 2 3 4 5; do
		RACE_SECONDS=$1 bash "$TESTDIR/racer" $(( SEED % 10000 + p )) > "$TESTDIR/racer.$p" 2>&1 &
		pids+=($!)
	done
	for p in "${pids[@]}"; do
		wait "$p" || rc=1
	done
	settle
	return "$rc"
}

start_writers a
# first a short one, for what is allocated once and stays
race 5
before=$(slab)
race "$RACE_SECONDS"
more_ops 200
after=$(slab)
cat "$TESTDIR"/racer.? | sed 's/^[0-9]*: //; s/[0-9][0-9]*/N/g' | sort | uniq -c | sort -rn | head -25
grep -c . "$TESTDIR"/racer.? || :
! grep -iE 'segmentation|aborted|assert|cannot allocate' "$TESTDIR"/racer.? || fail "a command broke"
for n in one two three; do
	not attached $n
	equal "$(open_count $n)" 0 "open count of $n"
done
echo "unreclaimable slab: $before kB before, $after kB after"
(( after < before + 4096 )) || fail "slab grew from $before to $after kB in $RACE_SECONDS s"
# they can still be used
dmsetup filter start "$(dm two)" "$PART1"
more_ops 50
dmsetup filter stop "$(dm two)"
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
