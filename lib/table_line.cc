/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the lines of tables and of their status have in common. */
#include "table_line.h"

#include <algorithm>

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

void add_stack(Kernel &kernel, Devno devno, std::set<Devno> &stack)
{
	if (!kernel.dm_by_devno(devno) || !stack.insert(devno).second)
		return;
	for (const Devno dep : kernel.dm_deps(devno))
		add_stack(kernel, dep, stack);
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

bool claims(Kernel &kernel, Devno dm, const std::vector<Devno> &devices)
{
	const auto deps = kernel.dm_deps(dm);

	return std::any_of(devices.begin(), devices.end(), [&](Devno devno) {
		if (std::find(deps.begin(), deps.end(), devno) == deps.end())
			return false;
		const auto table = kernel.dm_table(dm);
		return std::none_of(table.begin(), table.end(), [&](const DmTarget &target) {
			return shares(words_of(target.params), devno);
		});
	});
}

std::set<Devno> stack_of(Kernel &kernel, Devno dm)
{
	std::set<Devno> stack;

	add_stack(kernel, dm, stack);
	return stack;
}

std::string full_name(Kernel &kernel, Devno devno)
{
	const auto facts = kernel.block(devno);

	return facts ? facts->name + " (" + to_string(devno) + ")" : to_string(devno);
}

} // namespace dmr
