#include "doctor/report.h"

#include <stdarg.h>
#include <string.h>

#include "util/arena.h"
#include "util/field.h"
#include "util/text.h"
#include "json/writer.h"

enum { PROBLEM_SIZE = 1024 };

/* Exactly one line, whatever the directory holds. */
static void put_clean(FILE *to, const char *text)
{
	bool clean = text_is_clean(text);

	for (; *text != '\0'; text++)
		fputc(clean || (*text >= ' ' && *text < 0x7f) ? *text : '?',
		      to);
}

static void put_member(struct writer *w, const char *key, const char *text)
{
	writer_raw(w, key);
	writer_text(w, text);
}

static void flush_writer(struct report *r, struct writer *w)
{
	fwrite(w->text, 1, w->used, r->to);
}

void report_begin(struct report *r, const char *uri, const char *base)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct writer w = {.arena = a};

	r->begun = true;
	if (!r->json)
		return;
	put_member(&w, "{\"version\":1,\"directory\":", uri);
	put_member(&w, ",\"base\":", base);
	put_member(&w, ",\"domain\":", r->only);
	writer_raw(&w, ",\"findings\":[");
	flush_writer(r, &w);
}

static void find_json(struct report *r, const struct finding_kind *k,
		      const char *entry, const char *problem)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct writer w = {.arena = a};

	put_member(&w, r->any ? ",\n{\"code\":" : "\n{\"code\":", k->code);
	put_member(&w, ",\"severity\":", severity_name(k->severity));
	put_member(&w, ",\"entry\":", entry);
	put_member(&w, ",\"problem\":", problem);
	put_member(&w, ",\"advice\":", k->advice);
	writer_raw(&w, "}");
	flush_writer(r, &w);
}

static void find_text(struct report *r, const struct finding_kind *k,
		      const char *entry, const char *problem)
{
	fprintf(r->to, "%s %s ", severity_name(k->severity), k->code);
	put_clean(r->to, entry);
	fputs(": ", r->to);
	put_clean(r->to, problem);
	fprintf(r->to, " -- %s\n", k->advice);
}

void report_find(struct report *r, enum finding f, const char *entry,
		 const char *fmt, ...)
{
	const struct finding_kind *k = finding_kind(f);
	char problem[PROBLEM_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem, sizeof(problem), fmt, ap);
	va_end(ap);
	if (r->json)
		find_json(r, k, entry, problem);
	else
		find_text(r, k, entry, problem);
	r->any = true;
	r->counts[k->severity]++;
}

void report_unseen(struct report *r, const char *why)
{
	for (unsigned i = 0; i < r->unseen_count; i++) {
		if (strcmp(r->unseen[i], why) == 0)
			return;
	}
	if (r->unseen_count < UNSEEN_MAX)
		r->unseen[r->unseen_count++] = why;
}

static int status_of(const struct report *r)
{
	if (r->failed)
		return 3;
	if (r->counts[SEVERITY_ERROR] > 0)
		return 2;
	return r->counts[SEVERITY_WARNING] > 0 ? 1 : 0;
}

static void put_number(struct writer *w, const char *key, int64_t n)
{
	writer_raw(w, key);
	writer_number(w, n);
}

static void end_json(struct report *r, const struct examined *x)
{
	CLEANUP(arena_release) struct arena *a = arena_new();
	struct writer w = {.arena = a};

	if (!r->begun)
		report_begin(r, NULL, NULL);
	writer_raw(&w,
		   r->any ? "\n],\"not_examined\":[" : "],\"not_examined\":[");
	for (unsigned i = 0; i < r->unseen_count; i++)
		put_member(&w, i > 0 ? "," : "", r->unseen[i]);
	put_number(&w, "],\"examined\":{\"domains\":", x->domains);
	put_number(&w, ",\"users\":", x->users);
	put_number(&w, ",\"aliases\":", x->aliases);
	put_number(&w, ",\"looked_up\":", x->probed);
	put_number(&w, ",\"lookups\":", x->lookups);
	put_number(&w, "},\"errors\":", r->counts[SEVERITY_ERROR]);
	put_number(&w, ",\"warnings\":", r->counts[SEVERITY_WARNING]);
	put_number(&w, ",\"infos\":", r->counts[SEVERITY_INFO]);
	put_number(&w, ",\"status\":", status_of(r));
	writer_raw(&w, "}\n");
	flush_writer(r, &w);
}

static void end_text(struct report *r, const struct examined *x)
{
	for (unsigned i = 0; i < r->unseen_count; i++) {
		fputs("not examined: ", r->to);
		put_clean(r->to, r->unseen[i]);
		fputc('\n', r->to);
	}
	fprintf(r->to,
		"%lld domains, %lld users, %lld aliases; %lld addresses asked "
		"for by %lld lookups; %lld errors, %lld "
		"warnings, %lld remarks\n",
		(long long)x->domains, (long long)x->users,
		(long long)x->aliases, (long long)x->probed,
		(long long)x->lookups, (long long)r->counts[SEVERITY_ERROR],
		(long long)r->counts[SEVERITY_WARNING],
		(long long)r->counts[SEVERITY_INFO]);
}

int report_end(struct report *r, const struct examined *x)
{
	if (r->json)
		end_json(r, x);
	else
		end_text(r, x);
	/* Half a report must not pass for a good one. */
	return fflush(r->to) == 0 && !ferror(r->to) ? status_of(r) : 3;
}
