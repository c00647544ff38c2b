/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the original can and the upper cannot. */
#include "io_limits.h"

#include "text.h"

namespace dmr
{

namespace
{

/* Whether the upper lacks what the original has. */
bool lacks(std::optional<uint64_t> upper, std::optional<uint64_t> original)
{
	return upper && original && *upper == 0 && *original > 0;
}

} // namespace

std::optional<std::string> limits_reason(Kernel &kernel, const Pair &pair)
{
	const auto facts = kernel.block(pair.upper.devno);

	if (!facts)
		return std::nullopt;
	const BlockLimits &upper = facts->limits;
	const BlockLimits &original = pair.original.facts.limits;
	const std::string given = printable(pair.original.given);

	if (upper.logical_block_size && original.logical_block_size &&
	    *upper.logical_block_size > *original.logical_block_size)
		return pair.upper.name + ": has blocks of " +
		       std::to_string(*upper.logical_block_size) + " bytes, " + given +
		       " has blocks of " + std::to_string(*original.logical_block_size) +
		       ": give the upper devices with blocks of that size";
	if (original.zoned != "" && original.zoned != "none")
		return given + ": is a zoned device (" + original.zoned +
		       "), which cannot be remapped";
	if (original.dax == true)
		return given +
		       ": can do DAX, which passes the block layer by: it cannot be remapped";
	if (lacks(upper.discard_max, original.discard_max))
		return pair.upper.name + ": cannot discard, and " + given +
		       " can: use a target that passes discards on";
	if (lacks(upper.write_zeroes_max, original.write_zeroes_max))
		return pair.upper.name + ": cannot write zeroes, and " + given +
		       " can: use a target that passes them on";
	return std::nullopt;
}

} // namespace dmr
