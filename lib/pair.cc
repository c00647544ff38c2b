/* SPDX-License-Identifier: LGPL-2.1-only */
/* A pair that is to be attached, and what can be said against it before the kernel is asked. */
#include "pair.h"

#include <cerrno>

#include "error.h"
#include "text.h"

namespace dmr
{

std::string describe(const Pair &pair)
{
	return pair.upper.name + " on " + printable(pair.original.given);
}

std::string describe(const Original &original)
{
	const std::string number = to_string(original.devno);

	if (original.facts.name.empty())
		return number;
	return original.facts.name + " (" + number + ")";
}

void refuse_duplicates(const std::string &what, const std::vector<Pair> &pairs)
{
	for (auto a = pairs.begin(); a != pairs.end(); ++a) {
		for (auto b = pairs.begin(); b != a; ++b) {
			const bool same_upper = a->upper.devno == b->upper.devno;
			const bool same_original = a->original.devno == b->original.devno;

			if (same_upper && same_original)
				throw Error(EINVAL,
					    what + ": " + describe(*a) +
						    ": the pair is given twice: give it once");
			if (same_upper)
				throw Error(EINVAL,
					    what + ": " + a->upper.name +
						    ": is given twice: one dm device can be "
						    "attached to one original only");
			if (same_original)
				throw Error(EINVAL,
					    what + ": " + printable(a->original.given) +
						    ": is given twice (" + describe(a->original) +
						    "): only one dm device can be attached to it");
		}
	}
}

void refuse_unusable(const std::string &what, const Pair &pair)
{
	if (pair.upper.devno == pair.original.devno)
		throw Error(ELOOP, what + ": " + pair.upper.name +
					   ": is its own original: give the device below it");
	if (!pair.upper.live_table)
		throw Error(ENODATA, what + ": " + pair.upper.name +
					     ": has no live table: load one and resume it first: "
					     "dmsetup resume " +
					     pair.upper.name);
}

void refuse_unequal(Kernel &kernel, const std::string &what, const Pair &pair)
{
	const auto upper = kernel.block(pair.upper.devno);

	/* Suspended since its first load, a dm device has no size yet: the kernel's to judge. */
	if (!upper || upper->sectors == pair.original.facts.sectors)
		return;
	const bool smaller = upper->sectors < pair.original.facts.sectors;
	throw Error(smaller ? ERANGE : EFBIG,
		    what + ": " + pair.upper.name + ": has " + std::to_string(upper->sectors) +
			    " sectors, " + (smaller ? "fewer" : "more") + " than the " +
			    std::to_string(pair.original.facts.sectors) + " of " +
			    printable(pair.original.given) +
			    ": load a table of the same length (blockdev --getsz)");
}

} // namespace dmr
