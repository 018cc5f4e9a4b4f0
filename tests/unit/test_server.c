#include "doctor/server.h"

#include "assets/asset.h"
#include "tests/lib/tap.h"

static char lacks[4096];

static void note(void *ctx, const char *what)
{
	size_t used = strlen(lacks);

	(void)ctx;
	snprintf(lacks + used, sizeof(lacks) - used, "%s ", what);
}

static const char *compare(const char *name, const char *found)
{
	lacks[0] = '\0';
	server_compare(asset_text("ldif/database.ldif"), name, found, note,
		       NULL);
	return lacks;
}

static void configuration(void)
{
	static const char have[] =
		"olcDbIndex: objectClass eq\n"
		"olcDbIndex: entryUUID,entrycsn eq\n"
		"olcOverlay: {0}constraint\nolcOverlay: {1}unique\n"
		"olcOverlay: {3}accesslog";

	IS(compare("olcDbIndex", asset_text("ldif/database.ldif")), "",
	   "what is shipped lacks nothing");
	compare("olcDbIndex", have);
	OK(strncmp(lacks, "mail eq mail subinitial mail subany ", 36) == 0,
	   "each index that is not there");
	compare("olcDbIndex", "olcDbIndex: mail pres,eq\n"
			      "olcDbIndex: cn,provostDomainName sub\n");
	OK(strstr(lacks,
		  " mail subinitial mail subany provostDomainName eq ") !=
			   NULL &&
		   strstr(lacks, "cn ") == NULL,
	   "each way in which an attribute is not indexed");
	compare("olcDbIndex", "olcDbIndex: mail,uid\n"
			      "olcDbIndex: default eq,subany\n"
			      "olcDbIndex: cn pres\n");
	OK(strncmp(lacks, "mail subinitial ", 16) == 0 ||
		   strstr(lacks, " mail subinitial ") != NULL,
	   "what is said of those of which nothing is said");
	OK(strstr(lacks, "mail eq") == NULL &&
		   strstr(lacks, "mail subany") == NULL,
	   "is so for an attribute without a word of its own");
	compare("olcDbIndex", have);
	OK(strstr(lacks, "reqStart") == NULL, "those of the log do not count");
	compare("olcOverlay", have);
	OK(strncmp(lacks, "ppolicy ", 8) == 0 &&
		   strstr(lacks, "unique") == NULL,
	   "an overlay that is not there");
}

static void versions(void)
{
	OK(server_is_old("2.4.57+dfsg-3"), "2.4 is old");
	OK(server_is_old("2.5.13+dfsg-5"), "2.5.13 is old");
	OK(!server_is_old("2.5.14"), "2.5.14 is not");
	OK(!server_is_old("2.6.10+dfsg-1") && !server_is_old("3.0"),
	   "nor is what follows");
}

int main(void)
{
	configuration();
	versions();
	return tap_done();
}
