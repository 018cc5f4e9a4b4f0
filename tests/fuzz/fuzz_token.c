#include <string.h>

#include "oidc/keys.h"
#include "tests/fuzz/fuzz.h"
#include "util/field.h"
#include "util/text.h"

enum { NOW = 1900000000 };

/* Made by tests/lib/tokens.py, as are the tokens in the corpus. */
static const char key_set[] =
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"mDb0v-d"
	"WlRe1O-bX0Aaisj81dT1kUshSljgIilXDTcQ\",\"y\":\"Cd36Ag96Q0CQn"
	"UUt-TmOOdsNTyFyNmxZNRQL7amOqHc\",\"kid\":\"ec\",\"use\":\"si"
	"g\"},{\"kty\":\"RSA\",\"n\":\"sSoEEVdkOJbmGXUXETYTLwl-0x8BFU"
	"iy98-7kIsgVG86h0nTVRVd_T98df493DI2N1O9rfbGvvoLELGSthUHOHyCgd"
	"x1wJyFukqioUlEzO2ONzfBzYzu-E_-udLbtVbo4nEiedaa1u0gFNRf2UHhAo"
	"loASZIJRoA80PHoTIXjcgAZ4zqpDJrzQs0FKscYZRZl92nA0x6hB-ZaRhIGG"
	"RyQt6fjs9pWv4tPnLmO9FxkYKd0zw9ybh_og6qK2W-BuVezgdlisqjLa4-o0"
	"xflppha5qcibdnd84-lfPGNJjSWgirAYacqzgS0UaxhoD4jgWdrXr7g7MmX0"
	"EjCN3e86TMIw\",\"e\":\"AQAB\",\"kid\":\"rsa\",\"use\":\"sig"
	"\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"scq63Mbk7Zt"
	"MgYhQRyNJ7aamQlMPKjfoKNRTJWcCdCc\",\"kid\":\"ed\",\"use\":\""
	"sig\"}]}";

/* The only ones of these keys that anybody has seen. */
static const char *const genuine[] = {
	"eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImVjIn0.eyJpc3Mi"
	"OiJodHRwczovL2lkLmV4YW1wbGUub3JnL3JlYWxtcy9tYWlsIiwiYXVkIjoi"
	"cHJvdm9zdCIsImV4cCI6MTkwMDAwMDMwMCwiaWF0IjoxOTAwMDAwMDAwLCJz"
	"dWIiOiJmM2IxIiwicHJlZmVycmVkX3VzZXJuYW1lIjoiam9obkBleGFtcGxl"
	"Lm9yZyJ9.fJW9OZfp6E31QIZNfRywIU2gu7y8CPWXHgkCtNawfLUbhUsDGSJ"
	"b21DFN-fuQMcr_xD3GbVgKjjxX-Q7CT4NwA",
	"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3M"
	"iOiJodHRwczovL2lkLmV4YW1wbGUub3JnL3JlYWxtcy9tYWlsIiwiYXVkIjo"
	"icHJvdm9zdCIsImV4cCI6MTkwMDAwMDMwMCwiaWF0IjoxOTAwMDAwMDAwLCJ"
	"zdWIiOiJmM2IxIiwicHJlZmVycmVkX3VzZXJuYW1lIjoiam9obkBleGFtcGx"
	"lLm9yZyJ9.qodpOg0U6T-idqD_s4rqx7wWn_9DvZQUrblrlMbKOVhlCWyEqQ"
	"mpckI3dVHzf2xvsnpoEBRqGSk7DhZHEj7G_65ujxvduatMG3dDhWq57JKoT6"
	"kI9RaiITxf0tV3OeN5DAwV_F_YOsE-Zhno4rMnZw2F0baCfpj2uT2EcKRa3K"
	"Z8RSJ_IMYcRKFFUQgQkdKOtdkJltcLvWG4WRMECgQm9sueqBtkPyO-ytkRt7"
	"l92BkKEgDPDkh_1kOiMK6nqAPzSbRPQKYjJjDE_-raTaJvbLVoCW-QUBdXoR"
	"8Bev3FPn4gjk--1NZKaDbEimfPuF-ANhQCBlH01uHc1K1xLKDvMQ",
	"eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImVkIn0.eyJpc3Mi"
	"OiJodHRwczovL2lkLmV4YW1wbGUub3JnL3JlYWxtcy9tYWlsIiwiYXVkIjoi"
	"cHJvdm9zdCIsImV4cCI6MTkwMDAwMDMwMCwiaWF0IjoxOTAwMDAwMDAwLCJz"
	"dWIiOiJmM2IxIiwicHJlZmVycmVkX3VzZXJuYW1lIjoiam9obkBleGFtcGxl"
	"Lm9yZyJ9.KjqBn8nrwHpJT-ksZTWc_aS-TSbJhz_edb8LXtKfIlGSEE3GqUI"
	"tpDNUF479Ms21aNoiYj3GaP5iGEx0Khs_Aw",
};

static const struct oidc_settings set = {
	.issuer = "https://id.example.org/realms/mail",
	.audience = "provost",
	.algorithms = "RS256 PS256 ES256 EdDSA",
	.claim = "preferred_username",
};

static bool is_genuine(const char *text)
{
	for (size_t i = 0; i < COUNT(genuine); i++) {
		if (strcmp(genuine[i], text) == 0)
			return true;
	}
	return false;
}

static struct keys *ours(void)
{
	static struct keys *keys;
	struct err e = {0};

	if (keys == NULL) {
		CLEANUP(arena_release) struct arena *a = arena_new();

		json_text_prepare();
		keys_prepare();
		keys = keys_parse(a, key_set, strlen(key_set), &e);
	}
	HOLDS(keys != NULL && keys_count(keys) == COUNT(genuine));
	return keys;
}

static void judge(struct arena *a, const struct keys *keys, const char *text,
		  bool known)
{
	const char *login = NULL;
	struct err e = {0};
	int64_t until = 0;
	struct jwt t;

	if (!jwt_parse(a, &set, text, &t, &e)) {
		HOLDS(e.kind == ERR_UNAUTHENTICATED);
		return;
	}
	HOLDS(strlen(text) <= TOKEN_MAX && text_is_clean(text) &&
	      strpbrk(text, "+/= ") == NULL);
	HOLDS(strstr(set.algorithms, t.algorithm->name) != NULL);
	if (jwt_claims(a, &set, &t, NOW, &login, &until, &e))
		HOLDS(until > NOW && login[0] != '\0' && text_is_clean(login) &&
		      strcmp(login, text_lower(a, login)) == 0);
	else
		HOLDS(e.kind == ERR_UNAUTHENTICATED);
	/* Whatever was changed, the signature is no longer right. */
	bool right = keys_know(keys, &t) && keys_verify(keys, &t, &e);
	HOLDS(!known || right == is_genuine(text));
}

/* A token, and behind a line end the keys, if they are not ours. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys *keys = keys_hold(ours());
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	const char *line = strchr(text, '\n');
	struct err e = {0};

	if (line != NULL) {
		keys_release(&keys);
		keys = keys_parse(a, line + 1, strlen(line + 1), &e);
		HOLDS(keys != NULL ? keys_count(keys) > 0 : e.kind != ERR_NONE);
		text = arena_strndup(a, text, (size_t)(line - text));
	}
	if (keys != NULL)
		judge(a, keys, text, line == NULL);
	keys_release(&keys);
	arena_free(a);
	return 0;
}
