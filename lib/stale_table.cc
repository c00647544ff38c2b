/* SPDX-License-Identifier: LGPL-2.1-only */
/* What a table has taken from an original that others go on writing to. */
#include "stale_table.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <set>

#include "error.h"
#include "table_line.h"
#include "target_data.h"
#include "text.h"

namespace dmr
{

namespace
{

bool always(Target &)
{
	return true;
}

/* Status: <block size> <used/all> <block size> <used/all> ... A passthrough that has no block
 * takes none. */
bool may_have_blocks(Target &cache)
{
	const Words &status = cache.status();
	const auto used = status.size() > 3 ? parse_fraction(status[3]) : std::nullopt;

	return !has_word(cache.table(), "passthrough") || !used || used->first > 0;
}

/* Status: <block size> <used/all> <region size> <hydrated/all> <being hydrated> <#features>
 * <features> ... The message enable_hydration is seen there, not in the table. */
bool may_have_regions(Target &clone)
{
	const Words &status = clone.status();
	const auto hydrated = status.size() > 4 ? parse_fraction(status[3]) : std::nullopt;

	return !has_word(status, "no_hydration") || !hydrated || hydrated->first > 0 ||
	       status[4] != "0";
}

struct Taking {
	std::string_view type;
	std::string noun;
	std::string taken;
	bool (*has_taken)(Target &);
};

const Taking kTaking[] = {
	{"cache", "cache", "may have kept blocks of", may_have_blocks},
	{"clone", "clone", "has copied from", may_have_regions},
	{"integrity", "integrity target", "has tags of", always},
	{"mirror", "mirror", "has copied from", always},
	{"raid", "raid", "has copied from", always},
};

/* From the upper down to the original. */
class Descent
{
public:
	Descent(Kernel &kernel, const Pair &pair) : kernel_(kernel), pair_(pair) {}

	/* What the first of these targets has done, and what to do. */
	std::optional<std::string> reason() { return reason(pair_.upper); }

private:
	bool leads(Devno devno) { return leads_to(kernel_, devno, pair_.original.devno); }

	std::optional<std::string> reason(const DmInfo &dm)
	{
		if (!visited_.insert(dm.devno).second)
			return std::nullopt;
		for (const DmTarget &line : kernel_.dm_table(dm.devno)) {
			Target target(kernel_, dm, dm.devno == pair_.upper.devno, line,
				      [this](Devno devno) { return leads(devno); });

			if (const auto found = reason(target))
				return found;
		}
		for (const Devno dep : kernel_.dm_deps(dm.devno))
			if (const auto below = kernel_.dm_by_devno(dep); below && leads(dep))
				if (const auto found = reason(*below))
					return found;
		return std::nullopt;
	}

	std::optional<std::string> reason(Target &target)
	{
		const Words &words = target.table();
		const auto found = std::find_if(
			std::begin(kTaking), std::end(kTaking),
			[&](const Taking &taking) { return taking.type == target.type(); });

		if (found == std::end(kTaking) ||
		    std::none_of(words.begin(), words.end(),
				 [&](std::string_view word) {
					 const auto devno = parse_devno(word);
					 return devno && leads(*devno);
				 }) ||
		    !found->has_taken(target))
			return std::nullopt;
		return target.who(found->noun) + " " + found->taken + " " +
		       printable(pair_.original.given) +
		       " while others wrote there, and is out of date: load " + target.owner() +
		       " with a linear table first, start, and load the " + found->noun + " then";
	}

	Kernel &kernel_;
	const Pair &pair_;
	std::set<Devno> visited_;
};

} // namespace

void refuse_stale(Kernel &kernel, const std::string &what, const Pair &pair)
{
	const auto reason = Descent(kernel, pair).reason();

	if (reason && kernel.claimed(pair.original.facts.name))
		throw Error(EBUSY, what + ": " + pair.upper.name + ": " + *reason);
}

} // namespace dmr
