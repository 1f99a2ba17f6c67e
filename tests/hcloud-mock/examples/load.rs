//! Measures a running mock: fills it with servers, then asks it as fast as it answers, and tells its processor time.
//!
//! ```console
//! $ hcloud-mock --listen 127.0.0.1:8080 --token T --rate-limit 0 --quiet --time virtual &
//! $ cargo run --release -p tests-hcloud-mock --example load -- 127.0.0.1:8080 T $! 5000
//! ```
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Connections at a time, as a client with its usual concurrency would hold.
const CONNECTIONS: usize = 8;
/// How long the asking lasts.
const LASTS: Duration = Duration::from_secs(10);

struct Connection {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Connection {
    fn open(address: &str, token: &str) -> std::io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream: BufReader::new(stream), token: token.to_owned() })
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, Vec<u8>)> {
        let text = format!(
            "{method} /v1{path} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(text.as_bytes())?;
        let (mut line, mut status, mut length) = (String::new(), 0, 0usize);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if let Some(code) = line.strip_prefix("HTTP/1.1 ") {
                status = code.get(..3).and_then(|c| c.parse().ok()).unwrap_or(0);
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap_or(0);
            } else if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }
}

/// Processor time and memory of a process, from /proc.
fn usage(process: &str) -> (f64, u64) {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    let stat = read("stat");
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    let status = read("status");
    let memory = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    let memory = memory.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    ((ticks(11) + ticks(12)) / 100.0, memory)
}

fn fill(connection: &mut Connection, count: usize) -> std::io::Result<Vec<u64>> {
    let mut ids = Vec::new();
    for n in 0..count {
        let body = format!(
            r#"{{"name":"s{n}","server_type":"cpx22","image":"debian-13","location":"fsn1","labels":{{"n":"{}"}}}}"#,
            n % 100
        );
        let (status, answer) = connection.ask("POST", "/servers", &body)?;
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
        let text = String::from_utf8_lossy(&answer);
        let id: Option<u64> =
            text.split_once("\"id\":").and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
        ids.extend(id);
    }
    Ok(ids)
}

/// One in twenty is a page of a list, one in ten a look at actions, one in twenty a change; the rest look at servers.
fn request(n: usize, ids: &[u64]) -> (&'static str, String, &'static str) {
    let id = ids.get(n.wrapping_mul(7919) % ids.len().max(1)).copied().unwrap_or(0);
    match n % 20 {
        0 => ("GET", format!("/servers?per_page=25&label_selector=n%3D{}", n % 100), ""),
        1 | 2 => ("GET", format!("/servers/{id}/actions"), ""),
        3 => ("PUT", format!("/servers/{id}"), r#"{"labels":{"n":"7"}}"#),
        _ => ("GET", format!("/servers/{id}"), ""),
    }
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, token, process, count] = arguments.as_slice() else {
        return Err(std::io::Error::other("needs ADDRESS TOKEN PROCESS-ID SERVERS"));
    };
    let mut out = std::io::stdout();
    let (_, idle) = usage(process);
    let mut first = Connection::open(address, token)?;
    let started = Instant::now();
    let ids = fill(&mut first, count.parse().unwrap_or(5000))?;
    let filled = started.elapsed().as_secs_f64();
    let (before, memory) = usage(process);
    writeln!(
        out,
        "idle {} MB; {} servers made in {filled:.1} s, then {} MB",
        idle / 1024,
        ids.len(),
        memory / 1024
    )?;
    let started = Instant::now();
    let answered: usize = std::thread::scope(|scope| {
        let ask = |lane: usize| {
            let ids = &ids;
            move || -> std::io::Result<usize> {
                let mut connection = Connection::open(address, token)?;
                let mut n = 0;
                while started.elapsed() < LASTS {
                    let (method, path, body) = request(n * CONNECTIONS + lane, ids);
                    let (status, answer) = connection.ask(method, &path, body)?;
                    assert_eq!(status, 200, "{path} {}", String::from_utf8_lossy(&answer));
                    n += 1;
                }
                Ok(n)
            }
        };
        let lanes: Vec<_> = (0..CONNECTIONS).map(|lane| scope.spawn(ask(lane))).collect();
        lanes.into_iter().map(|l| l.join().expect("no lane panics").unwrap_or(0)).sum()
    });
    let (wall, cpu) = (started.elapsed().as_secs_f64(), usage(process).0 - before);
    let requests = answered as f64;
    writeln!(
        out,
        "{answered} requests in {wall:.1} s: {:.0} a second; {cpu:.1} s of processor time: {:.0} a second and core",
        requests / wall,
        requests / cpu.max(0.01)
    )
}
