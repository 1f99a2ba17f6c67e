//! The agents embedded in this program, one per architecture.

use std::borrow::Cow;
use std::io::Read;

/// One agent, as it was built.
#[derive(Debug)]
pub(crate) struct Image {
    architecture: &'static str,
    sha256: &'static str,
    size: usize,
    compressed: bool,
    stored: &'static [u8],
}

/// The agents there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Images(&'static [Image]);

impl Images {
    /// What the build put into this program.
    pub(crate) fn embedded() -> Images {
        Images(include!(concat!(env!("OUT_DIR"), "/images.rs")))
    }

    pub(crate) fn all(&self) -> &'static [Image] {
        self.0
    }

    /// The agent for what `uname -sm` says.
    pub(crate) fn for_machine(&self, machine: &str) -> Option<&'static Image> {
        self.0.iter().find(|image| image.machine_names().contains(&machine))
    }
}

impl Image {
    /// Answers of `uname -sm` on machines that run this agent.
    pub(crate) fn machine_names(&self) -> &'static [&'static str] {
        match self.architecture {
            "x86_64" => &["Linux x86_64", "Linux amd64"],
            "aarch64" => &["Linux aarch64", "Linux arm64"],
            _ => &[],
        }
    }

    pub(crate) fn architecture(&self) -> &'static str {
        self.architecture
    }

    /// Hash of the program itself.
    pub(crate) fn sha256(&self) -> &'static str {
        self.sha256
    }

    /// Bytes of the program itself.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The bytes to send and whether they are compressed; only a machine with gzip can take compressed ones.
    pub(crate) fn parcel(&self, gzip: bool) -> (Cow<'static, [u8]>, bool) {
        if gzip || !self.compressed {
            return (Cow::Borrowed(self.stored), self.compressed);
        }
        let mut plain = Vec::with_capacity(self.size);
        flate2::read::GzDecoder::new(self.stored)
            .read_to_end(&mut plain)
            .expect("the build compressed these bytes");
        (Cow::Owned(plain), false)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_image_is_what_its_hash_says() {
        for image in Images::embedded().all() {
            let (plain, compressed) = image.parcel(false);
            assert!(!compressed);
            assert_eq!(plain.len(), image.size(), "{}", image.architecture());
            let hash: String = Sha256::digest(&plain).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, image.sha256());
            assert_eq!(&plain[..4], b"\x7fELF");
        }
    }
}
