/* SPDX-License-Identifier: LGPL-2.1-only */
/* Why the kernel refused. One errno can have several causes; the kernel is asked again to tell
 * them apart. The functions return the whole sentence and throw nothing but bad_alloc. */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel.h"
#include "mode.h"
#include "pair.h"

namespace dmr
{

std::string explain_start(Kernel &kernel, Mode mode, const std::vector<Pair> &pairs, int errnum);

/* @mode: which command is to be named; nothing for both. */
std::string explain_stop(Kernel &kernel, std::optional<Mode> mode, const DmInfo &upper, int errnum);

/* For errnos that mean the same whatever was asked. */
std::string explain_any(const std::string &what, const std::string &device, int errnum);

/* The kernel answers, but knows no interposer, and its module is not loaded: why, and what to do. */
std::string no_interposer(Kernel &kernel);

} // namespace dmr
