//! Many servers at once: few requests, never over the rate limit, nothing lost and nothing twice.
#![expect(clippy::print_stderr, reason = "how many requests it took is worth reading")]

use std::time::Duration;

use futures::StreamExt;
use provider_hcloud::*;
use tests_hcloud_mock::{Fault, Mock, Then, When};

use crate::scripted::fast;

/// What the whole life of 500 servers may cost.
const REQUESTS_MAX: usize = 1_700;

fn client(mock: &Mock) -> Client {
    let timing = Timing {
        poll_interval: Duration::from_millis(20),
        poll_interval_max: Duration::from_millis(200),
        attempts_max: 6,
        busy_wait_max: Duration::from_secs(10),
        ..fast()
    };
    Client::builder(mock.token()).endpoint(mock.endpoint()).timing(timing).build().expect("a client")
}

fn new(number: usize) -> NewServer {
    let name = format!("edge-{number}");
    let mut new = NewServer::new(name, IdOrName::Name("cpx22".into()), IdOrName::Name("debian-12".into()));
    new.location = Some("fsn1".to_owned());
    new.labels = Labels::from([("cluster".to_owned(), "trivia".to_owned())]);
    new
}

/// The Actions of a create end in their order: the last one's end is everybody's.
async fn life(client: &Client, number: usize) -> Id {
    let created = client.create_server(&new(number)).await.expect("made");
    for action in &created.actions {
        client.wait(action, Duration::from_secs(120)).await.expect("up");
    }
    created.server.id
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_servers_come_and_go_while_one_request_in_fifty_fails() {
    let mock = Mock::start();
    for (then, per_mille) in [
        (
            Then::Error {
                status: 503,
                code: "unavailable".into(),
                message: "!".into(),
                details: serde_json::Value::Null,
            },
            5,
        ),
        (Then::ErrorAfter { status: 504, code: "timeout".into(), message: "!".into() }, 5),
        (Then::DropAfter, 5),
        (Then::DropBefore, 5),
    ] {
        mock.fault(Fault::on("*", "*", then).when(When::PerMille(per_mille)));
    }
    let client = client(&mock);
    let ids: Vec<Id> = futures::stream::iter(1..=500)
        .map(|number| {
            let client = client.clone();
            async move { life(&client, number).await }
        })
        .buffer_unordered(500)
        .collect()
        .await;
    let servers = client.servers(None).await.expect("list");
    assert_eq!((ids.len(), servers.len()), (500, 500), "nothing twice, nothing missing");
    let names: std::collections::BTreeSet<_> = servers.iter().map(|server| &server.name).collect();
    assert_eq!(names.len(), 500);
    futures::stream::iter(ids)
        .for_each_concurrent(500, |id| {
            let client = client.clone();
            async move {
                let action = client.delete_server(id).await.expect("deleted");
                match client.wait_all(action.as_slice(), Duration::from_secs(120)).await {
                    Err(error) if error.is_not_found() => {}
                    waited => waited.expect("gone"),
                }
            }
        })
        .await;
    mock.remove_faults(None);
    assert_eq!(client.servers(None).await.expect("list"), [], "nothing left");
    let requests = mock.requests();
    let refused = requests.iter().filter(|entry| entry.status == 429).count();
    eprintln!(
        "500 servers made, waited for and deleted: {} requests, {refused} over the limit",
        requests.len()
    );
    assert!(requests.len() <= REQUESTS_MAX, "{}", requests.len());
    assert_eq!(refused, 0);
}

#[tokio::test]
async fn a_thousand_servers_are_listed_in_twenty_requests() {
    let mock = Mock::start();
    mock.set(|settings| settings.rate_limit_per_hour = None);
    for number in 1..=1000 {
        let body = serde_json::json!({"name": format!("edge-{number}"), "server_type": "cpx22",
            "image": "debian-12", "location": "fsn1"});
        assert_eq!(mock.call("POST", "/servers", &body).status, 201);
    }
    mock.clear_requests();
    assert_eq!(client(&mock).servers(None).await.expect("list").len(), 1000);
    assert!(mock.requests().len() <= 20, "{}", mock.requests().len());
}
