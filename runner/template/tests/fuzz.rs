//! Hostile input: whatever the text, evaluation ends without a panic.

use proptest::prelude::*;
use runner_playbook::source::Span;
use runner_template::{FileOptions, Level, Scope, Templar, Value, Vars};

fn scope() -> Scope {
    let text = |text: &str| Value::template(text, &Span::none());
    Scope::default().with(
        Level::PlayVars,
        Vars::new([
            ("n", Value::from(5)),
            ("s", text("Hello World")),
            ("l", Value::list([Value::from(3), Value::from(1), text("{{ n }}")])),
            ("d", Value::dict([("a", Value::from(1)), ("b", text("{{ s }}"))])),
            ("me", text("{{ me }}")),
        ]),
    )
}

fn survive(template: &str) {
    let templar = Templar::default();
    let scope = scope();
    let value = Value::template(template, &Span::none());
    let _ = templar.render(&value, &scope).map(|value| value.to_repr());
    let _ = templar.condition(&value, &scope);
    let _ = templar.check(&value);
    let _ = templar.render_template_file(template, &FileOptions::default(), &scope);
}

/// Pieces that templates are made of.
fn piece() -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = vec![
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{-",
        "-%}",
        "if ",
        "else ",
        "elif ",
        "endif ",
        "for x in ",
        "endfor ",
        "set x = ",
        "macro m(a) ",
        "endmacro ",
        "call ",
        "raw ",
        "endraw ",
        "filter upper ",
        "with ",
        "block b ",
        "in ",
        "is ",
        "not ",
        "and ",
        "or ",
        "l",
        "d",
        "s",
        "n",
        "me",
        "x",
        "loop",
        "self",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        ":",
        "|",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "%",
        "~",
        "==",
        "<",
        "=",
        "'a'",
        "\"b",
        "'",
        "1",
        "0x",
        "1.5",
        "-1",
        "9999999999999999999999",
        "map('upper')",
        "join(',')",
        "default(1)",
        "sort",
        "first",
        "int",
        "regex_replace('(', '')",
        "format",
        "truncate",
        "batch(2)",
        "[::-1]",
        "items()",
        "append(1)",
        "update(d)",
        "range(9)",
        "lookup('items', l)",
        "\n",
        " ",
        "é",
        "\u{a0}",
        "\\",
        "{{ n }}",
        "recursive",
        "namespace(a=1)",
        "#jinja2: trim_blocks: False\n",
        "\r\n",
    ];
    proptest::sample::select(words).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives(text in ".{0,200}") {
        survive(&text);
        survive(&format!("{{{{ {text} }}}}"));
        survive(&format!("{{% {text} %}}"));
    }

    #[test]
    fn any_pieces_survive(pieces in proptest::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        survive(&text);
        survive(&format!("{{{{ {text} }}}}"));
    }
}

#[test]
fn deep_and_long_texts_end() {
    let nest =
        |open: &str, close: &str, n: usize| format!("{{{{ {}1{} }}}}", open.repeat(n), close.repeat(n));
    for text in [
        nest("(", ")", 5_000),
        nest("[", "]", 5_000),
        nest("{1:", "}", 5_000),
        nest("not ", "", 50_000),
        nest("-", "", 50_000),
        nest("1 + ", "", 100_000),
        nest("", " | upper", 100_000),
        nest("", ".a", 100_000),
        nest("", "[0]", 100_000),
        nest("1 if 1 else ", "", 50_000),
        "{% if 1 %}".repeat(10_000),
        format!("{{% if 1 %}}{}{{% endif %}}", "{% elif 1 %}".repeat(10_000)),
        "{{ ".repeat(10_000),
        "{% for x in range(100000) %}{% for y in range(100000) %}{% endfor %}{% endfor %}".to_owned(),
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}".to_owned(),
        "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}".to_owned(),
        "{% set l = [1] %}{% for x in l %}{% set _ = l.append(1) %}{% endfor %}".to_owned(),
        "{% block a %}{{ self.a() }}{% endblock %}".to_owned(),
        "{{ 'a' * 10000000000 }}".to_owned(),
        "{{ [1] * 10000000000 }}".to_owned(),
        "{{ 9 ** 9 ** 9 }}".to_owned(),
        "{{ 'a'.ljust(99999999999) }}".to_owned(),
        "{{ '%99999999999d' % 1 }}".to_owned(),
        "{{ '{:99999999999}'.format(1) }}".to_owned(),
        "{{ range(1, 99999999999) | list }}".to_owned(),
        "{{ range(100) | permutations | length }}".to_owned(),
        "{{ range(1000) | product(range(1000), range(1000)) | length }}".to_owned(),
        "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' | regex_search('(a+)+$') }}".to_owned(),
        "{{ me }}".to_owned(),
    ] {
        let _ = Templar::default().render(&Value::template(text.as_str(), &Span::none()), &scope());
    }
}

#[test]
fn a_list_inside_itself_is_an_error_and_not_a_hang() {
    let templar = Templar::default();
    let template = Value::template("{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", &Span::none());
    let error = templar.render(&template, &scope()).expect_err("it has no end");
    assert!(error.message().contains("Recursive loop"), "{error}");
}
