//! Template files against the files that ansible-core's `template` module makes of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use runner_playbook::source::Span;
use runner_template::{FileOptions, Level, Scope, Templar, Value, Vars};

use crate::world::Fixtures;

#[test]
fn every_page_is_drawn_as_ansible_draws_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages");
    let text = |text: &str| Value::template(text, &Span::none());
    let extra = Value::dict([
        ("port", Value::from(8080)),
        ("opts", Value::dict([("z", Value::from(1)), ("b", text("x"))])),
    ]);
    let servers = Value::list([
        Value::dict([("name", text("a")), ("extra", extra)]),
        Value::dict([("name", text("b"))]),
    ]);
    let vars = Vars::new([("n", Value::from(5)), ("servers", servers)]);
    let scope = Scope::new(Arc::new(Fixtures::new())).with(Level::PlayVars, vars);
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("the pages").flatten() {
        let path: PathBuf = entry.path();
        let wanted = path.with_extension("out");
        if path.extension().is_none_or(|extension| extension != "j2") || !wanted.exists() {
            continue;
        }
        count += 1;
        let template = std::fs::read_to_string(&path).expect("a template");
        let wanted = std::fs::read_to_string(&wanted).expect("what Ansible made of it");
        let options =
            FileOptions { path: path.clone(), search_path: vec![folder.clone()], ..FileOptions::default() };
        match Templar::default().render_template_file(&template, &options, &scope) {
            Ok(got) if got == wanted => {}
            other => wrong.push(format!("{}\n  wanted {wanted:?}\n  got    {other:?}", path.display())),
        }
    }
    assert!(count > 10, "only {count} pages");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
