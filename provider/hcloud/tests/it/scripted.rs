//! An HTTP server that answers from a script and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use provider_hcloud::{Client, Timing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to do with the next request.
#[derive(Clone)]
pub enum Reply {
    /// Answer with a status and a JSON body.
    Json(u16, String),
    /// Answer with exactly these bytes, then close.
    Bytes(Vec<u8>),
    /// Close without a word.
    Hangup,
}

/// Answers a JSON body.
pub fn json(status: u16, body: &str) -> Reply {
    Reply::Json(status, body.to_owned())
}

/// Answers an API error.
pub fn error(status: u16, code: &str) -> Reply {
    json(status, &format!(r#"{{"error": {{"code": "{code}", "message": "scripted", "details": null}}}}"#))
}

/// A running server.
pub struct Server {
    pub endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts a server that answers with the replies in turn, and with the last one ever after.
    pub async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let endpoint = format!("http://{}/v1", listener.local_addr().expect("bound"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let task = tokio::spawn(async move {
            let mut at = 0;
            while let Ok((stream, _)) = listener.accept().await {
                // One request per connection keeps the order of the script the order of the requests.
                let reply = script[at.min(script.len() - 1)].clone();
                if let Some(line) = serve(stream, reply).await {
                    seen.lock().expect("no test panics inside").push(line);
                    at += 1;
                }
            }
        });
        Self { endpoint, asked, task }
    }

    /// The request lines so far, without the HTTP version.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panics inside").clone()
    }

    /// A client whose pauses are short.
    pub fn client(&self) -> Client {
        Client::builder("test-token")
            .endpoint(&self.endpoint)
            .timing(fast())
            .build()
            .expect("a good endpoint")
    }
}

/// Pauses for tests.
pub fn fast() -> Timing {
    Timing {
        request_timeout: Duration::from_secs(5),
        poll_interval: Duration::from_millis(1),
        poll_interval_max: Duration::from_millis(5),
        backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
        attempts_max: 4,
        busy_wait_max: Duration::from_millis(100),
        rate_limit_wait_max: Duration::from_secs(5),
    }
}

async fn serve(mut stream: TcpStream, reply: Reply) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let head_end = loop {
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        request.extend_from_slice(&buffer[..count]);
        if let Some(at) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&request[..head_end]).to_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    while request.len() < head_end + length.unwrap_or(0) {
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 {
            return None;
        }
        request.extend_from_slice(&buffer[..count]);
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let line = text.lines().next()?.rsplit_once(' ')?.0.to_owned();
    let bytes = match reply {
        Reply::Json(status, body) => format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
        Reply::Bytes(bytes) => bytes,
        Reply::Hangup => Vec::new(),
    };
    // A client that has gone away is what some scripts want.
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
    Some(line)
}
