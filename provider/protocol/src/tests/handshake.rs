//! The first thing that is said, and to whom.

use tokio::process::Command;

use super::client::{PATIENCE, Process, TERRAFORM, launch_environment, tiny};

#[tokio::test]
async fn the_handshake_line_says_where_and_with_which_certificate() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    let fields: Vec<&str> = process.line.trim_end().split('|').collect();
    assert_eq!(fields.len(), 6, "{}", process.line);
    assert_eq!(fields[..3], ["1", "6", "unix"]);
    assert!(process.socket().exists(), "{}", process.line);
    assert_eq!(fields[4], "grpc");
    assert!(fields[5].len() > 50 && !fields[5].contains('='), "{}", process.line);
    process.channel().await;
}

#[tokio::test]
async fn without_a_client_certificate_there_is_no_tls() {
    let process = Process::start(None, &[]).await;
    assert!(process.line.ends_with("|grpc|\n"), "{}", process.line);
    let stream = tokio::net::UnixStream::connect(process.socket()).await.expect("the socket");
    let mut provider = super::client::client(super::client::channel(stream).await);
    let schema =
        provider.get_provider_schema(crate::wire::get_provider_schema::Request {}).await.expect("a schema");
    assert!(schema.into_inner().provider.is_some());
}

#[tokio::test]
async fn a_person_who_starts_the_plugin_reads_why_that_is_wrong() {
    let mut command = Command::new(tiny());
    launch_environment(&mut command, None);
    command.env_remove("TF_PLUGIN_MAGIC_COOKIE");
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("This binary is a plugin."));
}

#[tokio::test]
async fn a_certificate_that_is_none_is_an_error_before_anything_is_said() {
    let mut command = Command::new(tiny());
    launch_environment(&mut command, Some("-----BEGIN NONSENSE-----"));
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), "read Terraform's certificate");
}
