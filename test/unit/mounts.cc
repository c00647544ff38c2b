/* SPDX-License-Identifier: GPL-2.0-only */
/* Mounts and swap space, from recorded files of a kernel. */
#define BOOST_TEST_MODULE mounts
#include <boost/test/unit_test.hpp>

#include <csignal>

#include "mounts.h"
#include "support.h"
#include "text.h"

using namespace dmr;

namespace
{

const char kMountinfo[] =
	"22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
	"23 22 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw\n"
	"29 22 0:25 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw\n"
	"95 22 254:2 / /srv/with\\040blank rw,relatime shared:50 - xfs /dev/vda2 rw,attr2\n"
	"96 22 254:2 /sub /mnt/bind rw,relatime shared:50 - xfs /dev/vda2 rw,attr2\n"
	"97 22 0:44 / /btrfs rw,relatime shared:51 - btrfs /dev/does-not-exist rw,space_cache\n";

} // namespace

BOOST_AUTO_TEST_CASE(mounts_on_block_devices_are_listed)
{
	TemporaryDirectory directory;
	const auto mounts = read_mounts(directory.write("mountinfo", kMountinfo));

	BOOST_REQUIRE(mounts.size() == 3u);
	BOOST_TEST(mounts[0].directory == "/");
	BOOST_TEST(mounts[0].type == "ext4");
	BOOST_TEST(to_string(mounts[0].devno) == "254:1");
	BOOST_TEST(mounts[1].directory == "/srv/with blank");
	BOOST_TEST(mounts[1].type == "xfs");
	BOOST_TEST(to_string(mounts[1].devno) == "254:2");
	BOOST_TEST(mounts[2].directory == "/mnt/bind");
}

BOOST_AUTO_TEST_CASE(a_missing_mountinfo_is_an_error)
{
	const Thrown thrown = thrown_by([] { read_mounts("/nowhere/mountinfo"); });

	BOOST_TEST(thrown.errnum == ENOENT);
	BOOST_TEST(thrown.sentence ==
		   "/nowhere/mountinfo: cannot be read: No such file or directory");
}

BOOST_AUTO_TEST_CASE(own_mountinfo_can_be_read)
{
	BOOST_CHECK_NO_THROW(read_mounts());
	BOOST_CHECK_NO_THROW(read_swaps());
}

BOOST_AUTO_TEST_CASE(swap_files_are_no_swap_devices)
{
	TemporaryDirectory directory;
	const std::string file = directory.write("swapfile", "");
	const auto swaps = read_swaps(directory.write(
		"swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" + file +
				 "                               file\t\t1048572\t0\t-2\n"));

	BOOST_TEST(swaps.empty());
}

BOOST_AUTO_TEST_CASE(a_kernel_without_swap_has_none)
{
	BOOST_TEST(read_swaps("/nowhere/swaps").empty());
}

BOOST_AUTO_TEST_CASE(a_file_system_is_written_out)
{
	TemporaryDirectory directory;

	BOOST_TEST(thrown_by([&] { sync_file_system(directory.path("")); }).sentence == "");
}

BOOST_AUTO_TEST_CASE(a_file_system_is_written_out_for_a_program_that_ignores_its_children)
{
	TemporaryDirectory directory;

	std::signal(SIGCHLD, SIG_IGN);
	BOOST_TEST(thrown_by([&] { sync_file_system(directory.path("")); }).sentence == "");
	std::signal(SIGCHLD, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_mount_point_that_is_gone_is_an_error)
{
	const Thrown thrown = thrown_by([] { sync_file_system("/nowhere"); });

	BOOST_TEST(thrown.errnum == ENOENT);
	BOOST_TEST(thrown.sentence == "/nowhere: cannot be written out before the start: No such "
				      "file or directory");
}
