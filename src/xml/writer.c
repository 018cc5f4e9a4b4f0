#include "xml/writer.h"

#include <libxml/chvalid.h>
#include <libxml/xmlstring.h>
#include <libxml/xmlwriter.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct xml {
	struct arena *arena;
	xmlBuffer *buffer;
	xmlTextWriter *writer;
};

/* It fails for want of memory only: that ends the process, as elsewhere. */
static void must(int done)
{
	if (done < 0)
		abort();
}

static void dispose(void *ptr)
{
	struct xml *x = ptr;

	xmlFreeTextWriter(x->writer);
	xmlBufferFree(x->buffer);
}

struct xml *xml_begin(struct arena *a)
{
	struct xml *x = arena_alloc(a, sizeof(*x));

	x->arena = a;
	x->buffer = xmlBufferCreate();
	x->writer =
		x->buffer != NULL ? xmlNewTextWriterMemory(x->buffer, 0) : NULL;
	if (x->writer == NULL)
		abort();
	arena_defer(a, dispose, x);
	must(xmlTextWriterSetIndent(x->writer, 1));
	must(xmlTextWriterSetIndentString(x->writer, (const xmlChar *)"  "));
	must(xmlTextWriterStartDocument(x->writer, "1.0", "UTF-8", NULL));
	return x;
}

/* In more bytes than it needs: that passes here, and no reader takes it. */
static bool is_overlong(int c, int size)
{
	static const int least[] = {0, 0, 0x80, 0x800, 0x10000};

	return c < least[size];
}

/* libxml2 takes a byte from within a character for the first of one. */
const char *xml_sayable(struct arena *a, const char *text)
{
	size_t left = strlen(text);
	char *ret = arena_copy(a, text, left + 1);
	unsigned char *copy = (unsigned char *)ret;

	for (unsigned char *p = copy; left > 0;) {
		int size = (int)(left < 4 ? left : 4);
		int c = (*p & 0xc0) == 0x80 ? -1 : xmlGetUTF8Char(p, &size);

		if (c < 0)
			size = 1;
		if (c < 0 || is_overlong(c, size) || !xmlIsCharQ((unsigned)c))
			memset(p, '?', (size_t)size);
		p += size;
		left -= (size_t)size;
	}
	return ret;
}

static const xmlChar *said(const struct xml *x, const char *text)
{
	return (const xmlChar *)xml_sayable(x->arena, text);
}

void xml_open(struct xml *x, const char *element, const char *const *attributes)
{
	must(xmlTextWriterStartElement(x->writer, (const xmlChar *)element));
	for (; attributes != NULL && *attributes != NULL; attributes += 2)
		must(xmlTextWriterWriteAttribute(x->writer,
						 (const xmlChar *)attributes[0],
						 said(x, attributes[1])));
}

void xml_close(struct xml *x)
{
	must(xmlTextWriterEndElement(x->writer));
}

void xml_leaf(struct xml *x, const char *element, const char *text)
{
	must(xmlTextWriterWriteElement(x->writer, (const xmlChar *)element,
				       said(x, text)));
}

const char *xml_end(struct xml *x, size_t *size)
{
	must(xmlTextWriterEndDocument(x->writer));
	must(xmlTextWriterFlush(x->writer));
	*size = (size_t)xmlBufferLength(x->buffer);
	return (const char *)xmlBufferContent(x->buffer);
}
