#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A cache goes before a mounted partition under load and away again. Writethrough may be stopped at any time;
# writeback holds what the disk has not, so stop is refused until it was cleaned: a table with writethrough and the
# policy "cleaner", until no block is dirty.
# timeout: 240
# kernel: interposer
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

small_part 48M
mk_ext4 "$SMALL" a -b 4096
slice fast 8
slice meta 4
start_writers a -n 4 -b 128

# MODE POLICY: the whole table
cache() {
	echo "cache $(dmdev meta) $(dmdev fast) $SMALL 64 1 $1 $2 0 noexcl:$SMALL"
}

more_than() {
	(( $(word up "$1") > $2 ))
}

echo "writethrough"
put_up "$(cache writethrough default)"
wait_for 60 more_than 10 10
more_ops 200
echo "status: $(target_says up)"
more_than 7 0 || fail "no write has hit the cache: $(target_says up)"
equal "$(word up 11)" 0 "dirty blocks of writethrough"
take_down
# whatever the cache had is of no use from here on
dd if=/dev/zero of="$(dmdev meta)" bs=1M count=1 oflag=direct status=none
dd if=/dev/urandom of="$(dmdev fast)" bs=1M count=8 oflag=direct status=none
more_ops 200

echo "writeback"
put_up "$(cache writeback default)"
wait_for 60 more_than 10 10
wait_for 60 more_than 11 0
echo "status: $(target_says up)"
refused 'data that .+ has not: its cache (has [0-9]+ dirty|is in writeback)' dmsetup remap stop "$(dm up)"
more_ops 200
become up "0 $(sectors "$SMALL") $(cache writethrough cleaner)"
wait_for 60 says up 11 0
more_ops 50
equal "$(word up 11)" 0 "dirty blocks after cleaning"
take_down
dmsetup remove "$(dm fast)"
dmsetup remove "$(dm meta)"
more_ops 100
stop_writers
check_fs "$SMALL" a
