#include "json/patch.h"

#include <string.h>

#include "json/limits.h"
#include "json/pointer.h"

enum verb { ADD, REMOVE, REPLACE, MOVE, COPY, TEST };

/* What else an operation has to say. */
static const struct {
	const char *name;
	bool value, from;
} verbs[] = {
	[ADD] = {"add", true, false},         [REMOVE] = {"remove"},
	[REPLACE] = {"replace", true, false}, [MOVE] = {"move", false, true},
	[COPY] = {"copy", false, true},       [TEST] = {"test", true, false},
};

struct operation {
	enum verb verb;
	struct json_pointer path, from;
	json_t *value;
};

struct json_patch {
	struct operation *operations;
	size_t count;
};

/* Where in the patch something is wrong. */
static void note(struct err *e, struct arena *a, enum fault_kind kind, size_t i,
		 const char *member, const char *text)
{
	fault_at(e, a, kind,
		 arena_printf(a, "/%zu%s%s", i, member[0] != '\0' ? "/" : "",
			      member),
		 text);
}

static bool read_verb(struct arena *a, size_t i, json_t *text, enum verb *ret,
		      struct err *e)
{
	const char *word = json_string_value(json_object_get(text, "op"));

	for (size_t v = 0; word != NULL && v < COUNT(verbs); v++) {
		if (strcmp(verbs[v].name, word) == 0) {
			*ret = (enum verb)v;
			return true;
		}
	}
	note(e, a,
	     json_object_get(text, "op") == NULL ? FAULT_MISSING : FAULT_RANGE,
	     i, "op", "it is add, remove, replace, move, copy or test");
	return false;
}

static void read_pointer(struct arena *a, size_t i, json_t *text,
			 const char *member, struct json_pointer *ret,
			 struct err *e)
{
	json_t *value = json_object_get(text, member);

	if (value == NULL)
		note(e, a, FAULT_MISSING, i, member, "it is required");
	else if (!json_is_string(value))
		note(e, a, FAULT_TYPE, i, member, "it must be a string");
	else if (!json_pointer_read(a, json_string_value(value), ret))
		note(e, a, FAULT_FORMAT, i, member,
		     "it is no JSON Pointer, or too deep");
}

static void read_operation(struct arena *a, size_t i, json_t *text,
			   struct operation *ret, struct err *e)
{
	if (!json_is_object(text)) {
		note(e, a, FAULT_TYPE, i, "", "it must be an object");
		return;
	}
	bool known = read_verb(a, i, text, &ret->verb, e);
	read_pointer(a, i, text, "path", &ret->path, e);
	if (!known)
		return;
	if (verbs[ret->verb].from)
		read_pointer(a, i, text, "from", &ret->from, e);
	ret->value = json_object_get(text, "value");
	if (verbs[ret->verb].value && ret->value == NULL)
		note(e, a, FAULT_MISSING, i, "value", "it is required");
}

bool json_patch_read(struct arena *a, json_t *text,
		     const struct json_patch **ret, struct err *e)
{
	struct json_patch *p = arena_alloc(a, sizeof(*p));

	*ret = p;
	p->count = json_array_size(text);
	if (p->count > JSON_PATCH_OPERATIONS_MAX) {
		fault_at(e, a, FAULT_RANGE, "",
			 "these are more than 1,000 operations");
		return false;
	}
	p->operations = arena_alloc(a, p->count * sizeof(*p->operations));
	for (size_t i = 0; i < p->count; i++)
		read_operation(a, i, json_array_get(text, i), &p->operations[i],
			       e);
	return e->faults == NULL;
}

bool json_patch_writes(const struct json_patch *p, const char *member)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct operation *op = &p->operations[i];

		if (op->verb != TEST &&
		    (op->path.count == 0 ||
		     strcmp(op->path.segments[0], member) == 0))
			return true;
	}
	return false;
}

/* A document that is being changed. */
struct patching {
	struct arena *arena;
	json_t *root;
	size_t at;   /* the operation */
	size_t left; /* bytes that may be moved and copied */
	struct err *err;
};

static bool conflict(struct patching *p, enum fault_kind kind,
		     const char *member, const char *text)
{
	note(p->err, p->arena, kind, p->at, member, text);
	return err_code(p->err, ERR_CONFLICT, "patch_conflict", "%s", text);
}

static bool nothing_there(struct patching *p, const char *member)
{
	return conflict(p, FAULT_REFERENCE, member,
			"there is nothing at that place");
}

static bool too_much(struct patching *p)
{
	note(p->err, p->arena, FAULT_RANGE, p->at, "path",
	     "the document would become too deep or too large");
	return false;
}

/* How many levels a value has.  Nothing here nests deeper than a text may, so
 * that recursion ends soon. */
static size_t levels(json_t *value)
{
	size_t most = 0, i, n;
	const char *key;
	json_t *in;

	if (!json_is_object(value) && !json_is_array(value))
		return 0;
	json_array_foreach(value, i, in) {
		n = levels(in);
		most = n > most ? n : most;
	}
	json_object_foreach(value, key, in) {
		n = levels(in);
		most = n > most ? n : most;
	}
	return most + 1;
}

static size_t weight(json_t *value)
{
	size_t sum = sizeof(json_t) + json_string_length(value), i;
	const char *key;
	json_t *in;

	json_array_foreach(value, i, in) {
		sum += weight(in);
	}
	json_object_foreach(value, key, in) {
		sum += strlen(key) + weight(in);
	}
	return sum;
}

/* A value that is in the document already is on its way to another place. */
static bool may_handle(struct patching *p, json_t *value)
{
	size_t size = weight(value);

	if (size > p->left)
		return too_much(p);
	p->left -= size;
	return true;
}

static void set_root(struct patching *p, json_t *value)
{
	json_decref(p->root);
	p->root = value;
}

/* Takes over value. */
static bool insert(struct patching *p, json_t *in, const char *segment,
		   json_t *value)
{
	size_t index;

	if (json_is_object(in))
		return json_object_set_new(in, segment, value) == 0;
	if (json_is_array(in) &&
	    json_pointer_index(segment, json_array_size(in), &index))
		return json_array_insert_new(in, index, value) == 0;
	json_decref(value);
	return nothing_there(p, "path");
}

/* Takes over value. */
static bool add(struct patching *p, const struct json_pointer *path,
		json_t *value)
{
	if (path->count + levels(value) > JSON_DEPTH_MAX) {
		json_decref(value);
		return too_much(p);
	}
	if (path->count == 0) {
		set_root(p, value);
		return true;
	}
	return insert(p, json_pointer_find(p->root, path, path->count - 1),
		      path->segments[path->count - 1], value);
}

static bool drop(struct patching *p, const struct json_pointer *path,
		 const char *member)
{
	size_t last = path->count - 1, index;

	if (json_pointer_find(p->root, path, path->count) == NULL)
		return nothing_there(p, member);
	if (path->count == 0) {
		set_root(p, json_null());
		return true;
	}
	json_t *in = json_pointer_find(p->root, path, last);
	if (json_is_object(in))
		return json_object_del(in, path->segments[last]) == 0;
	return json_pointer_index(path->segments[last], json_array_size(in),
				  &index) &&
	       json_array_remove(in, index) == 0;
}

static bool replace(struct patching *p, const struct operation *op)
{
	return drop(p, &op->path, "path") &&
	       add(p, &op->path, json_deep_copy(op->value));
}

static bool move(struct patching *p, const struct operation *op)
{
	json_t *value = json_pointer_find(p->root, &op->from, op->from.count);

	if (value == NULL)
		return nothing_there(p, "from");
	if (json_pointer_is_above(&op->from, &op->path))
		return conflict(p, FAULT_RANGE, "path",
				"nothing can be moved into itself");
	if (!may_handle(p, value))
		return false;
	json_incref(value);
	if (drop(p, &op->from, "from"))
		return add(p, &op->path, value);
	json_decref(value);
	return false;
}

static bool copy(struct patching *p, const struct operation *op)
{
	json_t *value = json_pointer_find(p->root, &op->from, op->from.count);

	if (value == NULL)
		return nothing_there(p, "from");
	return may_handle(p, value) && add(p, &op->path, json_deep_copy(value));
}

/* Numbers are equal if their values are, integers or not. */
static bool same(json_t *one, json_t *other)
{
	const char *key;
	json_t *in;
	size_t i;

	if (json_is_number(one) && json_is_number(other) &&
	    json_typeof(one) != json_typeof(other))
		return json_number_value(one) == json_number_value(other);
	if (json_is_array(one) && json_is_array(other)) {
		bool equal = json_array_size(one) == json_array_size(other);

		json_array_foreach(one, i, in) {
			equal = equal && same(in, json_array_get(other, i));
		}
		return equal;
	}
	if (json_is_object(one) && json_is_object(other)) {
		bool equal = json_object_size(one) == json_object_size(other);

		json_object_foreach(one, key, in) {
			equal = equal && same(in, json_object_get(other, key));
		}
		return equal;
	}
	return json_equal(one, other);
}

static bool test(struct patching *p, const struct operation *op)
{
	json_t *value = json_pointer_find(p->root, &op->path, op->path.count);

	if (value != NULL && same(value, op->value))
		return true;
	note(p->err, p->arena, FAULT_TEST, p->at, "",
	     value == NULL ? "there is nothing at that place"
			   : "it is another value");
	return err_code(p->err, ERR_CONFLICT, "test_failed",
			"operation %zu: a test failed", p->at);
}

static bool carry_out(struct patching *p, const struct operation *op)
{
	switch (op->verb) {
	case ADD:
		break;
	case REMOVE:
		return drop(p, &op->path, "path");
	case REPLACE:
		return replace(p, op);
	case MOVE:
		return move(p, op);
	case COPY:
		return copy(p, op);
	case TEST:
		return test(p, op);
	}
	return add(p, &op->path, json_deep_copy(op->value));
}

static void release(void *json)
{
	json_decref(json);
}

bool json_patch_apply(const struct json_patch *p, struct arena *a,
		      json_t *document, json_t **ret, struct err *e)
{
	struct patching now = {.arena = a,
			       .root = json_deep_copy(document),
			       .left = JSON_PATCH_MOVED_MAX,
			       .err = e};
	bool good = true;

	for (now.at = 0; good && now.at < p->count; now.at++)
		good = carry_out(&now, &p->operations[now.at]);
	arena_defer(a, release, now.root);
	*ret = now.root;
	return good;
}

static json_t *differ(json_t *from, json_t *to)
{
	json_t *all = json_object(), *value;
	const char *key;

	json_object_foreach(to, key, value) {
		json_t *was = json_object_get(from, key);

		if (was != NULL && json_equal(was, value))
			continue;
		json_object_set_new(all, key,
				    json_is_object(was) && json_is_object(value)
					    ? differ(was, value)
					    : json_incref(value));
	}
	json_object_foreach(from, key, value) {
		if (!json_is_null(value) && json_object_get(to, key) == NULL)
			json_object_set_new(all, key, json_null());
	}
	return all;
}

json_t *json_patch_difference(struct arena *a, json_t *from, json_t *to)
{
	json_t *all = differ(from, to);

	arena_defer(a, release, all);
	return all;
}
