#include "util/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/text.h"

static void put(struct err *e, enum err_kind kind, const char *code,
		const char *fmt, va_list ap)
{
	e->kind = kind;
	e->code = code;
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	text_mend(e->text); /* it may be cut, here or in what it quotes */
}

bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(e, kind, NULL, fmt, ap);
	va_end(ap);
	return false;
}

bool err_code(struct err *e, enum err_kind kind, const char *code,
	      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(e, kind, code, fmt, ap);
	va_end(ap);
	return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
	struct err inner = *e;
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(e->text))
		return false;
	size_t room = sizeof(e->text) - (size_t)len;
	if (snprintf(e->text + len, room, ": %s", inner.text) < 0)
		e->text[len] = '\0';
	text_mend(e->text);
	return false;
}

void err_clear(struct err *e)
{
	*e = (struct err){0};
}
