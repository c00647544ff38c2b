/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots of block devices in use. A snapshot SNAP of vda1 is three dm devices: SNAP itself;
 * SNAP-cow, which keeps its blocks away from where others look for a file system; and
 * vda1-origin, attached to vda1, which all snapshots of vda1 share. With the module dm-interpose
 * all of them are over vda1-lower.
 */
#include "cmd_snapshot.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <sys/stat.h>

#include "block_device.h"
#include "dm/control.h"
#include "error.h"
#include "file_system.h"
#include "guard.h"
#include "lower.h"
#include "text.h"
#include "undo.h"

namespace tools
{

namespace
{

namespace dm = dmr::device_mapper;
using dmr::Devno;
using dmr::Error;

/* Of the COW device, at either end: what is copied there must not look like a file system. */
constexpr uint64_t kMargin = 2048;
/* LVM's too: the least copying for each write */
const char kChunk[] = "8";

struct Wanted {
	std::string name;
	BlockDevice original;
	BlockDevice cow;
	std::unique_ptr<Loop> loop; /* when the COW device is a file */
	std::string origin;         /* the upper of the original */
	bool attached;              /* it is there already */
	Lower lower;                /* what the origin and the snapshots are over */
};

std::string cow_name(const std::string &snapshot)
{
	return snapshot + "-cow";
}

void refuse_name(const Session &session, const std::string &name)
{
	if (name.empty() || name.find('/') != std::string::npos)
		throw Error(EINVAL, session.what + ": '" + dmr::printable(name) +
					    "': is no name for a dm device: give one without '/'");
	for (const std::string &taken : {name, cow_name(name)}) {
		const auto info = dm::by_name(taken);

		if (!info)
			continue;
		const bool ours = is_ours(*info, "snapshot") || is_ours(*info, "cow");
		throw Error(EEXIST, session.what + ": " + dmr::printable(taken) +
					    ": there is such a dm device already: " +
					    (ours ? "dmsetup snapshot remove " + name
						  : "choose another name"));
	}
}

/* Finds, or makes ready to make, the upper of an original. */
void find_origin(const Session &session, Wanted &wanted)
{
	const auto attachment = attachment_of(session.context, wanted.original.number);

	wanted.attached = attachment.has_value();
	wanted.origin = name_for(wanted.original.name, "origin");
	if (!attachment)
		return;
	const Devno upper = {attachment->upper_number.major, attachment->upper_number.minor};
	const auto words = only_target(upper, "snapshot-origin");
	const auto below = words ? dmr::parse_devno(words->front()) : std::nullopt;
	if (!below)
		throw attached_error(session, wanted.original, *attachment,
				     ", which is no snapshot-origin");
	wanted.origin = attachment->upper;
	wanted.lower = {*below, *below == wanted.original.number};
}

/* What a snapshot is of; @words: of its table. */
std::optional<Devno> origin_of(const std::vector<std::string> &words)
{
	const auto device = dmr::parse_devno(words.front());

	return device ? std::optional(original_of(*device)) : std::nullopt;
}

/* The snapshots of an original, in whatever way they were made. */
std::vector<dmr::DmDevice> snapshots_of(Devno original)
{
	std::vector<dmr::DmDevice> result;

	for (const dmr::DmDevice &device : dm::devices()) {
		const auto words = only_target(device.devno, "snapshot");

		if (words && words->size() > 1 && origin_of(*words) == original)
			result.push_back(device);
	}
	return result;
}

/* A COW device that lies on an original waits for itself: at the latest when that is suspended. */
void refuse_own_cow(const Session &session, const std::vector<Wanted> &all)
{
	const auto refuse = [&](const std::string &cow, const Wanted &on) {
		throw Error(ELOOP,
			    session.what + ": " + dmr::printable(cow) + ": is stored on " +
				    dmr::printable(on.original.given) +
				    ", of which a snapshot is to be taken: put it on another "
				    "device");
	};

	for (const Wanted &on : all) {
		for (const Wanted &wanted : all)
			if (lies_on(session.what, wanted.cow.number, on.original.number))
				refuse(wanted.cow.given, on);
		for (const Wanted &wanted : all)
			for (const auto &old : snapshots_of(wanted.original.number))
				if (const auto words = only_target(old.devno, "snapshot"))
					if (const auto cow = dmr::parse_devno(words->at(1)))
						if (lies_on(session.what, *cow, on.original.number))
							refuse("the COW device of " + old.name, on);
	}
}

void refuse_twice(const Session &session, const std::vector<Wanted> &all)
{
	for (auto a = all.begin(); a != all.end(); ++a)
		for (auto b = all.begin(); b != a; ++b)
			for (const auto &[same, given] :
			     {std::pair(a->name == b->name, a->name),
			      std::pair(a->original.number == b->original.number,
					a->original.given),
			      std::pair(a->cow.number == b->cow.number, a->cow.given)})
				if (same)
					throw Error(EINVAL,
						    session.what + ": " + dmr::printable(given) +
							    ": is given twice: give it once");
}

Wanted wanted_of(const Session &session, const std::string &name, const std::string &original,
		 const std::string &cow)
{
	Wanted wanted = {name, find_block_device(session.what, original), {}, {}, {}, false, {}};
	struct stat st;

	refuse_name(session, name);
	if (stat(cow.c_str(), &st) == 0 && S_ISREG(st.st_mode)) {
		wanted.loop = std::make_unique<Loop>(session.what, cow);
		wanted.cow = find_block_device(session.what, wanted.loop->path());
		wanted.cow.given = cow;
	} else {
		wanted.cow = find_block_device(session.what, cow);
	}
	if (wanted.cow.sectors < 4 * kMargin)
		throw Error(ENOSPC, session.what + ": " + dmr::printable(cow) + ": has " +
					    std::to_string(wanted.cow.sectors) +
					    " sectors, too few for a snapshot: 8192 is the least, "
					    "a tenth of the block device is usual");
	find_origin(session, wanted);
	return wanted;
}

void make_cow(const Session &session, const Wanted &wanted, dm::Udev &udev)
{
	wipe_ends(session.what, wanted.cow);
	dm::create(cow_name(wanted.name), uuid_for("cow", wanted.name),
		   {{0, wanted.cow.sectors - 2 * kMargin, "linear",
		     to_string(wanted.cow.number) + " " + std::to_string(kMargin)}},
		   udev);
}

dm::Table snapshot_table(const Wanted &wanted)
{
	return {{0, wanted.original.sectors, "snapshot",
		 to_string(wanted.lower.device) + " " +
			 to_string(dm::by_name(cow_name(wanted.name))->devno) + " N " + kChunk +
			 wanted.lower.noexcl()}};
}

dm::Table origin_table(const Wanted &wanted)
{
	return {{0, wanted.original.sectors, "snapshot-origin",
		 to_string(wanted.lower.device) + wanted.lower.noexcl()}};
}

/* A filter, or where the kernel has none a remap. */
void attach(const Session &session, const std::vector<dmremap::Pair> &pairs)
{
	try {
		session.context.start(DMREMAP_MODE_FILTER, pairs);
	} catch (const dmremap::Error &error) {
		if (error.code().value() != EINVAL && error.code().value() != EOPNOTSUPP)
			throw;
		session.step(std::string(error.what()) + ": remapped instead");
		session.context.start(DMREMAP_MODE_REMAP, pairs);
	}
}

std::vector<dmremap::Pair> make_origins(const std::vector<Wanted> &all, dm::Udev &udev, Undo &undo)
{
	std::vector<dmremap::Pair> pairs;

	for (const Wanted &wanted : all) {
		if (wanted.attached)
			continue;
		const std::string uuid = uuid_for("origin", wanted.original.name);
		/* of a command that was killed */
		if (const auto old = dm::by_uuid(uuid))
			dm::remove(old->name, udev);
		dm::create(wanted.origin, uuid, origin_table(wanted), udev);
		undo.add([&udev, name = wanted.origin] { dm::remove(name, udev); });
		pairs.push_back({wanted.origin, wanted.original.path()});
	}
	return pairs;
}

/* All origins are new: the instant is that of the start. */
void snapshot_at_start(const Session &session, const std::vector<Wanted> &all, dm::Udev &udev,
		       Undo &undo)
{
	for (const Wanted &wanted : all) {
		dm::create(wanted.name, uuid_for("snapshot", wanted.name), snapshot_table(wanted),
			   udev);
		undo.add([&udev, name = wanted.name] { dm::remove(name, udev); });
	}
	const auto pairs = make_origins(all, udev, undo);
	udev.wait();
	attach(session, pairs);
}

/* Nothing but dm's ioctls until all are resumed: the root file system may be among them. */
void resume_all(const std::vector<std::string> &names, dm::Udev &udev)
{
	std::exception_ptr first;

	for (auto name = names.rbegin(); name != names.rend(); ++name) {
		try {
			dm::resume(*name, udev);
		} catch (...) {
			if (!first)
				first = std::current_exception();
		}
	}
	if (first)
		std::rethrow_exception(first);
}

/* All of them, whatever one says. */
void thaw_all(const std::vector<FileSystems> &all)
{
	std::exception_ptr first;

	for (const FileSystems &file_systems : all)
		for (const auto &file_system : file_systems)
			try {
				file_system->thaw();
			} catch (...) {
				if (!first)
					first = std::current_exception();
			}
	if (first)
		std::rethrow_exception(first);
}

/* Some origins are attached: the instant is that at which all are suspended. A snapshot is made
 * live before its origin is resumed, which else would copy only the first chunk of each bio. */
void snapshot_while_suspended(const Session &session, const std::vector<Wanted> &all,
			      dm::Udev &udev, Undo &undo)
{
	std::vector<std::string> suspended;
	const auto pairs = make_origins(all, udev, undo);

	for (const Wanted &wanted : all) {
		dm::create(wanted.name, uuid_for("snapshot", wanted.name), {}, udev);
		undo.add([&udev, name = wanted.name] { dm::remove(name, udev); });
		dm::load(wanted.name, snapshot_table(wanted));
	}
	udev.wait();
	if (!pairs.empty()) {
		attach(session, pairs);
		undo.add([&session, pairs] {
			for (const dmremap::Pair &pair : pairs)
				session.context.stop(pair.upper);
		});
	}
	std::vector<std::string> origins;
	std::vector<FileSystems> file_systems;
	for (const Wanted &wanted : all) {
		origins.push_back(wanted.origin);
		file_systems.push_back(wanted.lower.shared
					       ? FileSystems()
					       : file_systems_on(session.what, wanted.original));
	}
	const Guard guard([&] {
		dm::Udev none;
		Undo thaw([](const char *) {});

		thaw.add([&] { thaw_all(file_systems); });
		resume_all(origins, none);
	});
	Undo frozen([&](const char *sentence) { print_error(session.program, sentence); });
	frozen.add([&] { thaw_all(file_systems); });
	frozen.add([&] { resume_all(suspended, udev); });
	for (size_t i = 0; i < origins.size(); i++) {
		for (const auto &file_system : file_systems[i])
			file_system->freeze();
		dm::suspend(origins[i]);
		suspended.push_back(origins[i]);
	}
	for (const Wanted &wanted : all)
		dm::resume(wanted.name, udev);
	frozen.done();
	Undo thaw([&](const char *sentence) { print_error(session.program, sentence); });
	thaw.add([&] { thaw_all(file_systems); });
	resume_all(suspended, udev);
}

int run_create(const Session &session, const std::vector<std::string> &arguments)
{
	std::vector<Wanted> all;
	dm::Udev udev;

	const OneAtATime alone(session);
	require_provider(session);
	for (size_t i = 0; i < arguments.size(); i += 3)
		all.push_back(wanted_of(session, arguments[i], arguments[i + 1], arguments[i + 2]));
	refuse_twice(session, all);
	refuse_own_cow(session, all);
	for (const Wanted &wanted : all)
		require_unused(session.what, wanted.cow);

	Undo undo([&](const char *sentence) { print_error(session.program, sentence); });
	undo.add([&] { remove_lowers(udev); });
	for (Wanted &wanted : all) {
		make_cow(session, wanted, udev);
		undo.add([&udev, name = cow_name(wanted.name)] { dm::remove(name, udev); });
		if (!wanted.attached)
			wanted.lower = lower_of(session, wanted.original, udev);
	}
	udev.wait();
	const bool fresh = std::none_of(all.begin(), all.end(),
					[](const Wanted &wanted) { return wanted.attached; });
	if (fresh)
		snapshot_at_start(session, all, udev, undo);
	else
		snapshot_while_suspended(session, all, udev, undo);
	undo.done();
	for (const Wanted &wanted : all)
		session.step(wanted.name + ": snapshot of " + wanted.original.name);
	return 0;
}

/* What is left of a snapshot after a command that was killed is removed all the same. */
void remove_snapshot(const Session &session, const std::string &name)
{
	const auto snapshot = dm::by_name(name);
	const auto cow = dm::by_name(cow_name(name));
	const bool ours = (snapshot && is_ours(*snapshot, "snapshot")) ||
			  (!snapshot && cow && is_ours(*cow, "cow"));
	dm::Udev udev;

	if (!ours)
		throw Error(ENXIO,
			    session.what + ": " + dmr::printable(name) +
				    ": no such snapshot: dmsetup snapshot status shows those "
				    "that are there");
	if (snapshot && snapshot->open_count > 0)
		throw Error(EBUSY, session.what + ": " + name +
					   ": is in use: unmount it first: lsblk /dev/mapper/" +
					   name + " shows where it is");
	std::optional<Devno> original;
	if (snapshot)
		if (const auto words = only_target(snapshot->devno, "snapshot"))
			original = origin_of(*words);
	/* with the last snapshot goes the origin */
	if (original && snapshots_of(*original).size() == 1) {
		const auto origin = dm::by_uuid(uuid_for("origin", name_of(*original)));

		if (origin) {
			if (attachment_of(session.context, *original))
				session.context.stop(origin->name);
			dm::remove(origin->name, udev);
		}
	}
	if (snapshot)
		dm::remove(name, udev);
	if (cow && is_ours(*cow, "cow"))
		dm::remove(cow_name(name), udev);
	remove_lowers(udev);
	session.step(name + ": removed");
}

int run_remove(const Session &session, const std::vector<std::string> &arguments)
{
	const OneAtATime alone(session);
	int status = 0;

	for (const std::string &name : arguments) {
		try {
			remove_snapshot(session, name);
		} catch (const std::system_error &error) {
			print_error(session.program, error.what());
			status = 1;
		}
	}
	return status;
}

/* "1234/98304 sectors used (1 %)", or the kernel's word when the COW device was too small. */
std::string usage_of(const std::string &params)
{
	const auto words = dmr::words_of(params);

	if (words.empty())
		return "not live";
	const auto used = dmr::parse_fraction(words.front());
	if (!used)
		return std::string(words.front()) + ": no longer of use: remove it";
	if (used->second == 0)
		return std::string(words.front());
	return std::string(words.front()) + " sectors used (" +
	       std::to_string(used->first * 100 / used->second) + " %)";
}

void print_snapshot(const Session &session, const dmr::DmInfo &info)
{
	const auto words = only_target(info.devno, "snapshot");
	const auto original = words ? origin_of(*words) : std::nullopt;
	const auto status = dm::status(info.devno);

	session.program.out << info.name << ": "
			    << (original ? "of " + name_of(*original) + " (" +
						   to_string(*original) + "), "
					 : "")
			    << usage_of(status.size() == 1 ? status.front().params : "") << '\n';
}

int run_status(const Session &session, const std::vector<std::string> &arguments)
{
	std::vector<std::string> names = arguments;
	int status = 0;

	if (names.empty())
		for (const dmr::DmDevice &device : dm::devices())
			if (const auto info = dm::by_devno(device.devno))
				if (is_ours(*info, "snapshot"))
					names.push_back(info->name);
	for (const std::string &name : names) {
		const auto info = dm::by_name(name);

		if (info && is_ours(*info, "snapshot")) {
			print_snapshot(session, *info);
			continue;
		}
		print_error(session.program, session.what + ": " + dmr::printable(name) +
						     ": no such snapshot: dmsetup snapshot status "
						     "shows those that are there");
		status = 1;
	}
	return status;
}

const RecipeCommand kCommands[] = {
	{"create", "<snapshot> <block_device> <cow> [<snapshot> <block_device> <cow>]...", 3, 3,
	 "take snapshots of block devices in use, all at one instant", run_create},
	{"remove", "<snapshot>...", 1, 1, "remove snapshots", run_remove},
	{"status", "[<snapshot>...]", 0, 1, "print what there is, and how full it is", run_status},
};

} // namespace

const Recipe kSnapshot = {
	"snapshot",
	"Take snapshots of block devices in use",
	kCommands,
};

} // namespace tools
