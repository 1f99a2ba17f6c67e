#!/usr/bin/env python3
"""Ansible-core's own integration targets, run by our playbook command (or with --oracle by ansible-core itself).

  tests/conformance/run.py --bin DIR [TARGET ...]   DIR holds ansible-playbook, ansible, … of the program under test
  tests/conformance/run.py --oracle [TARGET ...]    what a pass looks like

The targets come from ansible-core's source archive on PyPI, pinned by hash, and stay under target/: they are GPL-3.0 and are
never committed. They change files under /tmp and more: run them in a machine that may be thrown away.
A target with runme.sh is run as that script, any other as a role on a local host. Prints one line a target and "pass N of M".
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
CACHE = Path(os.environ.get("CARGO_TARGET_DIR", TOP / "target")) / "conformance"
LIST = json.loads((HERE / "targets.json").read_text())
VERSION = LIST["ansible_core"]
SHA256 = "1e7612788eaa6b3c87a3670ce86c64b830eba0ae2b3fcb25a772f276704163b4"
# A target that hangs (a prompt, a wait) must not stop the others; the slowest good one takes 40 seconds.
TIMEOUT_S = 180


def archive():
    """The unpacked source archive; fetched once, its hash checked by pip."""
    top = CACHE / f"ansible_core-{VERSION}"
    if not top.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        pinned = CACHE / "pinned.txt"
        pinned.write_text(f"ansible-core=={VERSION} --hash=sha256:{SHA256}\n")
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--no-build-isolation",
                        "--require-hashes", "-r", pinned, "-d", CACHE], check=False)
        packed = CACHE / f"ansible_core-{VERSION}.tar.gz"
        with tarfile.open(packed) as tar:
            tar.extractall(CACHE, filter="data")
    return top


def python():
    """A virtual environment: the oracle, and what helper scripts of some targets import."""
    top = CACHE / "venv"
    if not (top / "bin" / "ansible-playbook").exists():
        subprocess.run([sys.executable, "-m", "venv", top], check=True)
        subprocess.run([top / "bin" / "pip", "install", "-q", f"ansible-core=={VERSION}", "passlib", "pexpect"], check=True)
    return top / "bin"


def aliases_of(folder):
    file = folder / "aliases"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.split("#")[0].strip() for line in lines]


def environment(args, work, base, source, venv, here, aliases):
    env = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    env.update(
        PATH=f"{args.bin}:{os.environ['PATH']}", ANSIBLE_CONFIG=str(work / "ansible.cfg"), ANSIBLE_ROLES_PATH=str(base / "targets"),
        ANSIBLE_DEPRECATION_WARNINGS="false", ANSIBLE_INVENTORY="/dev/null", ANSIBLE_HOST_PATTERN_MISMATCH="error",
        ANSIBLE_FORCE_HANDLERS="true", ANSIBLE_HOST_KEY_CHECKING="false", ANSIBLE_RETRY_FILES_ENABLED="false",
        ANSIBLE_DEVEL_WARNING="false", ANSIBLE_FORCE_COLOR="false", ANSIBLE_TEST_PYTHON_INTERPRETER=str(venv / "python"),
        ANSIBLE_TEST_PYTHON_VERSION="%d.%d" % sys.version_info[:2], ANSIBLE_TEST_CONTENT_ROOT=str(source),
        ANSIBLE_TEST_ANSIBLE_LIB_ROOT=str(source / "lib" / "ansible"), OUTPUT_DIR=str(work / "output"),
        INVENTORY_PATH=str(base / "inventory"), ANSIBLE_LIBRARY="/dev/null", ANSIBLE_PLAYBOOK_DIR=str(here), LC_ALL="C.UTF-8", TERM="dumb")
    for alias in aliases:
        if alias.startswith("env/set/"):
            name, value = alias.split("/", 3)[2:]
            env[name] = value
    return env


def run(target, args, source, venv):
    """Runs one target in a copy of the tree."""
    targets = source / "test" / "integration" / "targets"
    aliases = aliases_of(targets / target)
    work = Path(tempfile.mkdtemp(prefix=f"target-{target}-"))
    base = work / "test" / "integration"
    base.mkdir(parents=True)
    (work / "output").mkdir()
    shutil.copytree(targets, base / "targets", symlinks=True)
    (base / "inventory").write_text(
        f'[testgroup]\ntesthost ansible_connection="local" ansible_pipelining="yes" ansible_python_interpreter="{venv}/python"\n')
    (work / "ansible.cfg").write_text("[defaults]\n")
    here = base / "targets" / target
    env = environment(args, work, base, source, venv, here, aliases)
    if (here / "runme.sh").exists():
        command, cwd = ["./runme.sh"], here
        del env["ANSIBLE_ROLES_PATH"]
    else:
        del env["ANSIBLE_PLAYBOOK_DIR"]
        play, cwd = base / "targets" / f"{target}.play.yml", base / "targets"
        facts = "no" if "gather_facts/no" in aliases else "yes"
        play.write_text(f'- hosts: testhost\n  gather_facts: {facts}\n  vars: {{output_dir: "{work}/output"}}\n'
                        f'  environment: {{}}\n  roles: [{{role: {target}}}]\n')
        command = ["ansible-playbook", play, "-i", base / "inventory", "-e", f"output_dir={work}/output"]
    start = time.time()
    try:
        done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT_S, start_new_session=True)
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        code, output = "timeout", expired.stdout or b""
    shutil.rmtree(work, ignore_errors=True)
    return target, code, time.time() - start, output.decode(errors="replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", help="folder with the ansible-* names of the program under test")
    parser.add_argument("--oracle", action="store_true", help="run ansible-core itself")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--logs", type=Path, default=CACHE / "logs", help="folder for the output of each target")
    parser.add_argument("targets", nargs="*")
    args = parser.parse_args()
    if bool(args.bin) == args.oracle:
        parser.error("give --bin DIR or --oracle")
    source, venv = archive(), python()
    args.bin = venv if args.oracle else Path(args.bin).resolve()
    args.logs.mkdir(parents=True, exist_ok=True)
    targets = args.targets or LIST["visible"]
    passed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for target, code, seconds, output in pool.map(lambda name: run(name, args, source, venv), targets):
            passed += code == 0
            (args.logs / f"{target}.log").write_text(output)
            print(target, "pass" if code == 0 else code, f"{seconds:.1f}", flush=True)
    print("pass", passed, "of", len(targets))


if __name__ == "__main__":
    main()
