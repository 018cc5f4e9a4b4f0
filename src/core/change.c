#include "core/change.h"

const char *const subject_names[SUBJECT_COUNT] = {
	[SUBJECT_USER] = "user",
	[SUBJECT_ALIAS] = "alias",
	[SUBJECT_ADDRESS] = "address",
	[SUBJECT_DOMAIN] = "domain",
	[SUBJECT_PRINCIPAL] = "principal",
	[SUBJECT_ADMINISTRATORS] = "administrators",
};
