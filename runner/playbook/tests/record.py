#!/usr/bin/env python3
"""Records what ansible-core 2.19 says about the cases in this folder; run it with a Python that has ansible-core.

The answers are files of the repository, so that the tests need no Python.
"""
import json
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "cases"


def dump(value):
    """A value as [position, JSON] with marks for what JSON cannot say."""
    import datetime
    from ansible.module_utils._internal._datatag import AnsibleTagHelper
    from ansible._internal._datatag._tags import Origin, TrustedAsTemplate
    from ansible.parsing.vault import EncryptedString

    origin = Origin.get_tag(value)
    place = f"{origin.line_num}:{origin.col_num}" if origin is not None else None
    if isinstance(value, EncryptedString):
        plain = {"!vault": value._ciphertext}
    elif value is None or isinstance(value, bool):
        plain = value
    elif isinstance(value, str):
        plain = str(value) if TrustedAsTemplate.is_tagged_on(value) else {"!unsafe": str(value)}
    elif isinstance(value, int):
        plain = {"!int": str(int(value))}
    elif isinstance(value, float):
        plain = {"!float": repr(float(value))}
    elif isinstance(value, bytes):
        plain = {"!bytes": value.hex()}
    elif isinstance(value, datetime.datetime):
        plain = {"!datetime": str(value)}
    elif isinstance(value, datetime.date):
        plain = {"!date": str(value)}
    elif isinstance(value, dict):
        plain = {"!map": [[dump(key), dump(item)] for key, item in value.items()]}
    elif isinstance(value, (set, frozenset)):
        plain = {"!set": sorted((dump(item) for item in value), key=json.dumps)}
    elif isinstance(value, tuple):
        plain = {"!tuple": [dump(item) for item in value]}
    elif isinstance(value, list):
        plain = [dump(item) for item in value]
    else:
        plain = {"!other": str(type(value))}
    return [place, plain]


def yaml():
    """cases/yaml/documents.txt: documents between lines of `=====`."""
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader

    texts = (HERE / "yaml/documents.txt").read_bytes().decode().split("=====\n")
    with open(HERE / "yaml/documents.jsonl", "w") as out, tempfile.TemporaryDirectory() as folder:
        for text in texts:
            file = os.path.join(folder, "case.yml")
            Path(file).write_bytes(text.encode())
            try:
                answer = {"value": dump(DataLoader().load_from_file(file, trusted_as_template=True))}
            except AnsibleError as error:
                place = f"{error.obj.line_num or 0}:{error.obj.col_num or 0}"
                answer = {"error": str(error), "help": error._help_text, "place": place}
            out.write(json.dumps(answer) + "\n")


def vault():
    """Envelopes with fixed salts."""
    from ansible.parsing.vault import VaultAES256, VaultSecret, format_vaulttext_envelope

    cases = [
        ("default", b"secret", b"hello\n", b"fixed-salt-fixed-salt-fixed-salt"),
        ("dev", "p\u00e4ss w".encode(), b"a: 1\nb: [2]\n", bytes(range(32))),
        ("default", b"x", b"", bytes(range(32))),
        ("prod", b"k" * 100, b"0123456789abcdef", bytes(32)),
        ("default", b"secret", bytes(range(256)), bytes(range(32, 64))),
    ]
    with open(HERE / "vault/vectors.jsonl", "w") as out:
        for label, password, plain, salt in cases:
            body = VaultAES256.encrypt(plain, VaultSecret(password), salt)
            vault_id = None if label == "default" else label
            text = format_vaulttext_envelope(body, "AES256", version="1.2" if vault_id else None, vault_id=vault_id)
            case = {"label": label, "password": password.hex(), "plain": plain.hex(), "salt": salt.hex()}
            out.write(json.dumps(case | {"text": text.decode()}) + "\n")


def splitter():
    """cases/splitter/strings.jsonl: the input is the first column of each line and stays."""
    from ansible.errors import AnsibleError
    from ansible.parsing.splitter import parse_kv, split_args

    file = HERE / "splitter/strings.jsonl"
    texts = [json.loads(line)[0] for line in file.read_text().splitlines()]
    with open(file, "w") as out:
        for text in texts:
            row = [text]
            for ask in (split_args, parse_kv, lambda text: parse_kv(text, check_raw=True)):
                try:
                    row.append(ask(text))
                except (AnsibleError, IndexError) as error:
                    row.append(f"{type(error).__name__}: {error}")
            out.write(json.dumps(row) + "\n")


def playbook():
    """cases/playbook/mistakes.txt: what `ansible-playbook --syntax-check` says first about each playbook."""
    import re
    import subprocess

    program = Path(sys.executable).with_name("ansible-playbook")
    texts = (HERE / "playbook/mistakes.txt").read_text().split("=====\n")
    with open(HERE / "playbook/mistakes.jsonl", "w") as out, tempfile.TemporaryDirectory() as folder:
        for text in texts:
            Path(folder, "site.yml").write_text(text)
            run = [program, "--syntax-check", "-i", "localhost,", "site.yml"]
            environment = os.environ | {"HOME": "/home/user", "ANSIBLE_LOCALHOST_WARNING": "0"}
            said = subprocess.run(run, cwd=folder, capture_output=True, text=True, env=environment).stderr
            said = said.replace(folder, "$DIR")
            errors = re.split(r"^\[(?:ERROR|WARNING|DEPRECATION WARNING)\]: ", said, flags=re.M)
            marks = re.findall(r"^\[(ERROR|WARNING|DEPRECATION WARNING)\]: ", said, flags=re.M)
            first = next((error for mark, error in zip(marks, errors[1:]) if mark == "ERROR"), None)
            answer = None
            if first is not None:
                message = re.split(r"\n(?:Origin: |\n)", first)[0].rstrip("\n")
                place = re.search(r"^Origin: \$DIR/site.yml:(\d+):(\d+)", first, flags=re.M)
                answer = {"message": message, "place": place and f"{place[1]}:{place[2]}"}
            out.write(json.dumps(answer) + "\n")


def inventory():
    """cases/inventory/list.txt: what `ansible-inventory --list` prints for the sources of each line."""
    import subprocess

    program = Path(sys.executable).with_name("ansible-inventory")
    folder = HERE / "inventory"
    with open(folder / "list.jsonl", "w") as out:
        for line in (folder / "list.txt").read_text().splitlines():
            run = [program, "--list", "--playbook-dir", line.split()[0].split("/")[0] if "/" in line else "."]
            for source in line.split():
                run += ["-i", source]
            environment = os.environ | {"ANSIBLE_DEPRECATION_WARNINGS": "0", "ANSIBLE_LOCALHOST_WARNING": "0"}
            said = subprocess.run(run, cwd=folder, capture_output=True, text=True, env=environment)
            answer = {"list": json.loads(said.stdout or "null"), "said": said.stderr.replace(str(folder), "$DIR")}
            out.write(json.dumps(answer) + "\n")


def patterns():
    """cases/inventory/patterns/list.txt: the hosts each pattern means."""
    from ansible.errors import AnsibleError
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    folder = HERE / "inventory/patterns"
    with open(folder / "answers.jsonl", "w") as out:
        for line in (folder / "list.txt").read_text().splitlines():
            try:
                manager = InventoryManager(loader=DataLoader(), sources=[str(folder / "hosts")])
                hosts = [host.name for host in manager.get_hosts(pattern=line)]
            except (AnsibleError, IndexError):
                hosts = []
            out.write(json.dumps([line, hosts]) + "\n")


def listed():
    """cases/playbook/listed/*/site.yml: what `--list-tasks` prints."""
    import subprocess

    program = Path(sys.executable).with_name("ansible-playbook")
    for site in sorted((HERE / "playbook/listed").glob("*/site.yml")):
        run = [program, "--list-tasks", "-i", "localhost,", "site.yml"]
        said = subprocess.run(run, cwd=site.parent, capture_output=True, text=True)
        (site.parent / "list-tasks.txt").write_text(said.stdout)
        if said.returncode:
            print(said.stderr)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
