"""The same server as role.yml, for pyinfra."""
from io import StringIO

from pyinfra import host
from pyinfra.facts.hardware import Ipv4Addrs
from pyinfra.facts.server import Hostname, LinuxDistribution
from pyinfra.operations import apt, files, server, systemd

PORT = 8080
USER = "site"

apt.packages(name="packages", packages=["curl", "acl", "unzip", "python3-minimal"])
server.group(name="group", group=USER, system=True)
server.user(name="user", user=USER, group=USER, system=True, home="/srv/site", shell="/usr/sbin/nologin")
for folder in ["/srv/site", "/srv/site/html", "/srv/site/log"]:
    files.directory(name=f"folder {folder}", path=folder, user=USER, group=USER, mode="755")
distribution = host.get_fact(LinuxDistribution)
page = files.template(
    name="page", src="templates/page.html.j2", dest="/srv/site/html/index.html", user=USER, group=USER, mode="644",
    inventory_hostname=host.name, ansible_hostname=host.get_fact(Hostname), ansible_distribution=distribution["name"],
    ansible_distribution_major_version=distribution["major"], site_port=PORT,
)
unit = files.template(
    name="unit", src="templates/site.service.j2", dest="/etc/systemd/system/site.service", mode="644",
    site_port=PORT, site_user=USER,
)
limits = f"{USER} soft nofile 65536\n{USER} hard nofile 65536\n"
files.put(name="limits", src=StringIO(limits), dest="/etc/security/limits.d/site.conf", mode="644")
address = next(iter(host.get_fact(Ipv4Addrs).get("host0", ["127.0.0.1"])))
files.line(name="host name of the service", path="/etc/hosts", line=r"^.*\ssite\.internal$", replace=f"{address} site.internal")
tuning = files.put(
    name="network tuning", src=StringIO("net.core.somaxconn = 4096\nnet.ipv4.tcp_max_syn_backlog = 8192\n"),
    dest="/etc/sysctl.d/90-site.conf", mode="644",
)
server.shell(name="load network tuning", commands=["sysctl -q -p /etc/sysctl.d/90-site.conf"], _if=tuning.did_change)
systemd.service(name="restart", service="site", restarted=True, daemon_reload=True, _if=lambda: page.did_change() or unit.did_change())
systemd.service(name="service", service="site", running=True, enabled=True)
server.shell(name="it answers", commands=[f"curl -fsS --retry 10 --retry-connrefused http://127.0.0.1:{PORT}/ | grep -q 'Served by'"])
