/* SPDX-License-Identifier: GPL-2.0-only */
/* libdevmapper's 1 and 0, and its log. */
#define BOOST_TEST_MODULE dm_task
#include <boost/test/unit_test.hpp>

#include <iostream>

#include "dm/log.h"
#include "dm/task.h"
#include "support.h"

BOOST_AUTO_TEST_CASE(one_is_success)
{
	BOOST_TEST(thrown_by([] { dmr::check(1, EINVAL, "op"); }).errnum == 0);
}

BOOST_AUTO_TEST_CASE(zero_is_failure)
{
	const Thrown thrown = thrown_by([] { dmr::check(0, EINVAL, "op"); });

	BOOST_TEST(thrown.errnum == EINVAL);
	BOOST_TEST(thrown.sentence == "op: Invalid argument");
}

BOOST_AUTO_TEST_CASE(lack_of_privilege_is_one_error_with_advice)
{
	for (const int errnum : {EPERM, EACCES}) {
		const Thrown thrown = thrown_by([&] { dmr::check(0, errnum, "op"); });

		BOOST_TEST(thrown.errnum == EPERM);
		BOOST_TEST(thrown.sentence ==
			   "op: not permitted: run it as root (it needs CAP_SYS_ADMIN)");
	}
}

/* libdevmapper makes no task where it finds no driver. */
boost::test_tools::assertion_result driver_is_there(boost::unit_test::test_unit_id)
{
	char version[64];

	if (dm_driver_version(version, sizeof(version)))
		return true;
	std::cout << "skipped: no device-mapper here, or no access to it" << std::endl;
	return false;
}

BOOST_AUTO_TEST_CASE(a_task_takes_name_number_and_message,
		     *boost::unit_test::precondition(driver_is_there))
{
	dmr::DmTask named(DM_DEVICE_INFO, "info");
	BOOST_TEST(thrown_by([&] { named.set_name("dm-a"); }).errnum == 0);
	BOOST_TEST(thrown_by([&] { named.set_name(std::string(500, 'x')); }).errnum == EINVAL);

	dmr::DmTask numbered(DM_DEVICE_TARGET_MSG, "message");
	BOOST_TEST(thrown_by([&] {
			   numbered.set_devno({252, 0});
			   numbered.set_message("@interpose_status");
		   }).errnum == 0);

	dmr::DmTask asking(DM_DEVICE_STATUS, "status");
	BOOST_TEST(thrown_by([&] { asking.set_no_flush(); }).errnum == 0);
}

BOOST_AUTO_TEST_CASE(libdevmapper_speaks_to_the_log_that_took_it)
{
	std::vector<std::string> lines;
	dmr::Log log;
	dmr::Log other;

	log.set_sink([&](dmr::LogLevel level, const std::string &line) {
		lines.push_back(std::to_string(static_cast<int>(level)) + " " + line);
	});
	dmr::take_devmapper_log(&log);
	dmr::release_devmapper_log(&other); /* not its to give back */
	BOOST_TEST(dm_set_dev_dir("relative") == 0);
	dmr::release_devmapper_log(&log);
	BOOST_REQUIRE(lines.size() == 1u);
	BOOST_TEST(lines[0].starts_with("3 libdevmapper: "));
	BOOST_TEST((lines[0].find("relative") != std::string::npos));
}
