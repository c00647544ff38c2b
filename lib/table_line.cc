/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the lines of tables and of their status have in common. */
#include "table_line.h"

#include <algorithm>
#include <set>

#include "text.h"

namespace dmr
{

namespace
{

bool leads_to(Kernel &kernel, Devno devno, Devno original, std::set<Devno> &seen)
{
	if (devno == original)
		return true;
	if (!seen.insert(devno).second || !kernel.dm_by_devno(devno))
		return false;
	const auto deps = kernel.dm_deps(devno);
	return std::any_of(deps.begin(), deps.end(),
			   [&](Devno dep) { return leads_to(kernel, dep, original, seen); });
}

} // namespace

bool shares(const Words &words, Devno devno)
{
	static constexpr std::string_view kNoexcl = "noexcl";

	if (words.empty() || !words.back().starts_with(kNoexcl))
		return false;
	std::string_view list = words.back().substr(kNoexcl.size());
	if (list.empty())
		return true;
	while (!list.empty()) {
		const size_t end = std::min(list.find(',', 1), list.size());

		if (parse_devno(list.substr(1, end - 1)) == devno)
			return true;
		list.remove_prefix(end);
	}
	return false;
}

bool has_word(const Words &words, std::string_view word)
{
	return std::find(words.begin(), words.end(), word) != words.end();
}

bool leads_to(Kernel &kernel, Devno devno, Devno original)
{
	std::set<Devno> seen;

	return leads_to(kernel, devno, original, seen);
}

std::string full_name(Kernel &kernel, Devno devno)
{
	const auto facts = kernel.block(devno);

	return facts ? facts->name + " (" + to_string(devno) + ")" : to_string(devno);
}

} // namespace dmr
