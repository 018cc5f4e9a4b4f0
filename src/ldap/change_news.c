#include "ldap/change_news.h"

#include <string.h>
#include <strings.h>

#include "ldap/audit_record.h"
#include "ldap/dn.h"
#include "ldap/follow.h"
#include "ldap/schema.h"
#include "ldap/whose.h"
#include "util/text.h"

const char *const change_wanted[] = {"entryCSN",       "reqType",
				     "reqStart",       "reqAuthzID",
				     "reqDN",          "reqNewRDN",
				     "reqNewSuperior", "reqControls",
				     "reqMod",         "reqOld",
				     "reqEntryUUID",   NULL};

/* Attributes of a domain or principal that give somebody rights to it. */
static const char *const role_names[] = {"provostOwner", "provostAdministrator",
					 "provostViewer", "provostSponsor"};

/* These alone are changed by giving and taking roles. */
enum { ROLES_OF_DOMAIN = 3 };

static bool is_role(const char *attribute, size_t count)
{
	for (size_t i = 0; attribute != NULL && i < count; i++) {
		if (strcasecmp(role_names[i], attribute) == 0)
			return true;
	}
	return false;
}

/* Directly below a domain. */
static bool find_dkim_key(struct arena *a, const char *base, const char *dn,
			  const struct whose *w, struct spot *ret)
{
	const char *attribute, *value, *above = dn;

	if (w->domain == NULL || w->login != NULL || !w->further ||
	    !dn_take(a, &above, &attribute, &value) ||
	    strcasecmp(attribute, "provostDkimSelector") != 0 ||
	    !dn_equal(above, schema_dn(a, base, KIND_DOMAIN, w->domain)))
		return false;
	*ret = (struct spot){text_lower(a, value), w->domain};
	return true;
}

/* False: nobody follows what is there. */
static bool find_spot(struct arena *a, const char *base, const char *dn,
		      enum subject *subject, struct spot *ret)
{
	struct whose w;

	*ret = (struct spot){NULL, NULL};
	if (dn_equal(dn, schema_administrators_dn(a, base))) {
		*subject = SUBJECT_ADMINISTRATORS;
		return true;
	}
	if (!whose_is(a, base, dn, &w))
		return false;
	*subject = SUBJECT_DKIM_KEY;
	if (find_dkim_key(a, base, dn, &w, ret))
		return true;
	if (w.key != NULL || w.further || (w.domain == NULL && w.login == NULL))
		return false;
	*ret = (struct spot){w.login != NULL ? w.login : w.domain, w.domain};
	*subject = w.login == NULL    ? SUBJECT_DOMAIN
		   : w.domain != NULL ? SUBJECT_ADDRESS
				      : SUBJECT_PRINCIPAL;
	return true;
}

/* The name it has afterwards. */
static const char *new_name(struct arena *a, const struct entry *en,
			    const char *dn)
{
	const char *rdn = entry_text(en, "reqNewRDN");
	const char *above = entry_text(en, "reqNewSuperior");

	if (above == NULL) {
		const char *attr, *value, *rest = dn;

		above = dn_take(a, &rest, &attr, &value) ? rest : "";
	}
	return arena_join(a, rdn != NULL ? rdn : "", ",", above, NULL);
}

/* Something that comes from where nobody follows anything is new, and what
 * goes there is gone: a domain that is being deleted, or what may be brought
 * back. */
static bool place_rename(struct arena *a, const char *base,
			 const struct entry *en, const char *dn,
			 struct change *c)
{
	enum subject to;
	struct spot after;
	bool was = find_spot(a, base, dn, &c->subject, &c->at);
	bool is = find_spot(a, base, new_name(a, en, dn), &to, &after);

	if (was && is) {
		c->to = after;
		c->what = text_equal(c->at.key, after.key) ? CHANGE_CHANGED
							   : CHANGE_RENAMED;
	} else if (is) {
		c->at = after;
		c->subject = to;
		c->what = CHANGE_CREATED;
	} else {
		c->what = CHANGE_DELETED;
	}
	return was || is;
}

static bool place(struct arena *a, const char *base, const struct entry *en,
		  struct change *c)
{
	const char *dn = entry_text(en, "reqDN"),
		   *type = entry_text(en, "reqType");

	if (strcasecmp(type, "modrdn") == 0)
		return place_rename(a, base, en, dn, c);
	c->what = strcasecmp(type, "add") == 0      ? CHANGE_CREATED
		  : strcasecmp(type, "delete") == 0 ? CHANGE_DELETED
						    : CHANGE_CHANGED;
	return find_spot(a, base, dn, &c->subject, &c->at);
}

/* Of a domain only roles: that has a name of its own. */
static bool is_of_roles(const struct audit_record *r)
{
	for (size_t i = 0; i < r->change_count; i++) {
		if (!is_role(r->changes[i].attribute, ROLES_OF_DOMAIN))
			return false;
	}
	return r->change_count > 0;
}

static void name_subject(struct change *c)
{
	const struct audit_record *r = c->record;

	if (c->subject == SUBJECT_ADDRESS && r->kind != KIND_COUNT)
		change_settle(c, r->kind);
	if (c->subject == SUBJECT_DOMAIN && c->what == CHANGE_CHANGED &&
	    is_of_roles(r))
		c->subject = SUBJECT_ADMINISTRATORS;
}

bool change_is_vague(const struct change *c)
{
	return c->subject == SUBJECT_ADDRESS;
}

void change_settle(struct change *c, enum kind k)
{
	c->subject = k == KIND_USER ? SUBJECT_USER : SUBJECT_ALIAS;
}

static bool holds(const struct text_list *list, const char *who)
{
	for (size_t i = 0; i < list->count; i++) {
		if (dn_equal(list->items[i], who))
			return true;
	}
	return false;
}

static const struct audit_change *change_of(const struct audit_record *r,
					    const char *attribute)
{
	for (size_t i = 0; i < r->change_count; i++) {
		const char *name = r->changes[i].attribute;

		if (name != NULL && strcasecmp(name, attribute) == 0)
			return &r->changes[i];
	}
	return NULL;
}

static void hold(struct text_list *list, const char *who)
{
	list->items[list->count++] = who;
}

/* Where "NAME: value" of the log is of that name, its value. */
static const char *value_of(const char *line, const char *name)
{
	size_t size = strlen(name);

	return strncasecmp(line, name, size) == 0 &&
			       strncmp(line + size, ": ", 2) == 0
		       ? line + size + 2
		       : NULL;
}

/* Those who had rights by an attribute, and have them. */
static void read_holders(const struct entry *en, const struct change *c,
			 const char *name, struct text_list *before,
			 struct text_list *after)
{
	const struct berval *v = entry_values(en, "reqOld");
	const struct audit_change *ch = change_of(c->record, name);
	bool is = c->what != CHANGE_DELETED;

	/* The log has those from before with each change, whether it changes
	 * them or not. */
	for (; v != NULL && v->bv_val != NULL; v++) {
		const char *who = value_of(v->bv_val, name);

		if (who != NULL && c->what != CHANGE_CREATED)
			hold(before, who);
		if (who != NULL && ch == NULL && is)
			hold(after, who);
	}
	for (size_t i = 0; ch != NULL && is && i < ch->after.count; i++)
		hold(after, ch->after.items[i]);
}

/* Those of one that are not in the other. */
static struct text_list less(struct arena *a, const struct text_list *one,
			     const struct text_list *other)
{
	struct text_list ret = {arena_alloc(a,
					    (one->count + 1) * sizeof(char *)),
				0};

	for (size_t i = 0; i < one->count; i++) {
		if (!holds(other, one->items[i]))
			ret.items[ret.count++] = one->items[i];
	}
	return ret;
}

static struct text_list room(struct arena *a, const struct entry *en,
			     const struct audit_record *r)
{
	const struct berval *v = entry_values(en, "reqOld");
	size_t count = 1;

	for (; v != NULL && v->bv_val != NULL; v++)
		count++;
	for (size_t i = 0; i < r->change_count; i++)
		count += r->changes[i].after.count;
	return (struct text_list){arena_alloc(a, count * sizeof(char *)), 0};
}

static void compare_holders(struct arena *a, const struct entry *en,
			    struct change *c)
{
	struct text_list before = room(a, en, c->record),
			 after = room(a, en, c->record);

	for (size_t i = 0; i < COUNT(role_names); i++)
		read_holders(en, c, role_names[i], &before, &after);
	c->gained = less(a, &after, &before);
	c->lost = less(a, &before, &after);
}

/* Each look at the DNS writes when it was, and when the next one is due. */
static bool is_but_a_look(const struct change *c)
{
	static const char *const looks[] = {"provostDkimDue",
					    "provostDkimDnsChecked"};

	if (c->subject != SUBJECT_DKIM_KEY)
		return false;
	for (size_t i = 0; i < c->record->change_count; i++) {
		const char *name = c->record->changes[i].attribute;

		if (name == NULL || (strcasecmp(name, looks[0]) != 0 &&
				     strcasecmp(name, looks[1]) != 0))
			return false;
	}
	return true;
}

/* Of what slapd writes by itself a wrong password is none, and what is now as
 * it was is none either. */
static bool is_news(const struct entry *en, const struct change *c)
{
	return c->what != CHANGE_CHANGED ||
	       (c->record->change_count > 0 && !is_but_a_look(c) &&
		!follow_is_failure(entry_values(en, "reqMod")));
}

bool change_read(struct arena *a, const char *base, const struct entry *en,
		 struct change *ret, bool *news, struct err *e)
{
	struct audit_record *r = arena_alloc(a, sizeof(*r));

	*news = false;
	*ret = (struct change){.record = r};
	if (!audit_record_read(a, base, en, r, e))
		return false;
	ret->place = r->id;
	if (!place(a, base, en, ret) || !is_news(en, ret))
		return true;
	ret->entry = entry_text(en, "reqEntryUUID");
	if (ret->subject == SUBJECT_DOMAIN || ret->subject == SUBJECT_PRINCIPAL)
		compare_holders(a, en, ret);
	name_subject(ret);
	*news = true;
	return true;
}
