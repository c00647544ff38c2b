/* SPDX-License-Identifier: GPL-2.0-only */
/* Start: what is checked before, what is sent, and in which order. */
#define BOOST_TEST_MODULE start
#include <boost/test/unit_test.hpp>

#include "fake_kernel.h"
#include "remapper.h"
#include "support.h"

using namespace dmr;
using Done = std::vector<std::string>;

namespace
{

struct Machine {
	FakeKernel kernel = FakeKernel::usual();
	Log log;
	Remapper remapper{kernel, log};
	std::vector<std::string> lines;
	Mode mode = Mode::remap;

	Machine()
	{
		log.set_sink([this](LogLevel level, const std::string &line) {
			lines.push_back(std::to_string(static_cast<int>(level)) + " " + line);
		});
	}

	Thrown start(const std::vector<PairNames> &names, bool nolockfs = false)
	{
		return thrown_by([&] { remapper.start(mode, names, nolockfs); });
	}

	/* The start is refused, and nothing was sent to the kernel. */
	void refused(const std::vector<PairNames> &names, int errnum, const std::string &sentence)
	{
		const Thrown thrown = start(names);

		BOOST_TEST(thrown.errnum == errnum);
		BOOST_TEST(thrown.sentence == word_of(mode) + " start: " + sentence);
		BOOST_TEST(kernel.done == Done(), boost::test_tools::per_element());
	}
};

const std::vector<PairNames> kPair = {{"dm-noexcl", "/dev/vda1"}};

} // namespace

BOOST_FIXTURE_TEST_CASE(one_pair_is_one_message_to_the_upper, Machine)
{
	BOOST_TEST(start(kPair).sentence == "");
	BOOST_TEST(kernel.done == Done({"message 252:0 @interpose_start remap 254:1"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(several_pairs_are_one_message_to_the_first_upper, Machine)
{
	BOOST_TEST(start({{"dm-noexcl", "/dev/vda1"}, {"dm-second", "/dev/vda2"}}).sentence == "");
	BOOST_TEST(kernel.done ==
			   Done({"message 252:0 @interpose_start remap 254:1 and 252:1 254:2"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(nolockfs_comes_before_the_further_pairs, Machine)
{
	start({{"dm-noexcl", "/dev/vda1"}, {"dm-second", "/dev/vda2"}}, true);
	BOOST_TEST(
		kernel.done ==
			Done({"message 252:0 @interpose_start remap 254:1 nolockfs and 252:1 254:2"}),
		boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(file_systems_of_all_originals_are_written_out_first, Machine)
{
	kernel.mounted = {{"/", "ext4", {8, 1}},
			  {"/srv", "ext4", {254, 1}},
			  {"/srv/bind", "ext4", {254, 1}},
			  {"/home", "xfs", {254, 2}}};
	start({{"dm-noexcl", "/dev/vda1"}, {"dm-second", "/dev/vda2"}});
	BOOST_TEST(kernel.done ==
			   Done({"sync /srv", "sync /home",
				 "message 252:0 @interpose_start remap 254:1 and 252:1 254:2"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(file_systems_on_partitions_of_a_whole_disk_are_written_out, Machine)
{
	kernel.add_dm({252, 2}, "dm-disk", 8192);
	kernel.mounted = {{"/srv", "ext4", {254, 1}}, {"/home", "xfs", {254, 2}}};
	start({{"dm-disk", "/dev/vda"}});
	BOOST_TEST(kernel.done == Done({"sync /srv", "sync /home",
					"message 252:2 @interpose_start remap 254:0"}),
		   boost::test_tools::per_element());
}

/* The upper that is there may be suspended, and then nothing would be written out, ever. */
BOOST_FIXTURE_TEST_CASE(nothing_is_written_out_through_another_upper, Machine)
{
	kernel.mounted = {{"/srv", "ext4", {254, 1}}, {"/home", "xfs", {254, 2}}};
	kernel.attach({252, 1}, {254, 2});
	const std::string there = "/dev/vda2: dm-second is already attached to it: stop that "
				  "first: dmsetup remap stop dm-second";
	kernel.add_dm({252, 2}, "dm-third", 2048);
	refused({{"dm-third", "/dev/vda2"}}, EBUSY, there);
	refused({{"dm-noexcl", "/dev/vda1"}, {"dm-third", "/dev/vda2"}}, EBUSY, there);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_written_out_when_nothing_is_frozen, Machine)
{
	kernel.mounted = {{"/srv", "ext4", {254, 1}}};
	start(kPair, true);
	BOOST_TEST(kernel.done == Done({"message 252:0 @interpose_start remap 254:1 nolockfs"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_failed_write_out_is_a_warning_and_no_more, Machine)
{
	kernel.mounted = {{"/srv", "ext4", {254, 1}}};
	kernel.sync_errno = EIO;
	BOOST_TEST(start(kPair).sentence == "");
	BOOST_TEST(kernel.done.back() == "message 252:0 @interpose_start remap 254:1");
	BOOST_TEST(std::count(lines.begin(), lines.end(), "1 fake: Input/output error") == 1);
}

BOOST_FIXTURE_TEST_CASE(steps_are_told, Machine)
{
	kernel.mounted = {{"/srv", "ext4", {254, 1}}};
	kernel.swapped = {{254, 2}};
	start(kPair);
	BOOST_TEST(lines == Done({"2 dm-noexcl (252:0) goes to vda1 (254:1): ext4 mounted on /srv",
				  "2 writing out the ext4 file system on /srv",
				  "2 sending to dm-noexcl: @interpose_start remap 254:1",
				  "2 attached: dm-noexcl on /dev/vda1"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(swap_space_is_no_obstacle, Machine)
{
	kernel.swapped = {{254, 1}};
	kernel.on_device["vda1"] = {"swap"};
	BOOST_TEST(start(kPair).sentence == "");
	BOOST_TEST(lines.front() == "2 dm-noexcl (252:0) goes to vda1 (254:1): swap space");
}

BOOST_FIXTURE_TEST_CASE(not_root_is_told, Machine)
{
	kernel.is_available = Availability::not_permitted;
	refused(kPair, EPERM, "not permitted: run it as root (it needs CAP_SYS_ADMIN)");
}

BOOST_FIXTURE_TEST_CASE(missing_device_mapper_is_told, Machine)
{
	kernel.is_available = Availability::missing;
	refused(kPair, ENOSYS,
		"this kernel has no device-mapper: load it with modprobe dm_mod, or boot a kernel "
		"that is built with CONFIG_BLK_DEV_DM");
}

BOOST_FIXTURE_TEST_CASE(missing_interposer_is_told, Machine)
{
	kernel.patched = false;
	refused(kPair, ENOSYS,
		"dm-noexcl: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel that is built with "
		"CONFIG_DM_INTERPOSE");
}

BOOST_FIXTURE_TEST_CASE(upper_as_its_own_original_is_refused, Machine)
{
	refused({{"dm-noexcl", "/dev/dm-0"}}, ELOOP,
		"dm-noexcl: is its own original: give the device below it");
}

BOOST_FIXTURE_TEST_CASE(upper_without_live_table_is_refused, Machine)
{
	kernel.dms.at({252, 0}).info.live_table = false;
	refused(kPair, ENODATA,
		"dm-noexcl: has no live table: load one and resume it first: dmsetup resume "
		"dm-noexcl");
}

BOOST_FIXTURE_TEST_CASE(smaller_upper_is_refused, Machine)
{
	kernel.blocks.at({252, 0}).sectors = 2047;
	refused(kPair, ERANGE,
		"dm-noexcl: has 2047 sectors, fewer than the 2048 of /dev/vda1: load a table of the "
		"same length (blockdev --getsz)");
}

BOOST_FIXTURE_TEST_CASE(larger_upper_is_refused, Machine)
{
	kernel.blocks.at({252, 0}).sectors = 2049;
	refused(kPair, EFBIG,
		"dm-noexcl: has 2049 sectors, more than the 2048 of /dev/vda1: load a table of the "
		"same length (blockdev --getsz)");
}

BOOST_FIXTURE_TEST_CASE(pair_given_twice_is_refused, Machine)
{
	refused({{"dm-noexcl", "/dev/vda1"}, {"/dev/dm-0", "254:1"}}, EINVAL,
		"dm-noexcl on 254:1: the pair is given twice: give it once");
}

BOOST_FIXTURE_TEST_CASE(upper_given_twice_is_refused, Machine)
{
	refused({{"dm-noexcl", "/dev/vda1"}, {"dm-noexcl", "/dev/vda2"}}, EINVAL,
		"dm-noexcl: is given twice: one dm device can be attached to one original only");
}

BOOST_FIXTURE_TEST_CASE(original_given_twice_is_refused, Machine)
{
	refused({{"dm-noexcl", "/dev/vda1"}, {"dm-second", "254:1"}}, EINVAL,
		"254:1: is given twice (vda1 (254:1)): only one dm device can be attached to it");
}

BOOST_FIXTURE_TEST_CASE(an_error_in_the_last_pair_sends_nothing, Machine)
{
	refused({{"dm-noexcl", "/dev/vda1"}, {"dm-second", "/dev/vdz"}}, ENOENT,
		"/dev/vdz: no such file or device: lsblk shows the block devices");
}

BOOST_FIXTURE_TEST_CASE(lvm_physical_volume_is_refused, Machine)
{
	kernel.on_device["vda1"] = {"LVM2_member"};
	refused(kPair, EBUSY,
		"/dev/vda1: is a physical volume of LVM: remap the logical volumes, or the disk below");
}

BOOST_FIXTURE_TEST_CASE(md_member_is_refused, Machine)
{
	kernel.on_device["vda1"] = {"linux_raid_member"};
	refused(kPair, EBUSY, "/dev/vda1: is a member of an md array: remap the array");
}

BOOST_FIXTURE_TEST_CASE(zfs_member_is_refused, Machine)
{
	kernel.on_device["vda1"] = {"zfs_member"};
	refused(kPair, EBUSY,
		"/dev/vda1: is a member of a ZFS pool, which spans devices: it cannot be remapped");
}

BOOST_FIXTURE_TEST_CASE(btrfs_on_several_devices_is_refused, Machine)
{
	kernel.on_device["vda1"] = {"btrfs", 3};
	refused(kPair, EBUSY,
		"/dev/vda1: is one of 3 devices of a btrfs file system: only one on a single device "
		"can be remapped");
}

BOOST_FIXTURE_TEST_CASE(btrfs_on_one_device_is_fine, Machine)
{
	kernel.on_device["vda1"] = {"btrfs", 1};
	BOOST_TEST(start(kPair).sentence == "");
}

BOOST_FIXTURE_TEST_CASE(unreadable_original_is_refused, Machine)
{
	kernel.contents_errno = EIO;
	refused(kPair, EIO, "/dev/vda1: what is on it cannot be read: Input/output error");
}

BOOST_FIXTURE_TEST_CASE(crypt_over_plain_data_is_refused, Machine)
{
	const std::string tail =
		" would read the ext4 on /dev/vda1 as noise, for it is not "
		"encrypted: encrypt it first, unmounted, with cryptsetup reencrypt "
		"--encrypt";
	auto &table = kernel.dms.at({252, 0}).table;
	auto &below = kernel.dms.at({252, 1}).table;

	kernel.on_device["vda1"] = {"ext4"};
	table = {{0, 2048, "crypt", "aes-xts-plain64 00ff 0 254:1 0 1 allow_discards noexcl"}};
	refused(kPair, EINVAL, "dm-noexcl: its target crypt" + tail);
	BOOST_TEST(start(kPair, true).errnum == EINVAL);
	/* Over another dm device, or below one. */
	table = {{0, 2048, "crypt", "capi:cbc(aes)-plain :32:logon:k 0 252:1 0"}};
	refused(kPair, EINVAL, "dm-noexcl: its target crypt" + tail);
	below = table;
	below.front().params = "aes-xts-plain64 00ff 0 254:1 0 noexcl";
	table = {{0, 1024, "flakey", "252:1 0 0 10"}, {1024, 1024, "error", ""}};
	refused(kPair, EINVAL, "dm-noexcl: the target crypt of dm-second, below it," + tail);
	kernel.on_device["vda1"] = {"swap"};
	BOOST_TEST(start(kPair).errnum == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(crypt_that_makes_no_noise_is_fine, Machine)
{
	auto &table = kernel.dms.at({252, 0}).table;
	const std::string aes = "aes-xts-plain64 00ff 0 254:1 0 noexcl";

	for (const char *type : {"", "crypto_LUKS", "BitLocker"}) {
		kernel.on_device["vda1"] = {type};
		table = {{0, 2048, "crypt", aes}};
		BOOST_TEST(start(kPair).sentence == "", type);
	}
	kernel.on_device["vda1"] = {"ext4"};
	for (const char *cipher : {"cipher_null-ecb", "capi:ecb(cipher_null)-plain"}) {
		table.front().params = std::string(cipher) + " - 0 254:1 0 noexcl";
		BOOST_TEST(start(kPair).sentence == "", cipher);
	}
	/* Of another device, with a line that is none, in a circle, without any table below. */
	for (const char *params : {"aes-xts-plain64 00ff 0 254:2 0", "aes-xts-plain64 00ff 0", "",
				   "aes-xts-plain64 00ff 0 252:0 0", "aes 00ff 0 252:1 0"}) {
		kernel.dms.at({252, 1}).table = {};
		table.front().params = params;
		BOOST_TEST(start(kPair).sentence == "", params);
	}
}

namespace
{

/* dm-noexcl over vda1, which is mounted. */
struct Early : Machine {
	FakeKernel::Dm &upper = kernel.dms.at({252, 0});
	FakeKernel::Dm &below = kernel.dms.at({252, 1});

	Early()
	{
		kernel.in_use = {"vda1"};
		upper.deps = below.deps = {{254, 1}};
		kernel.add_block({254, 16}, "vdb", 8192);
	}

	static void set(FakeKernel::Dm &dm, const std::string &type, const std::string &table,
			const std::string &status = "")
	{
		dm.table = {{0, 2048, type, table}};
		dm.target_status = {{0, 2048, type, status}};
	}

	/* After the upper's name; "" when it may start. */
	std::string reason()
	{
		const std::string head = "remap start: dm-noexcl: ";
		const Thrown thrown = start(kPair);

		BOOST_TEST(kernel.done.empty() == (thrown.errnum != 0));
		kernel.done.clear();
		if (thrown.errnum == 0)
			return "";
		BOOST_TEST(thrown.errnum == EBUSY);
		BOOST_REQUIRE(thrown.sentence.starts_with(head));
		return thrown.sentence.substr(head.size());
	}

	std::string reason(const std::string &type, const std::string &table,
			   const std::string &status = "")
	{
		set(upper, type, table, status);
		return reason();
	}
};

const std::string kOutOfDate =
	" /dev/vda1 while others wrote there, and is out of date: load dm-noexcl with a linear table "
	"first, start, and load the ";
const std::string kMirror = "core 1 512 2 254:1 0 254:16 0 1 handle_errors noexcl:254:1";
const std::string kCache = "7:0 7:1 254:1 128 1 passthrough smq 0 noexcl:254:1";
const std::string kClone = "7:0 254:16 254:1 8 1 no_hydration noexcl:254:1";

} // namespace

BOOST_FIXTURE_TEST_CASE(what_has_copied_from_an_original_in_use_is_refused, Early)
{
	const std::string raid = "raid1 3 0 rebuild 1 2 7:0 254:1 7:1 254:16 noexcl:254:1";
	const std::string integrity = "254:1 0 4 B 2 meta_device:7:0 internal_hash:crc32c "
				      "noexcl:254:1";

	BOOST_TEST(reason("mirror", kMirror) ==
		   "its mirror has copied from" + kOutOfDate + "mirror then");
	BOOST_TEST(reason("raid", raid) == "its raid has copied from" + kOutOfDate + "raid then");
	BOOST_TEST(reason("integrity", integrity) ==
		   "its integrity target has tags of" + kOutOfDate + "integrity target then");
	kernel.in_use = {"vda2"};
	BOOST_TEST(reason("mirror", kMirror) == "");
	BOOST_TEST(reason("raid", raid) == "");
	BOOST_TEST(reason("integrity", integrity) == "");
}

BOOST_FIXTURE_TEST_CASE(a_cache_may_start_as_long_as_it_has_nothing, Early)
{
	const std::string why = "its cache may have kept blocks of" + kOutOfDate + "cache then";
	const std::string tail =
		" 21 6 14 9 0 0 0 1 passthrough 2 migration_threshold 2048 smq 0 rw - ";

	BOOST_TEST(reason("cache", "7:0 7:1 254:1 128 1 writethrough smq 0",
			  "8 24/1024 128 0/512" + tail) == why);
	BOOST_TEST(reason("cache", kCache, "8 24/1024 128 0/512" + tail) == "");
	BOOST_TEST(reason("cache", kCache, "8 24/1024 128 1/512" + tail) == why);
	for (const char *bad : {"", "Fail", "8 24/1024 128", "8 24/1024 128 x/512 1", "0 0 0 0"})
		BOOST_TEST(reason("cache", kCache, bad) == why, bad);
	kernel.dm_status_errno = ENXIO;
	BOOST_TEST(reason("cache", kCache, "8 24/1024 128 0/512" + tail) == why);
}

BOOST_FIXTURE_TEST_CASE(a_clone_may_start_as_long_as_it_copies_nothing, Early)
{
	const std::string why = "its clone has copied from" + kOutOfDate + "clone then";

	BOOST_TEST(reason("clone", kClone, "8 24/1024 8 0/256 0 1 no_hydration 0 rw") == "");
	BOOST_TEST(reason("clone", kClone, "8 24/1024 8 1/256 0 1 no_hydration 0 rw") == why);
	BOOST_TEST(reason("clone", kClone, "8 24/1024 8 0/256 1 1 no_hydration 0 rw") == why);
	/* The message enable_hydration. */
	BOOST_TEST(reason("clone", kClone, "8 24/1024 8 0/256 0 0 0 rw") == why);
	for (const char *bad : {"", "Fail", "8 24/1024 8 0/256", "8 24/1024 8 0 0 1 no_hydration"})
		BOOST_TEST(reason("clone", kClone, bad) == why, bad);
}

BOOST_FIXTURE_TEST_CASE(what_has_copied_below_the_upper_is_refused_too, Early)
{
	const std::string why =
		"the mirror of dm-second, below it, has copied from /dev/vda1 while others wrote "
		"there, and is out of date: load dm-second with a linear table first, start, and "
		"load the mirror then";

	upper.deps = {{252, 1}};
	set(upper, "linear", "252:1 0");
	set(below, "mirror", kMirror);
	BOOST_TEST(reason() == why);
	/* The upper's own leads there by another device. */
	set(below, "linear", "254:1 0 noexcl");
	BOOST_TEST(reason("mirror", "core 1 512 2 252:1 0 254:16 0") ==
		   "its mirror has copied from" + kOutOfDate + "mirror then");
	/* A mirror of other devices has not copied from it. */
	upper.deps = {{254, 16}, {254, 1}};
	BOOST_TEST(reason("mirror", "core 1 512 2 254:16 0 254:32 0") == "");
	/* In a circle. */
	upper.deps = {{252, 1}, {252, 0}};
	below.deps = {{252, 0}};
	BOOST_TEST(reason("linear", "252:1 0") == "");
}

BOOST_FIXTURE_TEST_CASE(the_other_targets_may_start_over_an_original_in_use, Early)
{
	for (const char *type : {"linear", "snapshot-origin", "snapshot", "thin", "era", "delay",
				 "dust", "writecache", "log-writes", "switch", "zero", "error"})
		BOOST_TEST(reason(type, "254:1 0 noexcl") == "", type);
	BOOST_TEST(kernel.asked_status.empty());
}

BOOST_FIXTURE_TEST_CASE(force_starts_what_is_out_of_date_and_what_is_noise, Early)
{
	set(upper, "mirror", kMirror);
	BOOST_TEST(thrown_by([&] { remapper.start(mode, kPair, false, true); }).errnum == 0);
	kernel.on_device["vda1"] = {"ext4"};
	set(upper, "crypt", "aes-xts-plain64 00ff 0 254:1 0 noexcl");
	BOOST_TEST(start(kPair).errnum == EINVAL);
	BOOST_TEST(thrown_by([&] { remapper.start(mode, kPair, false, true); }).errnum == 0);
}

struct FilterMachine : Machine {
	FilterMachine() { mode = Mode::filter; }
};

BOOST_FIXTURE_TEST_CASE(a_filter_is_the_same_message_with_its_own_word, FilterMachine)
{
	kernel.mounted = {{"/srv", "ext4", {254, 1}}};
	BOOST_TEST(start({{"dm-noexcl", "/dev/vda1"}, {"dm-second", "/dev/vda2"}}).sentence == "");
	BOOST_TEST(kernel.done ==
			   Done({"sync /srv",
				 "message 252:0 @interpose_start filter 254:1 and 252:1 254:2"}),
		   boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_filter_takes_nolockfs, FilterMachine)
{
	start(kPair, true);
	BOOST_TEST(kernel.done == Done({"message 252:0 @interpose_start filter 254:1 nolockfs"}),
		   boost::test_tools::per_element());
}

/* Each sentence names the command that was given. */
BOOST_FIXTURE_TEST_CASE(what_is_refused_for_a_filter_says_so, FilterMachine)
{
	refused({{"dm-noexcl", "/dev/vdz"}}, ENOENT,
		"/dev/vdz: no such file or device: lsblk shows the block devices");
	refused({{"dm-third", "/dev/vda1"}}, ENXIO,
		"dm-third: no such dm device: dmsetup ls shows those that are there");
	refused({{"dm-noexcl", "/dev/dm-0"}}, ELOOP,
		"dm-noexcl: is its own original: give the device below it");
	refused({{"dm-noexcl", "/dev/vda1"}, {"/dev/dm-0", "254:1"}}, EINVAL,
		"dm-noexcl on 254:1: the pair is given twice: give it once");
	refused({{"dm-noexcl", "/dev/vda1"}, {"dm-noexcl", "/dev/vda2"}}, EINVAL,
		"dm-noexcl: is given twice: one dm device can be attached to one original only");
	refused({{"dm-noexcl", "/dev/vda1"}, {"dm-second", "254:1"}}, EINVAL,
		"254:1: is given twice (vda1 (254:1)): only one dm device can be attached to it");
	kernel.blocks.at({252, 0}).sectors = 2049;
	refused(kPair, EFBIG,
		"dm-noexcl: has 2049 sectors, more than the 2048 of /dev/vda1: load a table of the "
		"same length (blockdev --getsz)");
	kernel.dms.at({252, 0}).info.live_table = false;
	refused(kPair, ENODATA,
		"dm-noexcl: has no live table: load one and resume it first: dmsetup resume "
		"dm-noexcl");
	kernel.dms.at({252, 0}).info.live_table = true;
	kernel.patched = false;
	refused(kPair, ENOSYS,
		"dm-noexcl: this kernel has no interposer: install the module dm-interpose for it (package dm-interpose-dkms), or boot a kernel that is built with "
		"CONFIG_DM_INTERPOSE");
	kernel.is_available = Availability::not_permitted;
	refused(kPair, EPERM, "not permitted: run it as root (it needs CAP_SYS_ADMIN)");
}

BOOST_FIXTURE_TEST_CASE(a_filter_of_crypt_is_left_to_the_kernel, FilterMachine)
{
	kernel.on_device["vda1"] = {"ext4"};
	kernel.dms.at({252, 0}).table = {
		{0, 2048, "crypt", "aes-xts-plain64 00ff 0 254:1 0 noexcl"}};
	BOOST_TEST(start(kPair).sentence == "");
}

BOOST_FIXTURE_TEST_CASE(a_filter_of_a_member_is_refused, FilterMachine)
{
	kernel.on_device["vda1"] = {"LVM2_member"};
	refused(kPair, EBUSY,
		"/dev/vda1: is a physical volume of LVM: filter the logical volumes, or the disk "
		"below");
	kernel.on_device["vda1"] = {"linux_raid_member"};
	refused(kPair, EBUSY, "/dev/vda1: is a member of an md array: filter the array");
	kernel.on_device["vda1"] = {"zfs_member"};
	refused(kPair, EBUSY,
		"/dev/vda1: is a member of a ZFS pool, which spans devices: it cannot be filtered");
	kernel.on_device["vda1"] = {"btrfs", 2};
	refused(kPair, EBUSY,
		"/dev/vda1: is one of 2 devices of a btrfs file system: only one on a single device "
		"can be filtered");
}
