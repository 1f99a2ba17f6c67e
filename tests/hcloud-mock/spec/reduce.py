#!/usr/bin/env python3
"""Reduces Hetzner's OpenAPI description to its facts: paths, keys, types, enums, limits. No sentence survives.

Usage: reduce.py DESCRIPTION.json > facts.json

Equal shapes are stored once and referred to by their number. One operation or shape per line, so that a new
description shows as a short diff.
"""
import json
import re
import sys

CODES = re.compile(r"^\| *(?:`(\d+)`)? *\| *`([a-z_]\w*)` *\|", re.MULTILINE)
LIMITS = {
    "minimum": "min", "maximum": "max", "minLength": "min_length", "maxLength": "max_length",
    "minItems": "min_items", "maxItems": "max_items", "pattern": "pattern", "format": "format",
}


class Shapes:
    """The table of shapes, in order of first use."""

    def __init__(self, description):
        self.description = description
        self.table = []
        self.known = {}

    def resolve(self, schema):
        while "$ref" in schema:
            node = self.description
            for part in schema["$ref"].lstrip("#/").split("/"):
                node = node[part]
            schema = node
        return schema

    def merged(self, schema):
        """One schema out of an allOf."""
        schema = dict(self.resolve(schema))
        for part in schema.pop("allOf", []):
            part = self.merged(part)
            properties = {**schema.get("properties", {}), **part.get("properties", {})}
            for key in set(schema.get("properties", {})) & set(part.get("properties", {})):
                both = {**self.resolve(schema["properties"][key]), **self.resolve(part["properties"][key])}
                properties[key] = both
            required = sorted(set(schema.get("required", [])) | set(part.get("required", [])))
            schema = {**schema, **part, "properties": properties, "required": required}
        return schema

    def add(self, schema):
        schema = self.merged(schema)
        if "oneOf" in schema:
            shape = {"one_of": [self.add(part) for part in schema["oneOf"]]}
        else:
            kind = schema.get("type")
            types = kind if isinstance(kind, list) else [kind]
            shape = {"type": next((t for t in types if t != "null"), "any") or "any"}
            if "null" in types or schema.get("nullable"):
                shape["null"] = True
            if schema.get("properties"):
                shape["keys"] = {k: self.add(v) for k, v in sorted(schema["properties"].items())}
                shape["required"] = sorted(schema.get("required", []))
            if isinstance(schema.get("additionalProperties"), dict):
                shape["values"] = self.add(schema["additionalProperties"])
            if "items" in schema:
                shape["items"] = self.add(schema["items"])
            if "enum" in schema:
                shape["enum"] = [e for e in schema["enum"] if e is not None]
            shape.update({short: schema[long] for long, short in LIMITS.items() if long in schema})
        text = json.dumps(shape, sort_keys=True)
        if text not in self.known:
            self.known[text] = len(self.table)
            self.table.append(shape)
        return self.known[text]


def body(shapes, node):
    schema = node.get("content", {}).get("application/json", {}).get("schema")
    return None if schema is None else shapes.add(schema)


def operation(shapes, node):
    facts = {"query": {}, "answers": {}}
    for parameter in map(shapes.resolve, node.get("parameters", [])):
        if parameter["in"] == "query":
            name = parameter["name"] + ("*" if parameter.get("required") else "")
            facts["query"][name] = shapes.add(parameter["schema"])
    if "requestBody" in node:
        facts["body"] = body(shapes, node["requestBody"])
    for status, answer in node.get("responses", {}).items():
        if status.isdigit():
            facts["answers"][status] = body(shapes, shapes.resolve(answer))
    codes = CODES.findall(node.get("description", ""))
    if codes:
        facts["codes"] = {code: int(status) if status else None for status, code in codes}
    return facts


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        description = json.load(file)
    shapes, operations = Shapes(description), {}
    for path, methods in description["paths"].items():
        for method, node in methods.items():
            if method in ("get", "post", "put", "delete", "patch"):
                operations[f"{method.upper()} {path}"] = operation(shapes, node)
    lines = [f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in sorted(operations.items())]
    table = [json.dumps(shape) for shape in shapes.table]
    print('{"operations": {\n' + ",\n".join(lines) + '\n},\n"shapes": [\n' + ",\n".join(table) + "\n]}")


if __name__ == "__main__":
    main()
