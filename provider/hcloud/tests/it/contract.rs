//! Every operation against the mock, and every error code through the client.

use std::time::Duration;

use provider_hcloud::*;
use tests_hcloud_mock::{Fault, Mock, Then, When};

use crate::scripted::fast;

const SOON: Duration = Duration::from_secs(20);

fn client(mock: &Mock) -> Client {
    Client::builder(mock.token()).endpoint(mock.endpoint()).timing(fast()).build().expect("a client")
}

fn labels(value: &str) -> Labels {
    Labels::from([("show".to_owned(), value.to_owned())])
}

fn named(name: &str) -> NewServer {
    let mut new = NewServer::new(name, IdOrName::Name("cpx22".into()), IdOrName::Name("debian-12".into()));
    new.location = Some("fsn1".to_owned());
    new
}

async fn done(client: &Client, action: Action) {
    client.wait(&action, SOON).await.expect("the Action succeeds");
}

#[tokio::test]
async fn the_catalogue() {
    let mock = Mock::start();
    let client = client(&mock);
    let types = client.server_types().await.expect("types");
    assert!(types.len() > 10 && types.iter().any(|server_type| server_type.is_sold_in("fsn1")));
    assert_eq!(client.find_server_type("cpx22").await.expect("one").expect("it").name, "cpx22");
    assert!(client.locations().await.expect("locations").iter().any(|location| location.name == "hel1"));
    assert_eq!(client.pricing().await.expect("prices").currency, "EUR");
    let filter = ImageFilter { name: Some("debian-12".to_owned()), ..ImageFilter::default() };
    let images = client.images(&filter).await.expect("images");
    assert_eq!(images.len(), 2, "one for each architecture");
    assert_eq!(client.image(images[0].id).await.expect("it").id, images[0].id);
    assert!(client.rate_limit().remaining < 3600);
}

#[tokio::test]
async fn shared_objects() {
    let mock = Mock::start();
    let client = client(&mock);
    let key = NewSshKey {
        name: "ops".to_owned(),
        public_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"
            .to_owned(),
        labels: labels("a"),
    };
    let made = client.create_ssh_key(&key).await.expect("made");
    assert_eq!(client.ssh_keys(None).await.expect("list").len(), 1);
    assert_eq!(client.find_ssh_key("ops").await.expect("find").expect("it").id, made.id);
    let by_print = client.find_ssh_key_by_fingerprint(&made.fingerprint).await.expect("find").expect("it");
    assert_eq!(by_print.id, client.ssh_key(made.id).await.expect("get").id);
    let twin = NewSshKey { name: "twin".to_owned(), ..key };
    assert!(client.create_ssh_key(&twin).await.expect_err("the fingerprint is there").is_taken());
    assert_eq!(
        client.update_ssh_key(made.id, Some("dev"), Some(&labels("b"))).await.expect("put").name,
        "dev"
    );
    client.delete_ssh_key(made.id).await.expect("deleted");
    assert!(client.ssh_key(made.id).await.expect_err("gone").is_not_found());

    let new = NewPlacementGroup { name: "spread".to_owned(), labels: labels("a") };
    let group = client.create_placement_group(&new).await.expect("made");
    let selector = Selector::new().equals("show", "a").expect("a label");
    assert_eq!(client.placement_groups(Some(&selector)).await.expect("list").len(), 1);
    assert_eq!(client.find_placement_group("spread").await.expect("find").expect("it").id, group.id);
    client.update_placement_group(group.id, None, Some(&labels("b"))).await.expect("put");
    assert_eq!(client.placement_group(group.id).await.expect("get").labels, labels("b"));
    client.delete_placement_group(group.id).await.expect("deleted");

    let rule = Rule {
        direction: Direction::In,
        protocol: FirewallProtocol::from("tcp"),
        port: Some("80".to_owned()),
        source_ips: vec!["0.0.0.0/0".to_owned()],
        destination_ips: Vec::new(),
        description: None,
    };
    let new = NewFirewall {
        name: "web".to_owned(),
        rules: vec![rule.clone()],
        apply_to: Vec::new(),
        labels: labels("a"),
    };
    let (firewall, actions) = client.create_firewall(&new).await.expect("made");
    client.wait_all(&actions, SOON).await.expect("done");
    assert_eq!(client.firewalls(Some(&selector)).await.expect("list")[0].rules, [rule]);
    let actions = client.set_firewall_rules(firewall.id, &[]).await.expect("set");
    client.wait_all(&actions, SOON).await.expect("done");
    assert_eq!(client.find_firewall("web").await.expect("find").expect("it").rules, []);
    client.update_firewall(firewall.id, Some("www"), None).await.expect("put");
    assert_eq!(client.firewall(firewall.id).await.expect("get").name, "www");
    client.delete_firewall(firewall.id).await.expect("deleted");

    let subnet = |range: &str| Subnet {
        kind: SubnetType::Cloud,
        ip_range: Some(range.to_owned()),
        network_zone: "eu-central".to_owned(),
        gateway: None,
    };
    let new = NewNetwork {
        name: "private".to_owned(),
        ip_range: "10.0.0.0/16".to_owned(),
        subnets: vec![subnet("10.0.0.0/24")],
        labels: labels("a"),
    };
    let network = client.create_network(&new).await.expect("made");
    assert_eq!(client.networks(Some(&selector)).await.expect("list").len(), 1);
    assert_eq!(client.find_network("private").await.expect("find").expect("it").id, network.id);
    done(&client, client.add_subnet(network.id, &subnet("10.0.1.0/24")).await.expect("added")).await;
    done(&client, client.delete_subnet(network.id, "10.0.0.0/24").await.expect("deleted")).await;
    let route = NetworkRoute { destination: "10.100.0.0/24".to_owned(), gateway: "10.0.1.2".to_owned() };
    done(&client, client.add_route(network.id, &route).await.expect("added")).await;
    assert_eq!(client.network(network.id).await.expect("get").routes, std::slice::from_ref(&route));
    done(&client, client.delete_route(network.id, &route).await.expect("deleted")).await;
    assert_eq!(client.network_members(network.id).await.expect("members"), []);
    done(&client, client.protect_network(network.id, true).await.expect("protected")).await;
    assert!(client.delete_network(network.id).await.expect_err("protected").is_protected());
    done(&client, client.protect_network(network.id, false).await.expect("free")).await;
    client.update_network(network.id, Some("net"), Some(&labels("b"))).await.expect("put");
    client.delete_network(network.id).await.expect("deleted");
}

#[tokio::test]
async fn a_servers_life() {
    let mock = Mock::start();
    let client = client(&mock);
    let created = client.create_server(&named("edge-1")).await.expect("made");
    let id = created.server.id;
    assert!(created.root_password.is_some(), "without keys there is a password");
    client.wait_all(&created.actions, SOON).await.expect("up");
    let server = client.server(id).await.expect("get");
    assert_eq!((server.status.clone(), server.public_ipv4().is_some()), (ServerStatus::Running, true));
    assert_eq!(client.servers(None).await.expect("list").len(), 1);
    assert_eq!(client.find_server("edge-1").await.expect("find").expect("it").id, id);
    assert!(client.create_server(&named("edge-1")).await.expect_err("the name is there").is_taken());
    assert_eq!(
        client.update_server(id, Some("edge-2"), Some(&labels("a"))).await.expect("put").name,
        "edge-2"
    );
    assert!(client.server_actions(id).await.expect("actions").len() >= 2);

    let group = NewPlacementGroup { name: "g".to_owned(), labels: Labels::new() };
    let group = client.create_placement_group(&group).await.expect("made").id;
    let early = client.add_server_to_placement_group(id, group).await.expect_err("it runs");
    assert_eq!(early.code(), Some(&ErrorCode::ServerNotStopped));
    done(&client, client.power_off_server(id).await.expect("off")).await;
    done(&client, client.add_server_to_placement_group(id, group).await.expect("in")).await;
    done(&client, client.remove_server_from_placement_group(id).await.expect("out")).await;
    let to = IdOrName::Name("cpx32".into());
    done(&client, client.change_server_type(id, &to, false).await.expect("changed")).await;
    done(&client, client.power_on_server(id).await.expect("on")).await;
    for action in [client.reboot_server(id).await, client.reset_server(id).await] {
        done(&client, action.expect("taken")).await;
    }
    let ip = client.server(id).await.expect("get").public_ipv4().expect("there").to_string();
    done(&client, client.change_server_dns_ptr(id, &ip, Some("edge.example.com")).await.expect("set")).await;

    let network = NewNetwork {
        name: "n".to_owned(),
        ip_range: "10.0.0.0/16".to_owned(),
        subnets: vec![Subnet {
            kind: SubnetType::Cloud,
            ip_range: Some("10.0.0.0/24".to_owned()),
            network_zone: "eu-central".to_owned(),
            gateway: None,
        }],
        labels: Labels::new(),
    };
    let network = client.create_network(&network).await.expect("made").id;
    done(&client, client.attach_server_to_network(id, network, Some("10.0.0.9")).await.expect("in")).await;
    let twice = client.attach_server_to_network(id, network, None).await.expect_err("it is in");
    assert_eq!(twice.code(), Some(&ErrorCode::ServerAlreadyAttached));
    assert_eq!(client.network_members(network).await.expect("members").len(), 1);
    done(&client, client.detach_server_from_network(id, network).await.expect("out")).await;

    let web = NewFirewall {
        name: "web".to_owned(),
        rules: Vec::new(),
        apply_to: Vec::new(),
        labels: Labels::new(),
    };
    let (web, _) = client.create_firewall(&web).await.expect("made");
    let target = [FirewallTarget::Server(id)];
    let actions = client.apply_firewall(web.id, &target).await.expect("applied");
    client.wait_all(&actions, SOON).await.expect("done");
    assert!(client.delete_firewall(web.id).await.expect_err("in use").is_in_use());
    let actions = client.remove_firewall(web.id, &target).await.expect("removed");
    client.wait_all(&actions, SOON).await.expect("done");

    let (image, action) = client.create_image(id, "baked", &labels("a")).await.expect("begun");
    done(&client, action).await;
    client.update_image(image.id, "baked well", &labels("b")).await.expect("put");
    done(&client, client.protect_image(image.id, true).await.expect("protected")).await;
    assert!(client.delete_image(image.id).await.expect_err("protected").is_protected());
    done(&client, client.protect_image(image.id, false).await.expect("free")).await;
    let (action, _) =
        client.rebuild_server(id, &IdOrName::Id(image.id), Some("#cloud-config")).await.expect("begun");
    done(&client, action).await;
    client.delete_image(image.id).await.expect("deleted");

    done(&client, client.protect_server(id, true).await.expect("protected")).await;
    assert!(client.delete_server(id).await.expect_err("protected").is_protected());
    done(&client, client.protect_server(id, false).await.expect("free")).await;
    done(&client, client.shutdown_server(id).await.expect("asked")).await;
    if let Some(action) = client.delete_server(id).await.expect("begun") {
        done(&client, action).await;
    }
    assert!(client.server(id).await.expect_err("gone").is_not_found());
}

#[tokio::test]
async fn addresses_and_records() {
    let mock = Mock::start();
    let client = client(&mock);
    let body = serde_json::json!({"name": "a", "type": "ipv4", "location": "fsn1", "auto_delete": false});
    let called = mock.call("POST", "/primary_ips", &body);
    assert_eq!(called.status, 201, "{called:?}");
    let ip = client.find_primary_ip("a").await.expect("find").expect("it");
    assert_eq!(client.primary_ips(None).await.expect("list").len(), 1);
    assert_eq!(client.primary_ip(ip.id).await.expect("get").ip, ip.ip);
    client.delete_primary_ip(ip.id).await.expect("deleted");

    let called = mock.call("POST", "/zones", &serde_json::json!({"name": "example.com", "mode": "primary"}));
    assert_eq!(called.status, 201, "{called:?}");
    mock.advance(Duration::from_secs(60));
    assert_eq!(client.zones().await.expect("list").len(), 1);
    assert_eq!(client.zone("example.com").await.expect("get").name, "example.com");
    let record = |value: &str| Record { value: value.to_owned(), comment: None };
    let new = NewRecordSet {
        name: "live".to_owned(),
        kind: "A".to_owned(),
        ttl: Some(60),
        records: vec![record("203.0.113.1")],
        labels: labels("a"),
    };
    let (_, action) = client.create_record_set("example.com", &new).await.expect("made");
    client.wait_all(action.as_slice(), SOON).await.expect("done");
    let place = ("example.com", "live", "A");
    let two = [record("203.0.113.1"), record("203.0.113.2")];
    done(&client, client.set_records(place.0, place.1, place.2, &two).await.expect("set")).await;
    done(
        &client,
        client.add_records(place.0, place.1, place.2, &[record("203.0.113.3")], None).await.expect("added"),
    )
    .await;
    done(&client, client.remove_records(place.0, place.1, place.2, &two).await.expect("removed")).await;
    client.update_record_set(place.0, place.1, place.2, &labels("b")).await.expect("put");
    let set = client.record_set(place.0, place.1, place.2).await.expect("get").expect("it");
    assert_eq!((set.records.len(), set.labels), (1, labels("b")));
    assert!(
        client.record_sets("example.com", None).await.expect("list").iter().any(|set| set.name == "live")
    );
    let action = client.delete_record_set(place.0, place.1, place.2).await.expect("deleted");
    client.wait_all(action.as_slice(), SOON).await.expect("gone");
    assert_eq!(client.record_set(place.0, place.1, place.2).await.expect("get"), None);
}

/// Status, code, which predicate holds for it, and whether it is tried again.
type Row = (u16, &'static str, fn(&Error) -> bool, bool);

#[tokio::test]
async fn every_error_code_reaches_the_caller_with_its_predicate() {
    let none: fn(&Error) -> bool = |error| !error.is_not_found();
    let rows: [Row; 25] = [
        (400, "json_error", none, false),
        (401, "unauthorized", Error::is_token_refused, false),
        (401, "token_readonly", Error::is_token_refused, false),
        (403, "forbidden", Error::is_token_refused, false),
        (403, "maintenance", none, false),
        (403, "resource_limit_exceeded", Error::is_account_limit, false),
        (404, "not_found", Error::is_not_found, false),
        (405, "method_not_allowed", none, false),
        (409, "uniqueness_error", Error::is_taken, false),
        (409, "conflict", none, true),
        (410, "deprecated_api_endpoint", none, false),
        (412, "resource_unavailable", Error::is_out_of_stock, false),
        (422, "placement_error", Error::is_out_of_stock, false),
        (422, "invalid_input", none, false),
        (422, "service_error", none, false),
        (422, "unsupported_error", none, false),
        (422, "server_not_stopped", none, false),
        (423, "locked", Error::is_locked, true),
        (423, "protected", Error::is_protected, false),
        (429, "rate_limit_exceeded", Error::is_rate_limited, true),
        (500, "server_error", Error::is_ambiguous, true),
        (502, "bad_gateway", Error::is_ambiguous, true),
        (503, "unavailable", none, true),
        (504, "timeout", Error::is_ambiguous, true),
        (422, "a_code_of_next_year", none, false),
    ];
    let mock = Mock::start();
    let client = client(&mock);
    let timing = Timing { rate_limit_wait_max: Duration::from_millis(50), ..fast() };
    let impatient =
        Client::builder(mock.token()).endpoint(mock.endpoint()).timing(timing).build().expect("a client");
    let id = client.create_server(&named("a")).await.expect("made").server.id;
    mock.advance(Duration::from_secs(60));
    for (status, code, predicate, again) in rows {
        let then = Then::Error {
            status,
            code: code.to_owned(),
            message: format!("{code}!"),
            details: serde_json::json!({"fields": [{"name": "f", "messages": ["m"]}], "limits": [{"name": "l"}]}),
        };
        let fault = mock.fault(Fault::on("POST", "/servers/*/actions/poweron", then.clone()));
        let error = impatient.power_on_server(id).await.expect_err("the fault is there");
        let tries = mock.faults()[0].hit;
        mock.remove_faults(Some(fault));
        assert_eq!(error.code().map(ErrorCode::as_str), Some(code));
        assert!(predicate(&error), "{code}: {error}");
        assert_eq!(tries > 1, again, "{code}: {tries} tries");
        let api = error.api().expect("the API answered");
        assert_eq!((api.fields[0].name.as_str(), api.limits[0].as_str(), api.status), ("f", "l", status));
        assert!(error.correlation_id().is_some() && error.to_string().contains(code), "{error}");
        assert!(!format!("{error:?} {error} {impatient:?}").contains(mock.token()), "the token is secret");
        // Once only: what can be tried again succeeds, when nothing else runs on the server.
        mock.advance(Duration::from_secs(60));
        mock.fault(Fault::on("POST", "/servers/*/actions/poweron", then).when(When::First(1)));
        assert_eq!(client.power_on_server(id).await.is_ok(), again, "{code} once");
        mock.remove_faults(None);
    }
}
