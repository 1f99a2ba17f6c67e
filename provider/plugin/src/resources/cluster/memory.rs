//! The cluster remembers its own wish, in labels of its first object, so that an import needs nothing but the name.
//!
//! Terraform compares configuration and state attribute by attribute. What an import brings must therefore be what the user
//! wrote, down to what was left out, and that cannot be read off machines. Secrets are left out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use provider_cluster::{MEMORY_LABEL, Names, Observed};
use provider_framework::cty::json;
use provider_framework::schema::Schema;
use provider_framework::{Attr, FromValue, ToValue};

use super::model::ClusterModel;

/// Characters of a label's value between a letter at each end: base64 may begin with a hyphen, a label may not.
const CHUNK_CHARS: usize = 61;

/// The most that is remembered; a longer wish is imported by its machines alone.
const CHUNKS_MAX: usize = 60;

/// The wish as label values. Empty when it is too long to be remembered.
pub(super) fn chunks(planned: &ClusterModel) -> Vec<String> {
    let mut wish = planned.clone();
    wish.user_data = Attr::Null;
    for computed in [&mut wish.id, &mut wish.inventory] {
        *computed = Attr::Null;
    }
    wish.ready = Attr::Null;
    wish.machines = Attr::Null;
    wish.cost = Attr::Null;
    wish.steps = Attr::Null;
    wish.drift = Attr::Null;
    let schema: Schema = super::schema::schema();
    let Ok(text) = json::encode(&wish.to_value(), &schema.ty()) else {
        return Vec::new();
    };
    let packed = URL_SAFE_NO_PAD.encode(miniz_oxide::deflate::compress_to_vec(&text, 9));
    let chunks: Vec<String> = packed
        .as_bytes()
        .chunks(CHUNK_CHARS)
        .map(|chunk| format!("x{}x", String::from_utf8_lossy(chunk)))
        .collect();
    if chunks.len() > CHUNKS_MAX { Vec::new() } else { chunks }
}

/// Largest wish that is unpacked: a bound against labels that somebody made up.
const WISH_BYTES_MAX: usize = 1 << 20;

/// Fills a state that an import began from what the cluster remembers; without a memory the name alone stays.
pub(super) fn recall(state: &mut ClusterModel, name: &str, observed: &Observed) {
    if let Some(wish) =
        observed.firewalls.get(&Names::new(name).anchor()).and_then(|anchor| unpack(&anchor.labels))
    {
        *state = wish;
        state.name = Attr::Known(name.to_owned());
        state.id = Attr::Known(name.to_owned());
    }
}

fn unpack(labels: &provider_cluster::Labels) -> Option<ClusterModel> {
    let mut packed = String::new();
    for at in 0..CHUNKS_MAX {
        let Some(chunk) = labels.get(&format!("{MEMORY_LABEL}{at}")) else { break };
        packed.push_str(chunk.strip_prefix('x')?.strip_suffix('x')?);
    }
    let compressed = URL_SAFE_NO_PAD.decode(packed).ok()?;
    let text = miniz_oxide::inflate::decompress_to_vec_with_limit(&compressed, WISH_BYTES_MAX).ok()?;
    let schema: Schema = super::schema::schema();
    let value = json::decode_leniently(&text, &schema.ty()).ok()?;
    ClusterModel::from_value(&value, &mut provider_framework::cty::Path::root()).ok()
}
