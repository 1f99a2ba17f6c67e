//! `provider::streaming::wmsauth_url(url, password, at, valid_minutes, options…)`: a playback URL that Nimble lets pass.

use std::collections::BTreeMap;

use provider_framework::cty::{Path, Type, Value};
use provider_framework::{
    Arguments, Attr, FromValue, Function, FunctionError, Parameter, Signature, wrong_argument,
};

use crate::event_window::parse_instant;
use crate::wmsauth::{Terms, sign_url};

/// The function.
pub struct WmsauthUrl;

/// The argument that holds the options.
const OPTIONS: usize = 4;

impl Function for WmsauthUrl {
    fn name(&self) -> &'static str {
        "wmsauth_url"
    }

    fn signature(&self) -> Signature {
        Signature {
            summary: "Signs a playback URL for Nimble Streamer's hot-link protection".to_owned(),
            description: "Adds Nimble Streamer's signature (WMSAuth) to a playback URL, so that it works for some minutes \
                          only. The signature holds the password in hashed form; keep the password itself out of the \
                          configuration, for instance in a sensitive variable."
                .to_owned(),
            parameters: vec![
                Parameter::new("url", Type::String, "The playback URL."),
                Parameter::new("password", Type::String, "The password of the WMSAuth rule."),
                Parameter::new(
                    "at",
                    Type::String,
                    "From when on it is valid, with an offset (RFC 3339), such as `plantimestamp()`.",
                ),
                Parameter::new("valid_minutes", Type::Number, "For how many minutes it is valid."),
            ],
            variadic: Some(Parameter::new(
                "options",
                Type::Dynamic,
                "At most one object, with as needed: `ip`, the viewer's address, which becomes part of the signature \
                 (leave it out for phones: theirs change); `id`, the viewer's identity for pay-per-view; `signed_stream`, \
                 the prefix of `application/stream` that the signature holds for, such as `live/` for all renditions; \
                 `check_ip`, to make the server compare the address.",
            )),
            returns: Type::String,
            deprecated: String::new(),
        }
    }

    fn call(&self, arguments: &Arguments) -> Result<Value, FunctionError> {
        let url: String = arguments.get(0)?;
        if url.trim().is_empty() {
            return Err(wrong_argument(0, "the URL is empty"));
        }
        let at = parse_instant(&arguments.get::<String>(2)?)
            .map_err(|error| wrong_argument(2, error.to_string()))?;
        let valid_minutes = arguments.get::<u32>(3)?;
        if valid_minutes == 0 {
            return Err(wrong_argument(3, "a URL must be valid for at least one minute"));
        }
        if arguments.len() > OPTIONS + 1 {
            return Err(wrong_argument(OPTIONS + 1, "there is at most one object of options"));
        }
        let terms =
            if arguments.len() > OPTIONS { terms(&arguments.get(OPTIONS)?)? } else { Terms::default() };
        let password: String = arguments.get(1)?;
        Ok(Value::string(sign_url(&url, &password, at, u64::from(valid_minutes), &terms)))
    }
}

fn terms(options: &Value) -> Result<Terms, FunctionError> {
    let wrong = |text: String| wrong_argument(OPTIONS, text);
    let mut options: BTreeMap<String, Value> = BTreeMap::from_value(options, &mut Path::root())
        .map_err(|_| wrong("options must be an object such as { signed_stream = \"live/\" }".to_owned()))?;
    let mut text = |name: &str| read::<String>(name, options.remove(name)).map(Option::unwrap_or_default);
    let (ip, id, signed_stream) = (text("ip")?, text("id")?, text("signed_stream")?);
    let check_ip = read("check_ip", options.remove("check_ip"))?.unwrap_or_default();
    if let Some(unknown) = options.keys().next() {
        return Err(wrong(format!(
            "there is no option {unknown}; there are ip, id, signed_stream and check_ip"
        )));
    }
    if signed_stream.starts_with('/') {
        return Err(wrong("signed_stream begins with the application, without a slash".to_owned()));
    }
    if check_ip && ip.is_empty() {
        return Err(wrong("check_ip needs ip".to_owned()));
    }
    Ok(Terms { ip, id, signed_stream, check_ip })
}

fn read<T: FromValue>(name: &str, value: Option<Value>) -> Result<Option<T>, FunctionError> {
    let mut path = Path::root().attribute(name);
    Attr::from_value(&value.unwrap_or(Value::Null), &mut path)
        .map(Attr::into_known)
        .map_err(|misfit| wrong_argument(OPTIONS, format!("{}: {}", misfit.path, misfit.diagnostic().detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(more: impl IntoIterator<Item = Value>) -> Result<Value, FunctionError> {
        let mut arguments = vec![
            Value::from("https://cdn.example.com/live/show/playlist.m3u8"),
            Value::from("s3cret"),
            Value::from("2026-05-04T08:33:05Z"),
            Value::from(20),
        ];
        arguments.extend(more);
        WmsauthUrl.call(&Arguments(arguments))
    }

    #[test]
    fn the_signature_is_the_vendors() {
        let signed = call([Value::object([("ip", Value::from("192.0.2.10"))])]).expect("good arguments");
        assert_eq!(
            signed.as_str(),
            Some(
                "https://cdn.example.com/live/show/playlist.m3u8?wmsAuthSign=c2VydmVyX3RpbWU9NS80LzIwMjYgODozMzowNSBBTSZ\
                 oYXNoX3ZhbHVlPXd2THU5UlBWclJyTm84cWYvekNBcGc9PSZ2YWxpZG1pbnV0ZXM9MjA="
            )
        );
        assert!(call([]).is_ok(), "options are optional");
    }

    #[test]
    fn wrong_options_are_named() {
        let error = |name: &str, value: Value| call([Value::object([(name, value)])]).expect_err(name).text;
        assert!(error("adress", Value::from("x")).contains("there is no option adress"));
        assert!(error("signed_stream", Value::from("/live")).contains("without a slash"));
        assert!(error("check_ip", Value::Bool(true)).contains("check_ip needs ip"));
        assert!(error("ip", Value::from(5)).contains("ip: Expected a string"));
        assert!(call([Value::from("x")]).expect_err("no object").text.contains("must be an object"));
        assert_eq!(call([Value::object::<String>([]), Value::Null]).expect_err("two").argument, Some(5));
    }
}
