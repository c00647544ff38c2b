/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whatever the kernel, a device or a user says, the parsers neither crash nor hang: only Error and
 * UsageError leave them. As a unit test it mutates recorded lines, from a seed that it prints
 * (FUZZ_SEED, FUZZ_STEPS); with -DLIBFUZZER it is the target of clang's libFuzzer (test/fuzz/run).
 */
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "attachment.h"
#include "crypt_table.h"
#include "elsewhere.h"
#include "filter_table.h"
#include "test/unit/fake_kernel.h"
#include "text.h"
#include "tools/front_end.h"
#include "tools/options.h"
#include "tools/recipe.h"
#include "tools/remaptab.h"

namespace
{

using dmr::Devno;

std::vector<std::string> words(std::string_view text)
{
	std::vector<std::string> result;

	for (const auto word : dmr::words_of(text))
		result.emplace_back(word);
	return result;
}

/* One line is a target of the upper: what stands before the first '|' is its table, what comes
 * after it its status. */
void as_upper(std::string_view text)
{
	FakeKernel kernel = FakeKernel::usual();
	const Devno upper = {252, 0};
	const dmr::Log log;

	kernel.mounted = {{"/srv", "ext4", {254, 1}}};
	auto &dm = kernel.dms.at(upper);
	dm.table.clear();
	for (const auto line : dmr::lines_of(text)) {
		const auto bar = std::min(line.find('|'), line.size());
		const auto table = line.substr(0, bar);
		const auto space = std::min(table.find(' '), table.size());
		const std::string type(table.substr(0, space));

		dm.table.push_back({0, 2048, type, std::string(table.substr(space))});
		dm.target_status.push_back(
			{0, 2048, type,
			 std::string(bar < line.size() ? line.substr(bar + 1) : "")});
	}
	dmr::elsewhere_reason(kernel, log, dm.info, {254, 1});
	const dmr::Pair pair = {dm.info, {"/dev/vda1", {254, 1}, kernel.blocks.at({254, 1})}};
	dmr::several_targets_reason(kernel, pair);
	dmr::target_type_reason(kernel, pair);
	dmr::place_reason(kernel, pair);
	dmr::is_verity(kernel, pair);
}

void one_input(std::string_view text)
{
	dmr::parse_number(text);
	dmr::parse_devno(text);
	dmr::printable(text);
	for (const auto line : dmr::lines_of(text))
		dmr::parse_attachment(line);
	try {
		as_upper(text);
	} catch (const dmr::Error &) {
	}
	auto arguments = words(text);
	try {
		tools::parse_options("fuzz", arguments);
	} catch (const tools::UsageError &) {
	}
	tools::parse_remaptab(std::string(text), [](unsigned int, const std::string &) {});
	try {
		tools::parse_table(std::string(text));
	} catch (const dmr::Error &) {
	}
	arguments.insert(arguments.begin(), "dmsetup");
	tools::find_command_word(arguments);
}

const char *const kRecorded[] = {
	"remap 254:1 nolockfs,gone 12 96 3 24 0",
	"filter 254:1 - 18446744073709551615 1 2 3 4 and more words",
	"linear 254:1 0 noexcl",
	"linear 254:1 0 noexcl:254:1,254:2",
	"delay 254:1 0 0 254:1 0 200 254:2 8 3 noexcl",
	"verity 1 254:1 254:2 4096 4096 256 1 sha256 aa bb noexcl",
	"crypt aes-xts-plain64 00ff 0 254:1 0 noexcl",
	"mirror core 1 1024 2 254:1 0 254:2 0 1 handle_errors noexcl:254:1|2 254:1 254:2 37/100 1 AA 1 core",
	"raid raid1 3 0 region_size 1024 2 - 254:1 - 254:2 noexcl:254:1|raid1 2 Aa 0/2048 resync 0 0 -",
	"cache 252:1 252:2 254:1 128 1 writeback smq 0 noexcl:254:1|8 27/8192 128 3/1024 5 6 7 8 0 3 "
	"12 2 metadata2 writeback 2 migration_threshold 2048 smq 0 rw -",
	"cache 252:1 252:2 254:1 128 1 writethrough cleaner 0 noexcl:254:1|Fail",
	"writecache s 254:1 254:2 4096 1 cleaner noexcl:254:1|0 1000 900 3",
	"integrity 254:1 0 4 J 2 meta_device:254:2 internal_hash:crc32c noexcl|0 2048 -",
	"clone 252:1 254:2 254:1 8 1 no_hydration noexcl:254:1|8 12/1024 8 3/256 0 1 no_hydration 2 "
	"hydration_threshold 1 rw",
	"snapshot 254:1 254:2 P 8 noexcl:254:1|16/2048 8",
	"snapshot-merge 254:1 254:2 P 8 noexcl:254:1|Invalid",
	"snapshot-origin 254:1 noexcl|",
	"thin 252:1 0 254:1 noexcl:254:1|0 -",
	"zero|\nerror|\nera 254:2 254:1 8 noexcl:254:1|8 5/1024 3 -",
	"dm-home linear UUID=1-2 remap\ndata /etc/a\\040b /dev/sdb1 filter noauto,nolockfs",
	"0 8 linear 254:1 0 noexcl\n8 16 zero",
	"remap start --nolockfs -v -u UUID -j 252 -m 0 -- a b",
	"-cCfG 1 --major 252 remap stop -f dm-noexcl",
};

/* A recorded line with some of its words, bytes or numbers others. */
std::string mutated(std::mt19937_64 &random)
{
	static constexpr std::string_view kBytes = "0123456789:/ |,-\nAaDRFS_\t\x7f\xff";
	static const char *const kNumbers[] = {"0", "1", "18446744073709551615",
					       "18446744073709551616", "-1", "4294967296", "254:1"};
	const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
	std::string text = kRecorded[below(std::size(kRecorded))];

	for (size_t changes = below(6) + 1; changes > 0; changes--) {
		const size_t place = below(text.size() + 1);

		switch (below(5)) {
		case 0:
			text.insert(place, 1, kBytes[below(kBytes.size())]);
			break;
		case 1:
			text.erase(place, below(12));
			break;
		case 2:
			text.insert(place, kNumbers[below(std::size(kNumbers))]);
			break;
		case 3:
			text += '\n';
			text += kRecorded[below(std::size(kRecorded))];
			break;
		case 4:
			if (place < text.size())
				text[place] = kBytes[below(kBytes.size())];
			break;
		}
	}
	return text;
}

} // namespace

#ifdef LIBFUZZER

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* libFuzzer's own changes, and now and then a recorded line: it would not find the words. */
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	std::mt19937_64 random(seed);

	if (random() % 8 != 0)
		return LLVMFuzzerMutate(data, size, max);
	const std::string text = mutated(random);
	size = std::min(text.size(), max);
	std::copy_n(text.begin(), size, data);
	return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	one_input({reinterpret_cast<const char *>(data), size});
	return 0;
}

#else

int main()
{
	const char *const given_seed = std::getenv("FUZZ_SEED");
	const char *const given_steps = std::getenv("FUZZ_STEPS");
	const uint64_t seed = given_seed ? std::strtoull(given_seed, nullptr, 10)
					 : std::random_device()();
	const uint64_t steps = given_steps ? std::strtoull(given_steps, nullptr, 10) : 20000;
	std::mt19937_64 random(seed);
	std::string text;

	std::cout << "FUZZ_SEED=" << seed << " FUZZ_STEPS=" << steps << std::endl;
	for (const char *line : kRecorded)
		one_input(line);
	for (uint64_t step = 0; step < steps; step++) {
		text = mutated(random);
		try {
			one_input(text);
		} catch (const std::exception &error) {
			std::cout << "step " << step << ": " << error.what() << ": '"
				  << dmr::printable(text) << "'" << std::endl;
			return 1;
		}
	}
	return 0;
}

#endif
