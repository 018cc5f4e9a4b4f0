/* Dumps of databases: three that the programs themselves wrote, and others as
 * somebody might send them. */
#include "import/sql_dialect.h"
#include "tests/lib/imported.h"
#include "tests/lib/tap.h"

static struct arena *a;

#define HASH                                                                 \
	"$6$rounds=1000$rights$jvF/"                                         \
	"IoKNuCtNI3HAWV9TssyIdu9RYaS1q2.fU1etfpbAaWysppn0WHpvZY6NAylpGdrEu8" \
	"BD7PjOAWBKnjnWc."

/* Without the lines, which are those of the file. */
static const char *bare(const char *records)
{
	char *ret = arena_strdup(a, records), *to = ret;

	for (const char *at = records; *at != '\0';) {
		at += strspn(at, "0123456789");
		at += *at == ' ';
		for (; *at != '\0'; to++) {
			*to = *at;
			if (*at++ == '\n') {
				to++;
				break;
			}
		}
	}
	*to = '\0';
	return ret;
}

static void dinomail(void)
{
	const char *text = imported_file(a, "dinomail.sql");

	IS(bare(imported(a, "sql", text)),
	   "domain {\"display_name\":\"Dino's \\\\ \\\"mail\\\" at home\","
	   "\"imap_host\":\"imap.dino.example\",\"name\":\"dino.example\","
	   "\"short_display_name\":\"Dino\",\"smtp_host\":\"smtp.dino."
	   "example\"}\n"
	   "domain {\"name\":\"second.example\"}\n"
	   "user {\"address\":\"ann@dino.example\",\"password_hash\":\"{CRYPT}" HASH
	   "\",\"quota_bytes\":0}\n"
	   "user {\"address\":\"bob@dino.example\",\"forward_to\":[\"bob@far."
	   "example\"],\"keep_copy\":true,\"password_hash\":\"{SSHA512}"
	   "JEgXsQV8o2z7MeUqZCRWlZj9xVTIH7RJbvxv1RgCRIPJlOz5rhSvO4NfO8yL4gE0SY"
	   "Pe0KOdfJWHqQN0nN3lAV9jOGZ0cF9zYWx0X2hlcmU=\",\"quota_bytes\":"
	   "5000000000}\n"
	   "user {\"address\":\"eve@second.example\",\"password_hash\":\"{SSHA}"
	   "lPLmpRqu2hN++Rts5it0eixvCag=\",\"quota_bytes\":0}\n"
	   "alias {\"address\":\"sales@dino.example\",\"destinations\":[\"ann@"
	   "dino.example\",\"bob@dino.example\"]}\n"
	   "alias {\"address\":\"info@second.example\",\"destinations\":["
	   "\"eve@second.example\"]}\n",
	   "what pg_dump wrote of DinoMail's database");
}

static const char postfixadmin[] =
	"domain {\"default_user_quota_bytes\":104857600,\"description\":\"It's a domain\",\"enabled\":true,\"max_aliases\":10,\"max_users\":5,\"name\":\"admin.example\",\"quota_bytes\":2147483648}\n"
	"domain {\"enabled\":false,\"max_aliases\":0,\"name\":\"off.example\"}\n"
	"domain {\"enabled\":true,\"kind\":\"relay\",\"name\":\"backup.example\",\"transport\":\"smtp:backup.example\"}\n"
	"domain {\"enabled\":true,\"kind\":\"relay\",\"name\":\"mx.example\",\"transport\":\"smtp:[192.0.2.1]:2525\"}\n"
	"domain {\"enabled\":true,\"kind\":\"alias\",\"name\":\"other.example\",\"target\":\"admin.example\"}\n"
	"user {\"address\":\"carl@admin.example\",\"enabled\":true,\"name\":\"Carl, \\\"the\\\\one\\\"\",\"password_hash\":\"{SHA512-CRYPT}" HASH
	"\",\"quota_bytes\":104857600,\"recovery_address\":\"carl@far.example\"}\n"
	"user {\"address\":\"dora@admin.example\",\"enabled\":false,\"forward_to\":[\"dora@far.example\"],\"keep_copy\":true,\"name\":\"Döra\",\"password_hash\":\"5ebe2294ecd0e0f08eab7690d2a6ee69\",\"quota_bytes\":52428800}\n"
	"user {\"address\":\"zoe@off.example\",\"enabled\":true,\"password_hash\":\"" HASH
	"\",\"quota_bytes\":0}\n"
	"alias {\"address\":\"team@admin.example\",\"destinations\":[\"carl@admin.example\",\"dora@admin.example\"]}\n"
	"alias {\"address\":\"@admin.example\",\"destinations\":[\"carl@admin.example\"]}\n"
	"alias {\"address\":\"old@admin.example\",\"destinations\":[\"carl@admin.example\"],\"enabled\":false}\n";

/* A list of lines in no order. */
static int by_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static const char *sorted(const char *text)
{
	char *lines[64], *copy = arena_strdup(a, text);
	const char *ret = "";
	size_t n = 0;

	for (char *at = copy, *end; n < 64 && (end = strchr(at, '\n')) != NULL;
	     at = end + 1) {
		*end = '\0';
		lines[n++] = at;
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++)
		ret = arena_join(a, ret, lines[i], "\n", NULL);
	return ret;
}

static void of_postfixadmin(void)
{
	IS(bare(imported(a, "sql", imported_file(a, "postfixadmin.sql"))),
	   postfixadmin, "what pg_dump --inserts wrote of PostfixAdmin's");
	/* Which has its rows in the order of the key. */
	IS(sorted(bare(imported(a, "sql",
				imported_file(a, "postfixadmin-mysql.sql")))),
	   sorted(postfixadmin), "and mysqldump, with its backslashes");
}

#define MAILBOX "CREATE TABLE mailbox (username text, password text);\n"

static const struct {
	const char *text, *want, *what;
} cases[] = {
	{"INSERT INTO mailbox (username, password) VALUES ('a@b', "
	 "'x'),\n ('c@d',NULL) ON CONFLICT DO NOTHING;",
	 "1 user {\"address\":\"a@b\",\"enabled\":true,\"password_"
	 "hash\":\"x\"}\n2 user {\"address\":\"c@d\",\"enabled\":"
	 "true}\n",
	 "names of columns, several rows, and words behind them"},
	{MAILBOX "insert into \"public\" . \"mailbox\" values(E'a\\x40"
		 "b' , 'it''s \\n')",
	 "!sql_malformed", "a statement that does not end"},
	{MAILBOX "insert into \"public\" . \"mailbox\" values(E'a\\x40"
		 "b' , 'it''s \\n') -- really\n;",
	 "2 user {\"address\":\"a@b\",\"enabled\":true,\"password_"
	 "hash\":\"it's \\\\n\"}\n",
	 "backslashes count behind an E alone"},
	{"SET standard_conforming_strings = off;\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','\\n\\'');",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_"
	 "hash\":\"\\n'\"}\n",
	 "or where they are said to"},
	{"INSERT INTO mailbox VALUES ('a@b','x');", "!sql_malformed",
	 "columns that nobody names"},
	{"INSERT INTO mailbox (username) VALUES ('a@b');", "!sql_malformed",
	 "a column that is not there"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b');", "!sql_malformed",
	 "a value too few"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b','x','y');",
	 "!sql_malformed", "a value too many"},
	{MAILBOX "INSERT INTO mailbox VALUES (lower('a@b'),'x');",
	 "!sql_malformed", "a value that is computed"},
	{MAILBOX "INSERT INTO mailbox SELECT * FROM x;", "!sql_malformed",
	 "rows that are computed"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b','x' 'y');",
	 "!sql_malformed", "a comma that is missing"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b','x", "!sql_malformed",
	 "a quote that is missing"},
	{"COPY mailbox (username, password) FROM stdin;\na@b\tx\n",
	 "!sql_malformed", "a COPY that is cut off"},
	{"COPY mailbox (username, password) FROM stdin;\na@b\n\\.\n",
	 "!sql_malformed", "a row that is too short"},
	{"COPY mailbox (username, password) FROM stdin CSV;\na@b,x\n"
	 "\\.\n",
	 "!sql_malformed", "a COPY in another form"},
	{"COPY mailbox FROM stdin;\na@b\tx\n\\.\n", "!sql_malformed",
	 "a COPY that does not name its columns"},
	{"COPY mailbox (username, password) FROM stdin;\na\\100b\t\\N\r\n"
	 "\\N\tx\n\\.\n",
	 "2 user {\"address\":\"a@b\",\"enabled\":true}\n3 "
	 "!name_missing\n",
	 "octal digits, NULL, and a row without a name"},
	{"COPY mailbox (username, password) FROM stdin;\na\\000b\tx\n"
	 "\\.\n",
	 "!sql_malformed", "a NUL that is spelt"},
	{"/* never ends", "!sql_malformed", "a comment without an end"},
	{"SELECT $f$ '; $f$;", "!sql_foreign", "nothing for us"},
	{"", "!sql_foreign", "nothing at all"},
	{"((((((((((((((((", "!sql_malformed", "brackets"},
	{"CREATE TABLE mailbox (((((((((", "!sql_malformed",
	 "brackets in a table"},
	{"CREATE TABLE mailbox (username text, password text,\n PRIMARY "
	 "KEY (username, password), CHECK ((a) > ','));\nINSERT INTO "
	 "mailbox VALUES ('a@b','');",
	 "3 user {\"address\":\"a@b\",\"enabled\":true}\n",
	 "what is in a table besides columns"},
	{"DELIMITER ;;\nINSERT INTO mailbox;;", "!sql_malformed",
	 "a DELIMITER that stays"},
	{"COPY domain (domain) FROM stdin;\na\n\\.\nCOPY "
	 "core_virtualdomain (name) FROM stdin;\nb\n\\.\n",
	 "!sql_mixed", "two programs in one dump"},
	{"COPY alias (address, goto) FROM stdin;\na@b\t\xff\n\\.\n",
	 "2 !not_text\n", "text that is not UTF-8"},
	{"\xEF\xBB\xBFINSERT INTO mailbox (username, password) VALUES ('a@b','x');",
	 "1 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x\"}\n",
	 "a mark before the first statement"},
	{"SELECT $f$ ';;", "!sql_malformed", "a body that does not end"},
	{"SELECT $1$, a$b$, $2 $, 1$c$;\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','x');",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x\"}\n",
	 "dollars that begin nothing"},
	{"SELECT $$ '; $$, $\xC3\xA4_1$ '; $\xC3\xA4_1$;\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','x');",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x\"}\n",
	 "and those that do"},
	{MAILBOX "INSERT INTO mailbox VALUES ('`\\n','MySQL dump');",
	 "2 user {\"address\":\"`\\\\n\",\"enabled\":true,\"password_hash\":\"MySQL dump\"}\n",
	 "rows that look like those of another database"},
	{"/*!40101 SET NAMES utf8mb4 */;\n" MAILBOX
	 "INSERT INTO `mailbox` VALUES ('a@b','PostgreSQL database\\'');",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"PostgreSQL database'\"}\n",
	 "the other way round"},
	{"CREATE TABLE `mailbox` (`username` text, `password` text);\nINSERT INTO mailbox VALUES ('a@b','x\\'');",
	 "2 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x'\"}\n",
	 "backticks around names"},
	{"-- PostgreSQL database dump\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','x');",
	 "!sql_malformed", "a dump without the line that ends it"},
	{"-- PostgreSQL database dump\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','x');"
	 "\n-- PostgreSQL database dump complete\n",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x\"}\n",
	 "one that has it"},
	{"-- PostgreSQL database cluster dump\n-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','x');",
	 "!sql_malformed", "and one that has an end of a part"},
	{"-- MySQL dump 10.13  Distrib 8.0.36\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','x');",
	 "!sql_malformed", "the same of MySQL"},
	{"-- MySQL dump 10.13  Distrib 8.0.36\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','x');"
	 "-- Dump completed on 2026-11-22  8:36:05",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x\"}\n",
	 "with its end"},
	{"COPY mail.alias (address, goto) FROM stdin;\na@b\tc@d\n\\.\nCOPY wiki.alias (address, goto) FROM stdin;\na@b\tc@d\n\\.\n",
	 "!sql_malformed", "tables of one name in two schemata"},
	{"COPY mail.alias (address, goto) FROM stdin;\na@b\tc@d\n\\.\nCOPY wiki.page (address, goto) FROM stdin;\na@b\tc@d\n\\.\n",
	 "2 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "which is nothing to us for others"},
	{"\\connect mail\nCOPY public.alias (address, goto) FROM stdin;\na@b\tc@d\n\\.\n\\connect wiki\nCOPY public.alias (address, goto) FROM stdin;\na@b\tc@d\n\\.\n",
	 "!sql_malformed", "and in two databases"},
	{"USE `mail`;\nINSERT INTO `alias` (address, goto) VALUES ('a@b','c@d');\nUSE `wiki`;\nINSERT INTO `alias` (address, goto) VALUES ('a@b','c@d');\n",
	 "!sql_malformed", "as MySQL has it"},
	{"USE `mail`;\nINSERT INTO `alias` (address, goto) VALUES ('a@b','c@d');\nUSE `wiki`;\nCREATE TABLE `page` (`id` int);\n",
	 "2 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "where only one has it"},
	{"INSERT alias (address, goto) VALUES ('a@b','c@d');",
	 "1 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "an INSERT without INTO"},
	{"INSERT IGNORE `alias` (address, goto) VALUES ('a@b','c@d');",
	 "1 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "which has nothing against what is there"},
	{"REPLACE LOW_PRIORITY INTO alias (address, goto) VALUES ('a@b','c@d');",
	 "1 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "a REPLACE"},
	{"CREATE OR REPLACE FUNCTION public.f(begin integer) RETURNS void LANGUAGE sql\nBEGIN ATOMIC\nINSERT INTO alias (address, goto) VALUES (CASE WHEN true THEN 'e@f' END, 'c@d');\nSELECT 1;\nINSERT INTO alias (address, goto) VALUES ('e@f', 'c@d');\nEND;\nCOPY public.alias (address, goto) FROM stdin;\na@b\tc@d\n\\.\n",
	 "8 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "a body of statements"},
	{"CREATE OR REPLACE FUNCTION public.f(begin integer) RETURNS void LANGUAGE sql\nBEGIN ATOMIC\nINSERT INTO alias (address, goto) VALUES (CASE WHEN true THEN 'e@f' END, 'c@d');\nSELECT 1;\nINSERT INTO alias (address, goto) VALUES ('e@f', 'c@d');\n\n",
	 "!sql_malformed", "one that does not end"},
	{"DELIMITER ;;\nCREATE TRIGGER `t` BEGIN INSERT INTO alias VALUES (1); END ;;\ndelimiter ;\nINSERT INTO `alias` (address, goto) VALUES ('a@b','c@d');\n",
	 "4 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "a DELIMITER that is set back"},
	{"DELIMITER ;;\nCREATE TRIGGER `t` BEGIN INSERT INTO alias VALUES (1); END ;;\nDELIMITER ;;\nINSERT INTO `alias` (address, goto) VALUES ('a@b','c@d');\n",
	 "!sql_malformed", "which another is not"},
	{"delimiter ;\nINSERT INTO `alias` (address, goto) VALUES ('a@b','c@d');\n",
	 "2 alias {\"address\":\"a@b\",\"destinations\":[\"c@d\"]}\n",
	 "one that changes nothing"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',0x7b43525950547d);",
	 "2 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"{CRYPT}\"}\n",
	 "hexadecimal digits"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',X'7b43525950547d');",
	 "2 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"{CRYPT}\"}\n",
	 "and as a text"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',0x7b4);", "!sql_malformed",
	 "half a byte"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',0x4100);", "!sql_malformed",
	 "a NUL"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',0x4g);", "!sql_malformed",
	 "what are none"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',b'0101');",
	 "!sql_malformed", "bits"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',foo'x');", "!sql_malformed",
	 "a word before a text"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',1+1);", "!sql_malformed",
	 "a sum"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',-1.5e+06);",
	 "2 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"-1.5e+06\"}\n",
	 "a number"},
	{"-- phpMyAdmin SQL Dump\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b',_binary 'x');",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x\"}\n",
	 "the name of a character set"},
	{"-- phpMyAdmin SQL Dump\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b',_utf8mb4 _utf8 'x');",
	 "!sql_malformed", "two of them"},
	{"-- phpMyAdmin SQL Dump\n" MAILBOX
	 "INSERT INTO mailbox VALUES ('a@b','\\x41\\101\\f\\%\\_\\Z\\n');",
	 "3 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"x41101f\\\\%\\\\_\\u001A\\n\"}\n",
	 "MySQL's escapes"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',E'\\x41\\101\\f\\%\\Z');",
	 "2 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"AA\\f%Z\"}\n",
	 "PostgreSQL's"},
	{MAILBOX "INSERT INTO mailbox VALUES ('a@b',E'\\u0041');",
	 "!sql_malformed", "which are not all taken"},
	{"COPY mailbox (username, password) FROM stdin;\na@b\t\\x41\\101\\v\\Z\\%\n\\.\n",
	 "2 user {\"address\":\"a@b\",\"enabled\":true,\"password_hash\":\"AA\\u000BZ%\"}\n",
	 "and those of COPY"}};

static void strict(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = imported(a, "sql", cases[i].text);

		if (cases[i].want[0] == '!')
			got = arena_strndup(a, got, strcspn(got, "\n"));
		IS(got, cases[i].want, cases[i].what);
	}
}

/* Whatever is missing at the end, it is refused, or all is there. */
static void truncated(void)
{
	static const char *const names[] = {"dinomail.sql", "postfixadmin.sql",
					    "postfixadmin-mysql.sql"};
	size_t part = 0;

	for (size_t i = 0; i < 3; i++) {
		const char *text = imported_file(a, names[i]);
		const char *all = imported(a, "sql", text);
		size_t size = strlen(text);

		for (size_t n = 0; n < size; n += 97) {
			struct arena *own = arena_new();
			const char *got = imported_of(own, "sql", text, n);
			part += got[0] != '!' && strcmp(got, all) != 0;
			arena_free(own);
		}
	}
	NUMBER(part, 0, "cut off anywhere, no part of it is taken for all");
}

/* What tells the format is what tells how to read it. */
static void guessed(void)
{
	static const char text[] = "\xEF\xBB\xBF\n# x\n-- MariaDB dump 10.19\n";
	static const char row[] = "a;b\n-- MariaDB dump 10.19\n";

	OK(reader_guess(text, strlen(text)) == &format_sql &&
		   sql_dialect(text, strlen(text)) == SQL_MYSQL,
	   "a dump says what it is before anything else");
	OK(reader_guess(row, strlen(row)) == NULL &&
		   sql_dialect(row, strlen(row)) == SQL_UNSAID,
	   "and not behind that");
	/* Of any size: nothing is behind it. */
	for (size_t n = 0; n < strlen(text); n++) {
		char *bare = malloc(n > 0 ? n : 1);
		memcpy(bare, text, n);
		sql_dialect(bare, n);
		free(bare);
	}
}

/* Memory does not grow with what is passed over. */
static void large(void)
{
	enum { ROWS = 20000 };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	struct arena *own = arena_new();

	fputs("COPY mailbox (username, password) FROM stdin;\n", f);
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "u%d@x\t\n", i);
	fputs("\\.\nCOPY alias (address, goto) FROM stdin;\n", f);
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "u%d@x\tu%d@x\n", i, i);
	fputs("\\.\n", f);
	fclose(f);
	const struct reader_input in = {.arena = own,
					.text = text,
					.size = size};
	struct reader r;
	struct err e = {0};
	size_t n = 0;
	bool good = reader_begin(&r, reader_find("sql", NULL), &in, &e);
	for (bool some = good; some;) {
		struct arena *mine = arena_new();
		struct import_record rec;

		some = reader_next(&r, mine, &rec, &e);
		n += some;
		good = good && arena_used(mine) < 8192;
		arena_free(mine);
	}
	NUMBER(n, ROWS, "who has a row of his own in alias is told once");
	OK(good && e.kind == ERR_NONE && arena_used(own) < 65536,
	   "and nothing piles up");
	arena_free(own);
	free(text);
}

int main(void)
{
	a = arena_new();
	dinomail();
	of_postfixadmin();
	strict();
	truncated();
	guessed();
	large();
	arena_free(a);
	return tap_done();
}
