//! Building an answer: JSON objects written key by key, lists cut into pages.
use crate::error::ApiError;
use crate::query::Query;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;

/// What a handler gives back.
pub type Answer = Result<Reply, ApiError>;

/// A successful answer, ready to send.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON text, empty for 204.
    pub body: Vec<u8>,
    /// Neighbouring pages as (rel, path and query), for the `Link` header.
    pub links: Vec<(&'static str, String)>,
}

impl Reply {
    /// 204 without a body.
    pub fn empty() -> Answer {
        Ok(Reply { status: 204, ..Reply::default() })
    }

    /// One object under one key.
    pub fn one(status: u16, key: &str, value: &impl Serialize) -> Answer {
        Object::new().set(key, value).send(status)
    }
}

/// A JSON object under construction.
#[derive(Debug)]
pub struct Object(Vec<u8>);

impl Object {
    /// `{`
    pub fn new() -> Object {
        Object(vec![b'{'])
    }

    /// Adds a key.
    pub fn set(mut self, key: &str, value: &impl Serialize) -> Object {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        write(&mut self.0, &key);
        self.0.push(b':');
        write(&mut self.0, value);
        self
    }

    /// Closes the object.
    pub fn send(mut self, status: u16) -> Answer {
        self.0.push(b'}');
        Ok(Reply { status, body: self.0, links: Vec::new() })
    }
}

fn write(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("views hold only string keys, and a Vec takes any byte");
}

/// Entries per page when the request does not say.
const PER_PAGE_DEFAULT: usize = 25;

/// Which page is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// Reads `page` and `per_page`.
    ///
    /// # Errors
    /// `invalid_input` when either is not a number or out of its limits.
    pub fn of(query: &Query, size_max: usize) -> Result<Page, ApiError> {
        let read = |key: &str, default: usize, max: usize| match query.one(key).map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(n)) if (1..=max).contains(&n) => Ok(n),
            Some(_) if max == usize::MAX => Err(ApiError::invalid(key, "must be greater than 0")),
            Some(_) => Err(ApiError::invalid(key, &format!("must be between 1 and {max}"))),
        };
        let size = read("per_page", PER_PAGE_DEFAULT, size_max)?;
        Ok(Page { number: read("page", 1, usize::MAX)?, size })
    }

    /// The entries of this page.
    pub fn cut<T>(self, items: &[T]) -> &[T] {
        let from = (self.number - 1).saturating_mul(self.size).min(items.len());
        let to = from.saturating_add(self.size).min(items.len());
        items.get(from..to).unwrap_or_default()
    }

    /// A list answer: the rendered entries of this page, `meta`, links.
    pub fn reply(
        self,
        key: &str,
        rendered: &impl Serialize,
        total: usize,
        path: &str,
        query: &Query,
    ) -> Answer {
        let last = total.div_ceil(self.size).max(1);
        let previous = (self.number > 1).then(|| (self.number - 1).min(last));
        let next = (self.number < last).then(|| self.number + 1);
        let meta = json!({"pagination": {
            "page": self.number, "per_page": self.size, "previous_page": previous, "next_page": next,
            "last_page": last, "total_entries": total,
        }});
        let mut reply = Object::new().set(key, rendered).set("meta", &meta).send(200)?;
        let link = |page: usize| link(path, query, page);
        reply.links.extend(previous.map(|p| ("prev", link(p))));
        reply.links.extend(next.map(|p| ("next", link(p))));
        if total > self.size {
            reply.links.push(("last", link(last)));
        }
        Ok(reply)
    }
}

fn link(path: &str, query: &Query, page: usize) -> String {
    let encode = |t: &str| utf8_percent_encode(t, NON_ALPHANUMERIC).to_string();
    let mut out = format!("{path}?page={page}");
    for (key, value) in query.pairs().filter(|(k, _)| *k != "page") {
        out.push_str(&format!("&{}={}", encode(key).replace("%5F", "_"), encode(value)));
    }
    out
}
