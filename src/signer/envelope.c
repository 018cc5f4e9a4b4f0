#include "signer/envelope.h"

#include <string.h>

#include "util/base64.h"
#include "util/file.h"

enum { FILE_MAX = 256 };

static const char mark[] = "{AES-256-GCM}";

bool envelope_read(struct arena *a, const char *path, struct envelope *ret,
		   struct err *e)
{
	const char *text;
	char *bytes;
	size_t size;

	if (!file_read(a, path, FILE_MAX, &text, e))
		return false;
	text = arena_strndup(a, text, strcspn(text, "\r\n"));
	if (!base64_decode(a, text, &bytes, &size) || size != sizeof(ret->key))
		return err_set(e, ERR_INVALID,
			       "%s has no key of 32 bytes in "
			       "base64",
			       path);
	memcpy(ret->key, bytes, size);
	return true;
}

static const char *purpose(struct arena *a, const char *name)
{
	return arena_join(a, "dkim ", name, NULL);
}

const char *envelope_close(struct arena *a, const struct envelope *v,
			   const char *name, const char *pem)
{
	return v == NULL ? pem
			 : arena_join(a, mark,
				      sealing_close(a, v->key, purpose(a, name),
						    pem),
				      NULL);
}

bool envelope_open(struct arena *a, const struct envelope *v, const char *name,
		   const char *stored, const char **ret, struct err *e)
{
	size_t size = strlen(mark);

	*ret = stored;
	if (strncmp(stored, mark, size) != 0)
		return true;
	return (v != NULL && sealing_open(a, v->key, purpose(a, name),
					  stored + size, ret)) ||
	       err_set(e, ERR_INVALID,
		       "the key of %s is sealed, and not with "
		       "the key of ours",
		       name);
}
