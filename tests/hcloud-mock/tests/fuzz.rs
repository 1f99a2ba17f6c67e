//! Arbitrary bodies, paths, queries and headers: the mock may refuse them, but it must answer, and stay whole.
use crate::shapes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tests_hcloud_mock::route::ROUTES;
use tests_hcloud_mock::{Mock, Options};

/// Keys that mean something somewhere, so that more than the first check is reached.
const KEYS: &[&str] = &[
    "name",
    "labels",
    "server_type",
    "image",
    "location",
    "type",
    "ip_range",
    "subnets",
    "routes",
    "rules",
    "size",
    "server",
    "network",
    "ip",
    "alias_ips",
    "public_net",
    "ipv4",
    "firewalls",
    "firewall",
    "apply_to",
    "volumes",
    "ssh_keys",
    "user_data",
    "network_zone",
    "destination",
    "gateway",
    "targets",
    "services",
    "protocol",
    "listen_port",
    "destination_port",
    "health_check",
    "http",
    "label_selector",
    "selector",
    "mode",
    "ttl",
    "records",
    "value",
    "comment",
    "rrsets",
    "zonefile",
    "primary_nameservers",
    "address",
    "certificate",
    "private_key",
    "domain_names",
    "dns_ptr",
    "delete",
    "rebuild",
    "placement_group",
    "upgrade_disk",
    "iso",
    "assignee_type",
    "assignee_id",
    "home_location",
    "load_balancer_type",
    "algorithm",
    "direction",
    "port",
    "source_ips",
    "destination_ips",
    "remove_from",
    "public_key",
    "networks",
    "automount",
    "id",
];

/// Words that mean something somewhere.
const WORDS: &[&str] = &[
    "a",
    "cpx22",
    "debian-13",
    "fsn1",
    "cloud",
    "eu-central",
    "10.0.0.0/16",
    "10.0.0.0/24",
    "0.0.0.0/0",
    "10.0.0.5",
    "ipv4",
    "ipv6",
    "spread",
    "server",
    "label_selector",
    "ip",
    "tcp",
    "http",
    "https",
    "in",
    "out",
    "80",
    "1-65535",
    "lb11",
    "primary",
    "example.com",
    "A",
    "TXT",
    "\"x\"",
    "$TTL 5\n( ;",
    "role=edge",
    "k in (",
    "::/0",
    "",
    "ü",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|f| json!(f)),
        (0i64..200).prop_map(Value::from),
        (110_000_000u64..110_000_020).prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let map = prop::collection::vec((prop::sample::select(KEYS), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            map.prop_map(|m| Value::Object(
                m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>()
            )),
        ]
    })
}

fn path() -> impl Strategy<Value = String> {
    let segment =
        prop_oneof!["[0-9]{1,20}", "1100000[0-2][0-9]", "[a-z%/.@]{0,8}", Just("example.com".to_owned())];
    let known = (0..ROUTES.len(), prop::collection::vec(segment, 4)).prop_map(|(index, values)| {
        let mut values = values.into_iter();
        let parts = ROUTES[index].path.split('/').map(|p| match p.starts_with('{') {
            true => values.next().unwrap_or_default(),
            false => p.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    });
    let query = "(\\?(page|per_page|sort|label_selector|name|status|id|type|ip|start|end|step)=[ -~]{0,9}(&[ -~]{0,9})?)?";
    (prop_oneof![4 => known, 1 => "/[ -~]{0,20}"], query).prop_map(|(path, query)| path + &query)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let object = prop::collection::vec((prop::sample::select(KEYS), value()), 0..9).prop_map(|pairs| {
        let map: Map<String, Value> = pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Value::Object(map).to_string().into_bytes()
    });
    prop_oneof![8 => object, 1 => value().prop_map(|v| v.to_string().into_bytes()), 1 => any::<Vec<u8>>()]
}

fn prepared() -> (Mock, std::sync::Arc<std::sync::Mutex<shapes::Seen>>) {
    let (observer, seen) = shapes::watcher();
    let mut options = Options { observer: Some(observer), ..Options::default() };
    options.settings.rate_limit_per_hour = None;
    let mock = Mock::with(options).expect("a loopback port");
    for (path, body) in [
        (
            "/networks",
            json!({"name": "n", "ip_range": "10.0.0.0/16", "subnets": [{"type": "cloud", "network_zone": "eu-central"}]}),
        ),
        (
            "/servers",
            json!({"name": "s", "server_type": "cpx22", "image": "debian-13", "networks": [110_000_001]}),
        ),
        ("/firewalls", json!({"name": "f"})),
        ("/load_balancers", json!({"name": "l", "load_balancer_type": "lb11", "location": "fsn1"})),
        ("/volumes", json!({"name": "v", "size": 10, "location": "fsn1"})),
        ("/zones", json!({"name": "example.com", "mode": "primary"})),
        ("/floating_ips", json!({"name": "o", "type": "ipv4", "home_location": "fsn1"})),
        ("/placement_groups", json!({"name": "g", "type": "spread"})),
    ] {
        assert_eq!(mock.call("POST", path, &body).status, 201, "{path}");
    }
    mock.advance(std::time::Duration::from_secs(60));
    (mock, seen)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_crashes_it_and_every_answer_keeps_its_shape(
        requests in prop::collection::vec(
            (prop::sample::select(&["GET", "POST", "PUT", "DELETE", "PATCH", "BREW"][..]), path(), body()),
            1..40,
        ),
    ) {
        let (mock, seen) = prepared();
        let header = format!("Bearer {}", mock.token());
        for (method, path, body) in &requests {
            let called = mock.call_raw(method, path, Some(&header), body);
            prop_assert!((200..500).contains(&called.status), "{method} {path} {called:?}");
        }
        let problems = &seen.lock().expect("no watcher panicked").problems;
        prop_assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn any_authorization_is_answered(header in ".{0,40}") {
        let mock = Mock::start();
        prop_assert_eq!(mock.call_raw("GET", "/servers", Some(&header), b"").status, 401);
    }

    #[test]
    fn any_bytes_on_the_socket_are_survived(bytes in any::<Vec<u8>>()) {
        use std::io::{Read, Write};
        let mock = Mock::start();
        let mut stream = std::net::TcpStream::connect(mock.address()).expect("a connection");
        // The mock may close the connection before all is written.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
        prop_assert_eq!(mock.call("GET", "/locations", &Value::Null).status, 200);
    }
}
