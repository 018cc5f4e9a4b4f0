#include "tests/lib/tap.h"
#include "json/patch.h"
#include "json/text.h"

static struct arena *arena;

/* In the manner of the public json-patch-tests.  want: the document then, or
 * the code of the refusal with the pointer to what is at fault. */
static const struct {
	const char *name, *document, *patch, *want;
} cases[] = {
	{"nothing to do", "{'a':1}", "[]", "{'a':1}"},
	{"add a member", "{'a':1}", "[{'op':'add','path':'/b','value':2}]",
	 "{'a':1,'b':2}"},
	{"add over a member", "{'a':1}",
	 "[{'op':'add','path':'/a','value':null}]", "{'a':null}"},
	{"add an array", "{}", "[{'op':'add','path':'/a','value':[1,[2]]}]",
	 "{'a':[1,[2]]}"},
	{"add into an object", "{'a':{'b':{}}}",
	 "[{'op':'add','path':'/a/b/c','value':{}}]", "{'a':{'b':{'c':{}}}}"},
	{"add at the begin", "{'a':['x']}",
	 "[{'op':'add','path':'/a/0','value':'y'}]", "{'a':['y','x']}"},
	{"add in the middle", "{'a':['x','z']}",
	 "[{'op':'add','path':'/a/1','value':'y'}]", "{'a':['x','y','z']}"},
	{"add at the end by its number", "{'a':['x']}",
	 "[{'op':'add','path':'/a/1','value':'y'}]", "{'a':['x','y']}"},
	{"add at the end by -", "{'a':['x']}",
	 "[{'op':'add','path':'/a/-','value':'y'}]", "{'a':['x','y']}"},
	{"add an array as one element", "{'a':['x']}",
	 "[{'op':'add','path':'/a/-','value':['y']}]", "{'a':['x',['y']]}"},
	{"add beyond the end", "{'a':['x']}",
	 "[{'op':'add','path':'/a/2','value':'y'}]", "patch_conflict /0/path"},
	{"add before the begin", "{'a':['x']}",
	 "[{'op':'add','path':'/a/-1','value':'y'}]", "patch_conflict /0/path"},
	{"add at a number with zeros", "{'a':['x','y']}",
	 "[{'op':'add','path':'/a/01','value':'y'}]", "patch_conflict /0/path"},
	{"add at a number with a sign", "{'a':['x','y']}",
	 "[{'op':'add','path':'/a/+1','value':'y'}]", "patch_conflict /0/path"},
	{"add at a number with a blank", "{'a':['x','y']}",
	 "[{'op':'add','path':'/a/ 1','value':'y'}]", "patch_conflict /0/path"},
	{"add at what is no number", "{'a':['x']}",
	 "[{'op':'add','path':'/a/1e0','value':'y'}]",
	 "patch_conflict /0/path"},
	{"add at a number beyond all", "{'a':['x']}",
	 "[{'op':'add','path':'/a/99999999999999999999','value':1}]",
	 "patch_conflict /0/path"},
	{"add below nothing", "{}", "[{'op':'add','path':'/a/b','value':1}]",
	 "patch_conflict /0/path"},
	{"add below a string", "{'a':'x'}",
	 "[{'op':'add','path':'/a/0','value':1}]", "patch_conflict /0/path"},
	{"add the whole document", "{'a':1}",
	 "[{'op':'add','path':'','value':{'b':2}}]", "{'b':2}"},
	{"add a member without a name", "{'a':1}",
	 "[{'op':'add','path':'/','value':2}]", "{'':2,'a':1}"},
	{"a number names a member of an object", "{'a':1}",
	 "[{'op':'add','path':'/0','value':2}]", "{'0':2,'a':1}"},
	{"so does -", "{'a':1}", "[{'op':'add','path':'/-','value':2}]",
	 "{'-':2,'a':1}"},
	{"~1 is a slash", "{'a/b':1}",
	 "[{'op':'replace','path':'/a~1b','value':2}]", "{'a/b':2}"},
	{"~0 is a tilde", "{'a~b':1}",
	 "[{'op':'replace','path':'/a~0b','value':2}]", "{'a~b':2}"},
	{"~01 is no slash", "{'~1':1}",
	 "[{'op':'replace','path':'/~01','value':2}]", "{'~1':2}"},
	{"a percent sign is itself", "{'c%64':1}",
	 "[{'op':'remove','path':'/c%64'}]", "{}"},
	{"remove a member", "{'a':1,'b':2}", "[{'op':'remove','path':'/a'}]",
	 "{'b':2}"},
	{"remove null", "{'a':null}", "[{'op':'remove','path':'/a'}]", "{}"},
	{"remove an element", "{'a':['x','y','z']}",
	 "[{'op':'remove','path':'/a/1'}]", "{'a':['x','z']}"},
	{"remove one after the other", "{'a':['x','y','z']}",
	 "[{'op':'remove','path':'/a/0'},{'op':'remove','path':'/a/1'}]",
	 "{'a':['y']}"},
	{"remove what is not there", "{'a':1}", "[{'op':'remove','path':'/b'}]",
	 "patch_conflict /0/path"},
	{"remove behind the end", "{'a':['x']}",
	 "[{'op':'remove','path':'/a/-'}]", "patch_conflict /0/path"},
	{"remove the whole document", "{'a':1}", "[{'op':'remove','path':''}]",
	 "null"},
	{"replace a member", "{'a':1}",
	 "[{'op':'replace','path':'/a','value':[true]}]", "{'a':[true]}"},
	{"replace an element", "{'a':['x','y']}",
	 "[{'op':'replace','path':'/a/1','value':'z'}]", "{'a':['x','z']}"},
	{"replace what is not there", "{}",
	 "[{'op':'replace','path':'/a','value':1}]", "patch_conflict /0/path"},
	{"replace the whole document", "{'a':1}",
	 "[{'op':'replace','path':'','value':{}}]", "{}"},
	{"move a member", "{'a':1,'b':{}}",
	 "[{'op':'move','from':'/a','path':'/b/c'}]", "{'b':{'c':1}}"},
	{"move an element down", "{'a':['x','y','z']}",
	 "[{'op':'move','from':'/a/0','path':'/a/2'}]", "{'a':['y','z','x']}"},
	{"move an element up", "{'a':['x','y','z']}",
	 "[{'op':'move','from':'/a/2','path':'/a/0'}]", "{'a':['z','x','y']}"},
	{"move a member to itself", "{'a':1}",
	 "[{'op':'move','from':'/a','path':'/a'}]", "{'a':1}"},
	{"move into itself", "{'a':{'b':{}}}",
	 "[{'op':'move','from':'/a','path':'/a/b/c'}]",
	 "patch_conflict /0/path"},
	{"move the whole document into itself", "{'a':{}}",
	 "[{'op':'move','from':'','path':'/a/b'}]", "patch_conflict /0/path"},
	{"a name that only begins alike is another", "{'a':1,'ab':{}}",
	 "[{'op':'move','from':'/a','path':'/ab/c'}]", "{'ab':{'c':1}}"},
	{"move what is not there", "{}",
	 "[{'op':'move','from':'/a','path':'/b'}]", "patch_conflict /0/from"},
	{"copy a member", "{'a':[1]}",
	 "[{'op':'copy','from':'/a','path':'/b'},"
	 "{'op':'add','path':'/b/-','value':2}]",
	 "{'a':[1],'b':[1,2]}"},
	{"copy into itself", "{'a':{'b':1}}",
	 "[{'op':'copy','from':'/a','path':'/a/c'}]",
	 "{'a':{'b':1,'c':{'b':1}}}"},
	{"copy what is not there", "{}",
	 "[{'op':'copy','from':'/a','path':'/b'}]", "patch_conflict /0/from"},
	{"test a string", "{'a':'x'}",
	 "[{'op':'test','path':'/a','value':'x'}]", "{'a':'x'}"},
	{"test another string", "{'a':'x'}",
	 "[{'op':'test','path':'/a','value':'X'}]", "test_failed /0"},
	{"test a number as a string", "{'a':10}",
	 "[{'op':'test','path':'/a','value':'10'}]", "test_failed /0"},
	{"test a number in another form", "{'a':10}",
	 "[{'op':'test','path':'/a','value':1.0e1}]", "{'a':10}"},
	{"test null", "{'a':null}", "[{'op':'test','path':'/a','value':null}]",
	 "{'a':null}"},
	{"test null where nothing is", "{}",
	 "[{'op':'test','path':'/a','value':null}]", "test_failed /0"},
	{"test false for null", "{'a':false}",
	 "[{'op':'test','path':'/a','value':null}]", "test_failed /0"},
	{"test an object, whatever its order", "{'a':{'b':1,'c':[2,{'d':3}]}}",
	 "[{'op':'test','path':'/a','value':{'c':[2.0,{'d':3}],'b':1}}]",
	 "{'a':{'b':1,'c':[2,{'d':3}]}}"},
	{"test an object that has more", "{'a':{'b':1,'c':2}}",
	 "[{'op':'test','path':'/a','value':{'b':1}}]", "test_failed /0"},
	{"test an array in another order", "{'a':['x','y']}",
	 "[{'op':'test','path':'/a','value':['y','x']}]", "test_failed /0"},
	{"test an array that is longer", "{'a':['x']}",
	 "[{'op':'test','path':'/a','value':['x','y']}]", "test_failed /0"},
	{"test the whole document", "{'a':1}",
	 "[{'op':'test','path':'','value':{'a':1}}]", "{'a':1}"},
	{"a test that fails after a change", "{'a':1}",
	 "[{'op':'add','path':'/b','value':2},"
	 "{'op':'test','path':'/b','value':3}]",
	 "test_failed /1"},
	{"a test of what was changed", "{'a':1}",
	 "[{'op':'replace','path':'/a','value':2},"
	 "{'op':'test','path':'/a','value':2}]",
	 "{'a':2}"},
	{"more members than it needs", "{'a':1}",
	 "[{'op':'remove','path':'/a','value':1,'from':3,'x':{}}]", "{}"},
	{"the order of its members", "{}",
	 "[{'value':1,'path':'/a','op':'add'}]", "{'a':1}"},
	{"as deep as a document may be", "{'a':[[[[[[[[[[[[[[]]]]]]]]]]]]]]}",
	 "[{'op':'add','path':'/a/0/0/0/0/0/0/0/0/0/0/0/0/0/-','value':1}]",
	 "{'a':[[[[[[[[[[[[[[1]]]]]]]]]]]]]]}"},
	{"deeper", "{'a':[[[[[[[[[[[[[[]]]]]]]]]]]]]]}",
	 "[{'op':'add','path':'/a/0/0/0/0/0/0/0/0/0/0/0/0/0/-','value':[[]]}]",
	 " /0/path"},
};

/* What is no patch: every fault, with its code and pointer. */
static const struct {
	const char *patch, *want;
} bad[] = {
	{"[1]", "3 /0"},
	{"[[]]", "3 /0"},
	{"[{}]", "0 /0/op, 0 /0/path"},
	{"[{'op':'add'}]", "0 /0/path, 0 /0/value"},
	{"[{'op':'test','path':'/a'}]", "0 /0/value"},
	{"[{'op':'replace','path':'/a'}]", "0 /0/value"},
	{"[{'op':'move','path':'/a'}]", "0 /0/from"},
	{"[{'op':'copy','path':'/a','from':null}]", "3 /0/from"},
	{"[{'op':'spam','path':'/a'}]", "5 /0/op"},
	{"[{'op':'Add','path':'/a','value':1}]", "5 /0/op"},
	{"[{'op':1,'path':'/a'}]", "5 /0/op"},
	{"[{'op':'remove','path':1}]", "3 /0/path"},
	{"[{'op':'remove','path':null}]", "3 /0/path"},
	{"[{'op':'remove','path':'a'}]", "4 /0/path"},
	{"[{'op':'remove','path':'#/a'}]", "4 /0/path"},
	{"[{'op':'remove','path':'/a~'}]", "4 /0/path"},
	{"[{'op':'remove','path':'/a~2b'}]", "4 /0/path"},
	{"[{'op':'remove','path':'/~/b'}]", "4 /0/path"},
	{"[{'op':'remove','path':'/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7'}]",
	 "4 /0/path"},
	{"[{'op':'move','path':'b','from':'a'}]", "4 /0/path, 4 /0/from"},
	{"[{'op':'remove','path':'/a'},{'op':'x','path':'/a'},{'path':''}]",
	 "5 /1/op, 0 /2/op"},
};

/* Quotes are easier to read like this. */
static const char *quoted(const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *p = copy; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	return copy;
}

static json_t *parsed(const char *text)
{
	struct err e = {0};
	json_t *value = NULL;

	text = quoted(text);
	OK(*text == '['
		   ? json_text_parse_array(arena, text, strlen(text), &value,
					   &e)
		   : json_text_parse(arena, text, strlen(text), &value, &e),
	   "it is JSON");
	return value;
}

static const char *printed(json_t *value)
{
	return json_text_print(arena, json_incref(value),
			       JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

static const char *faults(const struct err *e, bool kinds)
{
	const char *text = "";

	for (const struct fault *f = e->faults; f != NULL; f = f->next)
		text = arena_printf(arena, "%s%s%s%s%s", text,
				    text[0] != '\0' ? ", " : "",
				    kinds ? arena_printf(arena, "%d", f->kind)
					  : "",
				    kinds ? " " : "", f->key);
	return text;
}

static const char *applied(json_t *document, json_t *patch, struct err *e)
{
	const struct json_patch *p;
	json_t *then = NULL;

	*e = (struct err){0};
	if (!json_patch_read(arena, patch, &p, e))
		return "it is no patch";
	if (json_patch_apply(p, arena, document, &then, e))
		return printed(then);
	return arena_printf(arena, "%s %s", e->code != NULL ? e->code : "",
			    faults(e, false));
}

static void applying(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *document = parsed(cases[i].document);
		const char *before = printed(document);
		struct err e;

		IS(applied(document, parsed(cases[i].patch), &e),
		   quoted(cases[i].want), cases[i].name);
		IS(printed(document), before, "the document is as it was");
		OK(e.kind == ERR_NONE ||
			   e.kind == (e.code != NULL ? ERR_CONFLICT
						     : ERR_INVALID),
		   "what kind of refusal");
	}
}

static void reading(void)
{
	const struct json_patch *p;

	for (size_t i = 0; i < COUNT(bad); i++) {
		json_t *text = parsed(bad[i].patch);
		struct err e = {0};

		OK(!json_patch_read(arena, text, &p, &e) &&
			   e.kind == ERR_INVALID,
		   bad[i].patch);
		IS(faults(&e, true), bad[i].want, "where and why");
	}
	json_t *many = json_array();
	struct err e = {0};
	for (int i = 0; i < JSON_PATCH_OPERATIONS_MAX; i++)
		json_array_append_new(many,
				      json_pack("{s:s,s:s,s:i}", "op", "add",
						"path", "/a", "value", i));
	OK(json_patch_read(arena, many, &p, &e), "as many as there may be");
	IS(applied(parsed("{}"), many, &e), "{\"a\":999}", "one after another");
	json_array_append_new(many, json_object());
	OK(!json_patch_read(arena, many, &p, &e), "one more");
	IS(faults(&e, false), "", "is told of the whole");
	json_decref(many);
}

/* A short patch does not make a long document. */
static void bombs(void)
{
	static const char *const steps[] = {
		"{'op':'copy','from':'/a','path':'/a/-'}",
		"{'op':'copy','from':'/b','path':'/a/-'}",
		"{'op':'copy','from':'','path':'/c'}",
	};
	json_t *document = json_pack("{s:[s],s:o}", "a", "x", "b",
				     json_sprintf("%0100000d", 1));

	for (size_t i = 0; i < COUNT(steps); i++) {
		json_t *step = parsed(arena_printf(arena, "[%s]", steps[i]));
		json_t *patch = json_array();
		struct err e;

		for (int n = 0; n < JSON_PATCH_OPERATIONS_MAX; n++)
			json_array_extend(patch, step);
		applied(document, patch, &e);
		OK(e.kind == ERR_INVALID && e.faults != NULL, steps[i]);
		json_decref(patch);
	}
	json_decref(document);
}

static const struct {
	const char *from, *to, *want;
} differences[] = {
	{"{'a':1,'b':[1]}", "{'b':[1],'a':1}", "{}"},
	{"{'a':1}", "{'a':2}", "{'a':2}"},
	{"{'a':1}", "{}", "{'a':null}"},
	{"{'a':null}", "{}", "{}"},
	{"{}", "{'a':null}", "{'a':null}"},
	{"{'a':{'b':1,'c':2}}", "{'a':{'b':1,'d':3}}",
	 "{'a':{'c':null,'d':3}}"},
	{"{'a':{'b':1}}", "{'a':null}", "{'a':null}"},
	{"{'a':null}", "{'a':{'b':1}}", "{'a':{'b':1}}"},
	{"{'a':[{'b':1}]}", "{'a':[{'b':2}]}", "{'a':[{'b':2}]}"},
};

int main(void)
{
	CLEANUP(arena_release) struct arena *a = arena_new();

	arena = a;
	json_text_prepare();
	applying();
	reading();
	bombs();
	for (size_t i = 0; i < COUNT(differences); i++)
		IS(printed(json_patch_difference(arena,
						 parsed(differences[i].from),
						 parsed(differences[i].to))),
		   quoted(differences[i].want), differences[i].to);
	return tap_done();
}
