/* SPDX-License-Identifier: LGPL-2.1-only */
/* What is refused where the module dm-interpose interposes. */
#include "module.h"

#include <algorithm>
#include <cerrno>

#include "error.h"
#include "table_line.h"
#include "text.h"

namespace dmr
{

namespace
{

/* Whose bios the hook takes for the original's. */
std::vector<Devno> same_sectors(Devno original, const BlockFacts &facts)
{
	std::vector<Devno> devices = facts.partitions;

	devices.push_back(original);
	if (facts.disk)
		devices.push_back(*facts.disk);
	return devices;
}

/* A dm device, @top or below it, whose table sends the bios of @devices there again. */
std::optional<std::string> loop_reason(Kernel &kernel, Devno top, const std::vector<Devno> &devices)
{
	for (const Devno devno : stack_of(kernel, top)) {
		const auto dm = kernel.dm_by_devno(devno);

		if (dm && claims(kernel, devno, devices))
			return dm->name;
	}
	return std::nullopt;
}

/* A block device that a word of a table names. */
std::optional<Devno> device_of(Kernel &kernel, std::string_view word)
{
	if (!word.starts_with('/'))
		return parse_devno(word);
	const FileFacts facts = kernel.file(std::string(word));
	return facts.kind == FileFacts::Kind::block ? std::optional(facts.devno) : std::nullopt;
}

/* Who would send the original's bios back to it, if this line were in the table of @upper. */
std::optional<std::string> loop_by_line(Kernel &kernel, const DmInfo &upper, const Words &line,
					const std::vector<Devno> &devices)
{
	constexpr size_t kType = 2;

	for (size_t i = kType + 1; i < line.size(); i++) {
		const auto devno = device_of(kernel, line[i]);

		if (!devno)
			continue;
		const bool claimed = std::find(devices.begin(), devices.end(), *devno) != devices.end();
		if (claimed && line[kType] != "interpose" && !shares(line, *devno))
			return upper.name;
		if (stack_of(kernel, *devno).contains(upper.devno))
			return kernel.dm_by_devno(*devno)->name;
		if (auto dm = loop_reason(kernel, *devno, devices))
			return dm;
	}
	return std::nullopt;
}

} // namespace

void refuse_for_module(Kernel &kernel, const std::string &what, const DmInfo &upper)
{
	if (kernel.has_module() && upper.suspended)
		throw Error(EBUSY, what + ": " + upper.name +
					   ": is suspended: resume it first: dmsetup resume " +
					   upper.name);
}

void refuse_for_module(Kernel &kernel, const std::string &what, const Pair &pair)
{
	if (!kernel.has_module())
		return;
	refuse_for_module(kernel, what, pair.upper);
	if (const auto dm =
		    loop_reason(kernel, pair.upper.devno,
				same_sectors(pair.original.devno, pair.original.facts)))
		throw Error(ELOOP,
			    what + ": " + pair.upper.name + ": the table of " + *dm +
				    " leads back to " + printable(pair.original.given) +
				    ": load it over the target interpose (linear with noexcl)");
	const Devno disk = pair.original.facts.disk.value_or(pair.original.devno);
	const auto groups = kernel.io_limited_groups(disk);
	if (!groups.empty())
		throw Error(
			EBUSY,
			what + ": " + printable(pair.original.given) + ": the control group " +
				printable(groups.front()) +
				" limits its I/O, and what waits for that passes the module by: "
				"lift the limit (io.max) for the start");
}

void refuse_table_for_module(Kernel &kernel, const std::string &what, const DmInfo &upper,
			     Devno original, const std::string &table)
{
	const auto facts = kernel.block(original);
	uint64_t end = 0;

	if (!facts)
		return;
	for (const auto text : lines_of(table)) {
		const Words line = words_of(text);
		const auto start = line.size() > 2 ? parse_number(line[0]) : std::nullopt;
		const auto sectors = line.size() > 2 ? parse_number(line[1]) : std::nullopt;

		/* dmsetup says what is wrong with it, or passes over it */
		if (!start || !sectors)
			continue;
		end = std::max(end, *start + *sectors);
		if (const auto dm =
			    loop_by_line(kernel, upper, line, same_sectors(original, *facts)))
			throw Error(ELOOP, what + ": " + upper.name + ": is attached to " +
						   facts->name + ", and the table of " + *dm +
						   " would lead back there: load it over the "
						   "target interpose (linear with noexcl)");
	}
	if (end < facts->sectors)
		throw Error(ERANGE, what + ": " + upper.name + ": is attached to " + facts->name +
					    ", which has " + std::to_string(facts->sectors) +
					    " sectors, and the table has " + std::to_string(end) +
					    ": load one of the same length, or stop it first");
}

} // namespace dmr
