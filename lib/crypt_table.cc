/* SPDX-License-Identifier: LGPL-2.1-only */
/* What a table says against remapping plain data to it. */
#include "crypt_table.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>

#include "error.h"
#include "table_line.h"
#include "text.h"

namespace dmr
{

namespace
{

/* Targets that show what is on one device as it is there, and its place in their tables. */
struct Transparent {
	std::string_view type;
	size_t device;
};

const Transparent kTransparent[] = {
	{"cache", 2},      {"crypt", 3},  {"delay", 0},  {"dust", 0},       {"ebs", 0},
	{"era", 1},        {"flakey", 0}, {"linear", 0}, {"log-writes", 0}, {"snapshot-origin", 0},
	{"writecache", 1},
};

std::optional<Devno> device_below(const std::string &type, const Words &words)
{
	const auto found =
		std::find_if(std::begin(kTransparent), std::end(kTransparent),
			     [&](const Transparent &other) { return other.type == type; });

	if (found == std::end(kTransparent) || found->device >= words.size())
		return std::nullopt;
	return parse_devno(words[found->device]);
}

/* The cipher comes first: "cipher_null-ecb", "capi:ecb(cipher_null)-plain". */
bool encrypts(const std::string &type, const Words &words)
{
	return type == "crypt" && words.front().find("cipher_null") == std::string_view::npos;
}

bool is_plain(const Contents &contents)
{
	return !contents.type.empty() && !contents.type.starts_with("crypto_") &&
	       contents.type != "BitLocker";
}

/* From the upper down along its first sector: the dm device whose crypt target stands between it
 * and the original; nothing when none does, or the original is not reached so. */
std::optional<std::string> decrypting_device(Kernel &kernel, const Pair &pair)
{
	std::optional<std::string> decrypting;
	std::optional<DmInfo> dm = pair.upper;
	std::set<Devno> seen;

	while (dm && seen.insert(dm->devno).second) {
		const auto table = kernel.dm_table(dm->devno);
		if (table.empty())
			break;
		const Words words = words_of(table.front().params);
		const auto below = device_below(table.front().type, words);
		if (!below)
			break;
		if (encrypts(table.front().type, words))
			decrypting = dm->name;
		if (*below == pair.original.devno)
			return decrypting;
		dm = kernel.dm_by_devno(*below);
	}
	return std::nullopt;
}

} // namespace

void refuse_noise(Kernel &kernel, const std::string &what, const Pair &pair,
		  const Contents &contents)
{
	if (!is_plain(contents))
		return;
	const auto decrypting = decrypting_device(kernel, pair);
	if (!decrypting)
		return;
	throw Error(EINVAL,
		    what + ": " + pair.upper.name + ": " +
			    (*decrypting == pair.upper.name
				     ? "its target crypt"
				     : "the target crypt of " + *decrypting + ", below it,") +
			    " would read the " + printable(contents.type) + " on " +
			    printable(pair.original.given) +
			    " as noise, for it is not encrypted: encrypt it first, unmounted, "
			    "with cryptsetup reencrypt --encrypt");
}

} // namespace dmr
