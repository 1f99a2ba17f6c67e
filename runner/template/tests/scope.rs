//! Variables: precedence, laziness, other hosts, places of errors, speed.

use std::sync::Arc;

use runner_playbook::source::{Source, Span};
use runner_template::{ErrorKind, Hosts, Level, Scope, Settings, Templar, Value, Vars};

fn text(text: &str) -> Value {
    Value::template(text, &Span::none())
}

fn render(scope: &Scope, template: &str) -> String {
    match Templar::default().render(&text(template), scope) {
        Ok(value) => value.to_repr().expect("a printable value"),
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

#[test]
fn every_level_wins_over_those_below() {
    let mut scope = Scope::default();
    // Levels are added in the wrong order on purpose.
    for level in Level::ALL.into_iter().rev() {
        scope = scope.with(level, Vars::new([("x", Value::from(i64::from(level.number())))]));
    }
    assert_eq!(render(&scope, "{{ x }}"), "23");
    let names: Vec<String> = Level::ALL.iter().map(|level| format!("{} {level:?}", level.number())).collect();
    let golden = include_str!("cases/precedence.txt");
    assert_eq!(names.join("\n") + "\n", golden);
    for (i, low) in Level::ALL.iter().enumerate() {
        for high in &Level::ALL[i + 1..] {
            let scope = Scope::default()
                .with(*high, Vars::new([("x", text("high"))]))
                .with(*low, Vars::new([("x", text("low"))]));
            assert_eq!(render(&scope, "{{ x }}"), "'high'", "{low:?} under {high:?}");
            assert_eq!(scope.level("x"), Some(*high));
        }
    }
}

#[test]
fn within_one_level_the_last_added_wins() {
    let scope = Scope::default()
        .with(Level::PlayVarsFiles, Vars::new([("x", Value::from(1))]))
        .with(Level::PlayVarsFiles, Vars::new([("x", Value::from(2))]));
    assert_eq!(render(&scope, "{{ x }}"), "2");
}

#[test]
fn dicts_merge_only_when_asked_for() {
    let layer = |key: &'static str| Vars::new([("d", Value::dict([(key, Value::from(1))]))]);
    let scope = Scope::default().with(Level::RoleDefaults, layer("a")).with(Level::PlayVars, layer("b"));
    assert_eq!(render(&scope, "{{ d }}"), "{'b': 1}");
    assert_eq!(render(&scope.merging(true), "{{ d }}"), "{'a': 1, 'b': 1}");
}

#[test]
fn only_trusted_text_is_templated() {
    let scope = Scope::default()
        .with(Level::Facts, Vars::new([("fact", Value::from("{{ 1 + 1 }}"))]))
        .with(Level::PlayVars, Vars::new([("ours", text("{{ fact }}"))]));
    assert_eq!(render(&scope, "{{ fact }}"), "'{{ 1 + 1 }}'");
    assert_eq!(render(&scope, "{{ ours }}"), "'{{ 1 + 1 }}'");
    assert_eq!(render(&scope, "{{ [fact] | first }}"), "'{{ 1 + 1 }}'");
}

#[test]
fn a_variable_that_refers_to_itself_is_named() {
    let scope =
        Scope::default().with(Level::PlayVars, Vars::new([("a", text("{{ b }}")), ("b", text("{{ a }}"))]));
    assert_eq!(
        render(&scope, "{{ a }}"),
        "Recursion: Recursive loop detected in template: maximum recursion depth exceeded"
    );
}

#[test]
fn templates_do_not_change_variables() {
    let scope = Scope::default().with(Level::PlayVars, Vars::new([("l", Value::list([Value::list([])]))]));
    assert_eq!(render(&scope, "{% set _ = l[0].append(1) %}{{ l }}"), "[[1]]");
    assert_eq!(render(&scope, "{{ l }}"), "[[]]");
}

struct TwoHosts;

impl Hosts for TwoHosts {
    fn names(&self) -> Vec<Arc<str>> {
        vec![Arc::from("h1"), Arc::from("h2")]
    }
    fn scope(&self, host: &str) -> Option<Scope> {
        let own = Vars::new([("name", text(host)), ("greeting", text("hi {{ name }}"))]);
        matches!(host, "h1" | "h2").then(|| Scope::default().with(Level::InventoryHostVars, own))
    }
}

#[test]
fn other_hosts_are_templated_in_their_own_scope() {
    let scope = Scope::default().with_magic("name", text("me")).with_hosts(Arc::new(TwoHosts));
    assert_eq!(render(&scope, "{{ hostvars['h2'].greeting }}"), "'hi h2'");
    assert_eq!(render(&scope, "{{ hostvars.h1['greeting'] }}"), "'hi h1'");
    assert_eq!(render(&scope, "{{ hostvars | length }}"), "2");
    assert_eq!(render(&scope, "{{ hostvars.keys() }}"), "['h1', 'h2']");
    assert_eq!(
        render(&scope, "{{ ['h1', 'h2'] | map('extract', hostvars, 'greeting') | list }}"),
        "['hi h1', 'hi h2']"
    );
    assert_eq!(render(&scope, "{{ hostvars['h3'] is defined }}"), "False");
    assert_eq!(render(&scope, "{{ vars.name }}{{ vars['nope'] | default('-') }}"), "'me-'");
}

#[test]
fn omitted_values_vanish() {
    let scope = Scope::default();
    let args = Value::dict([("a", text("{{ nope | default(omit) }}")), ("b", text("{{ 1 }}"))]);
    let rendered = Templar::default().render(&args, &scope).expect("it renders");
    assert_eq!(rendered.to_repr().expect("printable"), "{'b': 1}");
    assert!(Templar::default().render(&text("{{ omit }}"), &scope).expect("it renders").is_omit());
}

#[test]
fn broken_conditionals_are_allowed_on_request() {
    let settings = Settings { allow_broken_conditionals: true };
    let scope = Scope::default().with(Level::PlayVars, Vars::new([("s", text("x")), ("e", text(""))]));
    let templar = Templar::new(settings);
    assert!(templar.condition(&text("s"), &scope).expect("truth of a string"));
    assert!(!templar.condition(&text("e"), &scope).expect("truth of a string"));
    assert!(templar.condition(&text(""), &scope).expect("nothing is true"));
    let strict = Templar::default().condition(&text("s"), &scope).expect_err("a string is no boolean");
    assert_eq!(strict.kind(), ErrorKind::Conditional);
}

#[test]
fn errors_point_into_the_file() {
    let file = "- debug:\n    msg: \"{{ nope }}\"\n- copy:\n    content: |\n      line one\n      {% if x %}\n        {{ s | nofilter }}\n      {% endif %}\n";
    let source = Source::new("site.yml", file);
    let quoted = Value::template("{{ nope }}", &source.at(2, 10));
    let error = Templar::default().render(&quoted, &Scope::default()).expect_err("undefined");
    assert_eq!((error.span().line(), error.span().column()), (2, 14), "{error:?}");
    assert_eq!(error.origin().to_string(), "site.yml:2:10");
    let block =
        Value::template("line one\n{% if x %}\n  {{ s | nofilter }}\n{% endif %}\n", &source.at(4, 14));
    let problems = Templar::default().check(&block);
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].span.line(), problems[0].span.column()), (7, 16), "{problems:?}");
}

#[test]
fn unknown_names_come_with_a_suggestion() {
    let templar = Templar::default();
    let problem = &templar.check(&text("{{ x | uper }}"))[0];
    assert_eq!(problem.help.as_deref(), Some("did you mean 'upper'?"));
    let problem = &templar.check_condition(&text("x is definde"))[0];
    assert_eq!(problem.help.as_deref(), Some("did you mean 'defined'?"));
    let problem = &templar.check(&text("{{ lookup('fiel', 'x') }}"))[0];
    assert_eq!(problem.help.as_deref(), Some("did you mean 'file'?"));
    assert!(templar.check(&text("{{ x | upper }}")).is_empty());
}

/// 10,000 expressions of ordinary kinds; run it in release: `cargo test -p runner-template --release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn ten_thousand_expressions() {
    let scope = Scope::default().with(
        Level::PlayVars,
        Vars::new([
            ("n", Value::from(5)),
            ("s", text("Hello")),
            ("name", text("{{ s }}-{{ n }}")),
            ("l", Value::list((0..20).map(Value::from))),
            ("d", Value::dict([("a", Value::from(1)), ("b", text("{{ name }}"))])),
        ]),
    );
    let templates = [
        "{{ n }}",
        "{{ name }}",
        "{{ d.b | upper }}",
        "{{ l | map('string') | join(',') }}",
        "{% if n > 3 %}{{ s }}{% else %}no{% endif %}",
        "{{ d | combine({'c': n}) }}",
        "{{ missing | default(s ~ n) }}",
        "/etc/{{ s | lower }}/{{ n }}.conf",
        "{{ s is match('He') and n in l }}",
        "{{ 'a' if n == 5 else 'b' }}",
    ]
    .map(text);
    let templar = Templar::default();
    let start = std::time::Instant::now();
    for i in 0..10_000 {
        templar.render(&templates[i % templates.len()], &scope).expect("it renders");
    }
    #[expect(clippy::print_stdout, reason = "the measurement is the point")]
    {
        println!("10,000 expressions: {:?}", start.elapsed());
    }
}
