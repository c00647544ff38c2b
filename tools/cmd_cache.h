/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup cache attach|detach|status */
#pragma once

#include "recipe.h"

namespace tools
{

extern const Recipe kCache;

} // namespace tools
