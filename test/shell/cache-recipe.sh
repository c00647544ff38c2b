#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# dmsetup cache: put before a mounted partition under load, used, taken away: all is on the partition. Made to
# write back by hand, it is clean before it goes. What a command left that was killed is cleared away.
# timeout: 300
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

at_end() {
	remove_recipes
}

hits() {
	[[ $(dmsetup cache status) =~ writes\ ([0-9]+)\ hits ]] && (( BASH_REMATCH[1] > 0 ))
}

echo ',96M' | sfdisk -q --label dos "$DISK2"
wait_for 10 test -b "${DISK2}1"
part=${DISK2}1
upper=$(basename "$part")-cache
wipefs -aq "$PART1"
mk_ext4 "$part" a
before=$(state)
start_writers a

quiet dmsetup cache attach "$part" "$PART1"
more_ops 600
wait_for 60 hits
dmsetup cache status
dmsetup cache status | grep -E "^$upper: $(basename "$part"), [0-9]+/[0-9]+ blocks .*, 0 dirty\$" > /dev/null || fail "status"
refused 'there is a dm device .* already: dmsetup cache detach' dmsetup cache attach "$part" "$PART2"
quiet dmsetup cache detach "$part"
equal "$(state)" "$before" "not as it was before"
more_ops 100

# by hand
dmsetup cache attach "$part" "$PART1"
table=$("$REAL_DMSETUP" table "$upper")
echo "${table/writethrough/writeback}" | dmsetup reload "$upper"
dmsetup resume "$upper"
more_ops 600
refused 'has data that .* has not' dmsetup remap stop "$upper"
dmsetup cache detach "$part" > out
cat out
equal "$(state)" "$before" "not as it was before"

# killed in between
dmsetup cache attach "$part" "$PART1"
dmsetup remap stop "$upper"
dmsetup remove "$upper"
quiet dmsetup cache detach "$part"
equal "$(state)" "$before" "not as it was before"

mk_dm little "0 65528 linear $PART2 0"
before=$(state)
fail_with 'too few for a cache' dmsetup cache attach "$part" "$(dmdev little)"
fail_with 'shares sectors' dmsetup cache attach "$part" "$DISK2"
fail_with 'has no cache' dmsetup cache detach "$part"
fail_with 'is in use' dmsetup cache attach "$PART2" "$part"
equal "$(state)" "$before" "a refused command changed something"
dmsetup remove "$(dm little)"
stop_writers
check_fs "$part" a
