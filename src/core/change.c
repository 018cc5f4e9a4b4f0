#include "core/change.h"

const char *const subject_names[SUBJECT_COUNT] = {
	[SUBJECT_USER] = "user",
	[SUBJECT_ALIAS] = "alias",
	[SUBJECT_ADDRESS] = "address",
	[SUBJECT_DOMAIN] = "domain",
	[SUBJECT_PRINCIPAL] = "principal",
	[SUBJECT_ADMINISTRATORS] = "administrators",
	[SUBJECT_DKIM_KEY] = "dkim_key",
};

const char *const change_whats[CHANGE_WHATS] = {
	[CHANGE_CREATED] = "created",
	[CHANGE_CHANGED] = "changed",
	[CHANGE_RENAMED] = "renamed",
	[CHANGE_DELETED] = "deleted",
};
