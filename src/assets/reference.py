"""reference.py YAML CSS HTML: the description of the API as one page for people, which needs neither scripts nor anything from elsewhere."""

import base64
import hashlib
import json
import sys
from html import escape

import markdown
import yaml

METHODS = ("get", "post", "put", "patch", "delete")
BOUNDS = (("minLength", "at least %s characters"), ("maxLength", "at most %s characters"), ("minimum", "from %s"), ("maximum", "to %s"),
          ("minItems", "at least %s items"), ("maxItems", "at most %s items"), ("pattern", "matches <code>%s</code>"))


def prose(text, shift=0):
    """Markdown as HTML; its headings go down by `shift` levels."""
    html = markdown.markdown(text or "", extensions=["tables", "fenced_code"])
    for level in range(5, 0, -1):
        html = html.replace("<h%d>" % level, "<h%d>" % min(level + shift, 6)).replace("</h%d>" % level, "</h%d>" % min(level + shift, 6))
    return html


def inline(text):
    """The same without a paragraph around it, where it is one alone."""
    html = prose(text)
    return html[3:-4] if html.startswith("<p>") and html.count("<p>") == 1 and html.endswith("</p>") else html


def code(value):
    return "<code>%s</code>" % escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


class Reference:
    def __init__(self, document):
        self.document = document
        self.out = []

    def resolve(self, node):
        while "$ref" in node:
            found = self.document
            for part in node["$ref"].split("/")[1:]:
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
        return node

    def put(self, *lines):
        self.out.extend(lines)

    def type_of(self, schema):
        """What a value is, in a few words."""
        if schema is True or schema == {}:
            return "anything"
        if schema is False:
            return "nothing"
        if "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            return '<a href="#schema-%s">%s</a>' % (name, name)
        for word, join in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
            if word in schema:
                parts = dict.fromkeys(self.type_of(part) for part in schema[word])
                return join.join(parts)
        if "const" in schema:
            return code(schema["const"])
        if "enum" in schema:
            return " or ".join(code(value) for value in schema["enum"])
        kinds = schema.get("type", "object" if "properties" in schema else "anything")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        words = ["list of " + self.type_of(schema["items"]) if kind == "array" and "items" in schema else escape(kind) for kind in kinds]
        return " or ".join(words) + "".join(", " + form % escape(str(schema[key])) for key, form in BOUNDS if key in schema)

    def described(self, schema):
        text = inline(self.resolve(schema).get("description", "") if isinstance(schema, dict) else "")
        if isinstance(schema, dict) and "default" in schema:
            text += " Default: %s." % code(schema["default"])
        return text

    def table(self, heads, rows):
        self.put('<div class="wide"><table><thead><tr>%s</tr></thead><tbody>' % "".join('<th scope="col">%s</th>' % head for head in heads))
        self.put(*("<tr>%s</tr>" % "".join("<td>%s</td>" % cell for cell in row) for row in rows), "</tbody></table></div>")

    def members(self, schema):
        required = set(schema.get("required", ()))
        self.table(("member", "is", ""), [
            (code(name) + (" <strong>required</strong>" if name in required else ""), self.type_of(member), self.described(member))
            for name, member in schema["properties"].items()])

    def example(self, label, value):
        self.put("<details><summary>%s</summary><pre>%s</pre></details>" % (
            escape(label), escape(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))))

    def content(self, content):
        for media, of in content.items():
            self.put("<p>%s: %s</p>" % (code(media), self.type_of(of.get("schema", {}))))
            for name, example in of.get("examples", {}).items():
                example = self.resolve(example)
                self.example(example.get("summary", name), example.get("value"))

    def parameters(self, operation):
        rows = []
        for parameter in operation.get("parameters", ()):
            parameter = self.resolve(parameter)
            rows.append((code(parameter["name"]) + (" <strong>required</strong>" if parameter.get("required") else ""), parameter["in"],
                         self.type_of(parameter["schema"]), inline(parameter.get("description", ""))))
        if rows:
            self.table(("parameter", "in", "is", ""), rows)

    def responses(self, operation):
        rows = []
        for status, response in operation["responses"].items():
            response = self.resolve(response)
            kinds = ", ".join("%s: %s" % (code(media), self.type_of(of.get("schema", {}))) for media, of in response.get("content", {}).items())
            rows.append((code(status), inline(response.get("description", "")), kinds))
        self.table(("status", "", "body"), rows)

    def operation(self, path, method, operation):
        self.put('<section class="operation" id="%s">' % operation["operationId"],
                 '<h3><span class="method">%s</span> <code>%s</code></h3>' % (method.upper(), escape(path)),
                 "<p><strong>%s</strong>%s</p>" % (escape(operation["summary"]), " (deprecated)" if operation.get("deprecated") else ""),
                 prose(operation.get("description"), 3))
        self.parameters(operation)
        if "requestBody" in operation:
            self.put("<h4>Body</h4>")
            self.content(self.resolve(operation["requestBody"])["content"])
        self.put("<h4>Replies</h4>")
        self.responses(operation)
        self.put("</section>")

    def operations(self, tag):
        for path, item in self.document["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item and tag in item[method]["tags"]:
                    operation = item[method]
                    yield path, method, {**operation, "parameters": [*shared, *operation.get("parameters", ())]}

    def contents(self):
        self.put('<nav aria-label="Contents"><ul>')
        for tag in self.document["tags"]:
            self.put('<li><a href="#tag-%s">%s</a><ul>' % (tag["name"], escape(tag["name"])))
            self.put(*('<li><a href="#%s">%s</a></li>' % (operation["operationId"], escape(operation["summary"]))
                       for _, _, operation in self.operations(tag["name"])), "</ul></li>")
        self.put('<li><a href="#schemas">schemas</a></li></ul></nav>')

    def schemas(self):
        self.put('<section><h2 id="schemas">Schemas</h2>')
        for name, schema in self.document["components"]["schemas"].items():
            self.put('<section id="schema-%s"><h3>%s</h3>' % (name, name), prose(schema.get("description"), 3))
            if "properties" in schema:
                self.members(schema)
            else:
                self.put("<p>%s</p>" % self.type_of(schema))
            self.put("</section>")
        self.put("</section>")

    def page(self, style):
        info = self.document["info"]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.put("<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
                 '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'sha256-%s\'">' % digest,
                 '<meta name="viewport" content="width=device-width, initial-scale=1">',
                 "<title>%s %s: the API</title>" % (escape(info["title"]), escape(info["version"])), "<style>%s</style></head><body>" % style)
        self.contents()
        self.put("<main><h1>%s %s</h1>" % (escape(info["title"]), escape(info["version"])), "<p>%s</p>" % escape(info["summary"]),
                 '<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI %s).</p>' % self.document["openapi"], prose(info["description"]))
        for tag in self.document["tags"]:
            self.put('<section><h2 id="tag-%s">%s</h2>' % (tag["name"], escape(tag["name"])), prose(tag["description"]))
            for path, method, operation in self.operations(tag["name"]):
                self.operation(path, method, operation)
            self.put("</section>")
        self.schemas()
        self.put("</main></body></html>")
        return "\n".join(self.out) + "\n"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = yaml.safe_load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        style = file.read()
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        file.write(Reference(document).page(style))


main()
