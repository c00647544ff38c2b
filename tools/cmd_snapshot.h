/* SPDX-License-Identifier: GPL-2.0-only */
/* dmsetup snapshot create|remove|status */
#pragma once

#include "recipe.h"

namespace tools
{

extern const Recipe kSnapshot;

} // namespace tools
