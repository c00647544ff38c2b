/* SPDX-License-Identifier: LGPL-2.1-only */
/* Facts about block devices from sysfs. */
#include "sysfs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "text.h"

namespace dmr
{

namespace
{

namespace fs = std::filesystem;

/* The first line, "" when there is no such attribute. */
std::string attribute(const fs::path &path)
{
	std::ifstream file(path);
	std::string line;

	std::getline(file, line);
	return line;
}

std::optional<uint64_t> number(const fs::path &path)
{
	return parse_number(attribute(path));
}

BlockLimits limits_of(const fs::path &queue)
{
	const auto dax = number(queue / "dax");
	std::error_code ignored;
	/* drivers with request queues have a directory of them */
	const bool bio_based = !fs::exists(queue.parent_path() / "mq", ignored);

	return {
		.logical_block_size = number(queue / "logical_block_size"),
		.dma_alignment = number(queue / "dma_alignment"),
		.zoned = attribute(queue / "zoned"),
		.dax = dax ? std::optional<bool>(*dax == 1) : std::nullopt,
		.bio_based = bio_based,
		.uncounted = bio_based && number(queue / "iostats") == 0,
	};
}

std::vector<Devno> partitions_of(const fs::path &disk)
{
	std::vector<Devno> result;
	std::error_code ignored;

	/* sda1, nvme0n1p1: to look into all other directories would take most of the time */
	const std::string prefix = disk.filename();
	for (const auto &entry : fs::directory_iterator(disk, ignored)) {
		if (!entry.path().filename().string().starts_with(prefix) ||
		    !fs::exists(entry.path() / "partition", ignored))
			continue;
		if (const auto devno = parse_devno(attribute(entry.path() / "dev")))
			result.push_back(*devno);
	}
	std::sort(result.begin(), result.end());
	return result;
}

/* "2 1": reads and writes */
uint64_t in_flight(const fs::path &directory)
{
	const std::string line = attribute(directory / "inflight");
	uint64_t sum = 0;

	for (const std::string_view word : words_of(line))
		sum += parse_number(word).value_or(0);
	return sum;
}

} // namespace

std::optional<BlockFacts> Sysfs::block(Devno devno) const
{
	std::error_code error;
	const fs::path directory =
		fs::canonical(fs::path(root_) / "dev" / "block" / to_string(devno), error);

	if (error)
		return std::nullopt;
	const auto sectors = number(directory / "size");
	if (!sectors)
		return std::nullopt;
	BlockFacts facts;
	facts.name = directory.filename();
	/* sysfs cannot have the slash of cciss/c0d0 in a file name. */
	std::replace(facts.name.begin(), facts.name.end(), '!', '/');
	facts.sectors = *sectors;
	facts.read_only = number(directory / "ro") == 1;
	facts.in_flight = in_flight(directory);
	if (fs::exists(directory / "partition", error)) {
		facts.disk = parse_devno(attribute(directory.parent_path() / "dev"));
		facts.limits = limits_of(directory.parent_path() / "queue");
	} else {
		facts.partitions = partitions_of(directory);
		facts.limits = limits_of(directory / "queue");
	}
	return facts;
}

} // namespace dmr
