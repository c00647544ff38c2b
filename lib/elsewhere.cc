/* SPDX-License-Identifier: LGPL-2.1-only */
/* Whether an upper has data that its original has not. */
#include "elsewhere.h"

#include <algorithm>
#include <set>

#include "error.h"
#include "pair.h"
#include "table_line.h"
#include "target_data.h"
#include "text.h"
#include "usage.h"

namespace dmr
{

namespace
{

/* From the upper down to the original. */
class Descent
{
public:
	Descent(Kernel &kernel, Devno original) : kernel_(kernel), original_(original) {}

	void begin(const DmInfo &upper) { enter(upper, true); }

	/* One that has a remedy comes before one that has none. */
	const std::optional<Finding> &finding() const { return always_ ? always_ : in_use_; }

private:
	void enter(const DmInfo &dm, bool is_upper)
	{
		if (!visited_.insert(dm.devno).second)
			return;
		try {
			for (const DmTarget &line : kernel_.dm_table(dm.devno)) {
				Target target(kernel_, dm, is_upper, line,
					      [this](Devno devno) { return leads(devno); });
				consider(target);
			}
		} catch (const Error &) {
			add({Finding::Weight::in_use, false,
			     "the table of " + dm.name + " cannot be read", ""});
		}
	}

	void consider(Target &target)
	{
		const TargetData data = data_of(target);

		if (data.finding)
			add(*data.finding);
		for (const Devno devno : data.on) {
			if (devno == original_)
				continue;
			if (const auto dm = kernel_.dm_by_devno(devno))
				enter(*dm, false);
			else
				add({Finding::Weight::in_use, false,
				     target.who("target " + printable(target.type())) +
					     " is over " + full_name(kernel_, devno),
				     ""});
		}
	}

	void add(const Finding &finding)
	{
		auto &place = finding.weight == Finding::Weight::always ? always_ : in_use_;

		if (!place)
			place = finding;
	}

	bool leads(Devno devno) { return leads_to(kernel_, devno, original_); }

	Kernel &kernel_;
	const Devno original_;
	std::set<Devno> visited_;
	std::optional<Finding> always_;
	std::optional<Finding> in_use_;
};

/* A LUKS volume that was opened before the start, for example. */
std::string claiming_devices(Kernel &kernel, const DmInfo &upper, const Original &original)
{
	std::vector<Devno> devices = original.facts.partitions;
	const std::set<Devno> stack = stack_of(kernel, upper.devno);
	std::string names;

	devices.push_back(original.devno);
	for (const DmDevice &dm : kernel.dm_devices())
		if (!stack.contains(dm.devno) && claims(kernel, dm.devno, devices))
			names += (names.empty() ? "dm device " : ", dm device ") + dm.name;
	return names;
}

/* "" when it has no users. */
std::string all_users_of(Kernel &kernel, const DmInfo &upper, const Original &original)
{
	try {
		const std::string users = users_of(Usage(kernel), original);
		const std::string claiming = claiming_devices(kernel, upper, original);

		return users + (users.empty() || claiming.empty() ? "" : ", ") + claiming;
	} catch (const Error &) {
		return "or at least that cannot be excluded";
	}
}

std::optional<Finding> finding_of(Kernel &kernel, const DmInfo &upper, Devno original)
{
	try {
		Descent descent(kernel, original);

		descent.begin(upper);
		return descent.finding();
	} catch (const Error &) {
		return Finding{Finding::Weight::in_use, false, "its devices cannot be asked", ""};
	}
}

} // namespace

std::optional<std::string> elsewhere_reason(Kernel &kernel, const Log &log, const DmInfo &upper,
					    Devno devno)
{
	const auto facts = kernel.block(devno);

	/* Unplugged: nobody will find anything there. */
	if (!facts)
		return std::nullopt;
	const auto finding = finding_of(kernel, upper, devno);
	if (!finding)
		return std::nullopt;
	const Original original = {facts->name, devno, *facts};
	const std::string sentence = upper.name + ": " + (finding->certain ? "has" : "may have") +
				     " data that " + describe(original) +
				     " has not: " + finding->reason;
	if (finding->weight == Finding::Weight::always)
		return sentence + ": " + finding->remedy;
	const std::string users = all_users_of(kernel, upper, original);
	if (!users.empty())
		return sentence + ", and " + facts->name + " is in use (" + users +
		       "): end that use first, or stop it with --force";
	log(LogLevel::warning, sentence + ", but " + facts->name + " is not in use");
	return std::nullopt;
}

} // namespace dmr
