//! Checksums of bytes and of files, as lower-case hexadecimal text.

use std::io::{self, Read};

/// The algorithms that Ansible's options name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// For `md5sum`.
    Md5,
    /// Ansible's own checksum of files.
    Sha1,
    /// SHA-2, 224 bits.
    Sha224,
    /// SHA-2, 256 bits.
    Sha256,
    /// SHA-2, 384 bits.
    Sha384,
    /// SHA-2, 512 bits.
    Sha512,
}

impl Algorithm {
    /// By Python's name of it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "md5" => Algorithm::Md5,
            "sha1" => Algorithm::Sha1,
            "sha224" => Algorithm::Sha224,
            "sha256" => Algorithm::Sha256,
            "sha384" => Algorithm::Sha384,
            "sha512" => Algorithm::Sha512,
            _ => return None,
        })
    }
}

/// Bytes read at a time: large enough that system calls do not matter.
const BLOCK: usize = 128 * 1024;

fn feed<D: sha2::Digest>(reader: &mut dyn Read) -> io::Result<String> {
    let (mut digest, mut block) = (D::new(), vec![0; BLOCK]);
    loop {
        match reader.read(&mut block)? {
            0 => return Ok(hex(&digest.finalize())),
            n => digest.update(&block[..n]),
        }
    }
}

/// The checksum of everything in the reader.
pub fn of_reader(reader: &mut dyn Read, algorithm: Algorithm) -> io::Result<String> {
    match algorithm {
        Algorithm::Md5 => feed::<md5::Md5>(reader),
        Algorithm::Sha1 => feed::<sha1::Sha1>(reader),
        Algorithm::Sha224 => feed::<sha2::Sha224>(reader),
        Algorithm::Sha256 => feed::<sha2::Sha256>(reader),
        Algorithm::Sha384 => feed::<sha2::Sha384>(reader),
        Algorithm::Sha512 => feed::<sha2::Sha512>(reader),
    }
}

/// The checksum of bytes in memory.
pub fn of_bytes(bytes: &[u8], algorithm: Algorithm) -> String {
    of_reader(&mut &bytes[..], algorithm).expect("reading memory cannot fail")
}

/// SHA-1 of bytes in memory.
pub fn sha1_hex(bytes: &[u8]) -> String {
    of_bytes(bytes, Algorithm::Sha1)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
