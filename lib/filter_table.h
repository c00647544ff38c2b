/* SPDX-License-Identifier: LGPL-2.1-only */
/* What a live table says against its being a filter of an original. A filter has one target, of
 * a type that can filter, over the whole original and shared with it. Reasons begin with the
 * upper's name; nothing is given when the table is as it should be. All throw Error. */
#pragma once

#include <optional>
#include <string>

#include "kernel.h"
#include "pair.h"

namespace dmr
{

/* Several targets. */
std::optional<std::string> several_targets_reason(Kernel &kernel, const Pair &pair);

/* A type that cannot filter. */
std::optional<std::string> target_type_reason(Kernel &kernel, const Pair &pair);

/* Another device, another first sector, a device that is not shared. */
std::optional<std::string> place_reason(Kernel &kernel, const Pair &pair);

/* The one target that fails all writes itself, and so may be read-only over what is not. */
bool is_verity(Kernel &kernel, const Pair &pair);

} // namespace dmr
