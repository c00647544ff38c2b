/* SPDX-License-Identifier: LGPL-2.1-only */
/* What a table has taken from an original that others go on writing to. */
#pragma once

#include <string>

#include "kernel.h"
#include "pair.h"

namespace dmr
{

/* Throws Error EBUSY when the original is in use and a target of the upper, or of a dm device
 * between it and the original, has had time to copy or to check what is there: mirror, raid, cache,
 * integrity, clone. Until start its users write past it, so that what it has is out of date. The
 * same table is right when it is loaded after start. */
void refuse_stale(Kernel &kernel, const std::string &what, const Pair &pair);

} // namespace dmr
