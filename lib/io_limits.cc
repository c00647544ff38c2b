/* SPDX-License-Identifier: LGPL-2.1-only */
/* What of the original's limits and kind does not allow this upper. */
#include "io_limits.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "text.h"

namespace dmr
{

namespace
{

/* Limits are set on the whole disk. */
std::string disk_name(Kernel &kernel, const Original &original)
{
	const auto disk = original.facts.disk ? kernel.block(*original.facts.disk) : std::nullopt;

	return disk ? disk->name : original.facts.name;
}

/* What no upper can do anything about. */
std::optional<std::string> kind_reason(Kernel &kernel, Mode mode, const Pair &pair)
{
	const BlockLimits &original = pair.original.facts.limits;
	const std::string given = printable(pair.original.given);

	if (original.zoned != "" && original.zoned != "none")
		return given + ": is a zoned device (" + original.zoned + "), which cannot be " +
		       past_of(mode);
	if (original.dax == true)
		return given + ": can do DAX, which passes the block layer by: it cannot be " +
		       past_of(mode);
	if (kernel.has_module() && original.bio_based)
		return given + ": takes bios itself (a dm or md device, for example), and the module "
			       "dm-interpose cannot wait for them: remap what is below it, or boot a "
			       "kernel with the patches of dm-remap (CONFIG_DM_INTERPOSE)";
	if (original.uncounted)
		return given + ": its I/O in flight is not counted: echo 1 > /sys/block/" +
		       disk_name(kernel, pair.original) + "/queue/iostats";
	return std::nullopt;
}

/* Users of the original know its limits and do not look again. */
std::optional<std::string> stand_in_reason(const BlockLimits &upper, const Pair &pair)
{
	const BlockLimits &original = pair.original.facts.limits;
	const std::string given = printable(pair.original.given);

	if (upper.logical_block_size && original.logical_block_size &&
	    *upper.logical_block_size > *original.logical_block_size)
		return pair.upper.name + ": has blocks of " +
		       std::to_string(*upper.logical_block_size) + " bytes, " + given +
		       " has blocks of " + std::to_string(*original.logical_block_size) +
		       ": give the upper devices with blocks of that size";
	/* 512 bytes is what a mapped device has that leaves the data to others */
	if (upper.dma_alignment && original.dma_alignment &&
	    *upper.dma_alignment > std::max<uint64_t>(*original.dma_alignment, 511))
		return pair.upper.name + ": needs memory aligned to " +
		       std::to_string(*upper.dma_alignment + 1) + " bytes, " + given + " to " +
		       std::to_string(*original.dma_alignment + 1) +
		       ": give the upper other devices";
	return std::nullopt;
}

bool has_limits(const std::filesystem::path &file, Devno disk)
{
	std::ifstream in(file);
	std::string line;

	while (std::getline(in, line)) {
		const auto words = words_of(line);

		if (!words.empty() && parse_devno(words.front()) == disk)
			return true;
	}
	return false;
}

} // namespace

std::vector<std::string> read_io_limited_groups(const std::string &root, Devno disk)
{
	namespace fs = std::filesystem;
	std::vector<std::string> result;
	std::error_code ignored;

	/* groups come and go meanwhile */
	for (auto entry = fs::recursive_directory_iterator(
		     root, fs::directory_options::skip_permission_denied, ignored);
	     entry != fs::recursive_directory_iterator(); entry.increment(ignored)) {
		const std::string name = entry->path().filename();

		if ((name == "io.max" || name.starts_with("blkio.throttle.")) &&
		    !name.ends_with("serviced") && !name.ends_with("bytes") &&
		    has_limits(entry->path(), disk)) {
			result.push_back(entry->path().parent_path().lexically_relative(root));
		}
	}
	return result;
}

std::optional<std::string> limits_reason(Kernel &kernel, Mode mode, const Pair &pair)
{
	if (auto reason = kind_reason(kernel, mode, pair))
		return reason;
	if (mode == Mode::filter)
		return std::nullopt;
	const auto upper = kernel.block(pair.upper.devno);
	return upper ? stand_in_reason(upper->limits, pair) : std::nullopt;
}

} // namespace dmr
