#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What cannot be a filter is refused at start, each with its errno and its sentence, and nothing has changed: targets
# that have no filter, several targets, another size, another device, a table that claims the original or is
# read-only, delays on other devices; an original or an upper that has something attached, filter or remap.
# timeout: 240
# kernel: patched
# native: filters
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

size=$(sectors "$PART1")
half=$(( size / 2 ))
key=0123456789abcdef0123456789abcdef

# ERRNO SENTENCE ORIGINAL TABLE...
no_filter() {
	local errno=$1 sentence=$2 original=$3
	shift 3
	echo "--- $errno: $*"
	printf '%s\n' "$@" | dmsetup create "${create[@]}" "$(dm up)"
	equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start filter $(devno "$original")" || :)" "$errno" "errno: $*"
	equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start filter $(devno "$original") nolockfs" || :)" "$errno"
	refused "$sentence" dmsetup filter start "$(dm up)" "$original"
	not attached up
	dmsetup remove "$(dm up)"
	rawio write "$original" 0 64 1
	rawio check "$original" 0 64 1
}
create=()

for target in "crypt aes-cbc-essiv:sha256 $key 0 $PART1 0 noexcl" "striped 1 8 $PART1 0 noexcl" \
		"mirror core 2 1024 nosync 2 $PART1 0 $DISK2 0 noexcl:$PART1" "zero" "error" \
		"snapshot $PART1 $DISK2 N 8 noexcl:$PART1"; do
	no_filter EOPNOTSUPP "$(dm up): .*${target%% *}.*no filter.*dmsetup remap start" "$PART1" "0 $size $target"
done
no_filter EMLINK "$(dm up): .*(targets|one target)" "$PART1" \
	"0 $half linear $PART1 0 noexcl" "$half $(( size - half )) linear $PART1 $half noexcl"
no_filter ERANGE "$(dm up): .*fewer" "$PART1" "0 $half linear $PART1 0 noexcl"
no_filter EFBIG "$(dm up): .*more" "$PART1" "0 $(( size + 8 )) zero"
no_filter EXDEV "$(dm up): .*(over|noexcl)" "$DISK3" "0 $(sectors "$DISK3") linear $DISK2 0 noexcl"
no_filter EXDEV "$(dm up): .*(over|noexcl)" "$DISK3" "0 $(sectors "$DISK3") linear $DISK1 2048 noexcl"
no_filter EXDEV "noexcl" "$PART1" "0 $size linear $PART1 0"
no_filter EXDEV "$(dm up): .*(write|device|over)" "$PART1" "0 $size delay $PART1 0 5 $PART2 0 5 noexcl:$PART1"
no_filter EXDEV "$(dm up): .*(flush|device|over)" "$PART1" \
	"0 $size delay $PART1 0 5 $PART1 0 5 $PART2 0 5 noexcl:$PART1"
create=(--readonly)
no_filter EROFS "$(dm up): is read-only, and $PART1 is not" "$PART1" "0 $size linear $PART1 0 noexcl"
create=()

# grammar
mk_upper up "$PART1"
for text in "@interpose_start filter" "@interpose_start filters $(devno "$PART1")" "@interpose_start fil $(devno "$PART1")" \
		"@interpose_start filter $(devno "$PART1") and" "@interpose_start filter remap $(devno "$PART1")" \
		"@interpose_start filter $(devno "$PART1") nolock"; do
	equal "$(fuzzmsg raw "$(dm up)" 0 "$text" || :)" EINVAL "$text"
done
dmsetup suspend "$(dm up)"
refused "$(dm up): is suspended: resume it first" dmsetup filter start "$(dm up)" "$PART1"
equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start filter $(devno "$PART1")" || :)" EBUSY
dmsetup resume "$(dm up)"

# one slot, whatever the mode
mk_upper second "$PART1"
mk_upper other "$PART2"
for mode in filter remap; do
	dmsetup $mode start "$(dm up)" "$PART1"
	for again in filter remap; do
		refused "$(dm up)" dmsetup $again start "$(dm second)" "$PART1"
		equal "$(fuzzmsg raw "$(dm second)" 0 "@interpose_start $again $(devno "$PART1")" || :)" EBUSY
		refused "$(dm up)" dmsetup $again start "$(dm up)" "$PART1"
		equal "$(fuzzmsg raw "$(dm up)" 0 "@interpose_start $again $(devno "$PART1")" || :)" EBUSY
		# all or none
		refused "$(dm up)" dmsetup $again start "$(dm other)" "$PART2" "$(dm second)" "$PART1"
		not attached other
	done
	# the word for the one is not that for the other
	[[ $mode == filter ]] && wrong=remap || wrong=filter
	refused "dmsetup $mode" dmsetup "$wrong" stop "$(dm up)"
	refused "dmsetup $mode" dmsetup "$wrong" status "$(dm up)"
	equal "$(dmsetup $mode status | grep -c "$(dm up)")" 1 "$mode status"
	! dmsetup "$wrong" status | grep -F "$(dm up)" || fail "$wrong status lists a $mode"
	equal "$(counter up mode)" "$mode"
	dmsetup $mode stop "$(dm up)"
	refused "$(dm up): .*nothing|$(dm up): .*not attached" dmsetup $mode stop "$(dm up)"
done

# two pairs of one command
dmsetup filter start "$(dm up)" "$PART1" "$(dm other)" "$PART2"
rawio write "$PART1" 0 8 1
rawio write "$PART2" 0 16 1
equal "$(counters up) / $(counters other)" "0 0 1 8 0 / 0 0 1 16 0"
dmsetup filter stop "$(dm up)" "$(dm other)"

# originals that are none
mk_null_blk zoned size=64 zoned=1 zone_size=4
mk_zero zone "$(sectors "$NULLB")"
equal "$(fuzzmsg raw "$(dm zone)" 0 "@interpose_start filter $(devno "$NULLB")" || :)" EOPNOTSUPP
refused "$NULLB: is a zoned device" dmsetup filter start "$(dm zone)" "$NULLB"
