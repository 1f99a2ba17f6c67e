//! The life of a provider process: what it writes, what it heeds, and when it ends.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, timeout},
};
use tonic::transport::Channel;

use super::client::{PATIENCE, Process, TERRAFORM, launch_environment, tiny};
use crate::{
    DynamicValue,
    cty::{Type, Value},
    wire::{
        self,
        goplugin::{
            Empty, grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
            grpc_stdio_client::GrpcStdioClient,
        },
        provider_client::ProviderClient,
    },
};

/// After this Terraform kills a provider that it has told goodbye.
const KILLED_AFTER: Duration = Duration::from_secs(2);

fn pid(child: &Child) -> Pid {
    let id = child.id().expect("the process runs");
    Pid::from_raw(id.cast_signed()).expect("a process id")
}

async fn goodbye(channel: Channel) {
    GrpcControllerClient::new(channel).shutdown(Empty {}).await.expect("an answer to goodbye");
}

/// Asks for a note of this text.
fn apply(text: &str) -> wire::apply_resource_change::Request {
    let ty = Type::object([("id", Type::String), ("text", Type::String), ("anything", Type::Dynamic)]);
    let planned =
        Value::object([("id", Value::unknown()), ("text", Value::string(text)), ("anything", Value::Null)]);
    let planned = DynamicValue::encode(&planned, &ty).expect("a note");
    wire::apply_resource_change::Request {
        type_name: "tiny_note".into(),
        planned_state: planned.into_wire(),
        ..Default::default()
    }
}

/// Starts a note that goes on until it is stopped; returns when the provider says that it waits.
async fn waiting(
    process: &mut Process,
    provider: &ProviderClient<Channel>,
) -> tokio::task::JoinHandle<Result<tonic::Response<wire::apply_resource_change::Response>, tonic::Status>> {
    let mut provider = provider.clone();
    let work = tokio::spawn(async move { provider.apply_resource_change(apply("wait")).await });
    let mut log = BufReader::new(process.child.stderr.as_mut().expect("stderr is piped"));
    let mut line = String::new();
    while !line.contains("waiting") {
        line.clear();
        let read = timeout(PATIENCE, log.read_line(&mut line)).await.expect("a log line").expect("stderr");
        assert_ne!(read, 0, "the provider ended");
    }
    work
}

#[tokio::test]
async fn rule_1_stdout_carries_the_handshake_line_and_nothing_else() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    let mut provider = process.provider().await;
    provider.apply_resource_change(apply("child")).await.expect("an answer");
    goodbye(process.channel().await).await;
    let ended = process.end().await;
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.code, Some(0));
}

#[tokio::test]
async fn rule_2_goodbye_ends_the_process_in_time_with_its_streams_open() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    let socket = process.socket();
    let channel = process.channel().await;
    // As Terraform does right after connecting; both stay open until the end.
    let mut output =
        GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.expect("a stream").into_inner();
    let outgoing = futures::stream::pending();
    let broker = GrpcBrokerClient::new(channel.clone()).start_stream(outgoing).await.expect("a stream");
    let started = Instant::now();
    goodbye(channel.clone()).await;
    let ended = process.end().await;
    assert!(started.elapsed() < KILLED_AFTER, "{:?}", started.elapsed());
    assert_eq!(ended.code, Some(0));
    assert!(output.message().await.is_ok_and(|message| message.is_none()), "nothing is ever said there");
    assert!(!socket.exists() && !socket.parent().expect("a directory").exists());
    drop((broker, channel));
}

#[tokio::test]
async fn rule_2_goodbye_ends_the_process_in_time_though_work_goes_on() {
    let mut process = Process::start(Some(TERRAFORM.certificate_pem), &[("TF_LOG", "info")]).await;
    let provider = process.provider().await;
    let work = waiting(&mut process, &provider).await;
    let started = Instant::now();
    goodbye(process.channel().await).await;
    let answer = work.await.expect("the task ends").expect("an answer").into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Stopped");
    assert!(answer.new_state.is_some());
    assert_eq!(process.end().await.code, Some(0));
    assert!(started.elapsed() < KILLED_AFTER, "{:?}", started.elapsed());
}

/// The child writes a line that would crash Terraform, and leaves a process behind that lives for half a minute.
#[tokio::test]
async fn rule_3_children_inherit_no_stream() {
    let mut process = Process::start(Some(TERRAFORM.certificate_pem), &[("TF_LOG", "trace")]).await;
    // Nobody holds the other end of stdin any more, not even the provider.
    let mut stdin = process.child.stdin.take().expect("stdin is piped");
    let written = tokio::io::AsyncWriteExt::write_all(&mut stdin, b"secret\n").await;
    assert_eq!(written.expect_err("nobody reads").kind(), std::io::ErrorKind::BrokenPipe);
    let started = Instant::now();
    process.provider().await.apply_resource_change(apply("child")).await.expect("an answer");
    goodbye(process.channel().await).await;
    let ended = process.end().await;
    assert!(started.elapsed() < Duration::from_secs(15), "a child held a stream for {:?}", started.elapsed());
    let mut wrapped = false;
    for line in ended.stderr.lines() {
        let entry: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no hclog line: {line}"));
        assert!(entry["@message"].is_string() && entry["@level"].is_string(), "{line}");
        let time = entry["@timestamp"].as_str().expect("a time");
        assert_eq!(time.rsplit('.').next().map(str::len), Some("123456Z".len()), "{line}");
        if entry["@message"] == "served request" && entry["tf_rpc"] == "ApplyResourceChange" {
            assert_eq!(entry["tf_resource_type"], "tiny_note", "{line}");
            assert_eq!(entry["diagnostic_error_count"], 0, "{line}");
        }
        wrapped |= entry["@message"] == "{\"@message\":5}";
    }
    assert!(wrapped, "{}", ended.stderr);
}

#[tokio::test]
async fn rule_7_a_panic_is_a_diagnostic_and_a_crash_report() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    let mut provider = process.provider().await;
    let answer = provider.apply_resource_change(apply("panic")).await.expect("no gRPC error").into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Provider crashed");
    assert!(
        answer.diagnostics[0].detail.starts_with("The provider panicked in ApplyResourceChange: asked to\n")
    );
    let next =
        provider.apply_resource_change(apply("fine")).await.expect("the provider lives on").into_inner();
    assert!(next.diagnostics.is_empty());
    goodbye(process.channel().await).await;
    let ended = process.end().await;
    let first = ended.stderr.lines().next().unwrap_or_default();
    assert!(first.starts_with("panic: asked to at ") && first.contains("tiny.rs:"), "{first}");
    assert_eq!(ended.code, Some(0));
}

#[tokio::test]
async fn rule_17_ctrl_c_is_left_to_terraform_and_stop_cancels_only_what_is_in_flight() {
    let mut process = Process::start(Some(TERRAFORM.certificate_pem), &[("TF_LOG", "info")]).await;
    let mut provider = process.provider().await;
    let work = waiting(&mut process, &provider).await;
    kill_process(pid(&process.child), Signal::INT).expect("the process runs");
    let stopped =
        provider.stop_provider(wire::stop_provider::Request {}).await.expect("an answer").into_inner();
    assert_eq!(stopped.error, "");
    let answer = work.await.expect("the task ends").expect("an answer").into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Stopped");
    let next =
        provider.apply_resource_change(apply("fine")).await.expect("the provider lives on").into_inner();
    assert!(next.diagnostics.is_empty());
}

#[tokio::test]
async fn sigterm_ends_the_process_and_leaves_nothing_behind() {
    let process = Process::start(Some(TERRAFORM.certificate_pem), &[]).await;
    let socket = process.socket();
    kill_process(pid(&process.child), Signal::TERM).expect("the process runs");
    assert_eq!(process.end().await.code, Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn rule_22_the_provider_dies_with_its_parent() {
    let mut command = Command::new("sh");
    launch_environment(&mut command, None);
    command.args(["-c", "\"$0\" & wait"]).arg(tiny()).stderr(Stdio::null());
    let mut shell = command.spawn().expect("a shell");
    let mut stdout = BufReader::new(shell.stdout.take().expect("stdout is piped"));
    let mut line = String::new();
    timeout(PATIENCE, stdout.read_line(&mut line)).await.expect("a handshake").expect("stdout");
    shell.kill().await.expect("the shell can be killed");
    // Only the orphan holds the other end now; it lets go by ending.
    let mut rest = String::new();
    timeout(PATIENCE, stdout.read_to_string(&mut rest)).await.expect("the orphan ends").expect("stdout");
    let socket = line.split('|').nth(3).expect("a socket");
    assert!(!std::path::Path::new(socket).exists());
}

#[tokio::test]
async fn debug_mode_says_how_to_attach_and_ends_on_ctrl_c() {
    let mut command = Command::new(tiny());
    command.arg("--debug").env_remove("TF_PLUGIN_MAGIC_COOKIE").stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("the example starts");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let told = loop {
        let line =
            timeout(PATIENCE, lines.next_line()).await.expect("a line").expect("stdout").expect("a line");
        if let Some(told) = line.trim().strip_prefix("TF_REATTACH_PROVIDERS='") {
            break told.trim_end_matches('\'').to_owned();
        }
    };
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["example/tiny"]["ProtocolVersion"], 6);
    let socket = told["example/tiny"]["Addr"]["String"].as_str().expect("a socket").to_owned();
    assert!(tokio::net::UnixStream::connect(&socket).await.is_ok());
    kill_process(pid(&child), Signal::INT).expect("the process runs");
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends").expect("it can be waited for");
    assert_eq!(status.code(), Some(0));
    assert!(!std::path::Path::new(&socket).exists());
}
