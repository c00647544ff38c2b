/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves a block device in use to another one. Its upper is a linear over itself at first, so that
 * all is seen; then a mirror of both, which copies while the device is used; and then a linear over
 * the new one alone. With the module dm-interpose all that is over the old one is over vda1-lower.
 *
 * At no instant may a power cut leave two devices that look alike and are not, or none. So the
 * first MiB, by which a file system is known, is not mirrored. It is copied when all else is the
 * same on both and all I/O is held, and then made zero on the old one.
 */
#include "cmd_move.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <new>

#include <fcntl.h>
#include <unistd.h>

#include "block_device.h"
#include "dm/control.h"
#include "error.h"
#include "guard.h"
#include "lower.h"
#include "progress.h"
#include "shared.h"
#include "text.h"
#include "undo.h"

namespace tools
{

namespace
{

namespace dm = dmr::device_mapper;
using dmr::Devno;
using dmr::Error;

constexpr uint64_t kHead = 2048; /* sectors that are not mirrored */
constexpr size_t kHeadBytes = kHead * 512;
constexpr uint64_t kLeast = 4 * kHead; /* smaller ones are not worth it */
const char kRegion[] = "1024";         /* sectors that are copied at once */
constexpr unsigned int kPollMs = 250;

/* What somebody has to make good who finds this process dead. In memory that both see. */
enum class Stage { copying, loaded, wiping };

struct Move {
	std::string upper;
	std::string source; /* a way to the first MiB of the old device below the upper */
	Devno from;
	Devno to;
	uint64_t sectors;
	Lower lower; /* the way to the old device */
};

using SharedStage = Shared<Stage>;

std::string at(Devno device, uint64_t sector)
{
	return to_string(device) + " " + std::to_string(sector);
}

/* handle_errors: a write that one of them fails is held, not told as done */
dm::Table mirror_table(const Move &move)
{
	return {{0, kHead, "linear", at(move.lower.device, 0) + move.lower.noexcl()},
		{kHead, move.sectors - kHead, "mirror",
		 std::string("core 1 ") + kRegion + " 2 " + at(move.lower.device, kHead) + " " +
			 at(move.to, kHead) + " 1 handle_errors" + move.lower.noexcl()}};
}

/* Over the old device */
dm::Table old_table(const Move &move, uint64_t sectors)
{
	return {{0, sectors, "linear", at(move.lower.device, 0) + move.lower.noexcl()}};
}

dm::Table new_table(const Move &move)
{
	return {{0, move.sectors, "linear", at(move.to, 0)}};
}

/* What the mirror says: "2 8:1 8:17 37/1000 1 AA 1 core". */
struct Copied {
	uint64_t done;
	uint64_t all;
	std::string legs; /* a letter for each: A is alive */
};

std::optional<Copied> copied_of(const std::string &upper)
{
	const auto info = dm::by_name(upper);

	if (!info)
		return std::nullopt;
	for (const dmr::DmTarget &target : dm::status(info->devno)) {
		if (target.type != "mirror")
			continue;
		const auto words = dmr::words_of(target.params);
		if (words.size() < 6)
			continue;
		if (const auto copied = dmr::parse_fraction(words[3]))
			return Copied{copied->first, copied->second, std::string(words[5])};
	}
	return std::nullopt;
}

/* Nothing is over the old device after that. */
void remove_source(const Move &move, dm::Udev &udev)
{
	if (const auto source = dm::by_name(move.source))
		dm::remove(move.source, udev);
	remove_lower(name_of(move.from), udev);
}

/* Takes the mirror out of the way, held writes included, and then the upper. */
void undo_move(dmremap::Context &context, const Move &move)
{
	dm::Udev udev;

	if (const auto source = dm::by_name(move.source))
		dm::remove(move.source, udev);
	if (dm::by_name(move.upper)) {
		if (attachment_of(context, move.from)) {
			/* what the mirror holds goes on to the old device */
			dm::replace(move.upper, old_table(move, move.sectors), udev, dm::Flush::no);
			udev.wait();
			context.stop(move.upper);
		}
		dm::remove(move.upper, udev);
	}
	remove_lower(name_of(move.from), udev);
}

void make_good(dmremap::Context &context, const Move &move, const SharedStage &stage)
{
	dm::Udev udev;

	switch (stage.get()) {
	case Stage::loaded:
		dm::clear(move.upper);
		dm::resume(move.upper, udev);
		[[fallthrough]];
	case Stage::copying:
		undo_move(context, move);
		return;
	case Stage::wiping:
		/* the new one is complete */
		dm::resume(move.upper, udev);
		remove_source(move, udev);
	}
}

Copied require_alive(const Session &session, const Move &move)
{
	const auto copied = copied_of(move.upper);

	if (!copied)
		throw Error(EIO, session.what + ": " + move.upper +
					 ": the mirror is gone: somebody has changed its table");
	if (copied->legs != "AA")
		throw Error(
			EIO,
			session.what + ": " +
				name_of(copied->legs.starts_with('A') ? move.to : move.from) +
				": cannot be " +
				(copied->legs.find('R') != std::string::npos ? "read" : "written") +
				": see dmesg: nothing was moved");
	return *copied;
}

void wait_until_copied(const Session &session, const Move &move)
{
	Progress progress(session.program, name_of(move.from) + ": copied");

	for (;;) {
		const Copied copied = require_alive(session, move);

		progress.show(copied.done, copied.all);
		if (copied.done == copied.all)
			return;
		if (Interruptible::wanted())
			throw Error(EINTR, session.what + ": " + name_of(move.from) +
						   ": interrupted: nothing was moved");
		Interruptible::sleep_ms(kPollMs);
	}
}

/* The first MiB of a device, around all caches. */
class Head
{
public:
	Head(const std::string &what, const std::string &path, int flags)
	    : what_(what + ": " + path), fd_(open(path.c_str(), flags | O_DIRECT | O_CLOEXEC))
	{
		if (!fd_)
			fail(errno);
	}

	void read(char *buffer)
	{
		const ssize_t n = pread(fd_.get(), buffer, kHeadBytes, 0);

		if (n != static_cast<ssize_t>(kHeadBytes))
			fail(n < 0 ? errno : EIO);
	}

	void write(const char *buffer)
	{
		const ssize_t n = pwrite(fd_.get(), buffer, kHeadBytes, 0);

		if (n != static_cast<ssize_t>(kHeadBytes) || fdatasync(fd_.get()))
			fail(n == static_cast<ssize_t>(kHeadBytes) || n < 0 ? errno : EIO);
	}

private:
	[[noreturn]] void fail(int errnum)
	{
		throw Error(errnum, what_ + ": " + std::generic_category().message(errnum));
	}

	std::string what_;
	dmr::FileDescriptor fd_;
};

struct FreeBuffer {
	void operator()(char *buffer) const { std::free(buffer); }
};

using Buffer = std::unique_ptr<char, FreeBuffer>;

Buffer make_buffer()
{
	Buffer buffer(static_cast<char *>(std::aligned_alloc(4096, kHeadBytes)));

	if (!buffer)
		throw std::bad_alloc();
	std::fill_n(buffer.get(), kHeadBytes, '\0');
	return buffer;
}

/* From the suspend to the resume no I/O of the file system goes on, and it may be the root: nothing
 * but dm's ioctls and the two devices. It is not frozen: what it has not written yet goes to the
 * new device, and a suspend that flushes would let fail what the mirror holds for a leg that fails
 * now. */
void switch_over(const Session &session, const Move &move, SharedStage &stage)
{
	dm::Udev udev;
	const Buffer data = make_buffer();
	const Buffer zeroes = make_buffer();
	std::string unwiped;

	dm::create(move.source, uuid_for("source", name_of(move.from)),
		   old_table(move, kHead), udev);
	udev.wait();
	Head from(session.what, "/dev/" + name_of(dm::by_name(move.source)->devno), O_RDWR);
	Head to(session.what, "/dev/" + name_of(move.to), O_RDWR);

	dm::load(move.upper, new_table(move));
	stage.set(Stage::loaded);
	dm::suspend(move.upper, dm::Flush::no);
	try {
		require_alive(session, move);
		from.read(data.get());
		to.write(data.get());
	} catch (...) {
		dm::clear(move.upper);
		dm::resume(move.upper, udev);
		stage.set(Stage::copying);
		throw;
	}
	stage.set(Stage::wiping);
	try {
		from.write(zeroes.get());
	} catch (const Error &error) {
		unwiped = error.what();
	}
	dm::resume(move.upper, udev);
	if (!unwiped.empty())
		print_error(session.program,
			    unwiped + ": the old device still looks like the new one: wipe or "
				      "remove it before the next boot");
}

void refuse_left_over(const Session &session, const Move &move, const BlockDevice &from)
{
	const std::string head = session.what + ": " + dmr::printable(from.given) + ": ";

	if (const auto upper = dm::by_name(move.upper)) {
		if (!is_ours(*upper, "move"))
			throw Error(EEXIST, head + "there is a dm device " + move.upper +
						    " already: rename it first");
		throw Error(EALREADY, head + "is being moved, or was: dmsetup move status tells; "
					     "dmsetup move abort or finish ends it");
	}
	refuse_attached(session, from);
}

Move move_of(const BlockDevice &from)
{
	return {name_for(from.name, "move"),
		name_for(from.name, "move-source"),
		from.number,
		{0, 0},
		from.sectors,
		{from.number, true}};
}

Move plan(const Session &session, const std::string &old_device, const std::string &new_device)
{
	const BlockDevice from = find_block_device(session.what, old_device);
	const BlockDevice to = find_block_device(session.what, new_device);
	Move move = move_of(from);

	move.to = to.number;
	if (lies_on(session.what, to.number, from.number) ||
	    lies_on(session.what, from.number, to.number))
		throw Error(EINVAL, session.what + ": " + dmr::printable(new_device) +
					    ": shares sectors with " + dmr::printable(old_device) +
					    ": give another device");
	if (to.sectors < from.sectors)
		throw Error(ENOSPC, session.what + ": " + dmr::printable(new_device) + ": has " +
					    std::to_string(to.sectors) +
					    " sectors, fewer than the " +
					    std::to_string(from.sectors) + " of " +
					    dmr::printable(old_device) + ": give a larger one");
	if (from.sectors < kLeast)
		throw Error(EINVAL, session.what + ": " + dmr::printable(old_device) +
					    ": is smaller than 4 MiB: copy it by hand");
	require_provider(session);
	refuse_left_over(session, move, from);
	require_unused(session.what, to);
	wipe_ends(session.what, to);
	dm::Udev udev;
	move.lower = lower_of(session, from, udev);
	return move;
}

/* A mirror copies from its creation on, and would not see what is written to the old device before
 * it is attached: so it is loaded after that. */
void begin(const Session &session, const Move &move)
{
	dm::Udev udev;

	dm::create(move.upper, uuid_for("move", name_of(move.from)), old_table(move, move.sectors),
		   udev);
	udev.wait();
	session.context.start(DMREMAP_MODE_REMAP, {{move.upper, "/dev/" + name_of(move.from)}});
	dm::replace(move.upper, mirror_table(move), udev);
}

int run_start(const Session &session, const std::vector<std::string> &arguments)
{
	SharedStage stage(Stage::copying);
	std::unique_ptr<OneAtATime> alone = std::make_unique<OneAtATime>(session);
	const Move move = plan(session, arguments[0], arguments[1]);
	/* if there is nobody to stand by */
	Undo undo([&](const char *sentence) { print_error(session.program, sentence); });
	undo.add([&] {
		dm::Udev udev;

		remove_lower(name_of(move.from), udev);
	});
	const Interruptible interruptible;
	const Guard guard([&] { make_good(session.context, move, stage); });
	try {
		begin(session, move);
		/* the name is taken now */
		alone.reset();
		wait_until_copied(session, move);
		switch_over(session, move, stage);
	} catch (...) {
		/* after the wiping there is no way back; the first error counts */
		try {
			if (stage.get() != Stage::wiping)
				undo_move(session.context, move);
		} catch (const std::system_error &error) {
			print_error(session.program, error.what());
		}
		throw;
	}
	undo.done();
	dm::Udev udev;
	remove_source(move, udev);
	session.program.out << name_of(move.from) << " is on " << name_of(move.to)
			    << " now; when it is not in use any more: dmsetup move finish /dev/"
			    << name_of(move.from) << std::endl;
	return 0;
}

/* The upper of a move that somebody has named by the old device. */
Move find_move(const Session &session, const std::string &given)
{
	const BlockDevice from = find_block_device(session.what, given);
	const Move move = move_of(from);
	const auto upper = dm::by_name(move.upper);

	if (!upper || !is_ours(*upper, "move"))
		throw Error(EALREADY,
			    session.what + ": " + dmr::printable(given) +
				    ": is not being moved: dmsetup move status shows what is");
	return move;
}

/* The upper is a linear over another device. */
bool is_moved(const Move &move)
{
	const auto info = dm::by_name(move.upper);
	const auto words = info ? only_target(info->devno, "linear") : std::nullopt;

	const auto device = words ? dmr::parse_devno(words->front()) : std::nullopt;

	return device && original_of(*device) != move.from;
}

/* Whoever moved it was killed, and his guard too, when only the resume was left to do. */
bool is_wiped(const Session &session, const Move &move)
{
	const auto source = dm::by_name(move.source);

	if (!source)
		return false;
	const Buffer head = make_buffer();
	Head(session.what, "/dev/" + name_of(source->devno), O_RDONLY).read(head.get());
	return std::all_of(head.get(), head.get() + kHeadBytes,
			   [](char byte) { return byte == '\0'; });
}

int run_abort(const Session &session, const std::vector<std::string> &arguments)
{
	const OneAtATime alone(session);
	dm::Udev udev;
	/* of one that was killed before it had its upper */
	remove_lowers(udev);
	Move move = find_move(session, arguments[0]);

	if (is_wiped(session, move))
		dm::resume(move.upper, udev);
	if (is_moved(move) && attachment_of(session.context, move.from))
		throw Error(EALREADY,
			    session.what + ": " + dmr::printable(arguments[0]) +
				    ": has been moved already: dmsetup move finish, when it "
				    "is not in use any more");
	move.lower = lower_of(session, find_block_device(session.what, arguments[0]), udev);
	undo_move(session.context, move);
	return 0;
}

int run_finish(const Session &session, const std::vector<std::string> &arguments)
{
	const OneAtATime alone(session);
	const Move move = find_move(session, arguments[0]);
	dm::Udev udev;

	if (!is_moved(move))
		throw Error(EBUSY,
			    session.what + ": " + dmr::printable(arguments[0]) +
				    ": is not copied yet: dmsetup move status tells how far it "
				    "is, dmsetup move abort ends it");
	if (attachment_of(session.context, move.from))
		session.context.stop(move.upper);
	remove_source(move, udev);
	dm::remove(move.upper, udev);
	return 0;
}

void print_move(const Session &session, const dmr::DmInfo &upper)
{
	const auto attachments = session.context.status(upper.name);
	dmremap::Attachment attachment = {};
	std::string to;

	if (attachments.empty()) {
		session.program.out << upper.name << ": not attached\n";
		return;
	}
	attachment = attachments.front();
	const Devno from = {attachment.original_number.major, attachment.original_number.minor};
	for (const Devno device : dm::deps(upper.devno))
		if (original_of(device) != from)
			to = name_of(device);
	const auto copied = copied_of(upper.name);
	session.program.out << upper.name << ": " << attachment.original
			    << (to.empty() ? ", nothing copied"
					   : " to " + to +
						     (copied ? ", " + std::to_string(copied->done) +
								       "/" +
								       std::to_string(copied->all) +
								       " regions copied"
							     : ", moved"))
			    << '\n';
}

int run_status(const Session &session, const std::vector<std::string> &)
{
	for (const dmr::DmDevice &device : dm::devices())
		if (const auto info = dm::by_devno(device.devno))
			if (is_ours(*info, "move"))
				print_move(session, *info);
	return 0;
}

const RecipeCommand kCommands[] = {
	{"start", "<block_device> <new_device>", 2, 0,
	 "copy a block device in use to another one, and go on there", run_start},
	{"abort", "<block_device>", 1, 0, "undo a move that is not complete", run_abort},
	{"finish", "<block_device>", 1, 0, "take away what is left of a move after the last use",
	 run_finish},
	{"status", "", 0, 0, "print the moves that there are, and how far they are", run_status},
};

} // namespace

const Recipe kMove = {
	"move",
	"Move a block device in use to another one",
	kCommands,
};

} // namespace tools
