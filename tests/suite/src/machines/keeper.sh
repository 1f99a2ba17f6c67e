#!/bin/sh
# Outlives the process that booted machines, however that one ends, and then removes every trace of them.
# usage: keeper.sh NAME FOLDER SUBNET. Its stdin is open for as long as the machines are wanted; its stdout is the
# slot's lock, so that nobody takes the slot before everything is gone.
trap '' INT TERM HUP
exec 9>&1 1>&2
cat >/dev/null
name=$1 folder=$2 subnet=$3
PATH=$PATH:/usr/sbin:/sbin

groups() { ls -d /sys/fs/cgroup/"$name"-* /sys/fs/cgroup/unified/"$name"-* /sys/fs/cgroup/systemd/"$name"-* 2>/dev/null; }

for group in $(groups); do
  if [ -e "$group/cgroup.kill" ]; then
    echo 0 >"$group/cgroup.freeze"
    echo 1 >"$group/cgroup.kill"
  fi
done
# Killed processes take a moment to go; 200 tries of 50 ms are far more than they need.
tries=0
while [ "$tries" -lt 200 ] && cat $(groups | sed 's,$,/cgroup.events,') 2>/dev/null | grep -q '^populated 1'; do
  sleep 0.05
  tries=$((tries + 1))
done
grep -F " $folder/" /proc/self/mounts | cut -d' ' -f2 | sort -r | while read -r mount; do umount -l "$mount"; done
for group in $(groups); do find "$group" -depth -type d -exec rmdir {} \; ; done
ip link delete "$name" 2>/dev/null
if command -v iptables >/dev/null; then
  iptables -w -t nat -D POSTROUTING -s "$subnet" ! -o "$name" -j MASQUERADE 2>/dev/null
  iptables -w -D FORWARD -i "$name" -j ACCEPT 2>/dev/null
  iptables -w -D FORWARD -o "$name" -j ACCEPT 2>/dev/null
fi
rm -rf --one-file-system "$folder"
exit 0
