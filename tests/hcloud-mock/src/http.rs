//! The socket: HTTP/1.1 on a thread of its own, so that blocking tests can use the mock too.
use crate::admin;
use crate::world::{Cut, Request, Response, World};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;

/// Largest request body; the largest sensible one is a zone file.
const BODY_MAX: usize = 4 * 1024 * 1024;
/// A client that does not finish its headers by then is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// The first half of a broken answer must be on its way before the connection is cut.
const HALF_ANSWER_PAUSE: Duration = Duration::from_millis(20);
/// With machines, their results are looked at this often even when nobody asks.
const TICK: Duration = Duration::from_millis(100);

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    world: Arc<Mutex<World>>,
    in_flight: AtomicUsize,
    admin: bool,
}

impl Server {
    /// Binds and starts serving.
    ///
    /// # Errors
    /// When the address cannot be bound or the thread cannot be started.
    pub fn start(
        listen: SocketAddr,
        world: Arc<Mutex<World>>,
        admin: bool,
        ticks: bool,
    ) -> io::Result<Server> {
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::new(Shared { world, in_flight: AtomicUsize::new(0), admin });
        let thread = std::thread::Builder::new().name("hcloud-mock".to_owned()).spawn(move || {
            runtime.block_on(async {
                let serve = serve(listener, Arc::clone(&shared));
                let tick = tick(shared, ticks);
                tokio::select! { _ = serve => {}, _ = stopped => {}, () = tick => {} }
            });
        })?;
        Ok(Server { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // Nothing is left to do when the serving thread panicked.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A test that failed must report its own failure, not this one.
            let _ = thread.join();
        }
    }
}

async fn tick(shared: Arc<Shared>, ticks: bool) {
    if !ticks {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(TICK).await;
        shared.world.lock().unwrap_or_else(PoisonError::into_inner).settle();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) -> io::Result<Infallible> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        // Too many open files is the usual reason, and passes.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Small answers must not wait for the peer's acknowledgement.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| respond(request, Arc::clone(&shared)));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            // A client that went away is no news.
            let _ = connection.await;
        });
    }
}

/// Why a connection is closed instead of being answered.
#[derive(Debug, thiserror::Error)]
#[error("connection dropped on purpose")]
struct Dropped;

async fn respond(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Answer>, Dropped> {
    let in_flight = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    let result = answer(request, &shared, in_flight).await;
    shared.in_flight.fetch_sub(1, Ordering::SeqCst);
    result
}

async fn answer(
    request: hyper::Request<Incoming>,
    shared: &Shared,
    in_flight: usize,
) -> Result<hyper::Response<Answer>, Dropped> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(plain(413, br#"{"error":{"code":"json_error","message":"body too large"}}"#)),
    };
    let header = |name: http::HeaderName| head.headers.get(name).and_then(|v| v.to_str().ok());
    let request = Request {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or(""),
        authorization: header(http::header::AUTHORIZATION),
        host: header(http::header::HOST),
        body: &body,
        in_flight,
    };
    let response = {
        let mut world = shared.world.lock().unwrap_or_else(PoisonError::into_inner);
        match request.path.strip_prefix("/_mock").filter(|_| shared.admin) {
            Some(path) => admin::answer(&mut world, &request, path),
            None => world.answer(&request),
        }
    };
    if response.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(response.delay_ms.into())).await;
    }
    send(response)
}

fn send(response: Response) -> Result<hyper::Response<Answer>, Dropped> {
    if response.cut == Cut::Drop {
        return Err(Dropped);
    }
    let mut out = plain(response.status, &response.body);
    for (name, value) in response.headers {
        if let Ok(value) = http::HeaderValue::from_str(&value) {
            out.headers_mut().append(http::HeaderName::from_static(name), value);
        }
    }
    out.body_mut().truncated = response.cut == Cut::Truncate;
    Ok(out)
}

fn plain(status: u16, body: &[u8]) -> hyper::Response<Answer> {
    let body = Answer {
        inner: Full::new(Bytes::copy_from_slice(body)),
        length: body.len(),
        truncated: false,
        pause: None,
    };
    let mut out = hyper::Response::new(body);
    *out.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    out
}

/// A body that can break off half-way although its length was promised.
struct Answer {
    inner: Full<Bytes>,
    length: usize,
    truncated: bool,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        let truncated = self.truncated;
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if truncated && matches!(frame, Poll::Ready(None)) {
            let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(HALF_ANSWER_PAUSE)));
            return pause.as_mut().poll(context).map(|()| Some(Err(Dropped)));
        }
        frame.map(|frame| match frame {
            Some(Ok(frame)) if truncated => {
                let half = frame.into_data().map(|d| d.slice(..d.len() / 2)).unwrap_or_default();
                Some(Ok(Frame::data(half)))
            }
            Some(Ok(frame)) => Some(Ok(frame)),
            Some(Err(never)) => match never {},
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        !self.truncated && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.length).unwrap_or(u64::MAX))
    }
}
