#include "policy/request.h"

#include <string.h>
#include <strings.h>

#include "util/field.h"
#include "util/text.h"

bool request_size(const char *text, size_t size, size_t *ret, struct err *e)
{
	const char *line = text, *end = text + size;

	*ret = 0;
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((stop != NULL ? stop : end) - line);

		if (length > REQUEST_LINE_MAX)
			return err_set(e, ERR_TOO_LARGE,
				       "a line has more than %d bytes",
				       REQUEST_LINE_MAX);
		if (stop == NULL)
			break;
		line = stop + 1;
		if (length == 0) {
			*ret = (size_t)(line - text);
			break;
		}
	}
	if (*ret > REQUEST_MAX || (*ret == 0 && size >= REQUEST_MAX))
		return err_set(e, ERR_TOO_LARGE,
			       "a request has more than %d bytes", REQUEST_MAX);
	return true;
}

/* One line, ended; the text is changed. */
static bool take(char *line, struct policy_request *r, struct err *e)
{
	const struct {
		const char *name;
		const char **to;
	} known[] = {
		{"request", &r->request}, {"protocol_state", &r->state},
		{"sender", &r->sender},   {"recipient", &r->recipient},
		{"size", &r->size},
	};
	char *equals = strchr(line, '=');

	if (equals == NULL || equals == line)
		return err_set(e, ERR_MALFORMED, "a line is not name=value");
	*equals = '\0';
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strcmp(known[i].name, line) == 0 && *known[i].to == NULL)
			*known[i].to = equals + 1;
	}
	return true;
}

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

bool request_read(struct arena *a, const char *text, size_t size,
		  struct policy_request *ret, struct err *e)
{
	char *line = arena_strndup(a, text, size);
	struct policy_request r = {0};
	unsigned count = 0;

	if (strlen(line) != size || size == 0 || text[size - 1] != '\n')
		return err_set(e, ERR_MALFORMED, "that is no text");
	while (*line != '\0' && *line != '\n') {
		char *next = strchr(line, '\n');

		*next++ = '\0';
		if (++count > REQUEST_LINES_MAX)
			return err_set(e, ERR_MALFORMED,
				       "a request has more than %d lines",
				       REQUEST_LINES_MAX);
		if (!take(line, &r, e))
			return false;
		line = next;
	}
	if (r.request == NULL)
		return err_set(e, ERR_MALFORMED,
			       "it does not say which request it is");
	*ret = (struct policy_request){r.request, or_empty(r.state),
				       or_empty(r.sender),
				       or_empty(r.recipient), or_empty(r.size)};
	return true;
}

/* What is read from one program and written to another stays one line. */
static const char *plain(const char *value)
{
	return text_is_clean(value) ? value : "";
}

const char *request_write(struct arena *a, const struct policy_request *r)
{
	return arena_join(a, "request=", plain(r->request),
			  "\nprotocol_state=", plain(r->state),
			  "\nsender=", plain(r->sender),
			  "\nrecipient=", plain(r->recipient),
			  "\nsize=", plain(r->size), "\n\n", NULL);
}

bool reply_read(struct arena *a, const char *text, size_t size,
		const char **ret, struct err *e)
{
	static const char action[] = "action=";
	char *line = arena_strndup(a, text, size);
	size_t length = strcspn(line, "\n");

	if (strncmp(line, action, strlen(action)) != 0 || length + 2 != size ||
	    strcmp(line + length, "\n\n") != 0)
		return err_set(e, ERR_MALFORMED, "that is no action");
	*ret = arena_strndup(a, line + strlen(action), length - strlen(action));
	return true;
}

static bool is_refusal(const char *word, size_t size)
{
	static const char *const words[] = {"REJECT", "DEFER",
					    "DEFER_IF_PERMIT",
					    "DEFER_IF_REJECT"};

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strlen(words[i]) == size &&
		    strncasecmp(words[i], word, size) == 0)
			return true;
	}
	return size == 3 && (word[0] == '4' || word[0] == '5') &&
	       strspn(word, "0123456789") == size;
}

bool reply_is_full(const char *action)
{
	size_t word = strcspn(action, " \t");
	const char *status = action + word + strspn(action + word, " \t");
	size_t length = strcspn(status, " \t");

	return is_refusal(action, word) && length == 5 &&
	       (status[0] == '4' || status[0] == '5') &&
	       strncmp(status + 1, ".2.2", 4) == 0;
}
