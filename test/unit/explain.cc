/* SPDX-License-Identifier: GPL-2.0-only */
/* One sentence for each reason why the kernel refuses. */
#define BOOST_TEST_MODULE explain
#include <boost/test/unit_test.hpp>

#include <set>

#include "explain.h"
#include "fake_kernel.h"
#include "remapper.h"
#include "support.h"

using namespace dmr;

namespace
{

struct Machine {
	FakeKernel kernel = FakeKernel::usual();
	Log log;
	Remapper remapper{kernel, log};
	Mode mode = Mode::remap;

	/* The sentence after the kernel gave @errnum for the usual pair. */
	std::string start(int errnum)
	{
		kernel.start_errno = errnum;
		const Thrown thrown = thrown_by([&] {
			remapper.start(mode, {{"dm-noexcl", "/dev/vda1"}}, false);
		});
		BOOST_TEST(thrown.errnum == errnum);
		return thrown.sentence;
	}

	std::string start_disk(int errnum)
	{
		kernel.add_dm({252, 5}, "dm-disk", 8192);
		kernel.start_errno = errnum;
		return thrown_by([&] {
			       remapper.start(mode, {{"dm-disk", "/dev/vda"}}, false);
		       })
			.sentence;
	}

	std::string stop(int errnum)
	{
		kernel.stop_errno = errnum;
		const Thrown thrown = thrown_by([&] { remapper.stop(mode, "dm-noexcl", false); });
		BOOST_TEST(thrown.errnum == errnum);
		return thrown.sentence;
	}
};

} // namespace

BOOST_FIXTURE_TEST_CASE(attached_upper_is_busy, Machine)
{
	kernel.attach({252, 0}, {254, 2});
	BOOST_TEST(start(EBUSY) == "remap start: dm-noexcl: is already attached to vda2 (254:2): "
				   "stop it first: dmsetup remap stop dm-noexcl");
}

BOOST_FIXTURE_TEST_CASE(original_of_another_upper_is_busy, Machine)
{
	kernel.attach({252, 1}, {254, 1});
	BOOST_TEST(start(EBUSY) == "remap start: /dev/vda1: dm-second is already attached to it: "
				   "stop that first: dmsetup remap stop dm-second");
}

BOOST_FIXTURE_TEST_CASE(partition_of_an_attached_disk_is_busy, Machine)
{
	kernel.attach({252, 1}, {254, 0});
	BOOST_TEST(
		start(EBUSY) ==
		"remap start: /dev/vda1: dm-second is attached to the whole disk vda, and a whole "
		"disk and its partitions exclude each other: stop that first: dmsetup remap stop "
		"dm-second");
}

BOOST_FIXTURE_TEST_CASE(disk_of_an_attached_partition_is_busy, Machine)
{
	kernel.attach({252, 1}, {254, 2});
	BOOST_TEST(
		start_disk(EBUSY) ==
		"remap start: /dev/vda: dm-second is attached to the partition vda2, and a whole "
		"disk and its partitions exclude each other: stop that first: dmsetup remap stop "
		"dm-second");
}

BOOST_FIXTURE_TEST_CASE(attached_neighbour_partition_is_no_reason, Machine)
{
	kernel.attach({252, 1}, {254, 2});
	BOOST_TEST(start(EBUSY) ==
		   "remap start: dm-noexcl on /dev/vda1: busy with another change, or for a "
		   "reason that only the kernel's log has: try again, or see dmesg");
}

BOOST_FIXTURE_TEST_CASE(suspended_upper_is_busy, Machine)
{
	kernel.dms.at({252, 0}).info.suspended = true;
	BOOST_TEST(start(EBUSY) == "remap start: dm-noexcl: is suspended: resume it first: dmsetup "
				   "resume dm-noexcl");
}

BOOST_FIXTURE_TEST_CASE(mounted_upper_is_busy, Machine)
{
	kernel.mounted = {{"/mnt", "ext4", {252, 0}}};
	kernel.dms.at({252, 0}).info.open_count = 1;
	BOOST_TEST(start(EBUSY) ==
		   "remap start: dm-noexcl: is in use itself: ext4 mounted on /mnt: "
		   "end that use first");
}

BOOST_FIXTURE_TEST_CASE(open_upper_is_busy, Machine)
{
	kernel.dms.at({252, 0}).info.open_count = 2;
	BOOST_TEST(start(EBUSY) ==
		   "remap start: dm-noexcl: is open (2 times): close it first: fuser "
		   "-v /dev/dm-0 and lsblk show who has it");
}

BOOST_FIXTURE_TEST_CASE(disk_that_another_table_shares_is_busy, Machine)
{
	kernel.dms.at({252, 1}).deps = {{254, 0}};
	BOOST_TEST(
		start(EBUSY) ==
		"remap start: /dev/vda1: the table of dm-second is over the whole disk vda, and a "
		"whole disk and its partitions exclude each other: remove that first: dmsetup "
		"remove dm-second");
}

BOOST_FIXTURE_TEST_CASE(the_pair_that_is_busy_is_found_among_several, Machine)
{
	kernel.add_dm({252, 2}, "dm-third", 2048);
	kernel.attach({252, 2}, {254, 2});
	kernel.start_errno = EBUSY;
	const Thrown thrown = thrown_by([&] {
		remapper.start(mode, {{"dm-noexcl", "/dev/vda1"}, {"dm-second", "/dev/vda2"}},
			       false);
	});
	BOOST_TEST(thrown.sentence == "remap start: /dev/vda2: dm-third is already attached to it: "
				      "stop that first: dmsetup remap stop dm-third");
}

BOOST_FIXTURE_TEST_CASE(size_that_changed_meanwhile_is_told, Machine)
{
	kernel.before_message = [&] { kernel.blocks.at({252, 0}).sectors = 1024; };
	/* the probe is the first message, and the sizes are compared after it */
	BOOST_TEST(thrown_by([&] {
			   remapper.start(mode, {{"dm-noexcl", "/dev/vda1"}}, false);
		   }).errnum == ERANGE);
	const Pair pair = {*kernel.dm_by_name("dm-noexcl"),
			   resolve_original(kernel, "op", "/dev/vda1")};
	BOOST_TEST(
		explain_start(kernel, Mode::remap, {pair}, EFBIG) ==
		"remap start: dm-noexcl: has 1024 sectors, /dev/vda1 has 2048: load a table of the "
		"same length (blockdev --getsz)");
}

BOOST_FIXTURE_TEST_CASE(sizes_that_only_the_kernel_sees_are_told, Machine)
{
	BOOST_TEST(start(ERANGE) ==
		   "remap start: dm-noexcl on /dev/vda1: the upper is smaller than "
		   "the original: load a table of the same length");
	BOOST_TEST(start(EFBIG) ==
		   "remap start: dm-noexcl on /dev/vda1: the upper is larger than the "
		   "original: load a table of the same length");
}

BOOST_FIXTURE_TEST_CASE(read_only_upper_is_told, Machine)
{
	kernel.blocks.at({252, 0}).read_only = true;
	BOOST_TEST(start(EROFS) ==
		   "remap start: dm-noexcl: is read-only, and /dev/vda1 is not: load "
		   "its table without --readonly");
}

BOOST_FIXTURE_TEST_CASE(read_only_original_is_told, Machine)
{
	kernel.blocks.at({254, 1}).read_only = true;
	BOOST_TEST(start(EROFS) ==
		   "remap start: dm-noexcl: is writable, and /dev/vda1 is read-only: "
		   "load its table with --readonly");
}

BOOST_FIXTURE_TEST_CASE(larger_blocks_are_told, Machine)
{
	kernel.blocks.at({252, 0}).limits.logical_block_size = 4096;
	kernel.blocks.at({254, 1}).limits.logical_block_size = 512;
	BOOST_TEST(start(EOPNOTSUPP) ==
		   "remap start: dm-noexcl: has blocks of 4096 bytes, /dev/vda1 has blocks of 512: "
		   "give the upper devices with blocks of that size");
}

BOOST_FIXTURE_TEST_CASE(stricter_alignment_is_told, Machine)
{
	kernel.blocks.at({252, 0}).limits.dma_alignment = 4095;
	kernel.blocks.at({254, 1}).limits.dma_alignment = 3;
	BOOST_TEST(
		start(EOPNOTSUPP) ==
		"remap start: dm-noexcl: needs memory aligned to 4096 bytes, /dev/vda1 to 4: give "
		"the upper other devices");
}

BOOST_FIXTURE_TEST_CASE(uncounted_original_is_told, Machine)
{
	kernel.blocks.at({254, 1}).limits.uncounted = true;
	BOOST_TEST(start(EOPNOTSUPP) == "remap start: /dev/vda1: its I/O in flight is not counted: "
					"echo 1 > /sys/block/vda/queue/iostats");
}

BOOST_FIXTURE_TEST_CASE(zoned_and_dax_originals_are_told, Machine)
{
	kernel.blocks.at({254, 1}).limits.zoned = "host-managed";
	BOOST_TEST(start(EOPNOTSUPP) == "remap start: /dev/vda1: is a zoned device (host-managed), "
					"which cannot be remapped");
	kernel.blocks.at({254, 1}).limits.zoned = "none";
	kernel.blocks.at({254, 1}).limits.dax = true;
	BOOST_TEST(start(EOPNOTSUPP) ==
		   "remap start: /dev/vda1: can do DAX, which passes the block "
		   "layer by: it cannot be remapped");
}

BOOST_FIXTURE_TEST_CASE(limits_that_only_the_kernel_sees_are_told, Machine)
{
	BOOST_TEST(start(EOPNOTSUPP) ==
		   "remap start: dm-noexcl on /dev/vda1: the upper cannot stand in for the "
		   "original (request-based, DAX, encryption, integrity): see dmesg");
}

BOOST_FIXTURE_TEST_CASE(original_that_goes_away_is_told, Machine)
{
	const Pair pair = {*kernel.dm_by_name("dm-noexcl"),
			   resolve_original(kernel, "op", "/dev/vda1")};

	kernel.blocks.erase({254, 1});
	BOOST_TEST(explain_start(kernel, Mode::remap, {pair}, ENODEV) ==
		   "remap start: /dev/vda1: the device is gone");
}

BOOST_FIXTURE_TEST_CASE(upper_that_goes_away_is_told, Machine)
{
	const Pair pair = {*kernel.dm_by_name("dm-noexcl"),
			   resolve_original(kernel, "op", "/dev/vda1")};

	kernel.dms.erase({252, 0});
	BOOST_TEST(explain_start(kernel, Mode::remap, {pair}, ENXIO) ==
		   "remap start: dm-noexcl: the dm device is gone: dmsetup ls shows those that are "
		   "there");
}

BOOST_FIXTURE_TEST_CASE(table_that_was_cleared_meanwhile_is_told, Machine)
{
	const Pair pair = {*kernel.dm_by_name("dm-noexcl"),
			   resolve_original(kernel, "op", "/dev/vda1")};

	kernel.dms.at({252, 0}).info.live_table = false;
	BOOST_TEST(
		explain_start(kernel, Mode::remap, {pair}, ENODATA) ==
		"remap start: dm-noexcl: has no live table: load one and resume it first: dmsetup "
		"resume dm-noexcl");
}

BOOST_FIXTURE_TEST_CASE(loop_is_told, Machine)
{
	BOOST_TEST(start(ELOOP) ==
		   "remap start: dm-noexcl on /dev/vda1: the table of the upper leads "
		   "back to the original without noexcl: reload it with noexcl behind "
		   "that device");
}

BOOST_FIXTURE_TEST_CASE(grammar_that_the_kernel_does_not_know_is_told, Machine)
{
	BOOST_TEST(start(EINVAL) == "remap start: dm-noexcl on /dev/vda1: the kernel does not "
				    "understand the request: use the library that belongs to this "
				    "kernel");
}

BOOST_FIXTURE_TEST_CASE(every_errno_of_start_has_its_own_sentence, Machine)
{
	std::set<std::string> sentences;
	const std::vector<int> errnos = {EBUSY, ERANGE, EFBIG,  EOPNOTSUPP, ELOOP,
					 EXDEV, EROFS,  ENODEV, ENODATA,    EINVAL,
					 E2BIG, EPERM,  ENOMEM, EINTR,      EIO};

	for (const int errnum : errnos) {
		const std::string sentence = start(errnum);

		BOOST_TEST(sentence.starts_with("remap start: dm-noexcl on /dev/vda1: "), sentence);
		BOOST_TEST(sentence.find('\n') == std::string::npos);
		sentences.insert(sentence);
	}
	BOOST_TEST(sentences.size() == errnos.size());
}

BOOST_FIXTURE_TEST_CASE(a_question_that_fails_does_not_hide_the_first_error, Machine)
{
	const Pair pair = {*kernel.dm_by_name("dm-noexcl"),
			   resolve_original(kernel, "op", "/dev/vda1")};

	kernel.status_errno = ENOMEM;
	BOOST_TEST(explain_start(kernel, Mode::remap, {pair}, EBUSY) ==
		   "remap start: dm-noexcl on /dev/vda1: Device or resource busy: see dmesg");
}

BOOST_FIXTURE_TEST_CASE(stop_of_what_is_not_attached_is_told, Machine)
{
	BOOST_TEST(stop(EALREADY) ==
		   "remap stop: dm-noexcl: is not attached: dmsetup remap status shows what is");
}

BOOST_FIXTURE_TEST_CASE(stop_of_a_suspended_upper_is_told, Machine)
{
	kernel.dms.at({252, 0}).info.suspended = true;
	BOOST_TEST(stop(EBUSY) == "remap stop: dm-noexcl: is suspended: resume it first: dmsetup "
				  "resume dm-noexcl");
	kernel.dms.at({252, 0}).info.suspended = false;
	BOOST_TEST(stop(EBUSY) == "remap stop: dm-noexcl: busy with another change: try again");
}

BOOST_FIXTURE_TEST_CASE(interrupted_stop_is_told, Machine)
{
	BOOST_TEST(stop(EINTR) ==
		   "remap stop: dm-noexcl: interrupted: it is still attached: stop it again");
}

BOOST_FIXTURE_TEST_CASE(stop_without_interposer_is_told, Machine)
{
	kernel.patched = false;
	BOOST_TEST(
		stop(EINVAL) ==
		"remap stop: dm-noexcl: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel that is built with CONFIG_DM_INTERPOSE");
}

struct FilterMachine : Machine {
	FilterMachine() { mode = Mode::filter; }

	void table(const std::vector<DmTarget> &targets)
	{
		kernel.dms.at({252, 0}).table = targets;
	}
};

BOOST_FIXTURE_TEST_CASE(a_filter_is_stopped_by_its_own_command, Machine)
{
	kernel.attach({252, 1}, {254, 1}, "filter");
	BOOST_TEST(start(EBUSY) == "remap start: /dev/vda1: dm-second is already attached to it: "
				   "stop that first: dmsetup filter stop dm-second");
	kernel.attach({252, 0}, {254, 2}, "filter");
	BOOST_TEST(start(EBUSY) == "remap start: dm-noexcl: is already attached to vda2 (254:2): "
				   "stop it first: dmsetup filter stop dm-noexcl");
	kernel.attach({252, 1}, {254, 0}, "filter");
	kernel.dms.at({252, 0}).status = "";
	BOOST_TEST(
		start(EBUSY) ==
		"remap start: /dev/vda1: dm-second is attached to the whole disk vda, and a whole "
		"disk and its partitions exclude each other: stop that first: dmsetup filter stop "
		"dm-second");
}

BOOST_FIXTURE_TEST_CASE(a_remap_is_in_the_way_of_a_filter, FilterMachine)
{
	kernel.attach({252, 1}, {254, 1});
	BOOST_TEST(start(EBUSY) == "filter start: /dev/vda1: dm-second is already attached to it: "
				   "stop that first: dmsetup remap stop dm-second");
}

BOOST_FIXTURE_TEST_CASE(several_targets_are_told, FilterMachine)
{
	table({{0, 1024, "linear", "254:1 0 noexcl"}, {1024, 1024, "zero", ""}});
	BOOST_TEST(start(EMLINK) ==
		   "filter start: dm-noexcl: its table has 2 targets: a filter has one: load a "
		   "table of one target, or use dmsetup remap start");
	table({});
	BOOST_TEST(start(EMLINK) ==
		   "filter start: dm-noexcl on /dev/vda1: the table of the upper has several "
		   "targets: load a table of one target");
}

BOOST_FIXTURE_TEST_CASE(a_target_that_is_no_filter_is_named, FilterMachine)
{
	table({{0, 2048, "crypt", "aes-xts-plain64 00ff 0 254:1 0 noexcl"}});
	BOOST_TEST(start(EOPNOTSUPP) == "filter start: dm-noexcl: its target crypt is no filter: "
					"use dmsetup remap start");
}

BOOST_FIXTURE_TEST_CASE(the_upper_that_is_no_filter_is_found_among_several, FilterMachine)
{
	kernel.dms.at({252, 1}).table = {{0, 2048, "mirror", "core 1 1024 2 254:2 0 8:1 0"}};
	kernel.start_errno = EOPNOTSUPP;
	BOOST_TEST(
		thrown_by([&] {
			remapper.start(mode,
				       {{"dm-noexcl", "/dev/vda1"}, {"dm-second", "/dev/vda2"}},
				       false);
		}).sentence ==
		"filter start: dm-second: its target mirror is no filter: use dmsetup remap start");
}

BOOST_FIXTURE_TEST_CASE(limits_of_the_upper_are_no_reason_against_a_filter, FilterMachine)
{
	kernel.blocks.at({252, 0}).limits.logical_block_size = 4096;
	kernel.blocks.at({252, 0}).limits.dma_alignment = 4095;
	kernel.blocks.at({254, 1}).limits.logical_block_size = 512;
	kernel.blocks.at({254, 1}).limits.dma_alignment = 3;
	BOOST_TEST(start(EOPNOTSUPP) ==
		   "filter start: dm-noexcl on /dev/vda1: the original cannot be filtered (DAX, "
		   "encryption, its driver): see dmesg");
}

BOOST_FIXTURE_TEST_CASE(originals_that_cannot_be_filtered_are_told, FilterMachine)
{
	kernel.blocks.at({254, 1}).limits.zoned = "host-aware";
	BOOST_TEST(start(EOPNOTSUPP) == "filter start: /dev/vda1: is a zoned device (host-aware), "
					"which cannot be filtered");
	kernel.blocks.at({254, 1}).limits.zoned = "none";
	kernel.blocks.at({254, 1}).limits.dax = true;
	BOOST_TEST(start(EOPNOTSUPP) ==
		   "filter start: /dev/vda1: can do DAX, which passes the block "
		   "layer by: it cannot be filtered");
	kernel.blocks.at({254, 1}).limits.dax = false;
	kernel.blocks.at({254, 1}).limits.uncounted = true;
	BOOST_TEST(start(EOPNOTSUPP) ==
		   "filter start: /dev/vda1: its I/O in flight is not counted: "
		   "echo 1 > /sys/block/vda/queue/iostats");
}

BOOST_FIXTURE_TEST_CASE(a_filter_over_another_device_is_told, FilterMachine)
{
	table({{0, 2048, "linear", "254:2 0 noexcl"}});
	BOOST_TEST(start(EXDEV) ==
		   "filter start: dm-noexcl: its target linear is over vda2 (254:2), not over "
		   "/dev/vda1: load a table over that device alone");
}

BOOST_FIXTURE_TEST_CASE(another_place_that_only_the_kernel_sees_is_told, FilterMachine)
{
	BOOST_TEST(start(EXDEV) ==
		   "filter start: dm-noexcl on /dev/vda1: the target of the upper is not over the "
		   "original from its first sector, with noexcl: see dmsetup table");
}

BOOST_FIXTURE_TEST_CASE(read_only_filter_is_told, FilterMachine)
{
	kernel.blocks.at({252, 0}).read_only = true;
	BOOST_TEST(start(EROFS) ==
		   "filter start: dm-noexcl: is read-only, and /dev/vda1 is not, which only a "
		   "verity filter may be: load its table without --readonly");
}

BOOST_FIXTURE_TEST_CASE(what_a_filter_may_be_is_no_reason, FilterMachine)
{
	const std::string generic =
		"filter start: dm-noexcl on /dev/vda1: the upper is read-only, and the original is "
		"not: load its table without --readonly";

	kernel.blocks.at({254, 1}).read_only = true;
	BOOST_TEST(start(EROFS) == generic);
	kernel.blocks.at({252, 0}).read_only = true;
	BOOST_TEST(start(EROFS) == generic);
	kernel.blocks.at({254, 1}).read_only = false;
	table({{0, 2048, "verity", "1 254:1 254:2 4096 4096 256 1 sha256 00 - noexcl:254:1"}});
	BOOST_TEST(start(EROFS) == generic);
	mode = Mode::remap;
	BOOST_TEST(start(EROFS) == "remap start: dm-noexcl: is read-only, and /dev/vda1 is not: "
				   "load its table without --readonly");
}

BOOST_FIXTURE_TEST_CASE(a_kernel_without_filters_is_told, FilterMachine)
{
	BOOST_TEST(start(EINVAL) ==
		   "filter start: dm-noexcl on /dev/vda1: the kernel does not understand the "
		   "request: use dmsetup remap start, or boot a kernel whose interposer has "
		   "filters");
}

BOOST_FIXTURE_TEST_CASE(every_errno_of_a_filter_has_its_own_sentence, FilterMachine)
{
	std::set<std::string> sentences;
	const std::vector<int> errnos = {EBUSY, ERANGE, EFBIG,  EOPNOTSUPP, ELOOP,  EXDEV,
					 EROFS, EMLINK, ENODEV, ENODATA,    EINVAL, E2BIG,
					 EPERM, ENOMEM, EINTR,  EIO};

	for (const int errnum : errnos) {
		const std::string sentence = start(errnum);

		BOOST_TEST(sentence.starts_with("filter start: dm-noexcl on /dev/vda1: "),
			   sentence);
		BOOST_TEST(sentence.find("remap start:") == std::string::npos);
		sentences.insert(sentence);
	}
	BOOST_TEST(sentences.size() == errnos.size());
}

BOOST_FIXTURE_TEST_CASE(a_filter_that_does_not_stop_is_told, FilterMachine)
{
	kernel.dms.at({252, 0}).info.suspended = true;
	BOOST_TEST(stop(EBUSY) == "filter stop: dm-noexcl: is suspended: resume it first: dmsetup "
				  "resume dm-noexcl");
	BOOST_TEST(stop(EINTR) ==
		   "filter stop: dm-noexcl: interrupted: it is still attached: stop it again");
	BOOST_TEST(stop(ENXIO) == "filter stop: dm-noexcl: the device is gone: dmsetup ls shows "
				  "those that are there");
}
