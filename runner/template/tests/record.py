"""Records ansible-core's own answers to templates, for the case files beside this one.

Usage: python record.py CASES.jsonl...   (a Python that can import ansible-core 2.19)

A case is a JSON list on one line: [template, repr of the result] or [template, null, error message]. Only the first
element is read; the others are written anew. A file NAME.jsonl takes its variables from NAME.context.json, or else from
context.json. Templates run inside of the folder fixtures.
"""

import json
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
os.chdir(os.path.join(here, "fixtures"))
os.environ.update(ANSIBLE_DEPRECATION_WARNINGS="0", TZ="UTC", HOME="/home/tester", CASE_VARIABLE="from the environment")

import ansible.plugins.loader
from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ansible.plugins.loader.init_plugin_loader()


def trust(value):
    if isinstance(value, str):
        return TrustedAsTemplate().tag(value)
    if isinstance(value, dict):
        return {trust(key): trust(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trust(item) for item in value]
    return value


def native(value):
    if isinstance(value, dict):
        return {native(key): native(item) for key, item in value.items()}
    if isinstance(value, list):
        return [native(item) for item in value]
    for kind in (bool, int, float, str, bytes):
        if isinstance(value, kind):
            return kind(value)
    return value


def plain(message):
    """Python's own names for what the lazy and tagged types of ansible-core stand for."""
    for name, kind in (("LazyTemplateDict", "dict"), ("LazyTemplateList", "list"), ("TaggedStr", "str")):
        message = message.replace(f"ansible._internal._templating._lazy_containers._Ansible{name}", kind)
        message = message.replace(f"_Ansible{name}", kind)
    return message.replace(os.getcwd(), "FIXTURES")


def record(path):
    own = path.removesuffix(".jsonl") + ".context.json"
    context = own if os.path.exists(own) else os.path.join(os.path.dirname(path), "context.json")
    variables = trust(json.load(open(context, encoding="utf-8")))
    loader = DataLoader()
    loader.set_basedir(os.getcwd())
    lines = []
    for line in open(path, encoding="utf-8"):
        if not line.strip():
            continue
        template = json.loads(line)[0]
        templar = Templar(loader=loader, variables=variables)
        try:
            if template.startswith("when: "):
                result = templar.evaluate_conditional(trust(template.removeprefix("when: ")))
            else:
                result = templar.template(trust(template))
            lines.append([template, repr(native(result))])
        except Exception as error:
            lines.append([template, None, plain(str(error))])
    with open(path, "w", encoding="utf-8") as out:
        for case in lines:
            out.write(json.dumps(case, ensure_ascii=False) + "\n")


for path in sys.argv[1:]:
    record(os.path.join(here, path) if not os.path.isabs(path) else path)
