#include "policy/request.h"

#include "tests/lib/tap.h"

static struct arena *a;

static const char *size_of(const char *text)
{
	struct err e = {0};
	size_t n;

	if (!request_size(text, strlen(text), &n, &e))
		return "refused";
	return arena_printf(a, "%zu", n);
}

static void sizes(void)
{
	char *line = arena_alloc(a, REQUEST_MAX + 100);

	IS(size_of(""), "0", "nothing");
	IS(size_of("request=x\n"), "0", "no empty line yet");
	IS(size_of("request=x\n\nrequest=y\n"), "11", "up to the empty line");
	IS(size_of("\n"), "1", "an empty line alone");
	memset(line, 'a', REQUEST_LINE_MAX);
	IS(size_of(line), "0", "a line that may still end");
	line[REQUEST_LINE_MAX] = 'a';
	IS(size_of(line), "refused", "one that is too long, ended or not");
	for (size_t i = 0; i < REQUEST_MAX; i++)
		line[i] = i % 100 == 99 ? '\n' : 'a';
	line[REQUEST_MAX - 1] = '\0';
	IS(size_of(line), "0", "a request that just fits, so far");
	line[REQUEST_MAX - 1] = 'a';
	line[REQUEST_MAX] = '\0';
	IS(size_of(line), "refused", "a request that is too long");
}

static const char *read_as(const char *text, size_t size)
{
	struct policy_request r;
	struct err e = {0};

	if (!request_read(a, text, size, &r, &e))
		return e.kind == ERR_MALFORMED ? "malformed" : "?";
	return arena_printf(a, "%s|%s|%s|%s|%s", r.request, r.state, r.sender,
			    r.recipient, r.size);
}

static const struct {
	const char *text, *want;
} requests[] = {
	{"request=smtpd_access_policy\nprotocol_state=RCPT\nsender=a@b.c\n"
	 "recipient=d=e@f.g\nsize=12\nnew_one=\n\n",
	 "smtpd_access_policy|RCPT|a@b.c|d=e@f.g|12"},
	{"request=x\n\n", "x||||"},
	{"sender=\nrequest=x\nsender=b\n\n", "x||||"},
	{"size=1\nsize=2\nrequest=x\nrequest=y\n\n", "x||||1"},
	{"sender=a\n\n", "malformed"},
	{"\n", "malformed"},
	{"request\n\n", "malformed"},
	{"request=x\n=y\n\n", "malformed"},
	{"request=x", "malformed"},
	{"", "malformed"},
};

static void readings(void)
{
	char *many = arena_strdup(a, "request=x\n");

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		IS(read_as(requests[i].text, strlen(requests[i].text)),
		   requests[i].want, requests[i].text);
	IS(read_as("request=x\0y\n\n", 13), "malformed", "NUL in it");
	for (int i = 0; i < REQUEST_LINES_MAX; i++)
		many = arena_printf(a, "%sa=b\n", many);
	many = arena_printf(a, "%s\n", many);
	IS(read_as(many, strlen(many)), "malformed", "too many lines");
}

static void writing(void)
{
	const struct policy_request r = {"smtpd_access_policy", "RCPT", "a@b.c",
					 "d@e.f", "5"},
				    evil = {"smtpd_access_policy", "RCPT",
					    "a\rb", "d\nsize=0", "5"};
	const char *text = request_write(a, &r);

	IS(read_as(text, strlen(text)),
	   "smtpd_access_policy|RCPT|a@b.c|d@e.f|5",
	   "what is written can be read");
	text = request_write(a, &evil);
	IS(read_as(text, strlen(text)), "smtpd_access_policy|RCPT|||5",
	   "and no value is two lines");
}

static const struct {
	const char *text, *want;
} replies[] = {
	{"action=DUNNO\n\n", "DUNNO"},
	{"action=\n\n", ""},
	{"action=552 5.2.2 Mailbox is full\n\n", "552 5.2.2 Mailbox is full"},
	{"action=DUNNO\n", "refused"},
	{"action=DUNNO\nmore=x\n\n", "refused"},
	{"actions=DUNNO\n\n", "refused"},
	{"\n", "refused"},
};

static const struct {
	const char *action;
	bool full;
} actions[] = {
	{"552 5.2.2 Mailbox is full", true},
	{"452 4.2.2 Mailbox is full", true},
	{"554 5.2.2 Quota exceeded (mailbox for user is full)", true},
	{"REJECT 5.2.2 Full", true},
	{"defer_if_permit 4.2.2 Full", true},
	{"552 5.2.2", true},
	{"DUNNO", false},
	{"OK", false},
	{"", false},
	{"REJECT Unknown user", false},
	{"550 5.1.1 Unknown", false},
	{"552 5.2.23 Full", false},
	{"250 5.2.2 Full", false},
	{"5a2 5.2.2 Full", false},
	{"DUNNO 5.2.2", false},
};

static void answers(void)
{
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		const char *text = replies[i].text, *action = "refused";
		struct err e = {0};

		reply_read(a, text, strlen(text), &action, &e);
		IS(action, replies[i].want, text);
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		OK(reply_is_full(actions[i].action) == actions[i].full,
		   actions[i].action);
}

int main(void)
{
	a = arena_new();
	sizes();
	readings();
	writing();
	answers();
	arena_free(a);
	return tap_done();
}
