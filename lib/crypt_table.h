/* SPDX-License-Identifier: LGPL-2.1-only */
/* What a table says against remapping plain data to it. */
#pragma once

#include <string>

#include "kernel.h"
#include "pair.h"

namespace dmr
{

/* Throws Error EINVAL when a dm-crypt target of the upper, or of a dm device between it and the
 * original, would decrypt what was never encrypted: a mounted file system would read noise. There
 * is no harm where the original has nothing that is known, or encrypted data. */
void refuse_noise(Kernel &kernel, const std::string &what, const Pair &pair,
		  const Contents &contents);

} // namespace dmr
