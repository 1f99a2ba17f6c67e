//! What every call brings along besides its request.

use tokio_util::sync::CancellationToken;

/// The circumstances of one call.
#[derive(Clone, Debug)]
pub struct Context {
    /// Cancelled when the user stops Terraform, when Terraform is gone, or when the provider must exit. Work in flight
    /// should then end within seconds and return what it has.
    pub cancelled: CancellationToken,
    /// Tells the log lines of one call from those of another.
    pub request_id: String,
}

impl Context {
    /// A call that nothing cancels, for tests and tools.
    pub fn background() -> Self {
        Context { cancelled: CancellationToken::new(), request_id: String::new() }
    }
}
