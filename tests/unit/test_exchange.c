#include "http/exchange.h"
#include "http/status.h"
#include "tests/lib/tap.h"
#include "util/field.h"

static void requests(void)
{
	static const struct header headers[] = {{"Accept", "first"},
						{"X-Two", "2"},
						{"ACCEPT", "second"}};
	const struct request req = {.headers = headers,
				    .header_count = COUNT(headers)};

	IS(request_header(&req, "accept"), "first", "the first of that name");
	IS(request_header(&req, "x-two"), "2", "in any letters");
	IS(request_header(&req, "X-Tw"), NULL, "not a part of the name");
	IS(request_header(&req, ""), NULL, "no name");
}

static void responses(void)
{
	struct response res = {0};

	for (unsigned i = 0; i < RESPONSE_HEADERS; i++)
		response_header(&res, "Name", "value");
	NUMBER(res.header_count, RESPONSE_HEADERS, "as many headers as fit");
	IS(res.headers[RESPONSE_HEADERS - 1].value, "value", "the last one");
}

/* Those that the guard and the server refuse with, besides those of errors. */
static const unsigned refusals[] = {400, 413, 415, 431, 503, 505};

static bool is_word(const char *code)
{
	return code[0] != '\0' &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz_") == strlen(code);
}

/* Every kind of error is a status that RFC 9110 knows, and has a title of its
 * own. */
static void statuses(void)
{
	for (enum err_kind k = ERR_MALFORMED; k <= ERR_INTERNAL; k++) {
		unsigned status = status_of(k);

		OK(status >= 400 && status < 505 &&
			   strcmp(status_title(status), status_title(505)) != 0,
		   status_title(status));
	}
	for (size_t i = 0; i < COUNT(refusals); i++)
		OK(is_word(status_code(refusals[i])), status_code(refusals[i]));
	IS(status_title(431), "Request Header Fields Too Large", "a title");
	IS(status_code(413), "too_large", "a code");
	NUMBER(status_of(ERR_NONE), 200, "no error");
	NUMBER(status_of(ERR_INVALID), 422, "faults in the input");
	NUMBER(status_of(ERR_EXISTS), 409, "taken");
	NUMBER(status_of(ERR_CHANGED), 412, "changed");
	NUMBER(status_of(ERR_UNKNOWN), 503, "who knows");
	NUMBER(status_of(ERR_INTERNAL), 500, "our own fault");
	NUMBER(status_of((enum err_kind)1000), 500, "what is no kind");
}

int main(void)
{
	requests();
	responses();
	statuses();
	return tap_done();
}
