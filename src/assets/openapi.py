"""openapi.py YAML JSON: JSON for programs, made from the YAML that people write. Of two equal keys PyYAML takes the last without a word; here they are an error."""

import json
import sys

import yaml


class Loader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, "the key %r stands there twice" % name, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        try:
            document = yaml.load(file, Loader)
        except yaml.YAMLError as error:
            sys.exit("openapi.py: %s" % error)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(document, file)


main()
