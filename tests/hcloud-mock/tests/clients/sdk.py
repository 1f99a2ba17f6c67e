"""Lives through every resource with Hetzner's own Python SDK: create, list, change, all actions, delete, errors."""
import json
import os
import urllib.request

from hcloud import APIException, Client
from hcloud.actions import ActionFailedException
from hcloud.certificates import Certificate
from hcloud.firewalls import Firewall, FirewallResource, FirewallResourceLabelSelector, FirewallRule
from hcloud.images import Image
from hcloud.isos import Iso
from hcloud.load_balancer_types import LoadBalancerType
from hcloud.load_balancers import (
    LoadBalancerAlgorithm, LoadBalancerHealthCheck, LoadBalancerHealthCheckHttp, LoadBalancerService,
    LoadBalancerServiceHttp, LoadBalancerTarget, LoadBalancerTargetIP, LoadBalancerTargetLabelSelector,
)
from hcloud.locations import Location
from hcloud.networks import NetworkRoute, NetworkSubnet
from hcloud.server_types import ServerType
from hcloud.servers import ServerCreatePublicNetwork
from hcloud.zones import ZonePrimaryNameserver, ZoneRecord, ZoneRRSet

ENDPOINT = os.environ["HCLOUD_ENDPOINT"]
client = Client(os.environ["HCLOUD_TOKEN"], api_endpoint=ENDPOINT, poll_interval=0.001, poll_max_retries=400)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPSnTBxaMF5o4bXVLfqKtBoFeXm0Zf5U1p1RJL9rXjA me"
FSN1, CPX22 = Location(name="fsn1"), ServerType(name="cpx22")
DEBIAN = Image(name="debian-13")


def admin(method, path, body=None):
    """The mock's own path, as any language would use it."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ENDPOINT.replace("/v1", "/_mock") + path, data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(code, call, *args, **kwargs):
    """The call must fail with this code."""
    try:
        call(*args, **kwargs)
    except APIException as error:
        assert error.code == code, f"{error.code} instead of {code}: {error.message}"
        return error
    raise AssertionError(f"{call} was not refused with {code}")


def done(action):
    """Waits for an action, or several."""
    for one in action if isinstance(action, list) else [action]:
        one.wait_until_finished()


def new_server(name, **more):
    made = client.servers.create(name=name, server_type=CPX22, image=DEBIAN, location=FSN1, **more)
    done([made.action, *made.next_actions])
    return made.server


def catalogue():
    assert {location.name for location in client.locations.get_all()} >= {"fsn1", "nbg1", "hel1", "ash", "hil", "sin"}
    assert client.locations.get_by_name("sin").network_zone == "ap-southeast"
    types = client.server_types.get_all()
    assert len(types) >= 25 and client.server_types.get_by_id(types[0].id).name == types[0].name
    cheap = client.server_types.get_by_name("cx23")
    assert cheap.locations[0].available and cheap.prices[0]["price_hourly"]["net"].startswith("0.0088")
    assert client.load_balancer_types.get_by_name("lb11").max_targets == 25
    assert client.images.get_by_name_and_architecture("debian-13", "arm").architecture == "arm"
    assert client.images.get_by_name_and_architecture("ubuntu-20.04", "x86") is None
    assert client.images.get_by_name_and_architecture("ubuntu-20.04", "x86", include_deprecated=True).deprecation
    assert client.isos.get_all(architecture=["x86"], include_architecture_wildcard=True)
    assert client.isos.get_by_name("virtio-win-0.1.271.iso").architecture is None
    refused("not_found", client.servers.get_by_id, 1)
    refused("deprecated_api_endpoint", client.datacenters.get_all)


def ssh_keys():
    key = client.ssh_keys.create(name="me", public_key=KEY, labels={"a": "b"})
    refused("uniqueness_error", client.ssh_keys.create, name="me2", public_key=KEY)
    refused("invalid_input", client.ssh_keys.create, name="x", public_key="nonsense")
    assert client.ssh_keys.get_by_fingerprint(key.fingerprint).id == key.id
    assert client.ssh_keys.get_all(label_selector="a==b")[0].name == "me"
    assert key.update(name="you", labels={"c": "d"}).labels == {"c": "d"}
    return client.ssh_keys.get_by_name("you")


def servers(key):
    network = client.networks.create(
        name="net", ip_range="10.0.0.0/16", labels={"n": "1"},
        subnets=[NetworkSubnet(type="cloud", network_zone="eu-central", ip_range="10.0.0.0/24")],
    )
    firewall = client.firewalls.create(name="fw", rules=[
        FirewallRule(direction="in", protocol="tcp", port="80", source_ips=["0.0.0.0/0", "::/0"]),
    ]).firewall
    group = client.placement_groups.create(name="spread", type="spread", labels={"g": "1"}).placement_group
    made = client.servers.create(
        name="one", server_type=CPX22, image=DEBIAN, location=FSN1, ssh_keys=[key], networks=[network],
        firewalls=[firewall], placement_group=group, labels={"role": "edge"}, user_data="#cloud-config\n",
    )
    assert made.root_password is None and made.action.command == "create_server"
    refused("locked", made.server.power_off)
    done([made.action, *made.next_actions])
    server = client.servers.get_by_name("one")
    assert server.status == "running" and server.private_net[0].ip == "10.0.0.2"
    assert server.public_net.firewalls[0].status == "applied" and server.placement_group.id == group.id
    assert [m.ip for m in client.networks.get_member_list(network).members] == ["10.0.0.2"]
    refused("uniqueness_error", client.servers.create, name="one", server_type=CPX22, image=DEBIAN)
    refused("invalid_input", client.servers.create, name="no_host", server_type=CPX22, image=DEBIAN)

    for action in (server.reboot, server.reset, server.shutdown, server.power_off, server.power_on):
        done(action())
    done(server.reset_password().action)
    console = server.request_console()
    assert console.wss_url.startswith("wss://")
    done(console.action)
    done(server.enable_rescue(type="linux64", ssh_keys=[key.id]).action)
    assert client.servers.get_by_id(server.id).rescue_enabled
    done(server.disable_rescue())
    done(server.attach_iso(Iso(name="debian-13.1.0-amd64-netinst.iso")))
    assert client.servers.get_by_id(server.id).iso.id == 122630
    done(server.detach_iso())
    done(server.enable_backup())
    done(server.create_image(type="backup", description="nightly").action)
    assert client.images.get_all(type=["backup"], bound_to=[str(server.id)])
    snapshot = server.create_image(description="golden", labels={"golden": "yes"})
    done(snapshot.action)
    done(server.disable_backup())
    assert not client.images.get_all(type=["backup"])
    done(server.change_protection(delete=True, rebuild=True))
    refused("protected", server.delete)
    refused("protected", server.rebuild, DEBIAN)
    refused("invalid_input", server.change_protection, delete=False)
    done(server.change_protection(delete=False, rebuild=False))
    done(server.change_dns_ptr(server.public_net.ipv4.ip, "edge.example.com"))
    assert client.servers.get_by_id(server.id).public_net.ipv4.dns_ptr == "edge.example.com"
    done(server.rebuild(snapshot.image).action)
    refused("server_not_stopped", server.change_type, ServerType(name="cpx32"), upgrade_disk=True)
    done(server.power_off())
    refused("invalid_server_type", server.change_type, ServerType(name="cax21"), upgrade_disk=True)
    done(server.change_type(ServerType(name="cpx32"), upgrade_disk=True))
    done(server.remove_from_placement_group())
    done(server.add_to_placement_group(group))
    refused("already_in_placement_group", server.add_to_placement_group, group)
    done(server.change_alias_ips(network, ["10.0.0.99"]))
    done(server.detach_from_network(network))
    done(server.attach_to_network(network, ip="10.0.0.77"))
    refused("server_already_attached", server.attach_to_network, network)
    assert client.servers.get_by_id(server.id).private_net[0].ip == "10.0.0.77"
    done(server.power_on())
    assert server.update(name="first", labels={"role": "origin"}).name == "first"
    assert client.servers.get_all(label_selector="role in (origin),!edge", status=["running"])[0].id == server.id
    assert server.get_actions(status=["success"], sort=["id:desc"])[0].command == "start_server"
    metrics = server.get_metrics(["cpu", "network"], "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", step=600)
    assert "network.0.bandwidth.out" in metrics.metrics.time_series
    images(snapshot.image)
    networks_and_firewalls(server, network, firewall)
    assert group.update(name="apart").name == "apart"
    done(server.delete())
    assert client.servers.get_by_name("first") is None
    for thing in (network, firewall, group):
        assert thing.delete()
    refused("not_found", client.placement_groups.get_by_id, group.id)


def images(image):
    image = client.images.get_by_id(image.id)
    assert image.status == "available" and image.created_from.name == "one"
    assert image.update(description="better", labels={"x": "y"}).description == "better"
    done(image.change_protection(delete=True))
    refused("protected", image.delete)
    done(image.change_protection(delete=False))
    assert [a.command for a in image.get_actions()].count("change_protection") == 2
    assert image.delete() and not client.images.get_all(label_selector="x=y")


def networks_and_firewalls(server, network, firewall):
    done(network.add_subnet(NetworkSubnet(ip_range=None, type="cloud", network_zone="us-east")))
    refused("invalid_input", network.add_subnet, NetworkSubnet("10.0.0.0/25", "cloud", "eu-central"))
    done(network.add_route(NetworkRoute("10.100.0.0/24", "10.0.0.9")))
    done(network.delete_route(NetworkRoute("10.100.0.0/24", "10.0.0.9")))
    done(network.delete_subnet(client.networks.get_by_id(network.id).subnets[1]))
    refused("service_error", network.delete_subnet, network.subnets[0])
    done(network.change_ip_range("10.0.0.0/12"))
    done(network.change_protection(delete=True))
    refused("protected", network.delete)
    done(network.change_protection(delete=False))
    pending = network.change_protection(delete=False)
    # The second meets a conflict, and the SDK waits and repeats it.
    done([network.change_protection(delete=False), pending])
    assert network.update(name="inner", labels={}, expose_routes_to_vswitch=True).expose_routes_to_vswitch
    assert client.networks.get_by_name("inner").ip_range == "10.0.0.0/12"

    done(firewall.remove_from_resources([FirewallResource(type="server", server=server)]))
    refused("firewall_resource_not_found", firewall.remove_from_resources,
            [FirewallResource(type="server", server=server)])
    done(firewall.apply_to_resources([FirewallResource(type="server", server=server)]))
    refused("firewall_already_applied", firewall.apply_to_resources, [FirewallResource(type="server", server=server)])
    selector = FirewallResource(
        type="label_selector", label_selector=FirewallResourceLabelSelector(selector="role=origin"))
    done(firewall.apply_to_resources([selector]))
    assert client.firewalls.get_by_id(firewall.id).applied_to[1].applied_to_resources[0].server.id == server.id
    done(firewall.set_rules([FirewallRule(direction="out", protocol="icmp", destination_ips=["10.0.0.0/8"])]))
    assert client.firewalls.get_by_name("fw").rules[0].port is None
    refused("resource_in_use", firewall.delete)
    done(firewall.remove_from_resources([selector]))
    done(firewall.remove_from_resources([FirewallResource(type="server", server=server)]))
    assert firewall.update(name="wall").name == "wall" and firewall.get_actions()


def addresses():
    made = client.primary_ips.create(
        name="ip", type="ipv4", location=FSN1, assignee_type="server", auto_delete=False, labels={"a": "b"})
    ip = made.primary_ip
    server = new_server("addressed", public_net=ServerCreatePublicNetwork(ipv4=ip, enable_ipv6=False))
    assert server.public_net.ipv4.ip == ip.ip or client.servers.get_by_id(server.id).public_net.ipv4.ip == ip.ip
    refused("must_be_unassigned", ip.delete)
    refused("server_not_stopped", ip.unassign)
    done(server.power_off())
    done(ip.unassign())
    assert client.primary_ips.get_by_name("ip").assignee_id is None
    done(ip.assign(assignee_id=server.id, assignee_type="server"))
    done(ip.change_dns_ptr(ip.ip, "ip.example.com"))
    done(ip.unassign())
    done(ip.change_protection(delete=True))
    refused("protected", ip.delete)
    done(ip.change_protection(delete=False))
    assert ip.update(name="ip2", auto_delete=True).auto_delete
    assert client.primary_ips.get_all(label_selector="a") and ip.delete()

    made = client.floating_ips.create(type="ipv4", name="float", home_location=FSN1, description="d")
    floating = made.floating_ip
    done(floating.assign(server))
    assert client.floating_ips.get_by_name("float").server.id == server.id
    refused("must_be_unassigned", floating.delete)
    done(floating.change_dns_ptr(floating.ip, "float.example.com"))
    done(floating.unassign())
    done(floating.change_protection(delete=True))
    done(floating.change_protection(delete=False))
    assert floating.update(description="e", labels={"f": ""}).description == "e"
    assert floating.get_actions() and floating.delete()
    second = client.floating_ips.create(type="ipv6", server=server)
    done(second.action)
    done(second.floating_ip.unassign())
    assert second.floating_ip.delete()
    volumes(server)
    done(server.delete())


def volumes(server):
    made = client.volumes.create(size=10, name="v", location=FSN1, format="ext4", labels={"v": "1"})
    done([made.action, *made.next_actions])
    volume = made.volume
    done(volume.attach(server, automount=False))
    refused("volume_already_attached", volume.attach, server)
    assert client.servers.get_by_id(server.id).volumes[0].id == volume.id
    done(volume.resize(20))
    refused("invalid_input", volume.resize, 10)
    done(volume.detach())
    done(volume.change_protection(delete=True))
    refused("protected", volume.delete)
    done(volume.change_protection(delete=False))
    assert volume.update(name="w").name == "w" and client.volumes.get_all(status=["available"], label_selector="v=1")
    attached = client.volumes.create(size=10, name="second", server=server, automount=True)
    done([attached.action, *attached.next_actions])
    done(attached.volume.detach())
    assert volume.get_actions() and volume.delete() and attached.volume.delete()


def load_balancers():
    server = new_server("web", labels={"role": "web"})
    network = client.networks.create(
        name="lbnet", ip_range="10.9.0.0/16", subnets=[NetworkSubnet(ip_range=None, type="cloud", network_zone="eu-central")])
    managed = client.certificates.create_managed(name="managed", domain_names=["example.com"])
    done(managed.action)
    certificate = client.certificates.get_by_name("managed")
    assert certificate.status.issuance == "completed"
    check = LoadBalancerHealthCheck(
        protocol="http", port=80, interval=15, timeout=10, retries=3,
        http=LoadBalancerHealthCheckHttp(domain="example.com", path="/", response="", status_codes=["2??"], tls=False))
    made = client.load_balancers.create(
        name="lb", load_balancer_type=LoadBalancerType(name="lb11"), location=FSN1,
        algorithm=LoadBalancerAlgorithm("round_robin"), labels={"l": "b"},
        services=[LoadBalancerService(protocol="http", listen_port=80, destination_port=80, proxyprotocol=False,
                                      health_check=check, http=LoadBalancerServiceHttp(sticky_sessions=True))],
        targets=[LoadBalancerTarget(type="server", server=server, use_private_ip=False)])
    done(made.action)
    balancer = client.load_balancers.get_by_name("lb")
    assert balancer.targets[0].health_status[0].status == "healthy" and balancer.services[0].http.sticky_sessions
    https = LoadBalancerService(protocol="https", listen_port=443, destination_port=80, proxyprotocol=False,
                                health_check=check, http=LoadBalancerServiceHttp(certificates=[certificate]))
    done(balancer.add_service(https))
    refused("source_port_already_used", balancer.add_service, https)
    refused("resource_in_use", certificate.delete)
    https.destination_port = 8080
    done(balancer.update_service(https))
    done(balancer.delete_service(https))
    done(balancer.attach_to_network(network))
    refused("load_balancer_already_attached", balancer.attach_to_network, network)
    done(balancer.add_target(LoadBalancerTarget(type="ip", ip=LoadBalancerTargetIP(ip="88.99.1.2"))))
    selector = LoadBalancerTarget(
        type="label_selector", label_selector=LoadBalancerTargetLabelSelector(selector="role=web"), use_private_ip=True)
    done(balancer.add_target(selector))
    refused("target_already_defined", balancer.add_target, selector)
    assert client.load_balancers.get_by_id(balancer.id).targets[2].targets[0].server.id == server.id
    refused("targets_without_use_private_ip", balancer.disable_public_interface)
    done(balancer.remove_target(LoadBalancerTarget(type="ip", ip=LoadBalancerTargetIP(ip="88.99.1.2"))))
    done(balancer.remove_target(LoadBalancerTarget(type="server", server=server)))
    done(balancer.disable_public_interface())
    done(balancer.enable_public_interface())
    done(balancer.change_algorithm(LoadBalancerAlgorithm("least_connections")))
    done(balancer.change_type(LoadBalancerType(name="lb21")))
    done(balancer.change_dns_ptr(balancer.public_net.ipv4.ip, "lb.example.com"))
    done(balancer.change_protection(delete=True))
    refused("protected", balancer.delete)
    done(balancer.change_protection(delete=False))
    done(balancer.detach_from_network(network))
    assert balancer.update(name="front").name == "front" and balancer.get_actions()
    metrics = balancer.get_metrics(["bandwidth"], "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")
    assert "bandwidth.in" in metrics.metrics.time_series
    balancer.delete()
    assert certificate.update(name="renamed").name == "renamed" and certificate.get_actions()
    for _ in range(5):
        if not client.load_balancers.get_all():
            break
    assert certificate.delete() and network.delete()
    admin("PATCH", "/settings", {"certificate_error": "dns_zone_not_found"})
    failing = client.certificates.create_managed(name="failing", domain_names=["example.org"])
    try:
        done(failing.action)
        raise AssertionError("issuing did not fail")
    except ActionFailedException as error:
        assert error.action.error["code"] == "dns_zone_not_found"
    admin("PATCH", "/settings", {"certificate_error": None})
    done(failing.certificate.retry_issuance())
    assert failing.certificate.delete()
    done(server.delete())


def zones():
    made = client.zones.create(name="example.com", mode="primary", ttl=600, labels={"z": "1"}, rrsets=[
        ZoneRRSet(name="www", type="A", records=[ZoneRecord(value="192.0.2.1", comment="one")])])
    done(made.action)
    zone = client.zones.get("example.com")
    assert zone.id == made.zone.id and zone.record_count == 5
    refused("uniqueness_error", client.zones.create, name="example.com", mode="primary")
    assert zone.update(labels={"z": "2"}).labels == {"z": "2"}
    done(zone.change_ttl(3600))
    done(zone.change_protection(delete=True))
    refused("protected", zone.delete)
    done(zone.change_protection(delete=False))
    made = zone.create_rrset(name="edge", type="A", ttl=60, records=[ZoneRecord("192.0.2.1"), ZoneRecord("192.0.2.2")])
    done(made.action)
    rrset = zone.get_rrset("edge", "A")
    done(rrset.add_rrset_records([ZoneRecord("192.0.2.3")]))
    done(rrset.update_rrset_records([ZoneRecord("192.0.2.3", comment="third")]))
    done(rrset.remove_rrset_records([ZoneRecord("192.0.2.1")]))
    done(rrset.set_rrset_records([ZoneRecord("192.0.2.9")]))
    done(rrset.change_rrset_ttl(120))
    done(rrset.change_rrset_protection(change=True))
    refused("protected", rrset.set_rrset_records, [ZoneRecord("192.0.2.8")])
    done(rrset.change_rrset_protection(change=False))
    assert rrset.update_rrset(labels={"e": "1"}).labels == {"e": "1"}
    assert [r.id for r in zone.get_rrset_all(type=["A"], label_selector="e=1")] == ["edge/A"]
    done(rrset.delete_rrset().action)
    assert "www\tIN\tA\t192.0.2.1 ; one" in zone.export_zonefile().zonefile
    done(zone.import_zonefile("$TTL 60\nnew IN A 192.0.2.77\n"))
    assert zone.get_rrset("new", "A").records[0].value == "192.0.2.77"
    second = client.zones.create(
        name="example.org", mode="secondary", primary_nameservers=[ZonePrimaryNameserver(address="198.51.100.1")])
    done(second.action)
    done(second.zone.change_primary_nameservers([ZonePrimaryNameserver(address="198.51.100.2", port=5353)]))
    refused("incorrect_zone_mode", second.zone.export_zonefile)
    done(second.zone.delete().action)
    done(zone.delete().action)
    assert client.zones.get_all() == []


def paging_and_faults():
    for n in range(60):
        client.placement_groups.create(name=f"g{n:02}", type="spread", labels={"n": str(n % 3)}) if n < 50 else \
            refused("resource_limit_exceeded", client.placement_groups.create, name=f"g{n}", type="spread")
    page = client.placement_groups.get_list(page=2, per_page=20, sort="name:desc")
    assert page.meta.pagination.total_entries == 50 and page.placement_groups[0].name == "g29"
    assert len(client.placement_groups.get_all(label_selector="n notin (0,1)")) == 16
    refused("invalid_input", client.placement_groups.get_all, label_selector="n in")
    for group in client.placement_groups.get_all():
        group.delete()
    admin("POST", "/faults", {"method": "GET", "path": "/locations", "when": {"first": 2},
                              "then": {"error": {"status": 502, "code": "bad_gateway", "message": "try again"}}})
    assert len(client.locations.get_all()) == 6
    assert admin("GET", "/faults")[0]["hit"] == 2


catalogue()
account_key = ssh_keys()
servers(account_key)
assert account_key.delete()
addresses()
load_balancers()
zones()
paging_and_faults()
for left in ("servers", "networks", "firewalls", "primary_ips", "floating_ips", "volumes", "load_balancers"):
    assert getattr(client, left).get_all() == [], left
print("all done")
