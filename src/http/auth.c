#include "http/auth.h"

#include <string.h>
#include <strings.h>

#include "util/base64.h"
#include "util/text.h"

bool auth_basic(const struct request *req, const char **name,
		const char **password)
{
	const char *header = request_header(req, "Authorization");
	char *pair;
	size_t size;

	if (header == NULL || strncasecmp(header, "Basic ", 6) != 0)
		return false;
	header += 6 + strspn(header + 6, " ");
	if (!base64_decode(req->arena, header, &pair, &size) ||
	    strlen(pair) != size || !text_is_clean(pair))
		return false;
	char *colon = strchr(pair, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	*name = pair;
	*password = colon + 1;
	return true;
}
