/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cache before a block device in use. For vda1 it is vda1-cache, attached to vda1, over
 * vda1-cache-meta and vda1-cache-data, which share the cache device, and with the module
 * dm-interpose over vda1-lower. It writes through: all that is in the cache is on vda1 too, after a
 * power cut as well.
 */
#include "cmd_cache.h"

#include <algorithm>
#include <cerrno>

#include "block_device.h"
#include "dm/control.h"
#include "error.h"
#include "guard.h"
#include "lower.h"
#include "progress.h"
#include "text.h"
#include "undo.h"

namespace tools
{

namespace
{

namespace dm = dmr::device_mapper;
using dmr::Devno;
using dmr::Error;

constexpr uint64_t kMargin = 2048;        /* at both ends: nothing that looks like a file system */
constexpr uint64_t kLeast = 65536;        /* 32 MiB */
constexpr uint64_t kLeastBlock = 128;     /* sectors; the kernel wants multiples of 64 */
constexpr uint64_t kMostBlocks = 1000000; /* with more the kernel warns about its memory */
constexpr unsigned int kPollMs = 250;

/* How a cache device is divided; in sectors. */
struct Layout {
	uint64_t block;
	uint64_t metadata;
	uint64_t data;
};

/* Metadata: 4 MiB and 16 bytes for each block, says the kernel's documentation; twice that. */
Layout layout_of(uint64_t sectors)
{
	const uint64_t all = sectors - 2 * kMargin;
	Layout layout = {kLeastBlock, 0, 0};

	while (all / layout.block > kMostBlocks)
		layout.block *= 2;
	layout.metadata = 2 * (8192 + (all / layout.block * 16 + 511) / 512);
	layout.data = (all - layout.metadata) / layout.block * layout.block;
	return layout;
}

struct Names {
	explicit Names(const std::string &block_device)
	    : upper(name_for(block_device, "cache")),
	      metadata(name_for(block_device, "cache-meta")),
	      data(name_for(block_device, "cache-data"))
	{
	}
	std::string upper;
	std::string metadata;
	std::string data;
};

std::string number_of(const std::string &name)
{
	const auto info = dm::by_name(name);

	if (!info)
		throw Error(ENXIO, name + ": the dm device is gone");
	return to_string(info->devno);
}

dm::Table cache_table(const Names &names, uint64_t sectors, const Lower &lower, uint64_t block,
		      const std::string &policy)
{
	return {{0, sectors, "cache",
		 number_of(names.metadata) + " " + number_of(names.data) + " " +
			 to_string(lower.device) + " " + std::to_string(block) +
			 " 1 writethrough " + policy + " 0" + lower.noexcl()}};
}

/* The words of the cache's status; those that are asked for are there. */
std::vector<std::string> status_of(const std::string &upper)
{
	const auto info = dm::by_name(upper);
	std::vector<std::string> words;

	if (info)
		for (const dmr::DmTarget &target : dm::status(info->devno))
			if (target.type == "cache")
				for (const auto word : dmr::words_of(target.params))
					words.emplace_back(word);
	return words;
}

/* Blocks that are not on the original yet; nothing when the cache does not tell. */
std::optional<uint64_t> dirty_of(const std::vector<std::string> &words)
{
	constexpr size_t kDirty = 10;

	return words.size() > kDirty ? dmr::parse_number(words[kDirty]) : std::nullopt;
}

/* The root file system may be frozen meanwhile. */
void replace_table(const std::string &name, const dm::Table &table, dm::Udev &udev)
{
	{
		const Guard guard([&] {
			dm::Udev none;

			dm::resume(name, none);
		});
		dm::replace(name, table, udev);
	}
	udev.wait();
}

void refuse_left_over(const Session &session, const Names &names, const BlockDevice &original)
{
	const std::string head = session.what + ": " + dmr::printable(original.given) + ": ";

	for (const std::string &name : {names.upper, names.metadata, names.data})
		if (const auto info = dm::by_name(name))
			throw Error(EEXIST,
				    head + "there is a dm device " + name + " already: " +
					    (is_ours(*info, "cache")
						     ? "dmsetup cache detach " + original.path()
						     : "rename it first"));
	refuse_attached(session, original);
}

int run_attach(const Session &session, const std::vector<std::string> &arguments)
{
	const OneAtATime alone(session);
	const BlockDevice original = find_block_device(session.what, arguments[0]);
	const BlockDevice cache = find_block_device(session.what, arguments[1]);
	const Names names(original.name);
	dm::Udev udev;

	if (lies_on(session.what, cache.number, original.number) ||
	    lies_on(session.what, original.number, cache.number))
		throw Error(EINVAL, session.what + ": " + dmr::printable(cache.given) +
					    ": shares sectors with " +
					    dmr::printable(original.given) +
					    ": give another device");
	if (cache.sectors < kLeast)
		throw Error(ENOSPC, session.what + ": " + dmr::printable(cache.given) + ": has " +
					    std::to_string(cache.sectors) +
					    " sectors, too few for a cache: 65536 is the least");
	require_provider(session);
	refuse_left_over(session, names, original);
	require_unused(session.what, cache);

	const Layout layout = layout_of(cache.sectors);
	Undo undo([&](const char *sentence) { print_error(session.program, sentence); });
	undo.add([&] { remove_lowers(udev); });
	const auto make = [&](const std::string &name, const dm::Table &table) {
		dm::create(name, uuid_for("cache", name), table, udev);
		undo.add([&udev, name] { dm::remove(name, udev); });
		udev.wait();
	};
	wipe_ends(session.what, cache);
	make(names.metadata, {{0, layout.metadata, "linear",
			       to_string(cache.number) + " " + std::to_string(kMargin)}});
	/* zeroes tell the kernel that there is no metadata yet */
	wipe_ends(session.what,
		  find_block_device(session.what,
				    "/dev/" + name_of(dm::by_name(names.metadata)->devno)));
	make(names.data,
	     {{0, layout.data, "linear",
	       to_string(cache.number) + " " + std::to_string(kMargin + layout.metadata)}});
	const Lower lower = lower_of(session, original, udev);
	/* What somebody reads in a cache before it is attached, udev for example, may be out of
	 * date when it is: so it is loaded after that. */
	make(names.upper,
	     {{0, original.sectors, "linear", to_string(lower.device) + " 0" + lower.noexcl()}});
	session.context.start(DMREMAP_MODE_REMAP, {{names.upper, original.path()}});
	undo.add([&] { session.context.stop(names.upper); });
	replace_table(names.upper,
		      cache_table(names, original.sectors, lower, layout.block, "smq"), udev);
	undo.done();
	session.step(original.name + ": cached on " + cache.name);
	return 0;
}

/* Somebody may have made it write back meanwhile. */
void clean(const Session &session, const Names &names, const BlockDevice &original)
{
	const auto info = dm::by_name(names.upper);
	const auto words = only_target(info->devno, "cache");
	const auto status = status_of(names.upper);
	const bool writes_back =
		std::find(status.begin(), status.end(), "writethrough") == status.end();
	dm::Udev udev;

	if (!words || (!writes_back && dirty_of(status) == 0))
		return;
	const auto block = words->size() > 3 ? dmr::parse_number(words->at(3)) : std::nullopt;
	replace_table(names.upper,
		      cache_table(names, original.sectors, lower_of(session, original, udev),
				  block.value_or(kLeastBlock), "cleaner"),
		      udev);

	Progress progress(session.program, original.name + ": written back");
	const Interruptible interruptible;
	std::optional<uint64_t> first;
	for (;;) {
		const auto dirty = dirty_of(status_of(names.upper));

		if (!dirty)
			throw Error(EIO, session.what + ": " + names.upper +
						 ": the cache has failed: see dmsetup status");
		first = std::max(first.value_or(0), *dirty);
		progress.show(*first - *dirty, *first);
		if (*dirty == 0)
			return;
		if (Interruptible::wanted())
			throw Error(EINTR, session.what + ": " + original.name +
						   ": interrupted: it is still cached");
		Interruptible::sleep_ms(kPollMs);
	}
}

/* Whatever a command that was killed has left of it. */
int run_detach(const Session &session, const std::vector<std::string> &arguments)
{
	const OneAtATime alone(session);
	const BlockDevice original = find_block_device(session.what, arguments[0]);
	const Names names(original.name);
	dm::Udev udev;
	bool found = false;

	for (const std::string &name : {names.upper, names.data, names.metadata}) {
		const auto info = dm::by_name(name);

		if (!info || !is_ours(*info, "cache"))
			continue;
		found = true;
		if (name == names.upper && attachment_of(session.context, original.number)) {
			clean(session, names, original);
			session.context.stop(name);
		}
		dm::remove(name, udev);
		udev.wait();
	}
	remove_lowers(udev);
	if (!found)
		throw Error(EALREADY,
			    session.what + ": " + dmr::printable(original.given) +
				    ": has no cache: dmsetup cache status shows those that "
				    "are there");
	return 0;
}

void print_cache(const Session &session, const dmr::DmInfo &upper)
{
	const auto attachments = session.context.status(upper.name);
	const auto words = status_of(upper.name);

	session.program.out << upper.name << ": "
			    << (attachments.empty() ? "not attached"
						    : attachments.front().original);
	if (words.size() > 10)
		session.program.out << ", " << words[3] << " blocks of " << words[2]
				    << " sectors used, reads " << words[4] << " hits " << words[5]
				    << " misses, writes " << words[6] << " hits " << words[7]
				    << " misses, " << words[10] << " dirty";
	session.program.out << '\n';
}

int run_status(const Session &session, const std::vector<std::string> &)
{
	for (const dmr::DmDevice &device : dm::devices()) {
		const auto info = dm::by_devno(device.devno);

		if (info && is_ours(*info, "cache") && only_target(info->devno, "cache"))
			print_cache(session, *info);
	}
	return 0;
}

const RecipeCommand kCommands[] = {
	{"attach", "<block_device> <cache_device>", 2, 0,
	 "put a cache before a block device in use", run_attach},
	{"detach", "<block_device>", 1, 0, "take the cache away again", run_detach},
	{"status", "", 0, 0, "print the caches that there are", run_status},
};

} // namespace

const Recipe kCache = {
	"cache",
	"Put a cache before a block device in use",
	kCommands,
};

} // namespace tools
