/* The readers of files with a record a row, a line or an entry: what they make
 * of what is right, of what is not, and of what nobody would write. */
#include "import/cell.h"
#include "tests/lib/imported.h"
#include "tests/lib/tap.h"

static struct arena *a;

struct example {
	const char *text, *want, *what;
};

static void examples(const char *format, const struct example *list)
{
	for (; list->text != NULL; list++)
		IS(imported(a, format, list->text), list->want, list->what);
}

static void csv(void)
{
	static const struct example list[] = {
		{"type;name;address\r\ndomain;a;\r\n\r\nuser;\"B; \"\"b\"\"\n"
		 "b\";b@a\r\n",
		 "2 domain {\"name\":\"a\"}\n4 user {\"address\":\"b@a\","
		 "\"name\":\"B; \\\"b\\\"\\nb\"}\n",
		 "CSV: semicolons, quotes, a line end within them"},
		{"type,address,name\nuser,a@b\nuser,c@d,x,y\nrat,e@f,\nuser,g@h,"
		 "'=1\n",
		 "2 !columns_differ\n3 !columns_differ\n4 !type_unknown\n5 "
		 "user {\"address\":\"g@h\",\"name\":\"=1\"}\n",
		 "rows that are too long, too short, or of nothing"},
		{"type,address,name\nuser,a@b,\"x\nuser,c@d,y\n",
		 "2 !csv_malformed\n", "a quote that is missing"},
		{"type,address\nuser,\"a\"b\n", "2 !csv_malformed\n",
		 "a quote in its place"},
		{"type,address,name\nuser,a@b,\xff\nuser,c@d,\xc3\xa4\n",
		 "2 !not_text\n3 user {\"address\":\"c@d\",\"name\":"
		 "\"\xc3\xa4\"}\n",
		 "what is not UTF-8"},
		{"", "!empty\n", "nothing"},
		{"\n\n", "!empty\n", "nothing but lines"},
		{"type,rat\n", "!column_unknown\n", "a column of nothing"},
		{"type,name,name\n", "!column_twice\n", "a column twice"},
		{"name\n", "!type_missing\n", "nothing says what it is"},
		{"\xEF\xBB\xBFtype,name\ndomain,a\n",
		 "2 domain {\"name\":\"a\"}\n", "a mark of UTF-8"},
		{NULL, NULL, NULL}};

	examples("csv", list);
}

static void ndjson(void)
{
	static const struct example list[] = {
		{"{\"type\":\"domain\",\"name\":\"a\",\"on_conflict\":\"skip\"}"
		 "\n\n{\"type\":\"user\",\"change\":true,\"address\":\"b@a\"}",
		 "1 domain? {\"name\":\"a\"}\n3 user* {\"address\":\"b@a\"}\n",
		 "NDJSON: what may be there, and what has to be"},
		{"{\"type\":\"domain\",\"on_conflict\":\"update\"}\n{\"type\":"
		 "\"rat\"}\n{\"type\":\"user\",\"change\":1}\n{\"type\":"
		 "\"user\",\"line\":0}\n[]\n{\n{}x\n",
		 "1 !conflict_malformed\n2 !type_unknown\n3 "
		 "!change_malformed\n4 !place_malformed\n5 "
		 "!json_not_object\n6 !json_malformed\n7 !json_malformed\n",
		 "whatever is wrong is wrong with that line"},
		{"", "", "nothing"},
		{NULL, NULL, NULL}};
	char deep[4001], *wide = arena_alloc(a, READER_RECORD + 16);

	examples("ndjson", list);
	memset(deep, '[', 4000);
	deep[4000] = '\0';
	OK(strncmp(imported(a, "ndjson", deep), "1 !", 3) == 0,
	   "brackets in brackets");
	memset(wide, 'x', READER_RECORD + 8);
	IS(imported(a, "ndjson", wide), "1 !record_too_large\n",
	   "a line that is too long");
}

static void ldif(void)
{
	static const struct example list[] =
		{{"version: 1\n\ndn: o=x\nobjectClass: organization\n\n# no\n"
		  "dn: mail=a@b\nobjectClass: provostUser\nmail: a@b\ncn: A\n "
		  " B\n",
		  "3 -o=x\n7 user {\"address\":\"a@b\",\"name\":\"A B\"}\n",
		  "LDIF: entries, and what is not ours"},
		 {"dn:: !\n\nno colon\n\ndn:< file:///x\n\ndn: x\nchangetype: "
		  "delete\n",
		  "1 !ldif_malformed\n3 !ldif_malformed\n5 !ldif_url\n7 "
		  "!ldif_change\n",
		  "what is wrong with each"},
		 {" \n x\n\n:\n", "1 !ldif_malformed\n4 !ldif_malformed\n",
		  "lines that go on with nothing"},
		 {NULL, NULL, NULL}};

	examples("ldif", list);
}

static void undone(void)
{
	static const char *const texts[] = {"=1", "'",  "''", "'=1", "a",
					    "",   "@x", "'a", "-1",  "\t"};
	bool same = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		same = same && strcmp(cell_undo(cell_defuse(a, texts[i])),
				      texts[i]) == 0;
	OK(same, "what spreadsheets would run is written so that it is read "
		 "again");
	IS(cell_quote(a, "=a \"b\""), "\"'=a \"\"b\"\"\"", "and quoted");
}

static void formats(void)
{
	static const struct {
		const char *text, *name;
	} list[] = {{"domain;a.example;0;0;True\n", "modoboa"},
		    {"account; a; b\n", "modoboa"},
		    {"type;name\n", NULL},
		    {"domain,a\n", NULL},
		    {"--\n-- PostgreSQL database dump\n--\n", "sql"},
		    {"/*M!999999\\- x */\n-- MariaDB dump 10\n", "sql"},
		    {"-- something\n", NULL},
		    {"# all\n\na@b.example|{SHA512-CRYPT}$6$x\n",
		     "docker-mailserver"},
		    {"a@b.example c@d.example\n", NULL},
		    {"root:x:0:0:root:/root:/bin/sh\n", "passwd"},
		    {"root:*:20000:0:99999:7:::\n", "passwd"},
		    {"{\"type\":\"user\"}\n", "ndjson"},
		    {"dn: o=x\n", "ldif"},
		    {"", NULL},
		    {"\n\n", NULL}};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		const struct reader_format *f =
			reader_guess(list[i].text, strlen(list[i].text));

		IS(f != NULL ? f->name : NULL, list[i].name,
		   "a format is told by how it begins, where that is sure");
	}
	const char *text = "a\0b";
	static const char *const names[] = {"csv",     "ndjson",
					    "ldif",    "sql",
					    "modoboa", "docker-mailserver",
					    "passwd"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		IS(imported_of(a, names[i], text, 3), "!not_text\n", names[i]);
	const struct reader_input in = {.arena = a,
					.text = "",
					.domain = "d",
					.passed = 1};
	struct reader r;
	struct err e = {0};
	OK(!reader_begin(&r, reader_find("passwd", NULL), &in, &e),
	   "what belongs together does not come in parts");
	IS(e.code, "no_parts", "and is told so");
}

int main(void)
{
	a = arena_new();
	csv();
	ndjson();
	ldif();
	undone();
	formats();
	arena_free(a);
	return tap_done();
}
