//! Frames between controller and agent: `u32` header length, `u32` body length, JSON header, raw body.
//!
//! Lengths are big endian. Each side's first frame is a [`Hello`]; another version is refused with a clear error.
//! Everything after it is a [`Request`] (to the agent) or a [`Reply`] (from it); several may be under way, by `id`.

use runner_modules::{Invocation, Outcome};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Version of this contract; both sides must have the same.
pub const VERSION: u32 = 1;
/// Longest header: an invocation with large arguments or an outcome with a large output fits, an attack does not.
pub const HEADER_MAX: usize = 256 << 20;
/// Longest body: files come in pieces, so this is only a bound for small ones that come at once.
pub const BODY_MAX: usize = 64 << 20;
/// Size of the pieces of a file: large enough for speed, small enough that other requests are not held up.
pub const CHUNK: usize = 256 << 10;
/// A payload up to this size goes along with its invocation: cheaper than asking first.
pub const INLINE_MAX: u64 = 16 << 10;

/// The first frame of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the sender.
    pub version: u32,
    /// Process of the sender.
    pub pid: u32,
    /// User that the sender runs as.
    pub uid: u32,
}

impl Hello {
    /// This process's.
    pub fn own() -> Self {
        use runner_modules::System;
        let identity = runner_modules::RealSystem::new().identity();
        Hello { version: VERSION, pid: identity.pid, uid: identity.euid }
    }
}

/// What the controller asks. `id`s are chosen by the controller and are free again after the last reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Run a module; the body is the payload's bytes, if they come along. Answer: [`Reply::Outcome`].
    Invoke {
        /// Identifies the answer.
        id: u64,
        /// What to run.
        invocation: Box<Invocation>,
        /// Whether the body is the payload (which may be empty).
        inline: bool,
    },
    /// A file will come in [`Request::Chunk`]s. It appears at its path when the last one has come, all at once.
    /// Answer: [`Reply::Stored`].
    Upload {
        /// Identifies chunks and answer.
        id: u64,
        /// Where to; none for a new temporary file whose path the answer says.
        path: Option<PathBuf>,
        /// Permission bits.
        mode: u32,
    },
    /// A piece of an upload, in the body.
    Chunk {
        /// The upload.
        id: u64,
        /// Whether it is the last.
        last: bool,
    },
    /// Send a file. Answer: [`Reply::Chunk`]s, or [`Reply::Failed`].
    Download {
        /// Identifies the answers.
        id: u64,
        /// The file.
        path: PathBuf,
    },
    /// End a request: programs are killed, a partial upload is removed. The request still gets its answer.
    Cancel {
        /// The request to end.
        id: u64,
    },
}

/// What the agent answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// A module's result.
    Outcome {
        /// The request.
        id: u64,
        /// The result.
        outcome: Outcome,
    },
    /// The upload is in place.
    Stored {
        /// The request.
        id: u64,
        /// Where it is.
        path: PathBuf,
        /// Bytes.
        size: u64,
    },
    /// A piece of a download, in the body.
    Chunk {
        /// The request.
        id: u64,
        /// Whether it is the last.
        last: bool,
    },
    /// The file could not be stored or read, or the request was not understood.
    Failed {
        /// The request; 0 if it is not known.
        id: u64,
        /// The operating system's number of the error, if it has one.
        errno: Option<i32>,
        /// What went wrong.
        message: String,
    },
}

/// One frame, not yet understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// JSON.
    pub header: Vec<u8>,
    /// Raw bytes.
    pub body: Vec<u8>,
}

impl Frame {
    /// Reads the header.
    pub fn decode<T: DeserializeOwned>(&self) -> io::Result<T> {
        serde_json::from_slice(&self.header)
            .map_err(|error| invalid(format!("the frame's header is wrong: {error}")))
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// Writes a header and a body as one frame.
pub fn encode<T: Serialize>(header: &T, body: &[u8]) -> io::Result<Vec<u8>> {
    let header = serde_json::to_vec(header).map_err(io::Error::other)?;
    if header.len() > HEADER_MAX || body.len() > BODY_MAX {
        return Err(invalid(format!("a frame of {} and {} bytes is too long", header.len(), body.len())));
    }
    let mut frame = Vec::with_capacity(8 + header.len() + body.len());
    frame.extend((header.len() as u32).to_be_bytes());
    frame.extend((body.len() as u32).to_be_bytes());
    frame.extend(header);
    frame.extend(body);
    Ok(frame)
}

/// Encodes and writes.
pub fn send<T: Serialize>(writer: &mut dyn Write, header: &T, body: &[u8]) -> io::Result<()> {
    writer.write_all(&encode(header, body)?)?;
    writer.flush()
}

/// Reads one frame; none if the input ends before its first byte.
pub fn receive(reader: &mut dyn Read) -> io::Result<Option<Frame>> {
    let mut lengths = [0; 8];
    let first = loop {
        match reader.read(&mut lengths) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if first == 0 {
        return Ok(None);
    }
    reader.read_exact(&mut lengths[first..])?;
    let (header, body) = check_lengths(lengths)?;
    // Read through `take`, so that a length without bytes behind it does not reserve memory.
    let mut read = |length: usize| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        reader.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
    };
    Ok(Some(Frame { header: read(header)?, body: read(body)? }))
}

fn check_lengths(lengths: [u8; 8]) -> io::Result<(usize, usize)> {
    let [a, b, c, d, e, f, g, h] = lengths;
    let header = u32::from_be_bytes([a, b, c, d]) as usize;
    let body = u32::from_be_bytes([e, f, g, h]) as usize;
    if header > HEADER_MAX || body > BODY_MAX {
        return Err(invalid(format!("this is not a frame: it claims to have {header} and {body} bytes")));
    }
    Ok((header, body))
}

/// Takes bytes as they come and gives frames as they are complete, for callers that must not block.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// Adds bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame, if all of it is here.
    pub fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let Some(lengths) = self.bytes.first_chunk::<8>() else { return Ok(None) };
        let (header, body) = check_lengths(*lengths)?;
        let length = 8 + header + body;
        if self.bytes.len() < length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(length);
        let mut frame = std::mem::replace(&mut self.bytes, rest);
        let body = frame.split_off(8 + header);
        Ok(Some(Frame { header: frame.split_off(8), body }))
    }

    /// Bytes that are not yet part of a frame: what a broken agent (or a shell's complaint) has said.
    pub fn rest(&self) -> &[u8] {
        &self.bytes
    }
}
