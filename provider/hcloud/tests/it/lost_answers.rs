//! A create is never repeated blindly; everything else is repeated exactly as far as that is safe.

use provider_hcloud::{IdOrName, Labels, NewServer};

use crate::scripted::{Reply, Server, error, json};

const SERVER: &str = r#"{"id": 7, "name": "edge-1", "labels": {"cluster": "trivia"}}"#;

fn new_server() -> NewServer {
    let mut new =
        NewServer::new("edge-1", IdOrName::Name("cpx22".into()), IdOrName::Name("debian-12".into()));
    new.labels = Labels::from([("cluster".to_owned(), "trivia".to_owned())]);
    new
}

fn created() -> Reply {
    let action = r#"{"id": 1, "command": "create_server", "status": "running"}"#;
    json(
        201,
        &format!(r#"{{"server": {SERVER}, "action": {action}, "next_actions": [], "root_password": null}}"#),
    )
}

fn found() -> Reply {
    json(200, &format!(r#"{{"servers": [{SERVER}]}}"#))
}

fn none() -> Reply {
    json(200, r#"{"servers": []}"#)
}

fn no_actions() -> Reply {
    json(200, r#"{"actions": [{"id": 1, "command": "create_server", "status": "running"}]}"#)
}

/// Runs a create against a script: (outcome, requests).
async fn create(script: Vec<Reply>) -> (Result<u64, String>, Vec<String>) {
    let server = Server::start(script).await;
    let outcome = server.client().create_server(&new_server()).await;
    let outcome = outcome
        .map(|created| created.server.id)
        .map_err(|error| error.code().map_or_else(|| error.to_string(), |code| code.to_string()));
    (outcome, server.asked())
}

fn posts(asked: &[String]) -> usize {
    asked.iter().filter(|line| line.starts_with("POST")).count()
}

#[tokio::test]
async fn a_lost_answer_is_mended_by_looking_the_name_up() {
    for lost in [Reply::Hangup, error(504, "timeout"), error(502, "bad_gateway"), error(500, "server_error")]
    {
        let (outcome, asked) = create(vec![lost, found(), no_actions()]).await;
        assert_eq!(outcome, Ok(7));
        assert_eq!(posts(&asked), 1, "{asked:?}");
        assert_eq!(asked[1], "GET /v1/servers?name=edge-1");
    }
}

#[tokio::test]
async fn a_create_that_never_arrived_is_sent_again() {
    let (outcome, asked) = create(vec![Reply::Hangup, none(), none(), none(), created()]).await;
    assert_eq!(outcome, Ok(7));
    assert_eq!(posts(&asked), 2, "{asked:?}");
}

#[tokio::test]
async fn a_list_that_lags_behind_does_not_make_it_twice() {
    let script = vec![
        error(504, "timeout"),
        none(),
        none(),
        none(),
        error(409, "uniqueness_error"),
        found(),
        no_actions(),
    ];
    let (outcome, asked) = create(script).await;
    assert_eq!(outcome, Ok(7));
    assert_eq!(posts(&asked), 2, "{asked:?}");
}

#[tokio::test]
async fn a_stranger_with_our_name_is_not_adopted() {
    let stranger = json(200, r#"{"servers": [{"id": 9, "name": "edge-1", "labels": {}}]}"#);
    let (outcome, _) = create(vec![error(504, "timeout"), stranger]).await;
    assert_eq!(outcome, Err("uniqueness_error".to_owned()));
}

#[tokio::test]
async fn a_name_that_is_taken_at_once_is_an_error_at_once() {
    let (outcome, asked) = create(vec![error(409, "uniqueness_error")]).await;
    assert_eq!(outcome, Err("uniqueness_error".to_owned()));
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn what_only_the_customer_can_mend_is_not_retried() {
    for (status, code) in [
        (403, "resource_limit_exceeded"),
        (412, "resource_unavailable"),
        (422, "placement_error"),
        (422, "invalid_input"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (422, "brand_new_code"),
    ] {
        let (outcome, asked) = create(vec![error(status, code)]).await;
        assert_eq!(outcome, Err(code.to_owned()));
        assert_eq!(asked.len(), 1, "{code}: {asked:?}");
    }
}

#[tokio::test]
async fn what_certainly_did_nothing_is_repeated() {
    for (status, code) in
        [(429, "rate_limit_exceeded"), (409, "conflict"), (423, "locked"), (503, "unavailable")]
    {
        let (outcome, asked) = create(vec![error(status, code), created()]).await;
        assert_eq!(outcome, Ok(7), "{code}");
        assert_eq!(asked.len(), 2, "{code}: {asked:?}");
    }
}

#[tokio::test]
async fn retries_end() {
    let (outcome, asked) = create(vec![error(503, "unavailable")]).await;
    assert_eq!(outcome, Err("unavailable".to_owned()));
    assert_eq!(asked.len(), 4);
    let server = Server::start(vec![Reply::Hangup]).await;
    assert!(server.client().servers(None).await.is_err());
    // The server counts a connection only once it has read a request from it.
    assert!((4..=8).contains(&server.asked().len()), "{:?}", server.asked());
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_counts_as_done_when_nothing_is_there() {
    let server = Server::start(vec![error(504, "timeout"), error(404, "not_found")]).await;
    assert_eq!(server.client().delete_server(7).await.expect("done"), None);
    let server = Server::start(vec![error(404, "not_found")]).await;
    assert!(server.client().delete_server(7).await.expect_err("never was there").is_not_found());
}

#[tokio::test]
async fn a_firewall_still_in_use_is_waited_for_and_then_reported() {
    let server =
        Server::start(vec![error(422, "resource_in_use"), error(422, "resource_in_use"), json(204, "")])
            .await;
    server.client().delete_firewall(3).await.expect("free in the end");
    let server = Server::start(vec![error(422, "resource_in_use")]).await;
    assert!(server.client().delete_firewall(3).await.expect_err("never free").is_in_use());
}

#[tokio::test]
async fn a_locked_server_is_waited_for() {
    let action = json(201, r#"{"action": {"id": 5, "command": "start_server", "status": "success"}}"#);
    let server = Server::start(vec![error(423, "locked"), error(423, "locked"), action]).await;
    assert!(server.client().power_on_server(7).await.expect("unlocked in the end").is_success());
}

#[tokio::test]
async fn an_action_that_fails_says_why() {
    let failed = r#"{"actions": [{"id": 5, "command": "start_server", "status": "error",
        "resources": [{"id": 7, "type": "server"}], "error": {"code": "action_failed", "message": "no power"}}]}"#;
    let running = json(201, r#"{"action": {"id": 5, "command": "start_server", "status": "running"}}"#);
    let server = Server::start(vec![running, json(200, failed)]).await;
    let client = server.client();
    let action = client.power_on_server(7).await.expect("started");
    let error = client.wait(&action, std::time::Duration::from_secs(5)).await.expect_err("failed");
    assert_eq!(
        error.to_string(),
        "start server on server 7: action 5 (start_server) failed: no power (action_failed)"
    );
}

#[tokio::test]
async fn waiting_ends_at_its_deadline() {
    let running = r#"{"id": 5, "command": "start_server", "status": "running"}"#;
    let server = Server::start(vec![
        json(201, &format!(r#"{{"action": {running}}}"#)),
        json(200, &format!(r#"{{"actions": [{running}]}}"#)),
    ])
    .await;
    let client = server.client();
    let action = client.power_on_server(7).await.expect("started");
    let error = client.wait(&action, std::time::Duration::from_millis(50)).await.expect_err("never ends");
    assert!(error.to_string().contains("still runs after"), "{error}");
}

#[tokio::test]
async fn an_action_that_is_not_among_the_answers_ends_the_waiting() {
    let server = Server::start(vec![
        json(201, r#"{"action": {"id": 5, "command": "start_server", "status": "running"}}"#),
        json(200, r#"{"actions": []}"#),
    ])
    .await;
    let client = server.client();
    let action = client.power_on_server(7).await.expect("started");
    let error = client.wait(&action, std::time::Duration::from_secs(5)).await.expect_err("lost");
    assert!(error.to_string().contains("action 5 is not among the answers"), "{error}");
}
