/* SPDX-License-Identifier: LGPL-2.1-only */
/* The causes of EBUSY at start, told apart by asking. */
#include "busy.h"

#include <algorithm>

#include "text.h"
#include "usage.h"

namespace dmr
{

namespace
{

using Reason = std::optional<std::string>;

std::string name_of(Kernel &kernel, Devno devno)
{
	const auto facts = kernel.block(devno);

	return facts ? facts->name : to_string(devno);
}

/* Each mode has its own command. */
std::string stop_command(const Attached &attached)
{
	return "dmsetup " + printable(attached.attachment.mode) + " stop " + attached.upper.name;
}

/* "the whole disk vda", "the partition vda1", or nothing when they do not overlap. */
Reason relation(Kernel &kernel, const Original &original, Devno other)
{
	const auto &partitions = original.facts.partitions;

	if (original.facts.disk == other)
		return "the whole disk " + name_of(kernel, other);
	if (std::find(partitions.begin(), partitions.end(), other) != partitions.end())
		return "the partition " + name_of(kernel, other);
	return std::nullopt;
}

Reason mounted_reason(Kernel &kernel, const Pair &pair)
{
	const auto facts = kernel.block(pair.upper.devno);

	if (!facts)
		return std::nullopt;
	const std::string users =
		users_of(Usage(kernel), {pair.upper.name, pair.upper.devno, *facts});
	if (users.empty())
		return std::nullopt;
	return pair.upper.name + ": is in use itself: " + users + ": end that use first";
}

/* Another table that shares the whole disk of our partition, or a partition of our disk. */
Reason shared_reason(Kernel &kernel, const Pair &pair)
{
	for (const DmDevice &dm : kernel.dm_devices()) {
		for (const Devno dep : kernel.dm_deps(dm.devno)) {
			const auto related = relation(kernel, pair.original, dep);

			if (!related)
				continue;
			return printable(pair.original.given) + ": the table of " + dm.name +
			       " is over " + *related +
			       ", and a whole disk and its partitions exclude each other: "
			       "remove that first: dmsetup remove " +
			       dm.name;
		}
	}
	return std::nullopt;
}

} // namespace

Reason attached_reason(Kernel &kernel, const std::vector<Attached> &attachments, const Pair &pair)
{
	const std::string original = printable(pair.original.given);

	for (const Attached &other : attachments) {
		const Devno devno = other.attachment.original;

		if (other.upper.devno == pair.upper.devno)
			return pair.upper.name + ": is already attached to " +
			       name_of(kernel, devno) + " (" + to_string(devno) + ")" +
			       ": stop it first: " + stop_command(other);
		if (devno == pair.original.devno)
			return original + ": " + other.upper.name + " is already attached to it" +
			       ": stop that first: " + stop_command(other);
		if (const auto related = relation(kernel, pair.original, devno))
			return original + ": " + other.upper.name + " is attached to " + *related +
			       ", and a whole disk and its partitions exclude each other: "
			       "stop that first: " +
			       stop_command(other);
	}
	return std::nullopt;
}

Reason busy_reason(Kernel &kernel, const Pair &pair)
{
	if (auto reason = attached_reason(kernel, all_attachments(kernel, "status"), pair))
		return reason;
	const auto upper = kernel.dm_by_devno(pair.upper.devno);
	if (upper && upper->suspended)
		return upper->name + ": is suspended: resume it first: dmsetup resume " +
		       upper->name;
	if (auto reason = mounted_reason(kernel, pair))
		return reason;
	if (upper && upper->open_count > 0)
		return upper->name + ": is open (" + std::to_string(upper->open_count) +
		       (upper->open_count == 1 ? " time" : " times") +
		       "): close it first: fuser -v /dev/" + name_of(kernel, upper->devno) +
		       " and lsblk show who has it";
	return shared_reason(kernel, pair);
}

} // namespace dmr
