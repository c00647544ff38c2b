/* SPDX-License-Identifier: GPL-2.0-only */
/* From what the user wrote to devices. */
#define BOOST_TEST_MODULE resolve
#include <boost/test/unit_test.hpp>

#include "fake_kernel.h"
#include "resolve.h"
#include "support.h"

using namespace dmr;
using Kind = FileFacts::Kind;

namespace
{

struct Machine {
	FakeKernel kernel = FakeKernel::usual();

	std::string upper(const std::string &given)
	{
		return resolve_upper(kernel, "op", given).name;
	}
	std::string original(const std::string &given)
	{
		return to_string(resolve_original(kernel, "op", given).devno);
	}
	Thrown no_upper(const std::string &given)
	{
		return thrown_by([&] { resolve_upper(kernel, "op", given); });
	}
	Thrown no_original(const std::string &given)
	{
		return thrown_by([&] { resolve_original(kernel, "op", given); });
	}
};

} // namespace

BOOST_FIXTURE_TEST_CASE(upper_by_name, Machine)
{
	BOOST_TEST(upper("dm-second") == "dm-second");
}

BOOST_FIXTURE_TEST_CASE(upper_by_path, Machine)
{
	kernel.files["/dev/vg/lv"] = kernel.files.at("/dev/dm-1");
	BOOST_TEST(upper("/dev/mapper/dm-second") == "dm-second");
	BOOST_TEST(upper("/dev/dm-1") == "dm-second");
	BOOST_TEST(upper("/dev/vg/lv") == "dm-second");
}

BOOST_FIXTURE_TEST_CASE(upper_by_number, Machine)
{
	BOOST_TEST(upper("252:1") == "dm-second");
}

BOOST_FIXTURE_TEST_CASE(a_name_that_looks_like_a_number_is_a_name, Machine)
{
	kernel.add_dm({252, 7}, "252:1", 2048);
	BOOST_TEST(upper("252:1") == "252:1");
}

BOOST_FIXTURE_TEST_CASE(upper_in_dev_mapper_is_found_before_udev_made_its_node, Machine)
{
	kernel.files.erase("/dev/mapper/dm-second");
	BOOST_TEST(upper("/dev/mapper/dm-second") == "dm-second");
}

BOOST_FIXTURE_TEST_CASE(unknown_upper_is_named, Machine)
{
	for (const char *given : {"dm-third", "/dev/mapper/dm-third", "252:9"}) {
		const Thrown thrown = no_upper(given);

		BOOST_TEST(thrown.errnum == ENXIO);
		BOOST_TEST(thrown.sentence == "op: " + std::string(given) +
						      ": no such dm device: dmsetup ls shows those "
						      "that are there");
	}
	BOOST_TEST(no_upper("/dev/nothing").errnum == ENOENT);
	BOOST_TEST(no_upper("/dev/mapper/").errnum == ENXIO);
	BOOST_TEST(no_upper("").errnum == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(block_device_that_is_no_dm_device_is_no_upper, Machine)
{
	const Thrown thrown = no_upper("/dev/vda1");

	BOOST_TEST(thrown.errnum == ENXIO);
	BOOST_TEST(thrown.sentence == "op: /dev/vda1: is a block device, but not one of "
				      "device-mapper's: dmsetup ls shows those that are there");
}

BOOST_FIXTURE_TEST_CASE(original_by_path_and_by_number, Machine)
{
	kernel.files["/dev/disk/by-label/srv"] = kernel.files.at("/dev/vda2");
	BOOST_TEST(original("/dev/vda2") == "254:2");
	BOOST_TEST(original("/dev/disk/by-label/srv") == "254:2");
	BOOST_TEST(original("254:2") == "254:2");
	BOOST_TEST(resolve_original(kernel, "op", "254:2").facts.sectors == 2048u);
}

BOOST_FIXTURE_TEST_CASE(original_may_be_a_dm_device, Machine)
{
	BOOST_TEST(original("/dev/mapper/dm-second") == "252:1");
}

BOOST_FIXTURE_TEST_CASE(what_is_not_a_block_device_is_told_apart, Machine)
{
	kernel.files["/file"] = {Kind::regular, 0, {}};
	kernel.files["/directory"] = {Kind::directory, 0, {}};
	kernel.files["/dev/null"] = {Kind::character, 0, {}};
	kernel.files["/fifo"] = {Kind::other, 0, {}};
	kernel.files["/hidden"] = {Kind::inaccessible, EACCES, {}};

	BOOST_TEST(no_original("/file").sentence ==
		   "op: /file: is a regular file, not a block device: make it one with losetup "
		   "--find --show");
	BOOST_TEST(no_original("/directory").sentence ==
		   "op: /directory: is a directory, not a block device: give the device, findmnt "
		   "-T shows which");
	BOOST_TEST(no_original("/dev/null").sentence ==
		   "op: /dev/null: is a character device, not a block device");
	BOOST_TEST(no_original("/fifo").sentence == "op: /fifo: is not a block device");
	BOOST_TEST(no_original("/hidden").sentence ==
		   "op: /hidden: cannot be reached: Permission denied");
	BOOST_TEST(no_original("/file").errnum == ENOTBLK);
	BOOST_TEST(no_original("/directory").errnum == ENOTBLK);
	BOOST_TEST(no_original("/dev/null").errnum == ENOTBLK);
	BOOST_TEST(no_original("/fifo").errnum == ENOTBLK);
	BOOST_TEST(no_original("/hidden").errnum == EACCES);
}

BOOST_FIXTURE_TEST_CASE(missing_original_is_named, Machine)
{
	BOOST_TEST(no_original("/dev/vdz").errnum == ENOENT);
	BOOST_TEST(no_original("/dev/vdz").sentence ==
		   "op: /dev/vdz: no such file or device: lsblk shows the block devices");
	BOOST_TEST(no_original("254:9").errnum == ENXIO);
	BOOST_TEST(no_original("254:9").sentence == "op: 254:9: there is no block device with the "
						    "number 254:9: lsblk shows the block devices");
	BOOST_TEST(no_original("").errnum == EINVAL);
}

BOOST_FIXTURE_TEST_CASE(a_kernel_name_without_dev_gets_a_hint, Machine)
{
	BOOST_TEST(no_original("vda1").sentence ==
		   "op: vda1: no such file: do you mean /dev/vda1?");
}
