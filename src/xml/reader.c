#include "xml/reader.h"

#include <libxml/parser.h>
#include <libxml/xmlstring.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

struct reading {
	struct arena *arena;
	struct xml_wanted *wanted;
	size_t count, depth;
	struct xml_wanted *now; /* whose text is being read; or NULL */
	size_t now_depth;
	char *text; /* of that */
	size_t used;
	xmlParserCtxt *parser;
	const char *wrong; /* what ended it; or NULL */
};

static void stop(struct reading *r, const char *why)
{
	r->wrong = why;
	xmlStopParser(r->parser);
}

/* Before anything in it is read. */
static void on_document_type(void *ctx, const xmlChar *name, const xmlChar *id,
			     const xmlChar *system)
{
	(void)name, (void)id, (void)system;
	stop(ctx, "a document type is not taken");
}

static void begin_text(struct reading *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++) {
		struct xml_wanted *w = &r->wanted[i];

		if (w->text != NULL || strcmp(w->element, name) != 0)
			continue;
		r->now = w;
		r->now_depth = r->depth;
		r->text = arena_alloc(r->arena, XML_SIZE_MAX + 1);
		r->used = 0;
		return;
	}
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix,
		     const xmlChar *uri, int namespaces,
		     const xmlChar **declared, int attributes, int defaulted,
		     const xmlChar **values)
{
	struct reading *r = ctx;

	(void)prefix, (void)uri, (void)namespaces, (void)declared;
	(void)attributes, (void)defaulted, (void)values;
	if (++r->depth > XML_DEPTH_MAX)
		stop(r, "elements are too deep within each other");
	else if (r->now == NULL)
		begin_text(r, (const char *)name);
}

static void on_text(void *ctx, const xmlChar *text, int size)
{
	struct reading *r = ctx;
	size_t n = (size_t)size;

	if (r->now == NULL)
		return;
	/* In another encoding a text may grow. */
	if (n > XML_SIZE_MAX - r->used) {
		stop(r, "a text is too long");
		return;
	}
	memcpy(r->text + r->used, text, n);
	r->used += n;
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix,
		   const xmlChar *uri)
{
	struct reading *r = ctx;

	(void)name, (void)prefix, (void)uri;
	if (r->now != NULL && r->depth == r->now_depth) {
		char *text = r->text + strspn(r->text, blanks);
		size_t size = strlen(text);

		while (size > 0 && strchr(blanks, text[size - 1]) != NULL)
			text[--size] = '\0';
		r->now->text = text;
		r->now = NULL;
	}
	r->depth--;
}

/* What is wrong is told in the reply; libxml2 would print it. */
static void keep_quiet(void *ctx, xmlError *wrong)
{
	(void)ctx, (void)wrong;
}

static void parse(struct reading *r, const char *text, size_t size)
{
	xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
				 .internalSubset = on_document_type,
				 .startElementNs = on_start,
				 .characters = on_text,
				 .ignorableWhitespace = on_text,
				 .cdataBlock = on_text,
				 .endElementNs = on_end};
	int failed;

	xmlSetStructuredErrorFunc(NULL, keep_quiet); /* of this thread */
	r->parser = xmlCreatePushParserCtxt(&handler, r, NULL, 0, NULL);
	if (r->parser == NULL)
		abort();
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_NOERROR |
					     XML_PARSE_NOWARNING);
	failed = xmlParseChunk(r->parser, text, (int)size, 1);
	if (r->wrong == NULL && (failed != 0 || r->parser->wellFormed == 0))
		r->wrong = "it is not well-formed";
	xmlFreeDoc(r->parser->myDoc);
	xmlFreeParserCtxt(r->parser);
}

bool xml_read(struct arena *a, const char *text, size_t size,
	      struct xml_wanted *wanted, size_t count, struct err *e)
{
	struct reading r = {.arena = a, .wanted = wanted, .count = count};

	for (size_t i = 0; i < count; i++)
		wanted[i].text = NULL;
	if (size > XML_SIZE_MAX)
		return err_set(e, ERR_TOO_LARGE,
			       "XML has at most %d bytes here", XML_SIZE_MAX);
	parse(&r, text, size);
	return r.wrong == NULL || err_code(e, ERR_MALFORMED, "xml_malformed",
					   "send XML: %s", r.wrong);
}
