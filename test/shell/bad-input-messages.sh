#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Malformed messages straight to the kernel: each is refused with its errno and changes nothing; MESSAGES (20000)
# mutated ones, by SEED, as well.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

: "${MESSAGES:=20000}"

mk_upper up "$PART1"
mk_dm small "0 64 linear $PART2 0 noexcl"
p1=$(devno "$PART1")
up=$(dm up)

before=$(state)
answers() {
	local want=$1 got
	got=$(fuzzmsg raw "$up" "${3:-0}" "$2" || :)
	equal "$got" "$want" "answer to '$2'"
	equal "$(state)" "$before" "state after '$2'"
}

answers EINVAL "@interpose_start"
answers EINVAL "@interpose_start remap"
answers EINVAL "@interpose_start nonsense $p1"
answers EINVAL "@interpose_start remap $p1 nonsense"
answers EINVAL "@interpose_start remap $p1 nolockfs nolockfs"
answers EINVAL "@interpose_start remap $p1 nolockfs trailing"
answers EINVAL "@interpose_start remap $p1 and"
answers EINVAL "@interpose_start remap $p1 and $p1"
answers EINVAL "@interpose_start remap $p1 and x y"
answers EINVAL "@interpose_start remap x"
answers EINVAL "@interpose_start remap ${p1}x"
answers EINVAL "@interpose_start remap ${p1%:*}"
answers EINVAL "@interpose_start remap ${p1%:*}:"
answers EINVAL "@interpose_start remap :${p1#*:}"
answers EINVAL "@interpose_start remap ${p1/:/.}"
answers EINVAL "@interpose_start remap -1:-1"
answers EINVAL "@interpose_start remap 4294967296:1"
answers EINVAL "@interpose_start remap ${p1%:*}:4294967297"
answers EINVAL "@interpose_start remap 18446744073709551616:1"
# would be the number of the same device, if what is too much for a number were cut off, or ran into the other
answers EINVAL "@interpose_start remap $(( ${p1%:*} + 4096 )):${p1#*:}"
answers EINVAL "@interpose_start remap 0:$(( ${p1%:*} * 1048576 + ${p1#*:} ))"
answers EINVAL "@interpose_start remap $PART1"
answers EINVAL "@interpose_start remap $(printf '1%.0s' {1..3000}):1"
answers EINVAL "@interpose_stop nonsense"
answers EINVAL "@interpose_stop nolockfs trailing"
answers EINVAL "@interpose_status trailing"
answers EINVAL "@interpose_nonsense"
answers EINVAL "@interpose_"
answers EINVAL ""
answers EINVAL "   "
answers EINVAL "@"
answers EALREADY "@interpose_stop"
answers EALREADY "@interpose_stop nolockfs"
# well formed, and no such device
for devno in 0:0 4095:1048575 240:1 "${p1%:*}:999999"; do
	got=$(fuzzmsg raw "$up" 0 "@interpose_start remap $devno" || :)
	[[ $got =~ ^(ENODEV|ENXIO|EINVAL)$ ]] || fail "start on $devno: $got"
done
# at another sector than 0 it is no message to the device
got=$(fuzzmsg raw "$up" 8 "@interpose_start remap $p1" || :)
[[ $got == OK ]] && "$REAL_DMSETUP" message "$up" 0 @interpose_stop

# more pairs than a message can hold
text="@interpose_start remap $p1"
for (( i = 0; i < 600; i++ )); do
	text+=" and $(( i + 1 )):1 1:1"
done
got=$(fuzzmsg raw "$up" 0 "$text" || :)
[[ $got =~ ^(E2BIG|EINVAL|ENODEV|ENXIO)$ ]] || fail "600 pairs: $got"
equal "$(state)" "$before"

if native "the frame of the ioctl"; then
	for c in unterminated short long; do
		got=$(fuzzmsg $c "$up" || :)
		equal "$got" EINVAL "message $c"
		equal "$(state)" "$before"
	done
fi

fuzzmsg random "$(dm small)" "$SEED" "$MESSAGES" "@interpose_start remap $p1" \
	"@interpose_start remap $p1 nolockfs and $(devno "$(dmdev small)") $p1" "@interpose_stop nolockfs" \
	"@interpose_status"
equal "$(state)" "$before" "state after $MESSAGES mutated messages"

# the kernel still understands the good ones
"$REAL_DMSETUP" message "$up" 0 @interpose_start remap "$p1" nolockfs
equal "$(counter up flags)" nolockfs
"$REAL_DMSETUP" message "$up" 0 @interpose_stop
