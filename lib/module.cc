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

/* A table below the upper that would send the original's bios to the original again. */
std::optional<std::string> loop_reason(Kernel &kernel, const Pair &pair)
{
	std::vector<Devno> devices = pair.original.facts.partitions;

	devices.push_back(pair.original.devno);
	if (pair.original.facts.disk)
		devices.push_back(*pair.original.facts.disk);
	for (const Devno devno : stack_of(kernel, pair.upper.devno)) {
		const auto dm = kernel.dm_by_devno(devno);

		if (dm && claims(kernel, devno, devices))
			return dm->name;
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
	if (const auto dm = loop_reason(kernel, pair))
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

} // namespace dmr
