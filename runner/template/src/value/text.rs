//! A string with what Ansible remembers about it: whether it may be a template, and where it was written.

use std::sync::Arc;

use runner_playbook::source::Span;

/// A string. Without a mark it is plain data that is never templated.
#[derive(Clone)]
pub struct Text {
    text: Arc<str>,
    mark: Option<Arc<Mark>>,
}

struct Mark {
    trusted: bool,
    origin: Span,
}

impl Text {
    /// Data: never templated.
    pub fn plain(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), mark: None }
    }

    /// Text of the user's own files: a template when it contains template syntax.
    pub fn trusted(text: impl Into<Arc<str>>, origin: Span) -> Self {
        Self { text: text.into(), mark: Some(Arc::new(Mark { trusted: true, origin })) }
    }

    /// Data that was written at a known place.
    pub fn plain_at(text: impl Into<Arc<str>>, origin: Span) -> Self {
        Self { text: text.into(), mark: Some(Arc::new(Mark { trusted: false, origin })) }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The shared characters.
    pub fn shared(&self) -> &Arc<str> {
        &self.text
    }

    /// Whether templates in it may be evaluated.
    pub fn is_trusted(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.trusted)
    }

    /// Where it was written.
    pub fn origin(&self) -> Option<&Span> {
        self.mark.as_ref().map(|mark| &mark.origin)
    }

    /// Whether it is trusted and contains template syntax.
    pub fn is_template(&self) -> bool {
        self.is_trusted() && looks_like_template(&self.text)
    }
}

/// Whether there is a start of a Jinja construct, or a header that may declare other delimiters.
pub(crate) fn looks_like_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.starts_with("#jinja2:")
        || bytes.windows(2).any(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
}
