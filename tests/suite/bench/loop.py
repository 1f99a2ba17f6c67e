"""The same hundred files as loop.yml, for pyinfra."""
from io import StringIO

from pyinfra.operations import files

files.directory(name="the folder", path="/srv/bench/loop")
for n in range(100):
    files.put(name=f"file {n}", src=StringIO(f"number {n}\n"), dest=f"/srv/bench/loop/{n}")
