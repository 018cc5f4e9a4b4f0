#include <string.h>

#include "policy/request.h"
#include "tests/fuzz/fuzz.h"
#include "util/text.h"

static bool is_line(const char *text)
{
	return strchr(text, '\n') == NULL;
}

/* What was read stays as it is when Dovecot is asked with it. */
static void passed_on(struct arena *a, const struct policy_request *r)
{
	const char *text = request_write(a, r);
	struct policy_request again;
	struct err e = {0};
	size_t size = 0;

	HOLDS(is_line(r->request) && is_line(r->state) && is_line(r->sender) &&
	      is_line(r->recipient) && is_line(r->size));
	if (!request_size(text, strlen(text), &size, &e))
		return; /* five long values are too long */
	HOLDS(size == strlen(text));
	HOLDS(request_read(a, text, size, &again, &e));
	if (text_is_clean(r->recipient))
		HOLDS(strcmp(again.recipient, r->recipient) == 0);
}

static void replied(struct arena *a, const char *text, size_t size)
{
	const char *action = NULL;
	struct err e = {0};

	if (!reply_read(a, text, size, &action, &e))
		return;
	HOLDS(is_line(action));
	HOLDS(!reply_is_full(action) || strstr(action, ".2.2") != NULL);
}

/* Requests one behind the other, as they come over a connection. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	struct policy_request r;
	struct err e = {0};
	size_t n;

	while (size > 0 && request_size(text, size, &n, &e) && n > 0) {
		HOLDS(n <= size && n <= REQUEST_MAX && text[n - 1] == '\n');
		if (request_read(a, text, n, &r, &e))
			passed_on(a, &r);
		replied(a, text, n);
		text += n;
		size -= n;
	}
	arena_free(a);
	return 0;
}
