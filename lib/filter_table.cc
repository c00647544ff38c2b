/* SPDX-License-Identifier: LGPL-2.1-only */
/* What a live table says against its being a filter of an original. */
#include "filter_table.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "table_line.h"
#include "text.h"

namespace dmr
{

namespace
{

using Reason = std::optional<std::string>;

/* Where a target's line has the devices that it filters; places count words. */
struct Layout {
	std::string_view type;
	size_t device;     /* of the first device */
	size_t offset;     /* of its first sector; 0: the line has none */
	size_t more_every; /* further devices for writes and flushes; 0: there are none */
};

const Layout kLayouts[] = {
	{"delay", 0, 1, 3},  {"dust", 0, 1, 0},   {"flakey", 0, 1, 0},
	{"linear", 0, 1, 0}, {"verity", 1, 0, 0}, {"snapshot-origin", 0, 0, 0},
};

const Layout *layout_of(const DmTarget &target)
{
	const auto found =
		std::find_if(std::begin(kLayouts), std::end(kLayouts),
			     [&](const Layout &layout) { return layout.type == target.type; });

	return found == std::end(kLayouts) ? nullptr : found;
}

/* The word at @place; nothing when the line is too short or the word is noexcl. */
std::optional<std::string_view> word_at(const Words &words, size_t place)
{
	if (place >= words.size() || words[place].starts_with("noexcl"))
		return std::nullopt;
	return words[place];
}

/* A device of a line, and what of the I/O it gets. */
struct Leg {
	std::string role; /* "" for all of it */
	std::string_view device;
	std::optional<std::string_view> offset;
};

std::vector<Leg> legs_of(const Layout &layout, const Words &words)
{
	std::vector<Leg> legs;
	size_t skip = 0;

	for (const char *role : {"reads", "writes", "flushes"}) {
		const auto device = word_at(words, layout.device + skip);

		if (!device)
			break;
		legs.push_back({role, *device, std::nullopt});
		if (layout.offset)
			legs.back().offset = word_at(words, layout.offset + skip);
		if (!layout.more_every)
			break;
		skip += layout.more_every;
	}
	if (legs.size() == 1)
		legs.front().role = "";
	return legs;
}

/* @head: "dm-noexcl: its target linear " */
Reason leg_reason(Kernel &kernel, const Pair &pair, const std::string &head, const Leg &leg)
{
	const std::string given = printable(pair.original.given);
	const auto devno = parse_devno(leg.device);

	if (!devno)
		return std::nullopt;
	if (*devno != pair.original.devno)
		return head + (leg.role.empty() ? "is over " : "sends " + leg.role + " to ") +
		       full_name(kernel, *devno) + ", not " + (leg.role.empty() ? "over " : "to ") +
		       given + ": load a table over that device alone";
	if (leg.offset && parse_number(*leg.offset).value_or(0) != 0)
		return head + "begins at sector " + std::string(*leg.offset) + " of " + given +
		       (leg.role.empty() ? "" : " for " + leg.role) +
		       ": load a table that begins at its first sector, 0";
	return std::nullopt;
}

} // namespace

Reason several_targets_reason(Kernel &kernel, const Pair &pair)
{
	const size_t count = kernel.dm_table(pair.upper.devno).size();

	if (count < 2)
		return std::nullopt;
	return pair.upper.name + ": its table has " + std::to_string(count) +
	       " targets: a filter has one: load a table of one target, or use dmsetup remap start";
}

Reason target_type_reason(Kernel &kernel, const Pair &pair)
{
	for (const DmTarget &target : kernel.dm_table(pair.upper.devno))
		if (!layout_of(target))
			return pair.upper.name + ": its target " + printable(target.type) +
			       " is no filter: use dmsetup remap start";
	return std::nullopt;
}

Reason place_reason(Kernel &kernel, const Pair &pair)
{
	for (const DmTarget &target : kernel.dm_table(pair.upper.devno)) {
		const std::string head = pair.upper.name + ": its target " + target.type + " ";
		const Layout *layout = layout_of(target);
		const Words words = words_of(target.params);

		if (!layout)
			continue;
		for (const Leg &leg : legs_of(*layout, words))
			if (auto reason = leg_reason(kernel, pair, head, leg))
				return reason;
		if (!shares(words, pair.original.devno))
			return pair.upper.name + ": its table claims " +
			       printable(pair.original.given) +
			       " for itself: load it with noexcl at the end of the line";
	}
	return std::nullopt;
}

bool is_verity(Kernel &kernel, const Pair &pair)
{
	const auto table = kernel.dm_table(pair.upper.devno);

	return table.size() == 1 && table.front().type == "verity";
}

} // namespace dmr
