//! All tests of the mock as a whole, in one program: cases, shapes, faults, foreign clients, fuzzing.
mod cases;
mod clients;
mod faults;
mod fuzz;
mod http;
mod paths;
mod rust_client;
mod shapes;
mod state;

#[test]
fn no_test_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let listed = include_str!("all.rs");
    for entry in std::fs::read_dir(folder).expect("the folder of this file") {
        let name = entry.expect("a readable folder").file_name().to_string_lossy().into_owned();
        let Some(module) = name.strip_suffix(".rs").filter(|m| *m != "all") else { continue };
        assert!(listed.contains(&format!("mod {module};")), "{name} is not listed in all.rs");
    }
}
