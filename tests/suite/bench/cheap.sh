# The same 25 steps as cheap.yml, as a person would type them.
set -e
echo 1 >/dev/null
echo 2 >/dev/null
echo 3 >/dev/null
echo 4 >/dev/null
echo 5 >/dev/null
echo 6 >/dev/null
echo 7 >/dev/null
echo 8 >/dev/null
echo 9 >/dev/null
echo 10 >/dev/null
stat /etc/passwd >/dev/null
stat /etc/passwd >/dev/null
stat /etc/passwd >/dev/null
stat /etc/passwd >/dev/null
stat /etc/passwd >/dev/null
mkdir -p /srv/bench/cheap/1
mkdir -p /srv/bench/cheap/2
mkdir -p /srv/bench/cheap/3
mkdir -p /srv/bench/cheap/4
mkdir -p /srv/bench/cheap/5
printf 'file 1\n' >/srv/bench/cheap/file-1
printf 'file 2\n' >/srv/bench/cheap/file-2
printf 'file 3\n' >/srv/bench/cheap/file-3
printf 'file 4\n' >/srv/bench/cheap/file-4
printf 'file 5\n' >/srv/bench/cheap/file-5
