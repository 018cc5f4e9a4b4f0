#include "options.h"

/* clang-format off */
#define F(member) #member, FIELD(struct conf, member), false
#define L(member) #member, FIELD(struct conf, member), true
const struct conf_option options[] = {
	{F(http.listen), "127.0.0.1:8080", 0, 0, "listen",
	 "ADDRESS:PORT where HTTP is served; port 0 takes a free one"},
	{L(http.tls_certificate), NULL, 0, 0, "tls-certificate",
	 "PEM file of our certificate, with those between it and its authority "
	 "behind it; by default HTTP is served without TLS"},
	{L(http.tls_key), NULL, 0, 0, "tls-key",
	 "PEM file of its key, which not everybody may read"},
	{L(http.tls_client_ca), NULL, 0, 0, "tls-client-ca",
	 "PEM file of the authorities whose certificates clients may log in "
	 "with; by default clients are not asked for any"},
	{F(http.connections), "10000", 16, 1000000, NULL,
	 "connections at a time"},
	{F(http.connections_source), "256", 1, 1000000, NULL,
	 "of these from one address (IPv6: one /64)"},
	{L(http.connections_idle), "1000", 1, 1000000, NULL,
	 "connections at a time that are silent after a reply; beyond that the "
	 "one that is silent for longest is closed"},
	{L(http.trusted_proxies), NULL, 0, 0, NULL,
	 "addresses and networks of proxies, with commas between, whose "
	 "X-Forwarded-For or Forwarded tells who asks; by default none"},
	{L(http.requests), "1024", 8, 65536, NULL,
	 "requests under way at a time in each loop; more are 503"},
	{L(http.streams), "1000", 1, 100000, NULL,
	 "streams of changes at a time; more are 503"},
	{L(http.streams_each), "100", 1, 100000, NULL,
	 "of these of one login, or from one address; more are 429"},
	{L(http.header_seconds), "10", 1, 3600, NULL,
	 "seconds a client has for request line and headers"},
	{F(http.idle_seconds), "15", 1, 3600, NULL,
	 "seconds a connection may be silent"},
	{L(http.request_seconds), "30", 1, 3600, NULL,
	 "seconds from a request's headers to its reply"},
	{L(http.body_bytes), "1048576", 1024, 16777216, NULL,
	 "bytes of a request's body, at most"},

	{L(rate.source), "0", 0, 1000000, NULL,
	 "requests a second from one address (IPv6: one /64); more are 429; 0: "
	 "any number"},
	{L(rate.source_burst), "200", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},
	{L(rate.refused), "10", 0, 1000000, NULL,
	 "requests a second from one address that prove no login; then all "
	 "from there that need one are 429; 0: any number"},
	{L(rate.refused_burst), "100", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},
	{L(rate.caller), "0", 0, 1000000, NULL,
	 "requests a second with one login; more are 429; 0: any number"},
	{L(rate.caller_burst), "200", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},
	{L(rate.key), "0", 0, 1000000, NULL,
	 "requests a second with one API key; more are 429; 0: any number"},
	{L(rate.key_burst), "200", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},
	{L(rate.checks), "1", 0, 1000000, NULL,
	 "checks of domains in the DNS a second that one login may ask for; "
	 "more are 429; 0: any number"},
	{L(rate.checks_burst), "20", 1, 1000000, NULL,
	 "of these that may come at once after a pause"},

	{L(api.require_if_match), "no", 0, 0, NULL,
	 "yes or no: PUT, PATCH and DELETE of what is there have to say in "
	 "If-Match which state they change; else they are 428"},
	{L(api.dinomail), "no", 0, 0, NULL,
	 "yes or no: serve the API of DinoMail below /api/, too"},
	{L(api.dinomail_url_keys), "no", 0, 0, NULL,
	 "yes or no: there API keys may come in the URL, as username and "
	 "api_key, where logs keep them"},
	{L(api.dinomail_whole_lists), "no", 0, 0, NULL,
	 "yes or no: there DELETE and PUT of a list delete all that is in it"},
	{L(api.profile_certificate), NULL, 0, 0, NULL,
	 "PEM file of the certificate that profiles for Apple's devices are "
	 "signed with, with those between it and its authority behind it; by "
	 "default they are not signed"},
	{L(api.profile_key), NULL, 0, 0, NULL, "PEM file of the key to it"},

	{F(embedded.state_dir), NULL, 0, 0, "state-dir",
	 "where everything is kept; by default /var/lib/provost as root, else "
	 "provost in $XDG_STATE_HOME"},
	{F(embedded.user), "provost", 0, 0, "user",
	 "the system user that root becomes"},
	{F(embedded.ldap_listen), NULL, 0, 0, "ldap-listen",
	 "ldap://ADDRESS:PORT where our own directory serves mail servers and "
	 "LDAP tools, besides its socket; by default nowhere"},
	{F(embedded.program), "/usr/sbin/slapd", 0, 0, NULL,
	 "slapd's program"},
	{F(embedded.modules), "/usr/lib/ldap", 0, 0, NULL,
	 "where slapd's modules are"},
	{F(embedded.schemas), "/etc/ldap/schema", 0, 0, NULL,
	 "where slapd's own schema files are"},
	{F(embedded.dovecot_reads_passwords), "no", 0, 0,
	 "dovecot-reads-passwords",
	 "yes or no: whether Dovecot may read the stored hashes of users who "
	 "may log in, for its lookup passdb"},

	{F(ldap.base), "dc=provost", 0, 0, "base",
	 "DN that everything is below, of dc=, o= and ou="},
	{F(ldap.uri), NULL, 0, 0, "ldap-uri",
	 "another directory than our own: ldapi://... or ldap://HOST (which "
	 "uses StartTLS), and behind blanks its read-only replicas; by default "
	 "we run one ourselves"},
	{F(ldap.reading_uri), NULL, 0, 0, NULL,
	 "ldapi://... of a second socket of that directory, which its access "
	 "rules know: reading on behalf of others costs less there"},
	{F(ldap.adding_uri), NULL, 0, 0, NULL,
	 "ldapi://... of a third: adding on behalf of others costs less there; "
	 "not for a directory with replicas"},
	{L(ldap.bind_dn), NULL, 0, 0, NULL,
	 "whom to bind as; by default ourselves by the socket's credentials"},
	{L(ldap_password_file), NULL, 0, 0, NULL,
	 "file with the password of that, readable by us alone"},
	{L(ldap.ca_file), NULL, 0, 0, NULL,
	 "PEM file of the authority that signed the directory's certificate; "
	 "by default those of the system"},
	{F(ldap.connections), "1", 1, 64, NULL,
	 "connections to the directory of each loop"},
	{F(ldap.outstanding), "256", 1, 4096, NULL,
	 "operations under way on each of these"},
	{F(ldap.logins), "1", 1, 16, NULL,
	 "connections of each loop on which logins are verified; in all loops "
	 "together fewer than slapd has threads"},
	{L(ldap.logins_waiting), "80", 1, 4096, NULL,
	 "logins of each loop that may wait for one of these; more are 503"},
	{L(ldap.read_seconds), "2", 1, 600, NULL,
	 "seconds until a search or a login is given up"},
	{L(ldap.write_seconds), "5", 1, 600, NULL,
	 "seconds until a change is given up"},
	{L(ldap.slow_millis), "1000", 0, 600000, NULL,
	 "milliseconds from which on an operation is worth a line in the log; "
	 "0: none is"},
	{L(ldap.remember_millis), "1000", 0, 60000, NULL,
	 "milliseconds during which a verified credential is not verified again"},

	{L(guess.failures), "5", 1, 1000, NULL,
	 "wrong passwords of one source for one login until the next has to "
	 "wait 1 s, 2 s, 4 s..."},
	{L(guess.delay_seconds), "900", 0, 86400, NULL,
	 "seconds of these at most"},
	{L(guess.login_hour), "100", 2, 1000000, NULL,
	 "wrong passwords an hour for one login, from all sources together "
	 "that have not lately logged in with it"},
	{L(guess.source_hour), "1000", 2, 1000000, NULL,
	 "wrong passwords an hour from one source, for all logins together"},
	{L(guess.known_hour), "100", 2, 1000000, NULL,
	 "wrong passwords an hour for one login from a source that has lately "
	 "logged in with it"},
	{L(guess.lock_failures), "0", 0, 1000000, NULL,
	 "wrong passwords in a row that lock a user without a role out; 0: "
	 "nobody ever is"},
	{L(guess.lock_seconds), "900", 1, 86400, NULL,
	 "seconds during which he is"},

	{F(passwd.scheme), "yescrypt", 0, 0, NULL,
	 "how new passwords are hashed: yescrypt, bcrypt, sha512-crypt, ..."},
	{F(passwd.accept), NULL, 0, 0, NULL,
	 "schemes besides the usual ones whose ready-made hashes are taken: "
	 "ssha, ssha512, argon2id, ...; by default none"},
	{F(passwd.credentials), NULL, 0, 0, NULL,
	 "forms of a new password that are stored beside its hash, for Dovecot: "
	 "scram-sha-256, scram-sha-1, cram-md5; by default none"},
	{L(passwd.min_length), "8", 1, 20, NULL,
	 "characters that a new password has at least"},
	{L(passwd.min_bits), "20", 0, 60, NULL,
	 "how hard a new password has to be to guess, as a power of two; 0: "
	 "not asked"},
	{L(passwd.breached_file), NULL, 0, 0, NULL,
	 "sorted file of the SHA-1 hashes of stolen passwords, which nobody "
	 "may take"},
	{F(passwd.workers), "0", 0, 256, NULL,
	 "threads that hash; 0: half as many as processors"},
	{F(passwd.queue), "80", 1, 10000, NULL,
	 "passwords that may wait to be hashed; more are 503"},

	{F(dict.listen), NULL, 0, 0, "dict-listen",
	 "path of a socket where Dovecot tells, by its dict protocol, who logs "
	 "in and how full mailboxes are; by default nowhere"},
	{F(dict.group), NULL, 0, 0, NULL,
	 "group, by name or number, whose members may connect to it: that of "
	 "Dovecot's mail_gid; by default only our own user"},
	{F(dict.connections), "1024", 1, 10000, NULL,
	 "connections to it at a time; more wait"},
	{L(dict.write_seconds), "60", 1, 3600, NULL,
	 "seconds between writes of what was told; a crash loses that much"},
	{L(dict.login_seconds), "3600", 1, 86400, NULL,
	 "seconds to a multiple of which the time of a login is rounded down, "
	 "so that frequent ones cost few writes"},

	{F(mail.recipient_delimiter), "+", 0, 0, NULL,
	 "what begins a tag in an address, as mail servers have it: one of "
	 "+ ~ - = _, or off"},
	{F(mail.hold_days), "0", 0, 36500, NULL,
	 "days that nobody gets an address again after it was removed"},
	{F(mail.trash_days), "14", 0, 3650, NULL,
	 "days that what was deleted can be restored; 0: it cannot"},

	{F(policy.listen), NULL, 0, 0, NULL,
	 "where Postfix asks the policy service: ADDRESS:PORT, unix:/PATH or "
	 "several, with blanks between; by default nowhere"},
	{F(policy.group), "postfix", 0, 0, NULL,
	 "the system group that may connect to the unix sockets of these"},
	{L(policy.quota_status), NULL, 0, 0, NULL,
	 "Dovecot's quota-status, inet:ADDRESS:PORT or unix:/PATH; by default "
	 "quotas are not asked for"},
	{L(policy.overquota), "552 5.2.2 Mailbox is full", 0, 0, NULL,
	 "what Postfix says of a full mailbox; \"452 4.2.2 ...\" has the "
	 "sender try again"},
	{L(policy.overquota_if), "all", 0, 0, NULL,
	 "all or any: how many of an address's mailboxes must be full"},
	{L(policy.on_failure), "DUNNO", 0, 0, NULL,
	 "DUNNO or DEFER_IF_PERMIT: what Postfix is told when the directory or "
	 "quota-status cannot be asked"},
	{F(policy.connections), "1000", 1, 10000, NULL,
	 "connections of Postfix at a time"},
	{L(policy.idle_seconds), "600", 1, 86400, NULL,
	 "seconds one of these may be silent; Postfix closes it after 300"},
	{L(policy.request_seconds), "10", 1, 600, NULL,
	 "seconds from a question's first byte to the reply"},
	{L(policy.quota_seconds), "2", 1, 10, NULL,
	 "seconds of these that quota-status has"},
	{L(policy.quota_connections), "4", 1, 64, NULL,
	 "connections to quota-status of each loop; each takes a process of "
	 "Dovecot"},
	{L(policy_password_file), NULL, 0, 0, NULL,
	 "file with the password of cn=postfix, as whom the policy service "
	 "reads another directory than our own"},

	{L(dns.resolvers), NULL, 0, 0, NULL,
	 "resolvers that are asked about the DNS: addresses, or ADDRESS@PORT, "
	 "with blanks between; by default those of /etc/resolv.conf"},
	{L(dns.validating), "no", 0, 0, NULL,
	 "yes or no: they validate DNSSEC, and nobody is between them and us"},
	{L(dns.queries), "64", 1, 1000, NULL,
	 "queries under way at a time, each loop"},

	{L(checks.mx), NULL, 0, 0, NULL,
	 "our mail servers, the best first, with blanks between; domains are "
	 "checked by themselves where this is said"},
	{L(checks.mx_networks), NULL, 0, 0, NULL,
	 "networks that the addresses of these are in"},
	{L(checks.spf), NULL, 0, 0, NULL,
	 "what of an SPF record lets our servers send: "
	 "include:_spf.example.net, or others, with blanks between"},
	{L(checks.dmarc), "v=DMARC1; p=none", 0, 0, NULL,
	 "the DMARC record that domains should have at least"},
	{L(checks.tls_rpt), NULL, 0, 0, NULL,
	 "mailto:ADDRESS where reports on TLS are wanted (TLS-RPT)"},
	{L(checks.mta_sts_host), NULL, 0, 0, NULL,
	 "the server that tells domains' policies of MTA-STS"},
	{L(checks.mta_sts_mode), "testing", 0, 0, NULL,
	 "what these policies say: enforce, testing or none"},
	{L(checks.mta_sts_mx), NULL, 0, 0, NULL,
	 "the mail servers that they name, with blanks between, such as "
	 "*.example.net; by default those of checks.mx"},
	{L(checks.mta_sts_max_age), "604800", 0, 31557600, NULL,
	 "seconds that senders keep a policy"},
	{L(checks.autoconfig_host), NULL, 0, 0, NULL,
	 "the server that configures mail clients"},
	{L(checks.imap_host), NULL, 0, 0, NULL,
	 "the IMAP server of domains that name none, for SRV records"},
	{L(checks.pop3_host), NULL, 0, 0, NULL, "the same for POP3"},
	{L(checks.smtp_host), NULL, 0, 0, NULL, "the same for submission"},
	{L(checks.blocklists), NULL, 0, 0, NULL,
	 "zones of DNS block lists that our mail servers must not be in; by "
	 "default none is asked"},
	{L(checks.proof), "no", 0, 0, NULL,
	 "yes or no: a domain that somebody else than a super administrator "
	 "makes or enables waits until the DNS proves that it is his"},
	{L(checks.hours), "24", 1, 720, NULL,
	 "hours between checks of a domain where all is well"},
	{L(checks.minutes), "60", 1, 10080, NULL,
	 "minutes where it is not"},

	{F(oidc.issuer), NULL, 0, 0, NULL,
	 "the OpenID provider whose tokens are taken, as \"iss\" names it; by "
	 "default none is"},
	{F(oidc.audience), NULL, 0, 0, NULL,
	 "what stands for us in \"aud\" of these tokens"},
	{F(oidc.keys), NULL, 0, 0, NULL,
	 "the provider's keys, a JWK Set: https://..., or the path of a file, "
	 "which SIGHUP reads again"},
	{F(oidc.keys_ca_file), NULL, 0, 0, NULL,
	 "PEM file of the authority that signed that server's certificate; by "
	 "default those of the system"},
	{F(oidc.refresh_seconds), "600", 10, 86400, NULL,
	 "seconds after which the keys are fetched anew"},
	{F(oidc.algorithms), "RS256 PS256 ES256 EdDSA", 0, 0, NULL,
	 "how tokens may be signed: RS256 RS384 RS512 PS256 PS384 PS512 ES256 "
	 "ES384 ES512 EdDSA"},
	{F(oidc.claim), "preferred_username", 0, 0, NULL,
	 "the claim that is the login of a user or principal; email counts "
	 "only with email_verified"},
	{L(oidc.scope), NULL, 0, 0, NULL,
	 "a scope that these tokens must have; by default none"},
	{L(oidc.administrators), "no", 0, 0, NULL,
	 "yes or no: whether super administrators may come with a token"},

	{F(webhooks.ca_file), NULL, 0, 0, NULL,
	 "PEM file of the authorities that signed the certificates of webhooks' "
	 "receivers; by default those of the system"},
	{F(webhooks.allow_networks), NULL, 0, 0, NULL,
	 "addresses and networks, with commas between, that messages are posted "
	 "to although they are not public; by default none"},
	{F(webhooks.allow_http), "no", 0, 0, NULL,
	 "yes or no: whether webhooks may be http:// addresses, for tests"},
	{F(webhooks.key_file), NULL, 0, 0, NULL,
	 "file with 32 to 1024 bytes, the same at all gateways, that the secrets "
	 "of webhooks are sealed with in the directory; by default they are not"},
	{L(webhooks.timeout_seconds), "15", 1, 60, NULL,
	 "seconds until a receiver has to have answered"},
	{L(webhooks.retry_seconds), "5", 1, 3600, NULL,
	 "seconds until a message that was not taken is sent again; three times "
	 "as many each time, up to six hours"},
	{L(webhooks.give_up_days), "5", 1, 60, NULL,
	 "days without a success after which a webhook is given up"},
	{F(webhooks.grace_hours), "24", 0, 720, NULL,
	 "hours that the old secret of a webhook signs, too, once it has another"},

	{F(audit.keep_days), "30", 1, 3650, NULL,
	 "days that our own directory keeps what was changed by whom"},

	{F(dkim.seal_key_file), NULL, 0, 0, NULL,
	 "file with base64 of 32 bytes that private DKIM keys are sealed with; "
	 "by default they are kept as they are, for signers that read the "
	 "directory"},
	{L(dkim.poll_seconds), "60", 1, 86400, NULL,
	 "seconds between looks whether the DNS shows a DKIM key; after a day "
	 "five times as many"},
	{L(dkim.wait_seconds), "3600", 0, 604800, NULL,
	 "seconds from then until it signs, if that is to come by itself"},
	{L(dkim.grace_days), "7", 0, 365, NULL,
	 "days that a retired DKIM key is kept, and its record is needed"},
	{L(dkim.rotate_days), "0", 0, 3650, NULL,
	 "days that a DKIM key signs until it gets a successor; 0: no limit"},

	{F(dkim.vault_listen), NULL, 0, 0, NULL,
	 "ADDRESS:PORT of this machine where rspamd gets the DKIM keys that "
	 "sign, with vault_url; by default nowhere"},
	{F(dkim.vault_token_file), NULL, 0, 0, NULL,
	 "file with the token that it has to send; required with vault_listen"},
	{F(dkim.password_file), NULL, 0, 0, NULL,
	 "file with the password of cn=signer, as whom these keys are read in "
	 "another directory than our own"},

	{F(metrics.listen), NULL, 0, 0, NULL,
	 "ADDRESS:PORT where /metrics, /readyz and /livez are answered without "
	 "a login, in plain HTTP; by default nowhere"},

	{L(idempotency.keep_hours), "24", 1, 8760, NULL,
	 "hours that a request which came with an Idempotency-Key is known, and "
	 "what was answered"},
	{L(idempotency.most), "10000", 1, 10000000, NULL,
	 "of these that one caller may have, about; more are 429"},

	{F(daemon.loops), "0", 0, 256, "loops",
	 "threads that serve; 0: one a processor"},
	{F(daemon.lease_seconds), "10", 1, 3600, NULL,
	 "seconds after which a gateway that does nothing is taken for dead, "
	 "and another completes what it has begun"},
	{L(daemon.log_level), "info", 0, 0, "log-level",
	 "error, warning, notice, info or debug"},
};
#undef F
#undef L
/* clang-format on */

const size_t option_count = COUNT(options);
