//! Signs playback URLs for Nimble Streamer's hot-link protection (WMSAuth).
//!
//! The algorithm is Softvelum's `paywall-code-samples-wmsauth`: a hash over the viewer, a shared password and a validity,
//! wrapped in base64. The server hashes the time's *text*, so the text is part of the contract.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, tz::TimeZone};
use md5::{Digest, Md5};

/// Schemes whose signature goes after the application name instead of the end of the URL.
const SCHEMES_SIGNED_AFTER_THE_APPLICATION: &[&str] = &["rtmp", "rtmps", "rtsp", "rtsps"];

/// What the signature says besides the URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Address of the viewer; empty when the server shall not look at it (phones change theirs).
    pub ip: String,
    /// Identity of the viewer for pay-per-view; empty when none.
    pub id: String,
    /// Prefix of `application/stream` the signature holds for, such as `live/` for every rendition; empty for any stream.
    pub signed_stream: String,
    /// Adds `checkip=true`, which asks the server to compare the address.
    pub check_ip: bool,
}

/// `url` with its signature, valid from `at` for `valid_minutes`.
#[must_use]
pub fn sign_url(url: &str, password: &str, at: Timestamp, valid_minutes: u64, terms: &Terms) -> String {
    let parameter = format!("wmsAuthSign={}", signature(password, at, valid_minutes, terms));
    let (before, after) = split_where_the_signature_goes(url);
    let joint = if before.contains('?') { '&' } else { '?' };
    format!("{before}{joint}{parameter}{after}")
}

/// The value of `wmsAuthSign`.
#[must_use]
pub fn signature(password: &str, at: Timestamp, valid_minutes: u64, terms: &Terms) -> String {
    let time = server_time(at);
    let hash = hash_value(password, &time, valid_minutes, terms);
    let mut text = format!("server_time={time}&hash_value={hash}&validminutes={valid_minutes}");
    if !terms.signed_stream.is_empty() {
        text.push_str(&format!("&strm_len={}", terms.signed_stream.len()));
    }
    if !terms.id.is_empty() {
        text.push_str(&format!("&id={}", terms.id));
    }
    if terms.check_ip {
        text.push_str("&checkip=true");
    }
    STANDARD.encode(text)
}

fn hash_value(password: &str, time: &str, valid_minutes: u64, terms: &Terms) -> String {
    let text = format!("{}{}{password}{time}{valid_minutes}{}", terms.ip, terms.id, terms.signed_stream);
    STANDARD.encode(Md5::digest(text))
}

/// The time as PHP's `n/j/Y g:i:s A` in UTC, such as `5/4/2026 8:33:05 AM`.
fn server_time(at: Timestamp) -> String {
    let utc = at.to_zoned(TimeZone::UTC);
    let half = if utc.hour() < 12 { "AM" } else { "PM" };
    let hour = match utc.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    format!(
        "{}/{}/{} {hour}:{:02}:{:02} {half}",
        utc.month(),
        utc.day(),
        utc.year(),
        utc.minute(),
        utc.second()
    )
}

/// The URL before and after the place of the signature.
fn split_where_the_signature_goes(url: &str) -> (&str, &str) {
    let (without_fragment, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let Some((scheme, rest)) = without_fragment.split_once("://") else {
        return (without_fragment, fragment);
    };
    if !SCHEMES_SIGNED_AFTER_THE_APPLICATION.contains(&scheme.to_ascii_lowercase().as_str()) {
        return (without_fragment, fragment);
    }
    let host_starts = scheme.len() + "://".len();
    let application_ends = rest
        .find('/')
        .and_then(|host_ends| {
            let path_starts = host_starts + host_ends + 1;
            without_fragment[path_starts..].find('/').map(|length| path_starts + length)
        })
        .unwrap_or(without_fragment.len());
    url.split_at(application_ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Timestamp {
        "2026-05-04T08:33:05Z".parse().expect("a constant")
    }

    #[track_caller]
    fn check_hash(ip: &str, id: &str, signed_stream: &str, expected: &str) {
        let terms =
            Terms { ip: ip.into(), id: id.into(), signed_stream: signed_stream.into(), check_ip: false };
        assert_eq!(hash_value("s3cret", &server_time(at()), 20, &terms), expected);
    }

    #[test]
    fn hashes_agree_with_the_vendors_algorithm() {
        check_hash("192.0.2.10", "", "", "wvLu9RPVrRrNo8qf/zCApg==");
        check_hash("", "", "", "rsuSTSm1UBBJbqulvugEDA==");
        check_hash("192.0.2.10", "user42", "", "eKScPXeWinjBgkTjiX3OEQ==");
        check_hash("192.0.2.10", "", "live/show", "qTM78bsoo7pq1L7cIdsgGQ==");
        check_hash("", "", "live/show", "N6W/9gCecuMiyQd4cYVfeQ==");
        check_hash("", "", "live/", "+mJwOQxbEa3yZVwUofEADA==");
    }

    #[test]
    fn the_whole_signature_is_the_vendors() {
        let terms = Terms { ip: "192.0.2.10".into(), ..Terms::default() };
        assert_eq!(
            signature("s3cret", at(), 20, &terms),
            "c2VydmVyX3RpbWU9NS80LzIwMjYgODozMzowNSBBTSZoYXNoX3ZhbHVlPXd2THU5UlBWclJyTm84cWYvekNBcGc9PSZ2YWxpZG1pbnV0ZXM9MjA="
        );
    }

    #[test]
    fn optional_parts_are_named_in_the_signature() {
        let terms =
            Terms { id: "user42".into(), signed_stream: "live/".into(), check_ip: true, ..Terms::default() };
        let text = STANDARD.decode(signature("s3cret", at(), 20, &terms)).expect("we encoded it");
        let text = String::from_utf8(text).expect("we wrote text");
        assert!(text.ends_with("&validminutes=20&strm_len=5&id=user42&checkip=true"), "{text}");
    }

    #[test]
    fn the_clock_has_twelve_hours_and_no_leading_zero() {
        let text = |time: &str| server_time(time.parse().expect("a constant"));
        assert_eq!(text("2026-12-01T00:00:09Z"), "12/1/2026 12:00:09 AM");
        assert_eq!(text("2026-12-01T12:05:00Z"), "12/1/2026 12:05:00 PM");
        assert_eq!(text("2026-12-01T23:59:59+02:00"), "12/1/2026 9:59:59 PM");
    }

    #[test]
    fn the_signature_goes_where_the_server_looks_for_it() {
        let place = |url: &str| {
            let (before, after) = split_where_the_signature_goes(url);
            format!("{before}[]{after}")
        };
        assert_eq!(
            place("https://cdn.example.com/live/show/playlist.m3u8"),
            "https://cdn.example.com/live/show/playlist.m3u8[]"
        );
        assert_eq!(
            place("https://cdn.example.com/live/x.m3u8#t=3"),
            "https://cdn.example.com/live/x.m3u8[]#t=3"
        );
        assert_eq!(place("rtmp://cdn.example.com/live/show"), "rtmp://cdn.example.com/live[]/show");
        assert_eq!(place("rtsp://cdn.example.com:554/live"), "rtsp://cdn.example.com:554/live[]");
        assert!(
            sign_url("https://a/b?x=1", "p", at(), 1, &Terms::default())
                .starts_with("https://a/b?x=1&wmsAuthSign=")
        );
    }
}
