#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the target of a dm original holds before dm accounts for it (delay, crypt, thin, cache) is complete when
# start returns: it does not reach the disk past the upper.
# timeout: 120
# kernel: patched
# native: the module refuses originals of dm
# shellcheck source=test/lib/lib.sh
. "$(dirname "$0")/../lib/lib.sh"
# shellcheck source=test/lib/io.sh
. "$(dirname "$0")/../lib/io.sh"

mk_dm vol "0 $(sectors "$PART1") delay $PART1 0 0 $PART1 0 5000"
mk_zero up "$(sectors "$PART1")"
wrote=$(diskstat "$PART1" 5)
rawio write "$(dmdev vol)" 0 8 1 &
writing=$!
held() {
	local n
	read -r -a n < <("$REAL_DMSETUP" status "$(dm vol)")
	(( n[4] == 1 ))
}
wait_for 20 held
dmsetup remap start --nolockfs "$(dm up)" "$(dmdev vol)"
equal "$(counter up writes)" 0 "writes that went to the upper"
equal "$(diskstat "$PART1" 5)" $(( wrote + 1 )) "writes of the original that start has waited for"
wait "$writing"
