// The only file that sees libphonenumber.
#include "core/text/phone_shim.h"

#include <cstring>
#include <exception>
#include <mutex>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace {

// Numbers are personal data: the library must not write them to a log.
class Silent : public i18n::phonenumbers::Logger {
	void WriteMessage(const std::string &) override {}
};

PhoneNumberUtil *util()
{
	static std::once_flag once;
	static PhoneNumberUtil *instance = nullptr;
	std::call_once(once, [] {
		instance = PhoneNumberUtil::GetInstance();
		instance->SetLogger(new Silent); // which takes it over
	});
	return instance;
}

bool put(const std::string &text, char *out)
{
	if (text.size() >= PHONE_SHIM_MAX)
		return false;
	std::memcpy(out, text.c_str(), text.size() + 1);
	return true;
}

bool parse(const char *in, const char *region, PhoneNumber *ret)
{
	return util()->Parse(in, *region ? region : "ZZ", ret) == PhoneNumberUtil::NO_PARSING_ERROR;
}

// Possible by its length.  Short ones without "+" must be valid too, else a local
// number that lacks its area code would pass; long ones need not, since operators
// get new ranges before the library knows them.
bool callable(const char *in, const PhoneNumber &number)
{
	if (util()->IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE)
		return false;
	std::string national;
	util()->GetNationalSignificantNumber(number, &national);
	return in[0] == '+' || national.size() >= 9 || util()->IsValidNumber(number);
}

} // namespace

namespace {

// Some prefixes are recognised only without the ones before them ("1138 0138…" becomes
// +860138…, which reads as +86138…): a number has one form, the one that stays.
bool settle(std::string *text)
{
	for (int i = 0; i < 3; i++) {
		PhoneNumber number;
		std::string again;
		if (!parse(text->c_str(), "", &number) || !callable(text->c_str(), number))
			return false;
		util()->Format(number, PhoneNumberUtil::E164, &again);
		if (again == *text)
			return true;
		*text = again;
	}
	return false;
}

} // namespace

extern "C" bool phone_shim_parse(const char *in, const char *region, char *out, bool *ret_possible)
{
	try {
		PhoneNumber number;
		std::string text;
		*ret_possible = parse(in, region, &number) && callable(in, number);
		if (!*ret_possible)
			return true;
		util()->Format(number, PhoneNumberUtil::E164, &text);
		*ret_possible = settle(&text);
		if (number.has_extension() && !number.extension().empty())
			text += ";ext=" + number.extension();
		if (!put(text, out))
			*ret_possible = false;
		return true;
	} catch (const std::exception &) {
		return false;
	}
}

extern "C" bool phone_shim_display(const char *e164, const char *region, char *out)
{
	try {
		PhoneNumber number;
		std::string text;
		if (!parse(e164, "", &number))
			return false;
		const bool home = *region && util()->GetCountryCodeForRegion(region) == number.country_code();
		util()->Format(number, home ? PhoneNumberUtil::NATIONAL : PhoneNumberUtil::INTERNATIONAL, &text);
		return put(text, out);
	} catch (const std::exception &) {
		return false;
	}
}
