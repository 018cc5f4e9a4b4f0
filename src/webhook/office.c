#include "webhook/office.h"

#include <string.h>

#include "crypto/digest.h"
#include "util/file.h"
#include "webhook/messenger.h"

enum { KEY_LEAST = 32, KEY_MOST = 1024 };

/* Any secret of enough bytes; what is sealed with it is opened only there. */
static bool read_key(struct arena *a, const char *path, struct office *o,
		     struct err *e)
{
	static const char purpose[] = "provost webhooks";
	const char *text;

	if (path == NULL)
		return true;
	if (!file_read(a, path, KEY_MOST, &text, e))
		return err_wrap(e, "webhooks.key_file");
	if (strlen(text) < KEY_LEAST)
		return err_set(e, ERR_INVALID,
			       "webhooks.key_file: %s has less than %d bytes",
			       path, KEY_LEAST);
	struct digest *d = digest_begin(purpose, strlen(purpose));
	digest_add(d, text, strlen(text));
	digest_end(&d, o->key);
	o->seal = o->key;
	return true;
}

bool office_open(struct arena *a, struct webhook_settings *set,
		 struct office *ret, struct err *e)
{
	ret->posting =
		(struct post_settings){.ca_file = set->ca_file,
				       .plain = strcmp(set->allow_http,
						       "yes") == 0,
				       .agent = "Provost/" PACKAGE_VERSION,
				       .allows = webhook_allows,
				       .ctx = set};
	if (!read_key(a, set->key_file, ret, e))
		return false;
	ret->poster = poster_open(&ret->posting, e);
	return ret->poster != NULL;
}

void office_close(struct office *o)
{
	poster_close(&o->poster);
	explicit_bzero(o->key, sizeof(o->key));
}
