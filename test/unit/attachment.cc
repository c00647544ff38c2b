/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer to @interpose_status. */
#define BOOST_TEST_MODULE attachment
#include <boost/test/unit_test.hpp>

#include "attachment.h"
#include "fake_kernel.h"
#include "support.h"

using namespace dmr;

BOOST_AUTO_TEST_CASE(all_fields_are_read)
{
	const auto a = parse_attachment("remap 254:1 nolockfs,gone 12 96 3 24 7 7012");

	BOOST_REQUIRE(a.has_value());
	BOOST_TEST(a->mode == "remap");
	BOOST_TEST(to_string(a->original) == "254:1");
	BOOST_TEST(a->flags == "nolockfs,gone");
	BOOST_TEST(a->reads == 12u);
	BOOST_TEST(a->read_sectors == 96u);
	BOOST_TEST(a->writes == 3u);
	BOOST_TEST(a->write_sectors == 24u);
	BOOST_TEST(a->held == 7u);
	BOOST_TEST((a->since == 7012u));
}

BOOST_AUTO_TEST_CASE(fields_of_later_kernels_are_ignored)
{
	const auto a = parse_attachment("filter 8:16 - 1 2 3 4 5 6 7 later=1");

	BOOST_REQUIRE(a.has_value());
	BOOST_TEST(a->mode == "filter");
	BOOST_TEST(a->held == 5u);
}

BOOST_AUTO_TEST_CASE(older_kernels_do_not_tell_since_when)
{
	const auto a = parse_attachment("filter 8:16 - 1 2 3 4 5");

	BOOST_REQUIRE(a.has_value());
	BOOST_TEST((a->since == std::nullopt));
}

BOOST_AUTO_TEST_CASE(gone_is_one_of_the_flags)
{
	for (const char *flags : {"gone", "nolockfs,gone", "gone,nolockfs", "a,gone,b"})
		BOOST_TEST(is_gone({"remap", {254, 1}, flags, 0, 0, 0, 0, 0, {}}), flags);
	for (const char *flags : {"", "-", "nolockfs", "bygone", "gone1,a", "nolockfs,gonex", ","})
		BOOST_TEST(!is_gone({"remap", {254, 1}, flags, 0, 0, 0, 0, 0, {}}), flags);
}

BOOST_AUTO_TEST_CASE(malformed_lines_are_none)
{
	for (const char *line : {
		     "",
		     "remap",
		     "remap 254:1",
		     "remap 254:1 -",
		     "remap 254:1 - 1 2 3 4",
		     "remap 254 - 1 2 3 4 5",
		     "remap vda1 - 1 2 3 4 5",
		     "remap 254:1 - x 2 3 4 5",
		     "remap 254:1 - 1 -2 3 4 5",
		     "remap 254:1 - 1 2 3.0 4 5",
		     "remap 254:1 - 1 2 3 18446744073709551616 5",
		     "remap 254:1 - 1 2 3 4 0x5",
		     "254:1 remap - 1 2 3 4 5",
		     "remap 254:1 1 2 3 4 5",
	     })
		BOOST_TEST(!parse_attachment(line), line);
}

BOOST_AUTO_TEST_CASE(empty_answer_means_nothing_attached)
{
	FakeKernel kernel = FakeKernel::usual();

	BOOST_TEST(attachments_of(kernel, "remap status", {"dm-noexcl", {252, 0}}).empty());
}

BOOST_AUTO_TEST_CASE(each_line_is_an_attachment)
{
	FakeKernel kernel = FakeKernel::usual();

	kernel.dms.at({252, 0}).status = "remap 254:1 - 1 2 3 4 5\nremap 254:2 - 6 7 8 9 0\n";
	const auto all = attachments_of(kernel, "remap status", {"dm-noexcl", {252, 0}});
	BOOST_REQUIRE(all.size() == 2u);
	BOOST_TEST(all[0].reads == 1u);
	BOOST_TEST(to_string(all[1].original) == "254:2");
}

BOOST_AUTO_TEST_CASE(answer_not_understood_is_an_error_that_quotes_it)
{
	FakeKernel kernel = FakeKernel::usual();

	kernel.dms.at({252, 0}).status = "remap at the \x01moment\n";
	const Thrown thrown = thrown_by([&] {
		attachments_of(kernel, "remap status", {"dm-noexcl", {252, 0}});
	});
	BOOST_TEST(thrown.errnum == EPROTO);
	BOOST_TEST(thrown.sentence ==
		   "remap status: dm-noexcl: the kernel's answer is not understood: 'remap at the "
		   "\\x01moment': use the library that belongs to this kernel");
}

BOOST_AUTO_TEST_CASE(all_dm_devices_are_asked)
{
	FakeKernel kernel = FakeKernel::usual();

	kernel.attach({252, 1}, {254, 2});
	const auto all = all_attachments(kernel, "remap status");
	BOOST_REQUIRE(all.size() == 1u);
	BOOST_TEST(all[0].upper.name == "dm-second");
	BOOST_TEST(to_string(all[0].attachment.original) == "254:2");
}

BOOST_AUTO_TEST_CASE(device_that_disappears_is_left_out)
{
	FakeKernel kernel = FakeKernel::usual();

	kernel.attach({252, 0}, {254, 1});
	kernel.attach({252, 1}, {254, 2});
	kernel.before_message = [&] { kernel.dms.erase({252, 0}); };
	const auto all = all_attachments(kernel, "remap status");
	BOOST_REQUIRE(all.size() == 1u);
	BOOST_TEST(all[0].upper.name == "dm-second");
}

BOOST_AUTO_TEST_CASE(other_errors_are_not_left_out)
{
	FakeKernel kernel = FakeKernel::usual();

	kernel.status_errno = ENOMEM;
	BOOST_TEST(thrown_by([&] { all_attachments(kernel, "remap status"); }).errnum == ENOMEM);
}
