#include "ldap/change_record.h"

#include <string.h>
#include <strings.h>

#include "util/base64.h"
#include "util/field.h"

static const char *const secrets[] =
	{"userPassword",        "provostScramSha256", "provostScramSha1",
	 "provostCramMd5",      "provostKeyHash",     "provostDkimPrivateKey",
	 "provostWebhookState", "provostMailboxId"};

static bool is_secret(const char *name)
{
	for (size_t i = 0; i < COUNT(secrets); i++) {
		if (strcasecmp(secrets[i], name) == 0)
			return true;
	}
	return false;
}

/* SAFE-STRING of RFC 2849, which does not end in a blank either. */
static bool is_safe(const char *bytes, size_t size)
{
	if (size == 0)
		return true;
	if (strchr(" :<", bytes[0]) != NULL || bytes[size - 1] == ' ')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	}
	return true;
}

static char *line(struct arena *a, const char *name, const char *bytes,
		  size_t size)
{
	if (is_safe(bytes, size))
		return arena_join(a, name, size > 0 ? ": " : ":",
				  arena_strndup(a, bytes, size), "\n", NULL);
	return arena_join(a, name, ":: ", base64_encode(a, bytes, size), "\n",
			  NULL);
}

static char *text_line(struct arena *a, const char *name, const char *text)
{
	return line(a, name, text, strlen(text));
}

static const char *values(struct arena *a, const LDAPMod *mod)
{
	bool binary = (mod->mod_op & LDAP_MOD_BVALUES) != 0;
	const char *text = "";

	for (size_t i = 0;
	     mod->mod_values != NULL && (binary ? mod->mod_bvalues[i] != NULL
						: mod->mod_values[i] != NULL);
	     i++) {
		const char *one =
			is_secret(mod->mod_type)
				? text_line(a, mod->mod_type, "********")
			: binary ? line(a, mod->mod_type,
					mod->mod_bvalues[i]->bv_val,
					mod->mod_bvalues[i]->bv_len)
				 : text_line(a, mod->mod_type,
					     mod->mod_values[i]);
		text = arena_join(a, text, one, NULL);
	}
	return text;
}

static const char *added(struct arena *a, LDAPMod **mods)
{
	const char *text = "changetype: add\n";

	for (; *mods != NULL; mods++)
		text = arena_join(a, text, values(a, *mods), NULL);
	return text;
}

static const char *verb(const LDAPMod *mod)
{
	switch (mod->mod_op & LDAP_MOD_OP) {
	case LDAP_MOD_ADD:
		return "add";
	case LDAP_MOD_DELETE:
		return "delete";
	case LDAP_MOD_INCREMENT:
		return "increment";
	default:
		return "replace";
	}
}

static const char *modified(struct arena *a, LDAPMod **mods)
{
	const char *text = "changetype: modify\n";

	for (; *mods != NULL; mods++)
		text = arena_join(a, text,
				  text_line(a, verb(*mods), (*mods)->mod_type),
				  values(a, *mods), "-\n", NULL);
	return text;
}

static const char *renamed(struct arena *a, const struct operation *op)
{
	const char *above = op->parent != NULL
				    ? text_line(a, "newsuperior", op->parent)
				    : "";

	return arena_join(a, "changetype: modrdn\n",
			  text_line(a, "newrdn", op->name), "deleteoldrdn: ",
			  op->parent == NULL || op->renames ? "1\n" : "0\n",
			  above, NULL);
}

const char *change_record(struct arena *a, const struct operation *op)
{
	const char *what = "changetype: delete\n";

	if (op->kind == OPERATION_ADD)
		what = added(a, op->mods);
	else if (op->kind == OPERATION_MODIFY)
		what = modified(a, op->mods);
	else if (op->kind == OPERATION_RENAME)
		what = renamed(a, op);
	return arena_join(a, text_line(a, "dn", op->dn), what, "\n", NULL);
}
