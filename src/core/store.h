/*
 * store - where records are kept, as the core sees it
 *
 * The directory implements this in ldap/, the tests in memory.  A store acts
 * with the rights of the task's caller, unless said otherwise.  Results live
 * in the task's arena.  Every call may park the fiber until the task's
 * deadline, at most.  For a task with a rehearsal it writes nothing.
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include "core/audit.h"
#include "core/manager.h"
#include "core/query.h"
#include "core/rehearsal.h"
#include "core/roster.h"
#include "core/signpost.h"
#include "core/task.h"
#include "core/usage.h"
#include "util/err.h"

struct store;

/* Which state of a record was seen. */
struct revision {
	const char *etag;  /* changes with everything a reader can see, except
			      what changes by itself */
	const char *guard; /* changes with every write; opaque */
};

/* How much of it there is in a domain, or may be. */
struct tally {
	int64_t users, aliases;
	int64_t quota_bytes; /* of all users together */
};

/* What came of counting a domain anew. */
struct recount {
	const char *guard; /* of its tally; NULL: it has none */
	bool settled;      /* the counters are what was counted */
	bool mended;       /* they had not been */
};

/* What the change log tells. */
struct writes {
	bool known;               /* there is a log */
	struct text_list domains; /* in which something was written */
	const char *reached;      /* how far we have read; opaque */
};

enum { STORE_LEADING_MAX = 3 };

/* Who names an address. */
struct naming {
	struct text_list destinations; /* addresses whose mail leads there,
					  sorted, without itself */
	bool more;                     /* than were asked for */
	bool rights; /* somebody may send as it, or it has a role */
};

/* Which names are replaced. */
enum relinked {
	RELINK_ALL,
	RELINK_RIGHTS, /* of senders and roles, not of destinations */
};

struct stored_password;
struct budget;
struct moment;
struct trashed;
struct trash_query;
struct trash_page;

enum store_way {
	STORE_WRITING,
	STORE_READING_ASIDE, /* for others; where there is no such way it
			      * counts as open */
	STORE_ADDING_ASIDE,  /* the same of what is added for them */
};

struct store_ops {
	/* ERR_NOT_FOUND also if the caller must not see it. */
	bool (*get)(struct store *s, const struct task *t, enum kind k,
		    const char *key, void *ret, struct revision *rev,
		    struct err *e);

	/* The record is replaced by what was stored, the store's own members
	 * included.  ERR_EXISTS if the key is taken, by whatever kind;
	 * ERR_INVALID without faults if its domain has just vanished. */
	bool (*add)(struct store *s, const struct task *t, enum kind k,
		    void *record, struct revision *ret, struct err *e);

	/* Write what differs, provided that nobody wrote since seen->guard was
	 * read: else ERR_CHANGED.  The new record is replaced as by add. */
	bool (*change)(struct store *s, const struct task *t, enum kind k,
		       const void *old, void *record,
		       const struct revision *seen, struct revision *ret,
		       struct err *e);

	/* With seen == NULL whatever its state.  ERR_CONFLICT for a domain
	 * that has something in it. */
	bool (*remove)(struct store *s, const struct task *t, enum kind k,
		       const char *key, const struct revision *seen,
		       struct err *e);

	/* ERR_NOT_FOUND if the caller must not look there at all. */
	bool (*list)(struct store *s, const struct task *t,
		     const struct query *q, struct page *ret, struct err *e);

	/* How many users and aliases a domain has, and the sum of the quotas.
	 */
	bool (*count)(struct store *s, const struct task *t, const char *domain,
		      struct tally *ret, struct err *e);

	/* The alias domains that have this one as their target, sorted; the
	 * first STORE_LEADING_MAX of them. */
	bool (*leading_to)(struct store *s, const struct task *t,
			   const char *domain, struct text_list *ret,
			   struct err *e);

	/* What is there for some addresses and domain names: ret[i] for the
	 * i-th, NULL where the caller sees nothing. */
	bool (*look_up)(struct store *s, const struct task *t,
			const struct text_list *keys,
			const struct signpost **ret, struct err *e);

	/* Keep what a mail server told of a user, with the gateway's rights;
	 * what is older than what is known changes nothing.  ERR_NOT_FOUND:
	 * there is no such user. */
	bool (*measure)(struct store *s, const struct task *t,
			const char *address, const struct usage *u,
			struct err *e);

	/* With the gateway's own rights: the name of a user's mailbox, which
	 * his record has only for some callers; NULL: there is no such user. */
	bool (*mailbox)(struct store *s, const struct task *t,
			const char *address, const char **ret, struct err *e);

	/* Store a user's own new hash with the gateway's rights, provided that
	 * nobody wrote since the guard was read (NULL: whatever there is):
	 * else ERR_CHANGED. */
	bool (*set_own_password)(struct store *s, const struct task *t,
				 const struct stored_password *p,
				 const char *guard, struct err *e);

	/* A small integer that stands for the record, and never for another,
	 * for clients that need one; or for that destination of an alias
	 * (NULL: the record).  It is given when first asked for, whoever asks.
	 * Numbers of destinations that an alias no longer has are taken away;
	 * with "" nothing else is done.  asked: this one, if it has none yet;
	 * ERR_EXISTS if it is taken.  NUMBER_NONE: any. */
	bool (*number)(struct store *s, const struct task *t, enum kind k,
		       const char *key, const char *part, int64_t asked,
		       int64_t *ret, struct err *e);

	/* What a number stands for; with `part` a destination of an alias. */
	bool (*numbered)(struct store *s, const struct task *t, enum kind k,
			 int64_t number, const char **key, const char **part,
			 struct err *e);

	/* Records by their numbers, which they are given now if need be.  Who
	 * may not look anywhere finds none. */
	bool (*roster)(struct store *s, const struct task *t,
		       const struct roster_query *q, struct roster *ret,
		       struct err *e);

	bool (*is_super_administrator)(struct store *s, const struct task *t,
				       bool *ret, struct err *e);

	/* What it calls somebody of that login, who need not be there. */
	const char *(*identity)(struct store *s, const struct task *t,
				const char *login);

	/* With the gateway's own rights: the logins of all super
	 * administrators, who need not be there. */
	bool (*administrators)(struct store *s, const struct task *t,
			       struct text_list *ret, struct err *e);

	/* The same: whether he is there and enabled, has not expired, and his
	 * domain is enabled. */
	bool (*can_log_in)(struct store *s, const struct task *t,
			   const char *login, bool *ret, struct err *e);

	/* Make somebody a super administrator, or no longer; fine if he is that
	 * already.  `ask`: only whether the caller might. */
	bool (*set_administrator)(struct store *s, const struct task *t,
				  const char *login, bool yes, bool ask,
				  struct err *e);

	/* With the gateway's own rights: a reseller's budgets, ERR_NOT_FOUND if
	 * he is none, and what of them is given away, but for the record of
	 * that kind and key.  With NULL for limits also of who is none. */
	bool (*budget)(struct store *s, const struct task *t, const char *login,
		       enum kind but, const char *key, struct budget *limits,
		       struct budget *given, struct err *e);

	/* With the gateway's own rights: whether there is a domain above or
	 * below that name which has the caller neither as an owner nor as its
	 * sponsor. */
	bool (*overlaps)(struct store *s, const struct task *t,
			 const char *name, bool *ret, struct err *e);

	/* Who has which role in a domain. */
	bool (*managers)(struct store *s, const struct task *t,
			 const char *domain, struct managers *ret,
			 struct err *e);

	/* Give somebody one role there and take his others, or with ROLE_NONE
	 * all, provided that nobody wrote since it was read. */
	bool (*appoint)(struct store *s, const struct task *t,
			const char *domain, const struct managers *seen,
			const char *login, enum role role, struct err *e);

	/* The domains in which the caller has roles, at most `limit` of them.
	 */
	bool (*roles_of)(struct store *s, const struct task *t, size_t limit,
			 struct manager_list *ret, bool *more, struct err *e);

	/* The etag that a record would have, if it were stored like this. */
	const char *(*etag)(struct store *s, const struct task *t, enum kind k,
			    const void *record);

	/* Whether the caller might remove it, were nothing in it. */
	bool (*may_remove)(struct store *s, const struct task *t, enum kind k,
			   const char *key, struct err *e);

	/* What names an address, as far as the caller sees it; at most `limit`
	 * of them are told. */
	bool (*naming)(struct store *s, const struct task *t,
		       const char *address, size_t limit, struct naming *ret,
		       struct err *e);

	/* With the gateway's own rights: whether any role or group names the
	 * user of that address, who need not be there. */
	bool (*roles)(struct store *s, const struct task *t,
		      const char *address, bool *any, struct err *e);

	/* Whether the directory tells the caller the hashes of passwords: as
	 * the groups have it, and as its rules do, of a user who need not have
	 * one. */
	bool (*may_read_hashes)(struct store *s, const struct task *t,
				bool *ret, struct err *e);
	bool (*shows_hash)(struct store *s, const struct task *t,
			   const char *address, bool *ret, struct err *e);

	/* A record as an entry of the directory, in LDIF; with its hash, if it
	 * has one. */
	const char *(*ldif)(struct store *s, const struct task *t, enum kind k,
			    const void *record);

	/* With the gateway's own rights: whether any of these addresses is held
	 * or, of a user who need not be there, named in a role or group. */
	bool (*any_named)(struct store *s, const struct task *t,
			  const struct text_list *addresses, bool *any,
			  struct err *e);

	/* Whether the caller might have each of these name `to` instead or,
	 * with NULL, nobody. */
	bool (*may_move_roles)(struct store *s, const struct task *t,
			       const char *address, const char *to, bool *ret,
			       struct err *e);

	/* Until when nobody shall get an address (RFC 3339); NULL: no such
	 * time is known. */
	bool (*held)(struct store *s, const struct task *t, const char *address,
		     const char **until, struct err *e);

	/* With the gateway's own rights: forget addresses that were held until
	 * before `now`.  `more`: call again. */
	bool (*forget_held)(struct store *s, const struct task *t,
			    const char *now, bool *more, struct err *e);

	/* Whether the caller might make an address in that domain or, with
	 * NULL, a domain.
	 * ERR_NOT_FOUND or ERR_DENIED. */
	bool (*may_create)(struct store *s, const struct task *t,
			   const char *domain, struct err *e);

	/* With the gateway's own rights: users and aliases in force whose time
	 * came between those (RFC 3339) no longer are.  Some of them at once;
	 * `more`: call again. */
	bool (*expire)(struct store *s, const struct task *t, const char *from,
		       const char *to, bool *more, struct err *e);

	/* Tallies: what a domain with limits has used of them, written with the
	 * gateway's own rights.  A limit of NUMBER_NONE is none. */

	/* Count that much more, unless a limit would be passed: ERR_CONFLICT,
	 * "limit_reached".  Whatever the failure, nothing is counted, or it is
	 * until the domain is counted anew. */
	bool (*reserve)(struct store *s, const struct task *t,
			const char *domain, const char *id,
			const struct tally *limits, const struct tally *more,
			struct err *e);

	/* What tells the domain's tally from one that is begun anew; opaque.
	 * NULL: it has none. */
	bool (*mark)(struct store *s, const struct task *t, const char *domain,
		     const char **ret, struct err *e);

	/* Count that much less, where it is counted at all; with a mark, only
	 * in that tally: one begun since may have been counted without it. */
	bool (*release)(struct store *s, const struct task *t,
			const char *domain, const char *mark,
			const struct tally *less, struct err *e);

	/* Count no more what is not 0 in `which`, until it is limited anew;
	 * NULL: drop the whole tally of the domain with that id. */
	bool (*forget)(struct store *s, const struct task *t,
		       const char *domain, const char *id,
		       const struct tally *which, struct err *e);

	/* Count a domain anew.  If the guard is still `settled`, so that
	 * nothing that was reserved before is under way, and the counters are
	 * not what was counted, the tally is begun anew.  Otherwise, and with
	 * NULL, they only grow. */
	bool (*recount)(struct store *s, const struct task *t,
			const char *domain, const char *settled,
			struct recount *ret, struct err *e);

	/* The domains that have a tally, sorted, after that name. */
	bool (*tallied)(struct store *s, const struct task *t,
			const char *after, size_t limit, struct text_list *ret,
			bool *more, struct err *e);

	/* The domains in which something was written, by whomever, since the
	 * log was read to there; NULL: of late.  None if there are no tallies.
	 */
	bool (*written)(struct store *s, const struct task *t,
			const char *since, struct writes *ret, struct err *e);

	/* With the gateway's own rights: make ready what a rehearsal needs. */
	bool (*prepare)(struct store *s, const struct task *t, struct err *e);

	/* The trail of changes, as far as the caller may read it. */
	bool (*audit)(struct store *s, const struct task *t,
		      const struct audit_query *q, struct audit_page *ret,
		      struct err *e);

	/* The record that had that key at a moment (core/history.h) or, if none
	 * had it, the one that has it now, with the key it had; with an id that
	 * one alone.  As the caller may read both it and the trail: ERR_DENIED
	 * if he may not read that.  ERR_NOT_FOUND: there was none.  ERR_GONE:
	 * nobody knows. */
	bool (*as_of)(struct store *s, const struct task *t, enum kind k,
		      const char *key, const char *id,
		      const struct moment *when, void *ret, struct err *e);

	/* With the gateway's own rights: seal what the trail got since `head`,
	 * which follows.  `more`: call again. */
	bool (*seal)(struct store *s, const struct task *t,
		     struct audit_head *head, bool *more, struct err *e);

	/* What follows are steps of plans: each may be done over again, and
	 * then does what is left to do. */

	/* Give the user or alias with that id another address in its domain.
	 * Mail servers find it by the former one, too, until settle() ends
	 * that.  ERR_EXISTS: it is taken, and all is as before. */
	bool (*rename)(struct store *s, const struct task *t, enum kind k,
		       const char *key, const char *to, const char *id,
		       struct err *e);

	bool (*settle)(struct store *s, const struct task *t, enum kind k,
		       const char *key, const char *id, struct err *e);

	/* Whatever names one of these addresses as a destination, sender or by
	 * a role names `to` instead or, with NULL, no longer does; an alias
	 * that would lead nowhere is removed.  What is in the domain `except`
	 * stays, and what the caller may not change, or his scope does not
	 * cover.  A `to` of "@domain" is the same local part there.  `more`:
	 * call again. */
	bool (*relink)(struct store *s, const struct task *t,
		       const struct text_list *names, const char *to,
		       const char *except, enum relinked what, bool *more,
		       struct err *e);

	/* With the gateway's own rights: nobody shall get that address before
	 * `until` (RFC 3339).  Not even who had it. */
	bool (*hold)(struct store *s, const struct task *t, const char *address,
		     const char *until, struct err *e);

	/* Whether that record is there, be it visible to the caller or not;
	 * with NULL for an id, whichever has that key. */
	bool (*is_there)(struct store *s, const struct task *t, enum kind k,
			 const char *key, const char *id, bool *ret,
			 struct err *e);

	/* Whether the caller might do what comes next. */
	bool (*may_retire)(struct store *s, const struct task *t, enum kind k,
			   const char *key, const char *place, struct err *e);

	/* Put the user, alias or domain with that id, whole and with all that
	 * is below it, below a place of the journal, where nobody sees it: a
	 * plan, or what is kept for a while. */
	bool (*retire)(struct store *s, const struct task *t, enum kind k,
		       const char *key, const char *id, const char *place,
		       struct err *e);

	/* And back, by who might add it.  ERR_EXISTS: its key is taken.
	 * ERR_CONFLICT, "no_domain": its domain is not there.  ERR_NOT_FOUND:
	 * nor is it in that place. */
	bool (*bring_back)(struct store *s, const struct task *t, enum kind k,
			   const char *key, const char *id, const char *place,
			   struct err *e);

	/* Steps by which domain `from` gets the name `to`.  While they are
	 * under way each stands in for the other: what one does not know is
	 * looked up there.  `more`: call again.
	 *
	 * Make one of that name, with all that is said of the old one.
	 * ERR_EXISTS if there is another. */
	bool (*twin)(struct store *s, const struct task *t, const char *from,
		     const char *to, struct err *e);

	/* Some of the old one's users and aliases become the new one's, and
	 * what names them follows.  They are still found by their former
	 * addresses, until arrive() ends that. */
	bool (*shift)(struct store *s, const struct task *t, const char *from,
		      const char *to, bool *more, struct err *e);
	bool (*arrive)(struct store *s, const struct task *t, const char *from,
		       const char *to, bool *more, struct err *e);

	/* So does what names the old domain itself: alias domains, API keys,
	 * rights to send as anybody there.  With the gateway's own rights:
	 * addresses that are held. */
	bool (*follow)(struct store *s, const struct task *t, const char *from,
		       const char *to, bool *more, struct err *e);

	/* What was said of the old one meanwhile is said of the new one; then
	 * the old one is an alias domain that leads there. */
	bool (*turn)(struct store *s, const struct task *t, const char *from,
		     const char *to, struct err *e);

	/* The new one stands for itself. */
	bool (*part)(struct store *s, const struct task *t, const char *from,
		     const char *to, struct err *e);

	/* The trash: see core/trash.h. */

	/* Put what is described aside, whole, provided that nobody wrote since
	 * it was seen, if that is told.  Whatever refuses it, it is where it
	 * was.  Where somebody did, and took its name, too, it is put aside
	 * all the same, and what->record is what it had become. */
	bool (*discard)(struct store *s, const struct task *t,
			struct trashed *what, const struct revision *seen,
			struct err *e);

	/* What the caller sees of it, without the record. */
	bool (*trashed)(struct store *s, const struct task *t, const char *id,
			struct trashed *ret, struct err *e);
	bool (*trash)(struct store *s, const struct task *t,
		      const struct trash_query *q, struct trash_page *ret,
		      struct err *e);

	/* With the gateway's own rights: the record, for who has seen that it
	 * is there. */
	bool (*trashed_record)(struct store *s, const struct task *t,
			       struct trashed *x, struct err *e);

	/* The same: whoever has a role in a domain there, or sponsors it, and
	 * is not who was there when it was deleted, has that no more. */
	bool (*sift_roles)(struct store *s, const struct task *t,
			   const struct trashed *x, struct err *e);

	/* The same: it is kept for so long (RFC 3339). */
	bool (*keep_until)(struct store *s, const struct task *t,
			   const char *id, const char *until, struct err *e);

	/* The same: some of what was kept until before `now`.  `more`: there
	 * are others.  What was announced an hour ago and did not come is
	 * forgotten on the way. */
	bool (*overdue)(struct store *s, const struct task *t, const char *now,
			struct text_list *ids, bool *more, struct err *e);

	/* Park for a moment, and until it can be asked again, but at most that
	 * many milliseconds.  False: it is being closed, and never will be. */
	bool (*await)(struct store *s, const struct task *t, int64_t ms);

	/* Whether it can be asked anything at the moment. */
	bool (*is_ready)(struct store *s);

	/* Whether one of the ways to it is open. */
	bool (*is_open)(struct store *s, enum store_way way);
};

struct store {
	const struct store_ops *ops;

	/* Of core/fence.h. */
	const struct store_ops *behind;
	struct store_ops fence;
};

#endif
