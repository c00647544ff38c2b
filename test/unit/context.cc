/* SPDX-License-Identifier: GPL-2.0-only */
/* The C boundary, and the C++ face over it. */
#define BOOST_TEST_MODULE context
#include <boost/test/unit_test.hpp>

#include <cstring>

#include "context.h"
#include "dmremap.hpp"
#include "fake_kernel.h"

namespace
{

struct C {
	FakeKernel *kernel; /* owned by the context */
	dmremap_context *context;

	C() : C(std::make_unique<FakeKernel>(FakeKernel::usual())) {}
	explicit C(std::unique_ptr<FakeKernel> fake)
	    : kernel(fake.get()), context(new dmremap_context(std::move(fake)))
	{
	}
	~C() { dmremap_free(context); }

	std::string error() const { return dmremap_last_error(context); }
	int start(const char *upper, const char *original, uint32_t flags = 0)
	{
		const dmremap_pair pair = {upper, original};

		return dmremap_start(context, DMREMAP_MODE_REMAP, &pair, 1, flags);
	}
};

} // namespace

BOOST_AUTO_TEST_CASE(a_new_context_has_no_error)
{
	dmremap_context *context = nullptr;

	BOOST_TEST(dmremap_new(&context) == 0);
	BOOST_TEST(std::string(dmremap_last_error(context)) == "");
	dmremap_free(context);
	dmremap_free(nullptr);
}

BOOST_FIXTURE_TEST_CASE(null_pointers_are_invalid, C)
{
	const dmremap_pair pair = {"dm-noexcl", "/dev/vda1"};
	dmremap_list *list;
	dmremap_contents *contents;
	char *name;
	dmremap_support support;

	BOOST_TEST(dmremap_new(nullptr) == -EINVAL);
	BOOST_TEST(dmremap_start(nullptr, DMREMAP_MODE_REMAP, &pair, 1, 0) == -EINVAL);
	BOOST_TEST(dmremap_start(context, DMREMAP_MODE_REMAP, nullptr, 1, 0) == -EINVAL);
	BOOST_TEST(dmremap_start(context, DMREMAP_MODE_REMAP, &pair, 0, 0) == -EINVAL);
	BOOST_TEST(start("dm-noexcl", nullptr) == -EINVAL);
	BOOST_TEST(start(nullptr, "/dev/vda1") == -EINVAL);
	BOOST_TEST(dmremap_stop(nullptr, "dm-noexcl", 0) == -EINVAL);
	BOOST_TEST(dmremap_stop(context, nullptr, 0) == -EINVAL);
	BOOST_TEST(dmremap_status(nullptr, nullptr, &list) == -EINVAL);
	BOOST_TEST(dmremap_status(context, nullptr, nullptr) == -EINVAL);
	BOOST_TEST(dmremap_probe(nullptr, &support, nullptr) == -EINVAL);
	BOOST_TEST(dmremap_probe(context, nullptr, nullptr) == -EINVAL);
	BOOST_TEST(dmremap_name_from_uuid(context, nullptr, &name) == -EINVAL);
	BOOST_TEST(dmremap_name_from_uuid(context, "", &name) == -EINVAL);
	BOOST_TEST(dmremap_name_from_devno(context, 252, 0, nullptr) == -EINVAL);
	BOOST_TEST(dmremap_take_devmapper_log(nullptr) == -EINVAL);
	BOOST_TEST(dmremap_read_contents(nullptr, "/dev/vda1", &contents) == -EINVAL);
	BOOST_TEST(dmremap_read_contents(context, nullptr, &contents) == -EINVAL);
	BOOST_TEST(dmremap_read_contents(context, "/dev/vda1", nullptr) == -EINVAL);
	dmremap_contents_free(nullptr);
	BOOST_TEST(dmremap_list_count(nullptr) == 0u);
	BOOST_TEST((dmremap_list_at(nullptr, 0) == nullptr));
	dmremap_list_free(nullptr);
	dmremap_set_log(nullptr, nullptr, nullptr);
	BOOST_TEST(kernel->done.empty());
}

BOOST_FIXTURE_TEST_CASE(unknown_flags_and_modes_are_invalid, C)
{
	const dmremap_pair pair = {"dm-noexcl", "/dev/vda1"};

	BOOST_TEST(start("dm-noexcl", "/dev/vda1", 1u << 2) == -EINVAL);
	BOOST_TEST(error() == "libdmremap: a flag is not known to this version");
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", 1u << 2) == -EINVAL);
	BOOST_TEST(error() == "libdmremap: a flag is not known to this version");
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", 1u << 31) == -EINVAL);
	BOOST_TEST(dmremap_start(context, 3, &pair, 1, 0) == -EINVAL);
	BOOST_TEST(error() == "start: this version has no such mode");
	BOOST_TEST(kernel->done.empty());
}

BOOST_FIXTURE_TEST_CASE(start_and_stop_reach_the_kernel, C)
{
	BOOST_TEST(start("dm-noexcl", "/dev/vda1", DMREMAP_NOLOCKFS) == 0);
	kernel->attach({252, 0}, {254, 1});
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", 0) == 0);
	BOOST_REQUIRE(kernel->done.size() == 2u);
	BOOST_TEST(kernel->done[0] == "message 252:0 @interpose_start remap 254:1 nolockfs");
	BOOST_TEST(kernel->done[1] == "message 252:0 @interpose_stop");
}

BOOST_FIXTURE_TEST_CASE(start_takes_what_is_out_of_date_only_by_force, C)
{
	kernel->in_use = {"vda1"};
	kernel->dms.at({252, 0}).table = {{0, 2048, "mirror", "core 1 512 2 254:1 0 254:2 0"}};
	BOOST_TEST(start("dm-noexcl", "/dev/vda1", DMREMAP_NOLOCKFS) == -EBUSY);
	BOOST_TEST(kernel->done.empty());
	BOOST_TEST(start("dm-noexcl", "/dev/vda1", DMREMAP_NOLOCKFS | DMREMAP_FORCE) == 0);
	BOOST_REQUIRE(kernel->done.size() == 1u);
	BOOST_TEST(kernel->done[0] == "message 252:0 @interpose_start remap 254:1 nolockfs");
}

BOOST_FIXTURE_TEST_CASE(stop_takes_data_away_only_by_force, C)
{
	kernel->attach({252, 0}, {254, 1});
	kernel->mounted = {{"/srv", "ext4", {254, 1}}};
	kernel->dms.at({252, 0}).table = {{0, 2048, "linear", "254:2 0"}};
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", DMREMAP_NOLOCKFS) == -EBUSY);
	BOOST_TEST(
		error() ==
		"stop: dm-noexcl: may have data that vda1 (254:1) has not: its target linear is "
		"over vda2 (254:2), and vda1 is in use (ext4 mounted on /srv): end that use first, "
		"or stop it with --force");
	BOOST_TEST(kernel->done.empty());
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", DMREMAP_NOLOCKFS | DMREMAP_FORCE) == 0);
	BOOST_REQUIRE(kernel->done.size() == 1u);
	BOOST_TEST(kernel->done[0] == "message 252:0 @interpose_stop nolockfs");
}

BOOST_FIXTURE_TEST_CASE(a_filter_starts_by_its_mode, C)
{
	const dmremap_pair pair = {"dm-noexcl", "/dev/vda1"};

	BOOST_TEST(dmremap_start(context, DMREMAP_MODE_FILTER, &pair, 1, 0) == 0);
	BOOST_REQUIRE(kernel->done.size() == 1u);
	BOOST_TEST(kernel->done[0] == "message 252:0 @interpose_start filter 254:1");
	BOOST_TEST(dmremap_start(context, DMREMAP_MODE_FILTER, &pair, 0, 0) == -EINVAL);
	BOOST_TEST(error() == "filter start: no pair of devices was given");
	kernel->start_errno = EMLINK;
	BOOST_TEST(dmremap_start(context, DMREMAP_MODE_FILTER, &pair, 1, 0) == -EMLINK);
}

BOOST_FIXTURE_TEST_CASE(stop_and_status_are_for_both_modes, C)
{
	dmremap_list *list = nullptr;

	kernel->attach({252, 0}, {254, 1}, "filter");
	kernel->attach({252, 1}, {254, 2}, "remap");
	BOOST_TEST(dmremap_status(context, nullptr, &list) == 0);
	BOOST_REQUIRE(dmremap_list_count(list) == 2u);
	BOOST_TEST(std::string(dmremap_list_at(list, 0)->mode) == "filter");
	dmremap_list_free(list);
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", 0) == 0);
	BOOST_TEST(dmremap_stop(context, "dm-second", 0) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_context_may_be_about_one_mode, C)
{
	dmremap_list *list = nullptr;

	kernel->attach({252, 0}, {254, 1}, "filter");
	kernel->attach({252, 1}, {254, 2}, "remap");
	BOOST_TEST(dmremap_set_mode(context, DMREMAP_MODE_REMAP) == 0);
	BOOST_TEST(dmremap_status(context, nullptr, &list) == 0);
	BOOST_REQUIRE(dmremap_list_count(list) == 1u);
	BOOST_TEST(std::string(dmremap_list_at(list, 0)->upper) == "dm-second");
	dmremap_list_free(list);
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", 0) == -EPROTOTYPE);
	BOOST_TEST(dmremap_status(context, "dm-noexcl", &list) == -EPROTOTYPE);
	BOOST_TEST(dmremap_stop(context, nullptr, 0) == -EINVAL);
	BOOST_TEST(error() == "remap stop: no dm device was given");
	BOOST_TEST(kernel->done.empty());
	BOOST_TEST(dmremap_set_mode(context, 0) == 0);
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", 0) == 0);
}

BOOST_FIXTURE_TEST_CASE(an_unknown_mode_cannot_be_set, C)
{
	BOOST_TEST(dmremap_set_mode(nullptr, DMREMAP_MODE_REMAP) == -EINVAL);
	BOOST_TEST(dmremap_set_mode(context, DMREMAP_MODE_FILTER) == 0);
	for (const int mode : {-1, 3})
		BOOST_TEST(dmremap_set_mode(context, mode) == -EINVAL);
	BOOST_TEST(error() == "set the mode: this version has no such mode");
	/* what was set before stays */
	kernel->attach({252, 1}, {254, 2}, "remap");
	BOOST_TEST(dmremap_stop(context, "dm-second", 0) == -EPROTOTYPE);
}

BOOST_FIXTURE_TEST_CASE(an_error_is_a_negative_errno_and_a_sentence, C)
{
	BOOST_TEST(dmremap_stop(context, "dm-noexcl", 0) == -EALREADY);
	BOOST_TEST(error() ==
		   "stop: dm-noexcl: is not attached: dmsetup remap status and dmsetup filter "
		   "status show what is");
}

BOOST_FIXTURE_TEST_CASE(lack_of_memory_is_enomem, C)
{
	kernel->before_message = [] { throw std::bad_alloc(); };
	BOOST_TEST(start("dm-noexcl", "/dev/vda1") == -ENOMEM);
	BOOST_TEST(error() == "out of memory");
}

BOOST_FIXTURE_TEST_CASE(other_exceptions_do_not_leave_the_library, C)
{
	kernel->before_message = [] { throw std::logic_error("surprise"); };
	BOOST_TEST(start("dm-noexcl", "/dev/vda1") == -EIO);
	BOOST_TEST(error() == "unexpected: surprise");
	kernel->before_message = [] { throw std::system_error(EPIPE, std::generic_category()); };
	BOOST_TEST(start("dm-noexcl", "/dev/vda1") == -EPIPE);
	kernel->before_message = [] { throw 1; };
	BOOST_TEST(start("dm-noexcl", "/dev/vda1") < 0);
}

BOOST_FIXTURE_TEST_CASE(a_list_outlives_its_context, C)
{
	dmremap_list *list = nullptr;
	auto *other = new dmremap_context(std::make_unique<FakeKernel>(FakeKernel::usual()));

	static_cast<FakeKernel &>(*other->kernel).dms.at({252, 1}).status =
		"remap 254:2 nolockfs 12 96 3 24 5 60 more\n";
	static_cast<FakeKernel &>(*other->kernel).blocks.at({252, 1}).in_flight = 7;
	BOOST_TEST(dmremap_status(other, nullptr, &list) == 0);
	dmremap_free(other);
	BOOST_REQUIRE(dmremap_list_count(list) == 1u);
	const dmremap_attachment *a = dmremap_list_at(list, 0);
	BOOST_TEST(std::string(a->upper) == "dm-second");
	BOOST_TEST(a->upper_major == 252u);
	BOOST_TEST(a->upper_minor == 1u);
	BOOST_TEST(std::string(a->original) == "vda2");
	BOOST_TEST(a->original_major == 254u);
	BOOST_TEST(a->original_minor == 2u);
	BOOST_TEST(std::string(a->mode) == "remap");
	BOOST_TEST(std::string(a->flags) == "nolockfs");
	BOOST_TEST(a->reads == 12u);
	BOOST_TEST(a->read_sectors == 96u);
	BOOST_TEST(a->writes == 3u);
	BOOST_TEST(a->write_sectors == 24u);
	BOOST_TEST(a->held == 5u);
	BOOST_TEST(std::string(a->upper_uuid) == "UUID-dm-second");
	BOOST_TEST(a->sectors == 2048u);
	BOOST_TEST(a->in_flight == 7u);
	BOOST_TEST(a->since == FakeKernel::kBootTime + 60);
	BOOST_TEST((dmremap_list_at(list, 1) == nullptr));
	dmremap_list_free(list);
}

BOOST_FIXTURE_TEST_CASE(an_original_that_is_gone_has_no_name, C)
{
	dmremap_list *list = nullptr;

	kernel->attach({252, 0}, {254, 9});
	BOOST_TEST(dmremap_status(context, "dm-noexcl", &list) == 0);
	BOOST_REQUIRE(dmremap_list_count(list) == 1u);
	BOOST_TEST(std::string(dmremap_list_at(list, 0)->original) == "");
	dmremap_list_free(list);
}

BOOST_FIXTURE_TEST_CASE(out_parameters_are_set_on_success_only, C)
{
	dmremap_list *const untouched = reinterpret_cast<dmremap_list *>(this);
	dmremap_list *list = untouched;
	char *name = nullptr;

	BOOST_TEST(dmremap_status(context, "dm-third", &list) == -ENXIO);
	BOOST_TEST((list == untouched));
	BOOST_TEST(dmremap_name_from_uuid(context, "none", &name) == -ENXIO);
	BOOST_TEST((name == nullptr));
}

BOOST_FIXTURE_TEST_CASE(names_belong_to_the_caller, C)
{
	char *name = nullptr;

	BOOST_TEST(dmremap_name_from_uuid(context, "UUID-dm-second", &name) == 0);
	BOOST_TEST(std::string(name) == "dm-second");
	std::free(name);
	BOOST_TEST(dmremap_name_from_devno(context, 252, 0, &name) == 0);
	BOOST_TEST(std::string(name) == "dm-noexcl");
	std::free(name);
}

BOOST_FIXTURE_TEST_CASE(probe_tells_provider_and_reason, C)
{
	dmremap_support support;
	const char *reason;

	BOOST_TEST(dmremap_probe(context, &support, &reason) == 0);
	BOOST_TEST((support == DMREMAP_SUPPORT_NATIVE));
	kernel->patched = false;
	BOOST_TEST(dmremap_probe(context, &support, &reason) == 0);
	BOOST_TEST((support == DMREMAP_SUPPORT_NONE));
	BOOST_TEST((std::strstr(reason, "no interposer") != nullptr));
	kernel->dms.clear();
	BOOST_TEST(dmremap_probe(context, &support, nullptr) == 0);
	BOOST_TEST((support == DMREMAP_SUPPORT_UNKNOWN));
}

BOOST_FIXTURE_TEST_CASE(log_lines_reach_the_callback, C)
{
	std::vector<std::string> lines;

	dmremap_set_log(
		context,
		[](void *data, dmremap_log_level level, const char *line) {
			static_cast<std::vector<std::string> *>(data)->push_back(
				std::to_string(level) + " " + line);
		},
		&lines);
	BOOST_TEST(start("dm-noexcl", "/dev/vda1") == 0);
	BOOST_TEST(lines.back() == "2 attached: dm-noexcl on /dev/vda1");
	const size_t count = lines.size();
	dmremap_set_log(context, nullptr, nullptr);
	BOOST_TEST(start("dm-noexcl", "/dev/vda1") == 0);
	BOOST_TEST(lines.size() == count);
}

BOOST_AUTO_TEST_CASE(contents_outlive_their_context)
{
	auto c = std::make_unique<C>();
	dmremap_contents *contents = nullptr;

	c->kernel->on_device["vda"] = {"ext4", 1, "data", "0-1-2"};
	c->kernel->mounted = {{"/srv", "ext4", {254, 1}}, {"/", "ext4", {8, 1}}};
	c->kernel->swapped = {{254, 2}, {8, 2}};
	BOOST_TEST(dmremap_read_contents(c->context, "/dev/vda", &contents) == 0);
	c.reset();
	BOOST_REQUIRE(contents);
	BOOST_TEST(std::string(contents->type) == "ext4");
	BOOST_TEST(std::string(contents->label) == "data");
	BOOST_TEST(std::string(contents->uuid) == "0-1-2");
	BOOST_REQUIRE(contents->mount_points[0]);
	BOOST_TEST(std::string(contents->mount_points[0]) == "/srv");
	BOOST_REQUIRE(contents->mount_points[1]);
	BOOST_TEST(std::string(contents->mount_points[1]) == "[SWAP]");
	BOOST_TEST(!contents->mount_points[2]);
	dmremap_contents_free(contents);
}

BOOST_FIXTURE_TEST_CASE(contents_of_nothing_known_are_empty, C)
{
	dmremap_contents *contents = nullptr;

	BOOST_TEST(dmremap_read_contents(context, "254:2", &contents) == 0);
	BOOST_REQUIRE(contents);
	BOOST_TEST(std::string(contents->type) == "");
	BOOST_TEST(std::string(contents->label) == "");
	BOOST_TEST(std::string(contents->uuid) == "");
	BOOST_TEST(!contents->mount_points[0]);
	dmremap_contents_free(contents);
}

BOOST_FIXTURE_TEST_CASE(contents_that_may_not_be_read, C)
{
	dmremap_contents *contents = nullptr;

	/* also without device-mapper, which is not asked */
	kernel->is_available = dmr::Availability::not_permitted;
	BOOST_TEST(dmremap_read_contents(context, "/dev/vda1", &contents) == 0);
	dmremap_contents_free(contents);
	contents = nullptr;
	kernel->contents_errno = EACCES;
	BOOST_TEST(dmremap_read_contents(context, "/dev/vda1", &contents) == -EACCES);
	BOOST_TEST(error() ==
		   "contents: /dev/vda1: what is on it cannot be read: Permission denied");
	BOOST_TEST(dmremap_read_contents(context, "/dev/none", &contents) == -ENOENT);
	BOOST_TEST(dmremap_read_contents(context, "8:9", &contents) == -ENXIO);
	BOOST_TEST(!contents);
}

BOOST_AUTO_TEST_CASE(cxx_face_throws_errno_and_sentence)
{
	dmremap::Context context(
		new dmremap_context(std::make_unique<FakeKernel>(FakeKernel::usual())));

	BOOST_CHECK_EXCEPTION(context.stop("dm-noexcl"), dmremap::Error,
			      [](const dmremap::Error &error) {
				      return error.code().value() == EALREADY &&
					     std::string(error.what()) ==
						     "stop: dm-noexcl: is not attached: dmsetup "
						     "remap status and dmsetup filter status show "
						     "what is";
			      });
}

BOOST_AUTO_TEST_CASE(cxx_face_moves_with_its_log)
{
	auto fake = std::make_unique<FakeKernel>(FakeKernel::usual());
	FakeKernel &kernel = *fake;
	std::string last;
	dmremap::Context first(new dmremap_context(std::move(fake)));

	first.set_log([&](dmremap_log_level, const char *line) { last = line; });
	dmremap::Context context = std::move(first);
	context.start(DMREMAP_MODE_REMAP, {{"dm-noexcl", "/dev/vda1"}}, DMREMAP_NOLOCKFS);
	BOOST_TEST(last == "attached: dm-noexcl on /dev/vda1");
	kernel.attach({252, 0}, {254, 1});
	const auto status = context.status();
	BOOST_REQUIRE(status.size() == 1u);
	BOOST_TEST(status[0].upper == "dm-noexcl");
	BOOST_TEST(status[0].original_number.minor == 1u);
	BOOST_TEST(context.status("dm-second").empty());
	context.set_mode(DMREMAP_MODE_FILTER);
	BOOST_TEST(context.status().empty());
	BOOST_CHECK_THROW(context.set_mode(9), dmremap::Error);
	BOOST_TEST(context.name_from_uuid("UUID-dm-second") == "dm-second");
	BOOST_TEST((context.probe().provider == DMREMAP_SUPPORT_NATIVE));
}
