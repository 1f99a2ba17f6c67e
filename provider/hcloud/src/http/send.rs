//! One request over the wire: authorisation, time limit, size limit. Nothing of the token reaches an error or a log.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tracing::debug;

use super::{Http, Method, Request};
use crate::error::{Error, Kind};

/// Largest answer that we read: fifty servers with all their keys are about 300 KB, a zone file a few MB.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// An answer as it came.
pub(crate) struct Raw {
    pub status: u16,
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    pub correlation_id: Option<String>,
    pub body: Bytes,
}

pub(super) async fn send(http: &Http, request: &Request) -> Result<Raw, Error> {
    let url = address(http, request)?;
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    };
    let shown = format!("{method} {}", url.path());
    let mut builder = http.client.request(method, url).bearer_auth(http.token.expose());
    if let Some(body) = &request.body {
        builder = builder.json(body);
    }
    let started = Instant::now();
    let answer = tokio::time::timeout(http.timing.request_timeout, exchange(builder)).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let failed = |kind: Kind| Error::new(request.operation.clone(), kind);
    match answer {
        Ok(Ok(raw)) => {
            debug!(
                request = shown,
                status = raw.status,
                elapsed_ms,
                remaining = raw.remaining,
                "hetzner answered"
            );
            Ok(raw)
        }
        Ok(Err(kind)) => {
            debug!(request = shown, elapsed_ms, "hetzner did not answer");
            Err(failed(kind))
        }
        Err(_) => {
            debug!(request = shown, elapsed_ms, "hetzner did not answer in time");
            Err(failed(Kind::TimedOut))
        }
    }
}

fn address(http: &Http, request: &Request) -> Result<url::Url, Error> {
    let mut url = http.endpoint.clone();
    {
        let Ok(mut segments) = url.path_segments_mut() else {
            let reason = "the endpoint is not an http or https address".to_owned();
            return Err(Error::new(request.operation.clone(), Kind::Input(reason)));
        };
        segments.pop_if_empty().extend(&request.path);
    }
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    Ok(url)
}

async fn exchange(builder: reqwest::RequestBuilder) -> Result<Raw, Kind> {
    let mut response = builder.send().await.map_err(transport)?;
    let header =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let number = |name: &str| header(name).and_then(|text| text.trim().parse().ok());
    let mut raw = Raw {
        status: response.status().as_u16(),
        limit: number("ratelimit-limit"),
        remaining: number("ratelimit-remaining"),
        correlation_id: header("x-correlation-id"),
        body: Bytes::new(),
    };
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            let reason = format!("the answer is larger than {ANSWER_BYTES_MAX} bytes");
            return Err(Kind::Decode { status: raw.status, reason });
        }
        body.extend_from_slice(&chunk);
    }
    raw.body = body.freeze();
    Ok(raw)
}

/// The cause chain as text, without the address: its query may be long, and the operation says what we did.
fn transport(error: reqwest::Error) -> Kind {
    let error = error.without_url();
    if error.is_timeout() {
        return Kind::TimedOut;
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    Kind::Transport(text)
}
