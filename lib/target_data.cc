/* SPDX-License-Identifier: LGPL-2.1-only */
/* Where the data is that was written to a target. The lines are those of drivers/md of Linux
 * 6.12; what is not exactly as there counts as not known. */
#include "target_data.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "error.h"
#include "text.h"

namespace dmr
{

namespace
{

using Weight = Finding::Weight;

std::string quote(std::string_view text)
{
	return printable(text);
}

TargetData is_on(std::optional<Devno> devno)
{
	return {{*devno}, std::nullopt};
}

TargetData always(bool certain, const std::string &reason, const std::string &remedy)
{
	return {{}, Finding{Weight::always, certain, reason, remedy}};
}

TargetData in_use(const std::string &reason, bool certain = false)
{
	return {{}, Finding{Weight::in_use, certain, reason, ""}};
}

TargetData not_known(const Target &target)
{
	return in_use("the state of " + target.who("target " + quote(target.type())) +
		      " is not known");
}

TargetData failed(const Target &target)
{
	return in_use(target.who("target " + quote(target.type())) + " has failed");
}

/* The status of a cache, as far as it matters. */
struct CacheState {
	uint64_t dirty;
	std::string_view policy;
	bool can_change; /* its metadata can be written, and it can be loaded again */
};

/* <block size> <used/all> <block size> <used/all> <6 counters> <dirty> <#features> <features>
 * <#core arguments> <core arguments> <policy> <#policy arguments> <...> {rw|ro} {-|needs_check} */
std::optional<CacheState> cache_state(const Words &status)
{
	static constexpr size_t kDirty = 10;
	size_t place = kDirty + 1;

	if (status.size() <= place)
		return std::nullopt;
	const auto dirty = parse_number(status[kDirty]);
	for (int lists = 0; lists < 2; lists++) {
		const auto count = parse_number(status[place]);

		if (!count || *count >= status.size() - place - 1)
			return std::nullopt;
		place += 1 + *count;
	}
	if (!dirty || place + 2 >= status.size())
		return std::nullopt;
	const auto mode = status[status.size() - 2];
	const auto check = status.back();
	if ((mode != "rw" && mode != "ro") || (check != "-" && check != "needs_check"))
		return std::nullopt;
	return CacheState{*dirty, status[place], mode == "rw" && check == "-"};
}

/* <metadata> <cache> <origin> <block size> <#features> <features> <policy> ... */
TargetData cache_data(Target &target)
{
	const auto origin = parse_devno(target.word(2));
	const auto count = parse_number(target.word(4));

	if (!origin || !count || *count > target.table().size() - 5)
		return not_known(target);
	const auto first = target.table().begin() + 5;
	const Words features(first, first + static_cast<ptrdiff_t>(*count));
	/* Loads only when nothing is dirty, and dirties nothing. */
	if (has_word(features, "passthrough"))
		return is_on(origin);
	const bool writethrough = has_word(features, "writethrough");
	const auto &status = target.status();
	if (status.size() == 1 && (status[0] == "Fail" || status[0] == "Error"))
		return failed(target);
	const auto state = cache_state(status);
	if (!state)
		return not_known(target);
	if (writethrough && state->dirty == 0)
		return is_on(origin);
	const bool dirty = state->dirty > 0;
	const std::string reason =
		target.who("cache") +
		(dirty ? " has " + std::to_string(state->dirty) +
				 (state->dirty == 1 ? " dirty block" : " dirty blocks")
		       : " is in writeback mode");
	if (!state->can_change)
		return in_use(reason + ", and its metadata needs a repair", dirty);
	const std::string wait =
		"wait until dmsetup status " + target.owner() + " shows no dirty blocks";
	const std::string reload = "load the table of " + target.owner() +
				   " with writethrough and the policy cleaner, and " + wait;
	return always(dirty, reason, writethrough && state->policy == "cleaner" ? wait : reload);
}

/* Table: {s|p} <origin> <cache> <block size> <#options> <options>. Status: <error> <blocks>
 * <free> <...>. As cleaner it takes no new blocks. The message "cleaner" is not seen in the
 * table, and so cannot be told from its absence. */
TargetData writecache_data(Target &target)
{
	const auto origin = parse_devno(target.word(1));
	const auto &status = target.status();

	if (!origin || status.size() < 3)
		return not_known(target);
	const auto blocks = parse_number(status[1]);
	const auto free = parse_number(status[2]);
	if (!blocks || !free || *free > *blocks)
		return not_known(target);
	/* After an error the numbers say nothing: where its metadata cannot be read all is free. */
	if (status[0] != "0")
		return failed(target);
	const std::string empty =
		"suspend and resume " + target.owner() + ", which writes all blocks out";
	if (!has_word(target.table(), "cleaner"))
		return always(*free != *blocks,
			      target.who("writecache") + " is not in cleaner mode",
			      "load the table of " + target.owner() + " with cleaner, and " + empty);
	if (*free != *blocks)
		return always(true,
			      target.who("writecache") + " holds " +
				      std::to_string(*blocks - *free) + " of its " +
				      std::to_string(*blocks) + " blocks",
			      empty);
	return is_on(origin);
}

/* <cipher> <key> <IV offset> <device> <offset> ...: what is written is there, but noise to those who
 * read it without the target. */
TargetData crypt_data(Target &target)
{
	const auto device = parse_devno(target.word(3));

	if (!device)
		return not_known(target);
	if (target.word(0).find("cipher_null") == std::string_view::npos)
		return in_use(target.who("target crypt") + " encrypts what is written");
	return is_on(device);
}

/* <device> <start> <tag size> <mode> ...: a journal is written out at suspend, and in between
 * when it fills. */
TargetData integrity_data(Target &target)
{
	const auto device = parse_devno(target.word(0));

	if (!device || target.word(3).size() != 1)
		return not_known(target);
	if (target.word(3) == "J")
		return always(false, target.who("integrity target") + " has a journal (mode J)",
			      "load the table of " + target.owner() +
				      " in mode D first, which writes the journal out");
	return is_on(device);
}

/* <#legs> <leg>... <in sync/all> 1 <a letter for each> ... */
TargetData mirror_data(Target &target)
{
	const auto &status = target.status();
	const auto count = status.empty() ? std::nullopt : parse_number(status[0]);

	if (!count || *count == 0 || *count > status.size() || status.size() - *count < 4)
		return not_known(target);
	const auto sync = parse_fraction(status[*count + 1]);
	const auto letters = status[*count + 3];
	if (!sync || letters.size() != *count)
		return not_known(target);
	for (size_t leg = 0; leg < *count; leg++) {
		const auto devno = parse_devno(status[leg + 1]);

		if (!devno)
			return not_known(target);
		if (!target.leads(*devno))
			continue;
		if (letters[leg] != 'A')
			return always(true,
				      "that leg of " + target.who("mirror") + " is stale (" +
					      quote(letters.substr(leg, 1)) + ")",
				      "bring the mirror into sync again first");
		/* The others are filled from the first. */
		if (leg > 0 && sync->first != sync->second)
			return always(true,
				      "that leg of " + target.who("mirror") + " is not in sync yet",
				      "wait until dmsetup status " + target.owner() +
					      " shows all regions in sync");
		return is_on(devno);
	}
	return in_use(target.who("mirror") + " has no leg on it");
}

/* Table: <kind> <#parameters> <parameters> <#legs> <metadata> <data>... Status: <kind> <#legs>
 * <a letter for each> ... */
TargetData raid_data(Target &target)
{
	const Words &table = target.table();
	const auto skip = parse_number(target.word(1));
	const auto &status = target.status();

	if (!skip || *skip > table.size() || status.size() < 4)
		return not_known(target);
	const auto count = parse_number(target.word(2 + *skip));
	const auto letters = status[2];
	if (!count || letters.size() != *count || table.size() < 3 + *skip + 2 * *count)
		return not_known(target);
	for (size_t leg = 0; leg < *count; leg++) {
		const auto devno = parse_devno(table[3 + *skip + 2 * leg + 1]);

		if (!devno || !target.leads(*devno))
			continue;
		if (letters[leg] == 'A')
			return is_on(devno);
		if (letters[leg] == 'a')
			return always(
				true, "that leg of " + target.who("raid") + " is not in sync yet",
				"wait until dmsetup status " + target.owner() + " shows it as A");
		return always(true,
			      "that leg of " + target.who("raid") + " is stale (" +
				      quote(letters.substr(leg, 1)) + ")",
			      "bring the raid into sync again first");
	}
	return in_use(target.who("raid") + " has no leg on it");
}

/* Table: <metadata> <destination> <source> ... Status: <block size> <used/all> <region size>
 * <hydrated/all> ... What is written goes to the destination. */
TargetData clone_data(Target &target)
{
	const auto destination = parse_devno(target.word(1));
	const auto &status = target.status();

	if (!destination)
		return not_known(target);
	if (!target.leads(*destination))
		return in_use(target.who("clone") + " writes to another device");
	if (status.size() == 1 && (status[0] == "Fail" || status[0] == "Error"))
		return failed(target);
	const auto hydrated = status.size() > 3 ? parse_fraction(status[3]) : std::nullopt;
	if (!hydrated)
		return not_known(target);
	if (hydrated->first != hydrated->second)
		return in_use(target.who("clone") + " has copied " +
			      std::to_string(hydrated->first) + " of " +
			      std::to_string(hydrated->second) + " regions to it");
	return is_on(destination);
}

/* Table: <origin> <cow> ... Status: <allocated/all> <of them metadata>. Chunks that have been
 * merged are on the origin, and so is what is written to them. */
TargetData merge_data(Target &target)
{
	const auto origin = parse_devno(target.word(0));
	const auto &status = target.status();

	if (!origin || status.empty())
		return not_known(target);
	if (status[0] == "Invalid" || status[0] == "Merge" || status[0] == "Overflow")
		return failed(target);
	const auto allocated = parse_fraction(status[0]);
	const auto metadata = status.size() == 2 ? parse_number(status[1]) : std::nullopt;
	if (!allocated || !metadata)
		return not_known(target);
	if (allocated->first != *metadata)
		return always(true, target.who("snapshot") + " is not merged yet",
			      "wait until dmsetup status " + target.owner() +
				      " shows as many sectors allocated as are metadata");
	return is_on(origin);
}

TargetData other_data(Target &target)
{
	return in_use(target.who("target " + quote(target.type())) +
		      " keeps on other devices what is written");
}

TargetData no_data(Target &)
{
	return {};
}

struct Judge {
	std::string_view type;
	TargetData (*data)(Target &);
};

const Judge kJudges[] = {
	{"cache", cache_data},
	{"clone", clone_data},
	{"crypt", crypt_data},
	{"error", no_data},
	{"integrity", integrity_data},
	{"mirror", mirror_data},
	{"raid", raid_data},
	{"snapshot", other_data},
	{"snapshot-merge", merge_data},
	{"thin", other_data},
	{"thin-pool", other_data},
	{"writecache", writecache_data},
	{"zero", no_data},
};

constexpr size_t kAll = SIZE_MAX;

/* Those that hand everything on. */
struct Passing {
	std::string_view type;
	size_t device; /* its place in the table; kAll: each device of the line */
};

const Passing kPassing[] = {
	{"delay", kAll},
	{"dust", kAll},
	{"ebs", kAll},
	{"era", 1},
	{"flakey", kAll},
	{"linear", kAll},
	{"log-writes", 0},
	{"striped", kAll},
	{"switch", kAll},
	{"snapshot-origin", kAll},
	{"unstriped", kAll},
	{"verity", 1},
};

TargetData passed_on(const Target &target, size_t place)
{
	TargetData data;

	for (size_t i = 0; i < target.table().size(); i++)
		if (place == kAll || place == i)
			if (const auto devno = parse_devno(target.table()[i]))
				data.on.push_back(*devno);
	return data.on.empty() ? not_known(target) : data;
}

} // namespace

Target::Target(Kernel &kernel, const DmInfo &owner, bool is_upper, const DmTarget &line,
	       std::function<bool(Devno)> leads)
    : kernel_(kernel), owner_(owner), is_upper_(is_upper), line_(line), leads_(std::move(leads)),
      table_(words_of(line.params))
{
}

std::string_view Target::word(size_t place) const
{
	return place < table_.size() ? table_[place] : std::string_view();
}

const Words &Target::status()
{
	if (status_text_)
		return status_;
	status_text_ = "";
	try {
		for (const DmTarget &line : kernel_.dm_status(owner_.devno))
			if (line.start == line_.start && line.type == line_.type)
				status_text_ = line.params;
	} catch (const Error &) {
		/* It is not known then. */
	}
	status_ = words_of(*status_text_);
	return status_;
}

std::string Target::who(const std::string &noun) const
{
	return is_upper_ ? "its " + noun : "the " + noun + " of " + owner_.name + ", below it,";
}

TargetData data_of(Target &target)
{
	for (const Judge &judge : kJudges)
		if (judge.type == target.type())
			return judge.data(target);
	for (const Passing &passing : kPassing)
		if (passing.type == target.type())
			return passed_on(target, passing.device);
	return in_use(target.who("target " + quote(target.type())) +
		      " is not known to this version");
}

} // namespace dmr
