# Turns a fresh debootstrap tree into the machines' common ground.
# usage: tree.sh MIRROR SUITE NAME:PASSWORD...
set -eu
mirror=$1 suite=$2
shift 2
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

cat >/etc/apt/sources.list <<END
deb $mirror $suite main
deb $mirror $suite-updates main
deb ${mirror%/debian}/debian-security $suite-security main
END
echo 'APT::Install-Recommends "false";' >/etc/apt/apt.conf.d/lean
apt-get update -qq
apt-get clean

for account; do
  name=${account%%:*}
  [ "$name" = root ] || useradd --create-home --shell /bin/bash "$name"
  echo "$account" | chpasswd
done
cat >/etc/sudoers.d/accounts <<END
admin ALL=(ALL:ALL) NOPASSWD: ALL
deploy ALL=(ALL:ALL) ALL
END
chmod 440 /etc/sudoers.d/accounts
cat >/etc/doas.conf <<END
permit nopass admin
permit deploy
END
chmod 400 /etc/doas.conf

# Keys live outside of the homes, so that tests may break a home and still get in.
cat >/etc/ssh/sshd_config.d/machines.conf <<END
AuthorizedKeysFile /etc/ssh/authorized_keys/%u .ssh/authorized_keys
PermitRootLogin yes
PasswordAuthentication yes
END
rm -f /etc/ssh/ssh_host_*

echo 'en_US.UTF-8 UTF-8' >/etc/locale.gen
locale-gen >/dev/null
systemctl enable systemd-networkd ssh 2>/dev/null
# What a machine that lives for a minute does not need, and what would cost its boot time.
systemctl mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer fstrim.timer \
  e2scrub_all.timer e2scrub_reap.service dpkg-db-backup.timer systemd-firstboot.service \
  systemd-update-utmp.service systemd-journal-flush.service getty.target console-getty.service 2>/dev/null
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id
