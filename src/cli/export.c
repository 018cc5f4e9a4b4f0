#include "cli/export.h"

#include <string.h>

#include "cli/talk.h"

enum { TAIL = 256 };

struct export_options {
	struct request_options request;
	const char *format, *domain;
	bool hashes;
};

static const struct export_options defaults = {.request = REQUEST_DEFAULTS,
					       .format = "ndjson"};

/* clang-format off */
#define F(member) FIELD(struct export_options, member)
static const struct command_group own = {
	NULL, (const struct command_option[]){
	OPTION("format", F(format), "ndjson|csv|ldif", "how it is written (ndjson)"),
	OPTION("hashes", F(hashes), NULL,
	       "with the hashes of passwords, for who may read them"),
	OPTION("domain", F(domain), "DOMAIN",
	       "only that domain and what is in it"),
	OPTIONS_END}};
#undef F
/* clang-format on */

/* What came last, of all that was written. */
struct tail {
	char text[2 * TAIL + 1];
	size_t size;
};

static ssize_t pass_on(void *ctx, const char *data, size_t size)
{
	struct tail *t = ctx;
	size_t more = size < TAIL ? size : TAIL;

	if (t->size > TAIL) {
		memmove(t->text, t->text + t->size - TAIL, TAIL);
		t->size = TAIL;
	}
	memcpy(t->text + t->size, data + size - more, more);
	t->size += more;
	t->text[t->size] = '\0';
	return fwrite(data, 1, size, stdout) == size ? (ssize_t)size : 0;
}

/* Whether the last line is the one that a gateway ends with if it cannot go on:
 * no record has that type. */
static bool is_cut_off(struct tail *t)
{
	static const char row[] = "incomplete";
	const char *line;

	while (t->size > 0 && strchr("\r\n", t->text[t->size - 1]) != NULL)
		t->text[--t->size] = '\0';
	line = strrchr(t->text, '\n');
	line = line != NULL ? line + 1 : t->text;
	if (strcmp(line, "{\"type\":\"incomplete\"}") == 0)
		return true;
	if (strncmp(line, row, strlen(row)) != 0)
		return false;
	line += strlen(row);
	return line[strspn(line, ",")] == '\0';
}

static int run(const struct command *command, const void *options,
	       char *const *words)
{
	const struct export_options *o = options;
	struct tail tail = {.size = 0};
	struct client_reply r;
	struct talk t;

	if (words[0] != NULL)
		return command_misused("it takes no words");
	if (!talk_open(&t, command, options))
		return (int)t.outcome;
	FILE *to = fopencookie(&tail, "w",
			       (cookie_io_functions_t){.write = pass_on});
	const struct client_ask ask =
		{.method = "GET",
		 .path = arena_join(t.arena,
				    o->hashes ? "/v1/exports/hashes"
					      : "/v1/exports",
				    "?format=", o->format,
				    o->domain != NULL ? "&domain=" : "",
				    o->domain != NULL
					    ? client_escape(t.client, t.arena,
							    o->domain)
					    : "",
				    NULL),
		 .receive = to,
		 .receives = "*/*"};
	int status = to != NULL ? (int)talk_ask(&t, t.arena, &ask, &r)
				: command_complain("there is no memory for it");
	if (to != NULL &&
	    (fclose(to) != 0 || fflush(stdout) != 0 || ferror(stdout)))
		status = command_complain("it could not be written");
	if (status == OUTCOME_DONE && is_cut_off(&tail))
		status = command_complain("it is not complete: the gateway "
					  "could not go on");
	talk_close(&t);
	return status;
}

const struct command command_export =
	{.name = "export",
	 .summary = "Take out all domains, users and aliases",
	 .groups = {&own, &request_connection},
	 .defaults = &defaults,
	 .size = sizeof(struct export_options),
	 .run = run,
	 .asks = "GET\t/v1/exports\tformat,domain\t\n"
		 "GET\t/v1/exports/hashes\tformat,domain\t\n"};
