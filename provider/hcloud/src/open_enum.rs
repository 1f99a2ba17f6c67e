//! Enumerations that the API may extend at any time without breaking us.

/// Defines an enum of known words plus `Other(String)`: a word that Hetzner adds tomorrow is kept as it is.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* #[doc = concat!("`", $word, "`.")] $variant,)+
            /// A word this version does not know.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Default for $name {
            /// What a missing value means: nothing is known.
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <Option<String> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(word.as_deref().map_or_else(Self::default, Self::from))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    open_enum! {
        /// For the test.
        Colour { Red = "red", Green = "green" }
    }

    #[test]
    fn a_new_word_is_kept_as_it_is() {
        let words: Vec<Colour> = serde_json::from_str(r#"["red", "mauve", null]"#).expect("open");
        assert_eq!(words, [Colour::Red, Colour::Other("mauve".into()), Colour::default()]);
        assert_eq!(serde_json::to_string(&words).expect("plain"), r#"["red","mauve",""]"#);
    }

    #[test]
    fn a_number_where_a_word_belongs_is_an_error() {
        assert!(serde_json::from_str::<Colour>("7").is_err());
    }
}
