/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, device numbers and words. */
#define BOOST_TEST_MODULE text
#include <boost/test/unit_test.hpp>

#include "text.h"

using namespace dmr;

BOOST_AUTO_TEST_CASE(number_is_all_digits)
{
	BOOST_TEST(parse_number("0").value() == 0u);
	BOOST_TEST(parse_number("18446744073709551615").value() == UINT64_MAX);
}

BOOST_AUTO_TEST_CASE(number_with_anything_else_is_none)
{
	for (const char *text : {"", " 1", "1 ", "+1", "-1", "0x10", "1.0", "1k", "one",
				 "18446744073709551616", "99999999999999999999999"})
		BOOST_TEST(!parse_number(text), text);
}

BOOST_AUTO_TEST_CASE(fraction_is_two_numbers)
{
	const auto fraction = dmr::parse_fraction("12/100");

	BOOST_REQUIRE(fraction.has_value());
	BOOST_TEST(fraction->first == 12u);
	BOOST_TEST(fraction->second == 100u);
	for (const char *text : {"", "/", "12", "12/", "/100", "1/2/3", "-1/2", "1 /2", "Invalid"})
		BOOST_TEST(!dmr::parse_fraction(text), text);
}

BOOST_AUTO_TEST_CASE(device_number_is_major_and_minor)
{
	const auto devno = parse_devno("254:17");

	BOOST_REQUIRE(devno.has_value());
	BOOST_TEST(devno->major == 254u);
	BOOST_TEST(devno->minor == 17u);
	BOOST_TEST(to_string(*devno) == "254:17");
}

BOOST_AUTO_TEST_CASE(device_number_holds_twelve_and_twenty_bits)
{
	BOOST_TEST(parse_devno("4095:1048575").has_value());
	BOOST_TEST(!parse_devno("4096:0").has_value());
	BOOST_TEST(!parse_devno("0:1048576").has_value());
}

BOOST_AUTO_TEST_CASE(malformed_device_number_is_none)
{
	for (const char *text : {"", ":", "254", "254:", ":1", "254:1:2", "254:1 ", " 254:1", "a:b",
				 "-1:0", "254:-1", "/dev/vda1", "0x10:1"})
		BOOST_TEST(!parse_devno(text), text);
}

BOOST_AUTO_TEST_CASE(words_stand_between_any_blanks)
{
	const auto words = words_of("  remap\t254:1 -\n");

	BOOST_REQUIRE(words.size() == 3u);
	BOOST_TEST(words[0] == "remap");
	BOOST_TEST(words[1] == "254:1");
	BOOST_TEST(words[2] == "-");
	BOOST_TEST(words_of(" \t\n").empty());
}

BOOST_AUTO_TEST_CASE(empty_lines_are_left_out)
{
	const auto lines = lines_of("\nfirst line\n\nsecond\n");

	BOOST_REQUIRE(lines.size() == 2u);
	BOOST_TEST(lines[0] == "first line");
	BOOST_TEST(lines[1] == "second");
	BOOST_TEST(lines_of("").empty());
}

BOOST_AUTO_TEST_CASE(a_sentence_stays_one_line)
{
	BOOST_TEST(printable("a\nb\x1b[31m\x7f") == "a\\x0ab\\x1b[31m\\x7f");
	BOOST_TEST(printable("/dev/Bücher") == "/dev/Bücher");
}
