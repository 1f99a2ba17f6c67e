//! Who may connect: the one Terraform that launched the provider, and nobody else.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::{FOREIGN, Identity, PATIENCE, Process, TERRAFORM};

/// Whether the provider speaks to this peer. In TLS 1.3 a client learns of its refusal only when it reads.
async fn is_admitted(process: &Process, identity: Option<&Identity>) -> bool {
    /// What an HTTP/2 client says first.
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let Ok(mut stream) = process.tls(identity).await else { return false };
    let answer = async {
        stream.write_all(PREFACE).await?;
        stream.read_u8().await
    };
    tokio::time::timeout(PATIENCE, answer).await.expect("an answer or a refusal").is_ok()
}

#[tokio::test]
async fn rule_4_the_pinned_certificate_is_admitted() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    assert!(is_admitted(&process, Some(&TERRAFORM)).await);
}

#[tokio::test]
async fn rule_4_a_foreign_certificate_is_refused() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    assert!(!is_admitted(&process, Some(&FOREIGN)).await);
    assert!(is_admitted(&process, Some(&TERRAFORM)).await, "the right one still is, after the foreign one");
}

#[tokio::test]
async fn rule_4_no_certificate_is_refused() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    assert!(!is_admitted(&process, None).await);
    assert!(is_admitted(&process, Some(&TERRAFORM)).await, "the right one still is, after none");
}

#[tokio::test]
async fn rule_4_showing_the_pinned_certificate_without_its_key_is_not_enough() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    let thief = Identity { certificate_pem: TERRAFORM.certificate_pem, ..FOREIGN };
    assert!(!is_admitted(&process, Some(&thief)).await);
}

#[tokio::test]
async fn a_peer_that_stalls_keeps_nobody_waiting() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    let _stalled = tokio::net::UnixStream::connect(process.socket()).await.expect("the socket");
    assert!(is_admitted(&process, Some(&TERRAFORM)).await);
}
