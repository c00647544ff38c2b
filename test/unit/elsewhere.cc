/* SPDX-License-Identifier: GPL-2.0-only */
/* What an upper's targets tell of data that the original has not. Tables and status are as Linux
 * 6.12 prints them; beside each good line stand lines that are not. */
#define BOOST_TEST_MODULE elsewhere
#include <boost/test/unit_test.hpp>

#include "elsewhere.h"
#include "fake_kernel.h"

using namespace dmr;

namespace
{

/* dm-noexcl is attached to vda1; vdb and vdc are other disks, dm-second can be below it. */
struct Machine {
	FakeKernel kernel = FakeKernel::usual();
	Log log;
	std::vector<std::string> warnings;

	const Devno upper = {252, 0};
	const Devno second = {252, 1};

	Machine()
	{
		kernel.add_block({254, 16}, "vdb", 8192);
		kernel.add_block({254, 32}, "vdc", 8192);
		kernel.dms.at(upper).deps = {{254, 1}};
		kernel.dms.at(second).deps = {{254, 1}};
		log.set_sink([this](LogLevel level, const std::string &line) {
			if (level == LogLevel::warning)
				warnings.push_back(line);
		});
	}

	void mount() { kernel.mounted = {{"/srv", "ext4", {254, 1}}}; }

	void set(Devno dm, const std::string &type, const std::string &table,
		 const std::string &status = "")
	{
		kernel.dms.at(dm).table = {{0, 2048, type, table}};
		kernel.dms.at(dm).target_status = {{0, 2048, type, status}};
	}

	/* After the upper's name; "" when it may be stopped. */
	std::string reason()
	{
		const std::string head = "dm-noexcl: ";
		const auto reason =
			elsewhere_reason(kernel, log, kernel.dms.at(upper).info, {254, 1});

		if (!reason)
			return "";
		BOOST_REQUIRE(reason->starts_with(head));
		return reason->substr(head.size());
	}

	std::string reason(const std::string &type, const std::string &table,
			   const std::string &status = "")
	{
		set(upper, type, table, status);
		return reason();
	}
};

const std::string kHas = "has data that vda1 (254:1) has not: ";
const std::string kMay = "may have data that vda1 (254:1) has not: ";
const std::string kMounted = ", and vda1 is in use (ext4 mounted on /srv): end that use first, or "
			     "stop it with --force";

const std::string kCache = "254:16 254:17 254:1 128 ";
const std::string kWait = "wait until dmsetup status dm-noexcl shows no dirty blocks";
const std::string kReload =
	"load the table of dm-noexcl with writethrough and the policy cleaner, and " + kWait;

std::string cache_status(const std::string &dirty, const std::string &mode,
			 const std::string &policy = "smq 0", const std::string &end = "rw - ")
{
	return "8 24/1024 128 13/512 21 6 14 9 0 13 " + dirty + " 2 metadata2 " + mode +
	       " 2 migration_threshold 2048 " + policy + " " + end;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(what_hands_everything_on_may_be_stopped, Machine)
{
	mount();
	for (const auto &[type, table] : std::vector<std::pair<std::string, std::string>>{
		     {"linear", "254:1 0 noexcl"},
		     {"delay", "254:1 0 0 254:1 0 200 noexcl"},
		     {"dust", "254:1 0 512 fail_read_on_bad_block verbose noexcl"},
		     {"flakey", "254:1 0 0 1000 1 error_writes noexcl"},
		     {"striped", "2 64 254:1 0 254:1 1024 noexcl"},
		     {"unstriped", "1 64 0 254:1 0 noexcl"},
		     {"switch", "2 64 0 254:1 0 254:1 0 noexcl"},
		     {"ebs", "254:1 0 1 noexcl"},
		     {"era", "254:16 254:1 64 noexcl:254:1"},
		     {"log-writes", "254:1 254:16 noexcl:254:1"},
		     {"snapshot-origin", "254:1 noexcl"},
		     {"verity", "1 254:1 254:16 4096 4096 256 1 sha256 aa bb noexcl:254:1"},
		     {"crypt", "capi:cbc(cipher_null)-plain - 0 254:1 0 noexcl"},
		     {"zero", ""},
		     {"error", ""}}) {
		BOOST_TEST(reason(type, table) == "", type);
		/* All that was needed was the table. */
		BOOST_TEST(kernel.asked_status.empty(), type);
	}
}

BOOST_FIXTURE_TEST_CASE(what_is_encrypted_on_the_original_is_refused_while_that_is_in_use, Machine)
{
	const std::string table = "aes-xts-plain64 0000 0 254:1 0 noexcl";
	const std::string why = "its target crypt encrypts what is written";

	BOOST_TEST(reason("crypt", table) == "");
	BOOST_TEST(warnings.at(0) == "dm-noexcl: " + kMay + why + ", but vda1 is not in use");
	mount();
	BOOST_TEST(reason("crypt", table) == kMay + why + kMounted);
	for (const std::string bad : {"", "cipher_null-ecb", "cipher_null-ecb - 0 nonsense 0"})
		BOOST_TEST(reason("crypt", bad) ==
			   kMay + "the state of its target crypt is not known" + kMounted);
	BOOST_TEST(reason("crypt", "cipher_null-ecb - 0 254:1 0 noexcl") == "");
}

BOOST_FIXTURE_TEST_CASE(another_device_is_refused_while_the_original_is_in_use, Machine)
{
	BOOST_TEST(reason("linear", "254:16 0") == "");
	BOOST_TEST(warnings.at(0) == "dm-noexcl: " + kMay +
					     "its target linear is over vdb (254:16), but vda1 is "
					     "not in use");
	mount();
	BOOST_TEST(reason("linear", "254:16 0") ==
		   kMay + "its target linear is over vdb (254:16)" + kMounted);
	BOOST_TEST(reason("linear", "9:9 0") == kMay + "its target linear is over 9:9" + kMounted);
	BOOST_TEST(reason("delay", "254:1 0 0 254:16 0 200 noexcl:254:1") ==
		   kMay + "its target delay is over vdb (254:16)" + kMounted);
	BOOST_TEST(reason("era", "254:1 254:16 64") ==
		   kMay + "its target era is over vdb (254:16)" + kMounted);
	BOOST_TEST(reason("striped", "2 64 254:1 0 254:16 0 noexcl:254:1") ==
		   kMay + "its target striped is over vdb (254:16)" + kMounted);
	/* Half of it. */
	kernel.dms.at(upper).table = {{0, 1024, "linear", "254:1 0 noexcl"},
				      {1024, 1024, "linear", "254:16 0"}};
	BOOST_TEST(reason() == kMay + "its target linear is over vdb (254:16)" + kMounted);
}

BOOST_FIXTURE_TEST_CASE(users_are_mounts_swap_and_dm_devices_that_claim_it, Machine)
{
	const std::string head = kMay + "its target linear is over vdb (254:16), and vda1 is in "
					"use (";
	const std::string tail = "): end that use first, or stop it with --force";

	kernel.swapped = {{254, 1}};
	BOOST_TEST(reason("linear", "254:16 0") == head + "swap space" + tail);
	kernel.swapped = {};
	kernel.add_dm({252, 2}, "luks", 2048);
	kernel.dms.at({252, 2}).deps = {{254, 1}};
	kernel.dms.at({252, 2}).table = {{0, 2048, "crypt", "aes-xts-plain64 aa 0 254:1 4096"}};
	BOOST_TEST(reason("linear", "254:16 0") == head + "dm device luks" + tail);
	mount();
	BOOST_TEST(reason("linear", "254:16 0") ==
		   head + "ext4 mounted on /srv, dm device luks" + tail);
	/* One that shares it has not claimed it. */
	kernel.mounted = {};
	kernel.dms.at({252, 2}).table = {{0, 2048, "snapshot", "254:1 254:32 N 8 noexcl:254:1"}};
	BOOST_TEST(reason("linear", "254:16 0") == "");
}

BOOST_FIXTURE_TEST_CASE(cache_in_writeback_mode_is_refused, Machine)
{
	/* Used or not; writeback is what a table without the word means, too. */
	for (const char *features : {"1 writeback smq 0 noexcl:254:1", "0 smq 0 noexcl:254:1",
				     "2 metadata2 writeback cleaner 0 noexcl:254:1"})
		BOOST_TEST(reason("cache", kCache + features, cache_status("0", "writeback")) ==
				   kMay + "its cache is in writeback mode: " + kReload,
			   features);
	BOOST_TEST(reason("cache", kCache + "1 writeback smq 0 noexcl:254:1",
			  cache_status("12", "writeback")) ==
		   kHas + "its cache has 12 dirty blocks: " + kReload);
}

BOOST_FIXTURE_TEST_CASE(cache_with_dirty_blocks_is_refused, Machine)
{
	BOOST_TEST(reason("cache", kCache + "2 metadata2 writethrough smq 0 noexcl:254:1",
			  cache_status("1", "writethrough")) ==
		   kHas + "its cache has 1 dirty block: " + kReload);
	BOOST_TEST(reason("cache", kCache + "2 metadata2 writethrough cleaner 0 noexcl:254:1",
			  cache_status("3", "writethrough", "cleaner 0")) ==
		   kHas + "its cache has 3 dirty blocks: " + kWait);
}

BOOST_FIXTURE_TEST_CASE(clean_cache_may_be_stopped, Machine)
{
	const std::string table = kCache + "2 metadata2 writethrough cleaner 0 noexcl:254:1";

	mount();
	BOOST_TEST(reason("cache", table, cache_status("0", "writethrough", "cleaner 0")) == "");
	BOOST_TEST(reason("cache", table,
			  cache_status("0", "writethrough no_discard_passdown", "mq 4 a 1 b 2")
				  .replace(cache_status("0", "").find(" 2 metadata2"), 3, " 3 ")) ==
		   "");
	/* Read-only metadata do not make it dirty. */
	BOOST_TEST(reason("cache", table,
			  cache_status("0", "writethrough", "smq 0", "ro needs_check ")) == "");
	kernel.asked_status.clear();
	BOOST_TEST(reason("cache", kCache + "1 passthrough smq 0 noexcl:254:1", "Fail") == "");
	BOOST_TEST(kernel.asked_status.empty());
}

BOOST_FIXTURE_TEST_CASE(failed_cache_is_refused_while_the_original_is_in_use, Machine)
{
	const std::string table = kCache + "1 writethrough smq 0 noexcl:254:1";

	BOOST_TEST(reason("cache", table, "Fail") == "");
	BOOST_TEST(warnings.size() == 1u);
	mount();
	for (const char *status : {"Fail", "Error"})
		BOOST_TEST(reason("cache", table, status) ==
			   kMay + "its target cache has failed" + kMounted);
	for (const char *end : {"ro - ", "rw needs_check ", "ro needs_check "}) {
		BOOST_TEST(reason("cache", table,
				  cache_status("5", "writethrough", "cleaner 0", end)) ==
				   kHas +
					   "its cache has 5 dirty blocks, and its metadata needs a "
					   "repair" +
					   kMounted,
			   end);
		BOOST_TEST(
			reason("cache", kCache + "1 writeback smq 0 noexcl:254:1",
			       cache_status("0", "writeback", "smq 0", end)) ==
				kMay +
					"its cache is in writeback mode, and its metadata needs a "
					"repair" +
					kMounted,
			end);
	}
}

BOOST_FIXTURE_TEST_CASE(cache_that_is_not_understood_counts_as_not_known, Machine)
{
	const std::string table = kCache + "1 writethrough smq 0 noexcl:254:1";
	const std::string unknown = kMay + "the state of its target cache is not known" + kMounted;
	const std::string good = cache_status("0", "writethrough");

	mount();
	BOOST_REQUIRE(reason("cache", table, good) == "");
	for (const std::string &status :
	     {std::string(), std::string("8 24/1024 128"), good.substr(0, good.find(" rw")),
	      good + "more", cache_status("-1", "writethrough"), cache_status("x", "writethrough"),
	      cache_status("0", "writethrough", "smq 0", "wr - "),
	      cache_status("0", "writethrough", "smq 0", "rw maybe "),
	      cache_status("0", "writethrough").replace(good.find(" 2 metadata2"), 3, " 99 "),
	      cache_status("0", "writethrough")
		      .replace(good.find(" 2 metadata2"), 3, " 18446744073709551615 ")})
		BOOST_TEST(reason("cache", table, status) == unknown, status);
	for (const std::string &bad :
	     {std::string("254:16 254:17"), kCache, kCache + "x writethrough smq 0",
	      kCache + "9 writethrough smq 0", std::string("254:16 254:17 - 128 1 writethrough")})
		BOOST_TEST(reason("cache", bad, good) == unknown, bad);
	/* Nobody answers. */
	kernel.dm_status_errno = ENXIO;
	BOOST_TEST(reason("cache", table, good) == unknown);
	/* The answer is about another table by now. */
	kernel.dm_status_errno = 0;
	set(upper, "cache", table, good);
	kernel.dms.at(upper).target_status.front().type = "linear";
	BOOST_TEST(reason() == unknown);
}

BOOST_FIXTURE_TEST_CASE(writecache_has_to_be_an_empty_cleaner, Machine)
{
	const std::string table = "s 254:1 254:16 4096 ";
	const std::string empty = "suspend and resume dm-noexcl, which writes all blocks out";
	const std::string reload = "load the table of dm-noexcl with cleaner, and " + empty;

	mount();
	BOOST_TEST(reason("writecache", table + "1 cleaner noexcl:254:1",
			  "0 4064 4064 0 12 3 400 0 5 100 300 0 7 0") == "");
	BOOST_TEST(reason("writecache", table + "3 high_watermark 50 cleaner noexcl:254:1",
			  "0 4064 4000 12 12 3 400 0 5 100 300 0 7 0") ==
		   kHas + "its writecache holds 64 of its 4064 blocks: " + empty);
	BOOST_TEST(reason("writecache", table + "0 noexcl:254:1",
			  "0 4064 4064 0 0 0 0 0 0 0 0 0 0 0") ==
		   kMay + "its writecache is not in cleaner mode: " + reload);
	BOOST_TEST(reason("writecache", "p 254:1 254:16 4096 0 noexcl:254:1",
			  "0 4064 4063 0 0 0 0 0 0 0 0 0 0 0") ==
		   kHas + "its writecache is not in cleaner mode: " + reload);
	/* After an error even the number of free blocks is none. */
	BOOST_TEST(reason("writecache", table + "1 cleaner noexcl:254:1",
			  "-5 4064 4064 0 0 0 0 0 0 0 0 0 0 0") ==
		   kMay + "its target writecache has failed" + kMounted);
	for (const char *status : {"", "0 4064", "0 4064 x 0", "0 100 4064 0", "0 -1 -1 0"})
		BOOST_TEST(reason("writecache", table + "1 cleaner noexcl:254:1", status) ==
				   kMay + "the state of its target writecache is not known" +
					   kMounted,
			   status);
}

BOOST_FIXTURE_TEST_CASE(integrity_with_a_journal_is_refused, Machine)
{
	const std::string head = "254:1 0 4 ";
	const std::string tail = " 6 meta_device:254:16 journal_sectors:400 interleave_sectors:1 "
				 "buffer_sectors:128 internal_hash:crc32c fix_padding noexcl:254:1";

	mount();
	BOOST_TEST(
		reason("integrity", head + "J" + tail, "0 2048 -") ==
		kMay + "its integrity target has a journal (mode J): load the table of dm-noexcl "
		       "in mode D first, which writes the journal out");
	for (const char *mode : {"D", "B", "R"})
		BOOST_TEST(reason("integrity", head + mode + tail, "0 2048 -") == "", mode);
	for (const char *table : {"", "254:1 0 4", "254:1 0 4 JJ 0", "x 0 4 D 0"})
		BOOST_TEST(reason("integrity", table, "0 2048 -") ==
				   kMay + "the state of its target integrity is not known" +
					   kMounted,
			   table);
}

BOOST_FIXTURE_TEST_CASE(mirror_with_a_stale_leg_is_refused, Machine)
{
	const std::string table = "core 2 1024 nosync 2 254:1 0 254:16 0 1 handle_errors "
				  "noexcl:254:1";
	const std::string stale = "): bring the mirror into sync again first";

	/* While it is filled from the original that has all; after that it has, too. */
	mount();
	BOOST_TEST(reason("mirror", table, "2 254:1 254:16 3/100 1 AA 1 core") == "");
	BOOST_TEST(reason("mirror", table, "2 254:1 254:16 100/100 1 AA 1 core") == "");
	BOOST_TEST(reason("mirror", table, "2 254:1 254:16 99/100 1 AD 3 disk 254:32 A") == "");
	for (const char letter : {'D', 'F', 'S', 'R', 'U'})
		BOOST_TEST(reason("mirror", table,
				  std::string("2 254:1 254:16 100/100 1 ") + letter + "A 1 core") ==
			   kHas + "that leg of its mirror is stale (" + letter + stale);
	BOOST_TEST(reason("mirror", table, "2 254:16 254:1 99/100 1 AA 1 core") ==
		   kHas + "that leg of its mirror is not in sync yet: wait until dmsetup status "
			  "dm-noexcl shows all regions in sync");
	BOOST_TEST(reason("mirror", table, "2 254:16 254:1 100/100 1 AA 1 core") == "");
	BOOST_TEST(reason("mirror", table, "2 254:16 254:32 100/100 1 AA 1 core") ==
		   kMay + "its mirror has no leg on it" + kMounted);
	for (const char *status :
	     {"", "2", "2 254:1 254:16", "2 254:1 254:16 100/100 1", "2 254:1 254:16 100/100 1 A",
	      "2 254:1 254:16 100 1 AA 1 core", "2 254:1 254:16 x/100 1 AA", "0 100/100 1 AA",
	      "2 x 254:16 100/100 1 AA", "18446744073709551615 254:1 100/100 1 AA"})
		BOOST_TEST(reason("mirror", table, status) ==
				   kMay + "the state of its target mirror is not known" + kMounted,
			   status);
}

BOOST_FIXTURE_TEST_CASE(raid_with_a_stale_leg_is_refused, Machine)
{
	const std::string table = "raid1 3 0 region_size 1024 2 - 254:1 254:17 254:16 noexcl:254:1";

	mount();
	BOOST_TEST(reason("raid", table, "raid1 2 AA 2048/2048 idle 0 0 -") == "");
	BOOST_TEST(reason("raid", table, "raid1 2 Aa 128/2048 recover 0 0 -") == "");
	BOOST_TEST(reason("raid", table, "raid1 2 AD 2048/2048 idle 0 0 -") == "");
	BOOST_TEST(reason("raid", table, "raid1 2 aa 128/2048 resync 0 0 -") ==
		   kHas + "that leg of its raid is not in sync yet: wait until dmsetup status "
			  "dm-noexcl shows it as A");
	BOOST_TEST(
		reason("raid", table, "raid1 2 DA 2048/2048 idle 0 0 -") ==
		kHas + "that leg of its raid is stale (D): bring the raid into sync again first");
	BOOST_TEST(reason("raid", "raid1 1 0 2 - 254:16 - 254:32",
			  "raid1 2 AA 2048/2048 idle 0 0 -") ==
		   kMay + "its raid has no leg on it" + kMounted);
	for (const char *status : {"", "raid1 2 AA", "raid1 2 A 1/1 idle", "raid1 2 AAA 1/1 idle"})
		BOOST_TEST(reason("raid", table, status) ==
				   kMay + "the state of its target raid is not known" + kMounted,
			   status);
	for (const char *bad : {"", "raid1", "raid1 x 0 2 - 254:1 - 254:16", "raid1 1 0 2 - 254:1",
				"raid1 18446744073709551615 0 2 - 254:1 - 254:16"})
		BOOST_TEST(reason("raid", bad, "raid1 2 AA 2048/2048 idle 0 0 -") ==
				   kMay + "the state of its target raid is not known" + kMounted,
			   bad);
}

BOOST_FIXTURE_TEST_CASE(clone_writes_to_its_destination, Machine)
{
	const std::string full = "8 20/1024 8 256/256 0 0 2 hydration_threshold 1 "
				 "hydration_batch_size 1 rw";

	BOOST_TEST(reason("clone", "254:32 254:16 254:1 8 noexcl:254:1", full) == "");
	mount();
	BOOST_TEST(reason("clone", "254:32 254:16 254:1 8 noexcl:254:1", full) ==
		   kMay + "its clone writes to another device" + kMounted);
	const std::string onto = "254:32 254:1 254:16 8 noexcl:254:1";
	BOOST_TEST(reason("clone", onto, full) == "");
	BOOST_TEST(reason("clone", onto, "8 20/1024 8 12/256 1 0 0 rw") ==
		   kMay + "its clone has copied 12 of 256 regions to it" + kMounted);
	BOOST_TEST(reason("clone", onto, "Fail") ==
		   kMay + "its target clone has failed" + kMounted);
	for (const char *status : {"", "8 20/1024 8", "8 20/1024 8 256 0"})
		BOOST_TEST(reason("clone", onto, status) ==
				   kMay + "the state of its target clone is not known" + kMounted,
			   status);
}

BOOST_FIXTURE_TEST_CASE(merge_has_to_be_over, Machine)
{
	const std::string table = "254:1 254:16 P 8 noexcl:254:1";

	mount();
	BOOST_TEST(reason("snapshot-merge", table, "16/2048 16") == "");
	BOOST_TEST(
		reason("snapshot-merge", table, "160/2048 16") ==
		kHas + "its snapshot is not merged yet: wait until dmsetup status dm-noexcl shows "
		       "as many sectors allocated as are metadata");
	for (const char *status : {"Invalid", "Merge failed", "Overflow"})
		BOOST_TEST(reason("snapshot-merge", table, status) ==
				   kMay + "its target snapshot-merge has failed" + kMounted,
			   status);
	for (const char *status : {"", "Unknown", "16/2048", "16/2048 x", "16 16"})
		BOOST_TEST(reason("snapshot-merge", table, status) ==
				   kMay + "the state of its target snapshot-merge is not known" +
					   kMounted,
			   status);
}

BOOST_FIXTURE_TEST_CASE(what_writes_elsewhere_is_refused_while_the_original_is_in_use, Machine)
{
	for (const auto &[type, table] : std::vector<std::pair<std::string, std::string>>{
		     {"snapshot", "254:1 254:16 P 8 noexcl:254:1"},
		     {"thin", "252:9 0 254:1 noexcl:254:1"},
		     {"thin-pool", "254:16 254:1 128 0 0 noexcl:254:1"}}) {
		kernel.mounted = {};
		BOOST_TEST(reason(type, table) == "", type);
		mount();
		BOOST_TEST(reason(type, table) ==
			   kMay + "its target " + type + " keeps on other devices what is written" +
				   kMounted);
	}
	BOOST_TEST(reason("pcache", "254:16 254:1 4 cache_mode writeback") ==
		   kMay + "its target pcache is not known to this version" + kMounted);
	BOOST_TEST(reason("linear", "") ==
		   kMay + "the state of its target linear is not known" + kMounted);
}

BOOST_FIXTURE_TEST_CASE(devices_below_are_asked, Machine)
{
	mount();
	set(upper, "linear", "252:1 0");
	kernel.dms.at(upper).deps = {second};
	set(second, "cache", kCache + "1 writeback smq 0 noexcl:254:1",
	    cache_status("7", "writeback"));
	BOOST_TEST(reason() == kHas + "the cache of dm-second, below it, has 7 dirty blocks: load "
				      "the table of dm-second with writethrough and the policy "
				      "cleaner, and wait until dmsetup status dm-second shows no "
				      "dirty blocks");
	set(second, "linear", "254:16 0");
	BOOST_TEST(reason() == kMay +
				       "the target linear of dm-second, below it, is over vdb "
				       "(254:16)" +
				       kMounted);
	/* Nothing is kept below a device that fails. */
	set(second, "error", "");
	BOOST_TEST(reason() == "");
	/* The leg of a mirror is where it leads. */
	set(second, "linear", "254:1 0 noexcl");
	BOOST_TEST(reason("mirror", "core 1 1024 2 252:1 0 254:16 0",
			  "2 252:1 254:16 100/100 1 DA 1 core") ==
		   kHas + "that leg of its mirror is stale (D): bring the mirror into sync again "
			  "first");
	BOOST_TEST(reason("mirror", "core 1 1024 2 252:1 0 254:16 0",
			  "2 252:1 254:16 100/100 1 AD 1 core") == "");
	/* And what is below the good leg counts. */
	set(second, "snapshot", "254:1 254:16 P 8 noexcl:254:1");
	BOOST_TEST(reason() == kMay +
				       "the target snapshot of dm-second, below it, keeps on other "
				       "devices what is written" +
				       kMounted);
}

BOOST_FIXTURE_TEST_CASE(devices_that_go_round_end, Machine)
{
	set(upper, "linear", "252:1 0");
	set(second, "mirror", "core 1 1024 2 252:0 0 254:1 0", "2 252:0 254:1 100/100 1 AA 1 core");
	kernel.dms.at(upper).deps = {second};
	kernel.dms.at(second).deps = {upper};
	BOOST_TEST(reason() == "");
	set(second, "linear", "252:0 0");
	BOOST_TEST(reason() == "");
}

BOOST_FIXTURE_TEST_CASE(one_that_can_be_helped_is_told_first, Machine)
{
	mount();
	kernel.dms.at(upper).table = {{0, 1024, "linear", "254:16 0"},
				      {1024, 1024, "integrity", "254:1 0 4 J 0"}};
	BOOST_TEST(reason().starts_with(kMay + "its integrity target has a journal"));
}

BOOST_FIXTURE_TEST_CASE(an_original_that_is_gone_is_no_concern, Machine)
{
	mount();
	kernel.blocks.erase({254, 1});
	BOOST_TEST(reason("linear", "254:16 0") == "");
	BOOST_TEST(reason("cache", kCache + "1 writeback smq 0", cache_status("7", "writeback")) ==
		   "");
	BOOST_TEST(kernel.asked_status.empty());
}

BOOST_FIXTURE_TEST_CASE(an_upper_without_table_holds_nothing, Machine)
{
	mount();
	kernel.dms.at(upper).table = {};
	BOOST_TEST(reason() == "");
}
