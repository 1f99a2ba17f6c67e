//! Lines as Terraform must find them.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use super::*;

/// The lines that an action logs at these levels.
fn logged(levels: Levels, action: impl FnOnce()) -> Vec<Json> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let layer = Hclog {
        levels,
        write: move |line: &str| {
            assert!(line.ends_with('\n') && line.len() <= LINE_BYTES_MAX + 1);
            sink.lock().expect("one thread").push(serde_json::from_str(line).expect("JSON"));
        },
    };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), action);
    let lines = lines.lock().expect("one thread");
    lines.clone()
}

const ALL: Levels = Levels { provider: LevelFilter::TRACE, sdk: LevelFilter::TRACE };

#[test]
fn rule_3_timestamps_have_exactly_six_digits() {
    for (time, text) in [
        (UNIX_EPOCH, "1970-01-01T00:00:00.000000Z"),
        (UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123456Z"),
        (UNIX_EPOCH + Duration::from_millis(1_700_000_000_500), "2023-11-14T22:13:20.500000Z"),
    ] {
        assert_eq!(timestamp(time), text);
    }
}

#[test]
fn rule_3_keys_with_an_at_sign_are_strings() {
    let lines = logged(ALL, || {
        tracing::info!(target: "x", answer = 42, { "@message" } = 5, { "@level" } = true, "hello");
    });
    for (key, value) in lines[0].as_object().expect("an object") {
        assert!(!key.starts_with('@') || value.is_string(), "{key}: {value}");
    }
    assert_eq!(lines[0]["@message"], "hello");
    assert_eq!(lines[0]["@level"], "info");
    assert_eq!(lines[0]["@module"], "x");
    assert_eq!(lines[0]["answer"], 42);
}

#[test]
fn a_line_brings_the_fields_of_its_spans() {
    let lines = logged(ALL, || {
        let span =
            tracing::info_span!("call", tf_rpc = "PlanResourceChange", tf_req_id = tracing::field::Empty);
        span.record("tf_req_id", "7");
        span.in_scope(|| tracing::warn!("inside"));
    });
    assert_eq!(lines[0]["tf_rpc"], "PlanResourceChange");
    assert_eq!(lines[0]["tf_req_id"], "7");
}

#[test]
fn long_texts_are_cut_and_no_line_is_too_long() {
    let lines = logged(ALL, || {
        let long = "\u{1}".repeat(1 << 20);
        tracing::info!(a = long, b = long, "{long}");
    });
    assert!(lines[0].get("a").is_none());
    assert_eq!(lines[0]["@message"].as_str().map(str::len), Some(TEXT_BYTES_MAX));
}

#[test]
fn the_most_specific_variable_decides() {
    let levels = |variables: &[(&str, &str)]| {
        Levels::from_env("my-cloud", |name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(levels(&[]), Levels { provider: LevelFilter::OFF, sdk: LevelFilter::OFF });
    assert_eq!(levels(&[("TF_LOG", "info")]).provider, LevelFilter::INFO);
    assert_eq!(levels(&[("TF_LOG", "JSON")]).provider, LevelFilter::TRACE);
    assert_eq!(levels(&[("TF_LOG", "INFO"), ("TF_LOG_PROVIDER", "ERROR")]).provider, LevelFilter::ERROR);
    let own =
        levels(&[("TF_LOG_PROVIDER", "ERROR"), ("TF_LOG_PROVIDER_MY_CLOUD", "debug"), ("TF_LOG_SDK", "off")]);
    assert_eq!(own, Levels { provider: LevelFilter::DEBUG, sdk: LevelFilter::OFF });
}

#[test]
fn the_inner_workings_of_libraries_stay_out() {
    let lines = logged(ALL, || {
        tracing::debug!(target: "h2::codec", "frame");
        tracing::warn!(target: "h2::codec", "broken");
        tracing::trace!(target: "provider_plugin::cluster", "ours");
    });
    let messages: Vec<_> = lines.iter().map(|line| line["@message"].as_str().expect("text")).collect();
    assert_eq!(messages, ["broken", "ours"]);
}

#[test]
fn nothing_is_logged_unless_asked_for() {
    let off = Levels { provider: LevelFilter::OFF, sdk: LevelFilter::OFF };
    assert!(logged(off, || tracing::error!("x")).is_empty());
}
