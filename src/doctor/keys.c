#include "doctor/keys.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/dkim.h"
#include "util/alloc.h"
#include "util/text.h"
#include "json/text.h"

enum {
	DAY = 24 * 3600,
	WAITS_MOST = 7 * DAY, /* for its record */
	LATE_MOST = 2 * 3600, /* what failed is tried again after an hour */
	SETTLES_MOST = 600,   /* two of a type sign until one is retired */
	OLD = 365 * DAY,
};

static const char *keep(struct arena *a, const char *text)
{
	return text != NULL ? arena_strdup(a, text) : NULL;
}

static int64_t moment(const struct direct_entry *en, const char *name)
{
	const char *text = direct_text(en, name);

	return text != NULL ? analysis_time(text) : 0;
}

/* The domain that an entry stands below, as its name says. */
static const char *domain_above(struct arena *a, const char *dn)
{
	static const char type[] = ",provostDomainName=";
	const char *at = strcasestr(dn, type);

	if (at == NULL)
		return NULL;
	at += strlen(type);
	return text_lower(a, arena_strndup(a, at, strcspn(at, ",")));
}

void keys_add(struct census *c, const struct direct_entry *en)
{
	struct held_key *k = arena_alloc(c->arena, sizeof(*k));
	struct arena *a = c->arena;
	const char *days = direct_text(en, "provostDkimRotateDays");

	*k = (struct held_key){.next = c->keys};
	k->dn = arena_strdup(a, en->dn);
	k->above = domain_above(a, en->dn);
	k->domain = keep(a, direct_text(en, "provostDkimDomain"));
	k->selector = keep(a, direct_text(en, "provostDkimSelector"));
	k->state = keep(a, direct_text(en, "provostDkimState"));
	k->type = keep(a, direct_text(en, "provostDkimKeyType"));
	k->name = keep(a, direct_text(en, "provostDkimKeyName"));
	k->dns = keep(a, direct_text(en, "provostDkimDns"));
	k->created = moment(en, "createTimestamp");
	k->activated = moment(en, "provostDkimActivated");
	k->due = moment(en, "provostDkimDue");
	k->rotates = days != NULL && strcmp(days, "0") != 0;
	c->keys = k;
	c->key_count++;
}

void keys_add_check(struct census *c, const struct direct_entry *en)
{
	const struct text_list *v = direct_values(en, "provostCheckResult");

	for (size_t i = 0; v != NULL && i < v->count; i++) {
		const char *name, *about = NULL, *result, *code;
		struct err ignored = {0};
		json_t *object;

		if (!json_text_parse_own(c->arena, v->items[i], &object,
					 &ignored) ||
		    json_unpack(object, "{s:s, s?:s, s:s, s:s}", "name", &name,
				"about", &about, "result", &result, "code",
				&code) != 0 ||
		    strcmp(name, "dkim") != 0 || strcmp(result, "error") != 0 ||
		    about == NULL)
			continue;
		struct held_check *h = arena_alloc(c->arena, sizeof(*h));
		*h = (struct held_check){c->checks, about, code};
		c->checks = h;
	}
}

static bool is(const struct held_key *k, const char *state)
{
	return text_equal(k->state, state);
}

static bool signs(const struct held_key *k)
{
	return is(k, DKIM_ACTIVE) && k->name != NULL;
}

/* By their names in the DNS, those without one last. */
static int by_name(const void *x, const void *y)
{
	const struct held_key *a = *(const struct held_key *const *)x;
	const struct held_key *b = *(const struct held_key *const *)y;

	if (a->name == NULL || b->name == NULL)
		return (a->name == NULL) - (b->name == NULL);
	int ret = strcasecmp(a->name, b->name);
	return ret != 0 ? ret : strcmp(a->dn, b->dn);
}

/* Those that sign for one domain with one algorithm beside each other, the
 * newest last. */
static int by_use(const void *x, const void *y)
{
	const struct held_key *a = *(const struct held_key *const *)x;
	const struct held_key *b = *(const struct held_key *const *)y;
	int ret = signs(b) - signs(a);

	if (ret == 0 && signs(a))
		ret = strcasecmp(a->domain, b->domain);
	if (ret == 0 && signs(a))
		ret = strcmp(a->type, b->type);
	return ret != 0 ? ret
			: (a->activated > b->activated) -
				  (a->activated < b->activated);
}

/* A signer finds a key by what is in it, whoever it belongs to. */
static void check_name(const struct analysis *an, const struct held_key *k)
{
	if (k->above == NULL || strcasecmp(k->above, k->domain) != 0)
		report_find(an->report, FIND_DKIM_CONFLICT, k->dn,
			    "it says that it signs for %s", k->domain);
	else if (k->name != NULL &&
		 (strncasecmp(k->name, k->selector, strlen(k->selector)) != 0 ||
		  strncasecmp(k->name + strlen(k->selector), "._domainkey.",
			      12) != 0 ||
		  strcasecmp(k->name + strlen(k->selector) + 12, k->domain) !=
			  0))
		report_find(an->report, FIND_DKIM_CONFLICT, k->dn,
			    "a signer knows it as %s", k->name);
}

static void check_dns(const struct analysis *an, const struct held_key *k)
{
	const struct held_check *h = an->census->checks;

	while (h != NULL &&
	       (k->name == NULL || strcasecmp(h->about, k->name) != 0))
		h = h->next;
	if (signs(k) && h != NULL)
		report_find(an->report, FIND_DKIM_NOT_SHOWN, k->dn,
			    "it signs, and the last check found %s", h->code);
	else if (signs(k) && (text_equal(k->dns, "absent") ||
			      text_equal(k->dns, "different")))
		report_find(an->report, FIND_DKIM_NOT_SHOWN, k->dn,
			    "it signs, and when it was looked for its record "
			    "was %s",
			    k->dns);
	else if (is(k, DKIM_PREPARED) && k->created > 0 &&
		 k->created + WAITS_MOST < an->now)
		report_find(an->report, FIND_DKIM_WAITS, k->dn,
			    "for %lld days it waits for its record in the DNS",
			    (long long)(an->now - k->created) / DAY);
}

static void check_life(const struct analysis *an, const struct held_key *k)
{
	const struct held_domain *d = census_domain(an->census, k->domain);
	int64_t since = k->activated > 0 ? k->activated : k->created;

	if (k->due > 0 && k->due + LATE_MOST < an->now)
		report_find(an->report, FIND_DKIM_LATE, k->dn,
			    "it was to be gone on with %lld hours ago",
			    (long long)(an->now - k->due) / 3600);
	if (is(k, DKIM_ACTIVE) && k->name == NULL)
		report_find(an->report, FIND_DKIM_WITHOUT_KEY, k->dn,
			    "it is active, and has no private key");
	if (!signs(k))
		return;
	if (d != NULL && !d->enabled)
		report_find(an->report, FIND_DKIM_DOMAIN_OFF, k->dn,
			    "it signs, and its domain is disabled");
	if (since > 0 && since + OLD < an->now && !k->rotates)
		report_find(an->report, FIND_DKIM_OLD, k->dn,
			    "it has signed for %lld days",
			    (long long)(an->now - since) / DAY);
}

static void check_pairs(const struct analysis *an, const struct held_key **all,
			size_t count)
{
	qsort(all, count, sizeof(const struct held_key *), by_name);
	for (size_t i = 1; i < count && all[i]->name != NULL; i++) {
		if (strcasecmp(all[i - 1]->name, all[i]->name) == 0)
			report_find(an->report, FIND_DKIM_CONFLICT, all[i]->dn,
				    "another key is called %s, too",
				    all[i]->name);
	}
	qsort(all, count, sizeof(const struct held_key *), by_use);
	for (size_t i = 1; i < count && signs(all[i]); i++) {
		if (strcasecmp(all[i - 1]->domain, all[i]->domain) == 0 &&
		    strcmp(all[i - 1]->type, all[i]->type) == 0 &&
		    all[i]->activated + SETTLES_MOST < an->now)
			report_find(an->report, FIND_DKIM_SEVERAL, all[i]->dn,
				    "another key of type %s signs for %s, too",
				    all[i]->type, all[i]->domain);
	}
}

/* Without these an entry is none of ours. */
static bool is_whole(const struct held_key *k)
{
	return k->domain != NULL && k->selector != NULL && k->type != NULL;
}

void analyse_keys(const struct analysis *an)
{
	const struct held_key **all = alloc_zeroed(
		((size_t)an->census->key_count + 1) * sizeof(*all));
	size_t count = 0;

	for (const struct held_key *k = an->census->keys; k != NULL;
	     k = k->next) {
		if (!is_whole(k) || !analysis_wants(an, k->domain))
			continue;
		all[count++] = k;
		check_name(an, k);
		check_dns(an, k);
		check_life(an, k);
	}
	check_pairs(an, all, count);
	free(all);
}

static void check_file(struct report *r, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IRWXO) != 0)
		report_find(r, FIND_KEY_FILE_OPEN, path,
			    "everybody on this machine gets at it (mode %03o)",
			    (unsigned)st.st_mode & 0777);
}

static bool is_key_file(const char *name)
{
	size_t size = strlen(name);

	return size > 4 && strcmp(name + size - 4, ".pem") == 0;
}

static void close_directory(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

void keys_files(struct report *r, struct arena *a, const char *path)
{
	const struct dirent *f;
	struct stat st;

	if (path == NULL)
		return;
	if (stat(path, &st) != 0) {
		report_unseen(r,
			      arena_printf(a, "%s cannot be looked at", path));
		return;
	}
	CLEANUP(close_directory)
	DIR *d = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
	if (d == NULL)
		check_file(r, path);
	while (d != NULL && (f = readdir(d)) != NULL) {
		if (is_key_file(f->d_name))
			check_file(r,
				   arena_printf(a, "%s/%s", path, f->d_name));
	}
}
