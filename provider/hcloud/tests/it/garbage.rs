//! Arbitrary answers never crash the client, and the token never shows.

use proptest::prelude::*;
use provider_hcloud::{Client, Kind};

use crate::scripted::{Reply, Server, error, json};

/// Calls of every shape: one member, a list with pages, an optional member, a nested object.
async fn call_everything(client: &Client) -> Vec<String> {
    let mut texts = Vec::new();
    let mut note = |text: Result<String, provider_hcloud::Error>| {
        texts.push(text.unwrap_or_else(|error| format!("{error} {error:?}")));
    };
    note(client.servers(None).await.map(|list| format!("{list:?}")));
    note(client.server(1).await.map(|server| format!("{server:?}")));
    note(client.server_types().await.map(|list| format!("{list:?}")));
    note(client.firewalls(None).await.map(|list| format!("{list:?}")));
    note(client.pricing().await.map(|pricing| format!("{pricing:?}")));
    note(client.delete_server(1).await.map(|action| format!("{action:?}")));
    note(client.record_sets("example.com", None).await.map(|list| format!("{list:?}")));
    texts
}

#[tokio::test]
async fn odd_answers_are_errors_with_a_sentence() {
    for (reply, says) in [
        (json(200, ""), "not a JSON object"),
        (json(200, "[]"), "not a JSON object"),
        (json(200, "{}"), "no `server` in it"),
        (json(200, r#"{"server": 7}"#), "in `server`"),
        (json(200, r#"{"server": {"name": "no id"}}"#), "missing field `id`"),
        (json(302, "{}"), "no error that the API describes"),
        (json(418, "short and stout"), "no error that the API describes"),
        (json(401, "<html>"), "HTTP 401 without an explanation"),
        (Reply::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), "no answer"),
    ] {
        let server = Server::start(vec![reply]).await;
        let error = server.client().server(1).await.expect_err("no server");
        assert!(error.to_string().contains(says), "{error} lacks {says}");
    }
}

#[tokio::test]
async fn a_password_in_a_broken_answer_is_not_quoted() {
    let body = r#"{"server": {"id": 1}, "action": null, "next_actions": [], "root_password": "hunter2""#;
    let server = Server::start(vec![json(201, body), json(200, r#"{"servers": []}"#)]).await;
    let new = provider_hcloud::NewServer::new(
        "a",
        provider_hcloud::IdOrName::Id(1),
        provider_hcloud::IdOrName::Id(2),
    );
    let error = server.client().create_server(&new).await.expect_err("cut short");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_next_page_that_never_ends_is_an_error() {
    let body = r#"{"servers": [], "meta": {"pagination": {"page": 1, "next_page": 1, "total_entries": 0}}}"#;
    let server = Server::start(vec![json(200, body)]).await;
    let error = server.client().servers(None).await.expect_err("endless");
    assert!(error.to_string().contains("after page 1 comes page 1"), "{error}");
}

#[tokio::test]
async fn new_keys_words_and_nulls_are_fine() {
    let body = r#"{"servers": [{"id": 1, "name": null, "status": "dreaming", "labels": null, "private_net": null,
        "public_net": null, "server_type": null, "created": "yesterday", "placement_group": null, "novelty": {}}],
        "meta": {"pagination": {"page": 1, "next_page": null, "surprise": 1}}}"#;
    let server = Server::start(vec![json(200, body)]).await;
    let servers = server.client().servers(None).await.expect("lenient");
    assert_eq!(servers[0].status.as_str(), "dreaming");
    assert_eq!(servers[0].created, None);
}

#[tokio::test]
async fn the_token_is_in_no_error_and_no_debug() {
    let token = "s3cr3t-t0ken";
    let server = Server::start(vec![error(401, "unauthorized"), Reply::Hangup, json(200, "{}")]).await;
    let client = Client::builder(token)
        .endpoint(&server.endpoint)
        .timing(crate::scripted::fast())
        .build()
        .expect("a good endpoint");
    let mut shown = format!("{client:?} {client:#?}");
    for text in call_everything(&client).await {
        shown.push_str(&text);
    }
    let unreachable = Client::builder(token)
        .endpoint("http://127.0.0.1:1/v1")
        .timing(crate::scripted::fast())
        .build()
        .expect("a good endpoint");
    shown.push_str(&call_everything(&unreachable).await.concat());
    for bad in ["to ken\n", "", "ünicode"] {
        let error = Client::builder(bad).build().expect_err("no token");
        assert!(matches!(error.kind(), Kind::Input(_)));
        assert!(bad.is_empty() || !error.to_string().contains(bad));
    }
    assert!(!shown.contains(token), "{shown}");
}

#[test]
fn a_bad_endpoint_is_refused_before_anything_is_sent() {
    for endpoint in ["", "api.hetzner.cloud", "ftp://x/v1", "mailto:a@b", "https://user:pass@x/v1", "http://"]
    {
        let error = Client::builder("t").endpoint(endpoint).build().expect_err(endpoint);
        assert!(matches!(error.kind(), Kind::Input(_)), "{endpoint}: {error}");
    }
}

fn arbitrary_json() -> impl Strategy<Value = serde_json::Value> {
    let words = prop::sample::select(vec![
        "server",
        "servers",
        "id",
        "name",
        "meta",
        "pagination",
        "next_page",
        "status",
        "labels",
        "public_net",
        "ipv4",
        "error",
        "code",
        "message",
        "details",
        "fields",
        "prices",
        "net",
        "action",
        "pricing",
        "rules",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((words.clone(), inner), 0..6).prop_map(|pairs| {
                serde_json::Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn arbitrary_answers_never_crash_the_client(
        status in prop::sample::select(vec![200_u16, 201, 204, 301, 400, 404, 409, 422, 423, 429, 500, 502, 504]),
        body in arbitrary_json(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        raw in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let reply = if raw { Reply::Bytes(bytes) } else { json(status, &body.to_string()) };
            let server = Server::start(vec![reply]).await;
            let mut timing = crate::scripted::fast();
            timing.attempts_max = 1;
            timing.busy_wait_max = std::time::Duration::ZERO;
            timing.rate_limit_wait_max = std::time::Duration::ZERO;
            let client = Client::builder("t").endpoint(&server.endpoint).timing(timing).build().expect("good");
            // A rate limit is learned and slows later calls, as it should; one call of each shape has a client of its own.
            if status == 429 {
                let _ = client.server(1).await;
            } else {
                call_everything(&client).await;
            }
        });
    }
}
