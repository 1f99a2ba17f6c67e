//! `find`: files by name, age, size, kind, mode and contents.
//!
//! Returns `files` (each as `stat` has it), `matched`, `examined`, `skipped_paths` and `msg`.

use crate::{
    Failure, Kind, Module, Plan, Spec, Stat, System,
    digest::{self, Algorithm},
    glob,
    library::stat,
    mode,
    outcome::Call,
    pattern::{self, Flags},
};
use fancy_regex::Regex;
use serde_json::{Map, Value, json};
use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

static SPEC: Spec = Spec::new(
    "ansible.builtin.find",
    "Returns the files below folders that fit all conditions.",
    "paths(name|path) list:path! # The folders.
age str # Older than this, or younger if negative: 30, -5m, 2h, 1d, 4w.
age_stamp str =mtime {atime|ctime|mtime} # The time that age is about.
patterns(pattern) list:str =[] # Shell patterns for the name, or expressions if use_regex is true.
excludes(exclude) list:str # Patterns for names that do not count.
contains str # An expression for a line in the file.
read_whole_file bool =false # contains is about the whole file.
encoding str # Encoding of the files for contains; UTF-8 is what is supported.
file_type str =file {any|directory|file|link} # What counts.
recurse bool =false # Go into folders.
size str # At least this large, or at most if negative: 10, 1k, -2m, 3g.
hidden bool =false # Names that start with a dot count too.
mode raw # Permission bits.
exact_mode bool =true # mode must be equal; otherwise its bits must be among those there.
follow bool =false # Follow links to folders.
get_checksum bool =false # Compute a checksum of each file.
checksum_algorithm(checksum|checksum_algo) str =sha1 {md5|sha1|sha224|sha256|sha384|sha512} # Which checksum.
use_regex bool =false # patterns and excludes are regular expressions.
depth int # How deep to go.
limit int # Stop after this many.",
)
.read_only();

/// See the page above.
pub struct Find;

/// What a file must fulfil.
struct Filter<'a> {
    call: &'a Call<'a>,
    patterns: Vec<Pattern>,
    excludes: Vec<Pattern>,
    contains: Option<Regex>,
    age_s: Option<f64>,
    size: Option<i64>,
    now: f64,
    umask: u32,
}

enum Pattern {
    Shell(String),
    Expression(Regex),
}

impl Pattern {
    fn fits(&self, name: &str) -> bool {
        match self {
            Pattern::Shell(pattern) => glob::matches(pattern, name),
            Pattern::Expression(regex) => matches!(regex.find(name), Ok(Some(found)) if found.start() == 0),
        }
    }
}

impl Module for Find {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn plan<'a>(&self, call: &'a Call<'a>, system: &dyn System) -> Result<Plan<'a>, Failure> {
        let filter = Filter::new(call, system)?;
        let mut walk =
            Walk { filter, system, files: Vec::new(), examined: 0, skipped: Map::new(), full: false };
        let mut plan = Plan::new();
        for path in call.args.list("paths") {
            if !system.is_dir(Path::new(path)) {
                let why = format!("'{path}' is not a directory");
                plan.warnings.push(format!("Skipped '{path}' path due to this access issue: {why}\n"));
                walk.skipped.insert(path.into(), why.into());
                continue;
            }
            walk.folder(Path::new(path), 1);
        }
        for (path, why) in &walk.skipped {
            let warning = format!(
                "Skipped '{path}' path due to this access issue: {}\n",
                why.as_str().unwrap_or_default()
            );
            if !plan.warnings.contains(&warning) {
                plan.warnings.push(warning);
            }
        }
        let msg = match () {
            () if walk.full => "Limit of matches reached",
            () if walk.skipped.is_empty() => "All paths examined",
            () => "Not all paths examined, check warnings for details",
        };
        plan.set("matched", walk.files.len()).set("examined", walk.examined).set("msg", msg);
        plan.set("files", walk.files).set("skipped_paths", walk.skipped);
        Ok(plan)
    }
}

impl<'a> Filter<'a> {
    fn new(call: &'a Call<'a>, system: &dyn System) -> Result<Self, Failure> {
        let args = &call.args;
        let age_s = match args.opt("age") {
            None => None,
            Some(text) => {
                let seconds = number(text, "smhdw", &[1.0, 60.0, 3600.0, 86_400.0, 604_800.0]);
                Some(seconds.ok_or_else(|| Failure::new("failed to process age").with("age", text))?)
            }
        };
        let size = match args.opt("size") {
            None => None,
            Some(text) => {
                let units = [1.0, 1024.0, 1024f64.powi(2), 1024f64.powi(3), 1024f64.powi(4)];
                let bytes = number(text, "bkmgt", &units);
                Some(bytes.ok_or_else(|| Failure::new("failed to process size").with("size", text))? as i64)
            }
        };
        if let Some(limit) = args.int("limit").filter(|limit| *limit <= 0) {
            return Err(format!("limit cannot be {limit} (use None for unlimited)").into());
        }
        let compile = |names: Vec<&str>| -> Result<Vec<Pattern>, Failure> {
            let one = |text: &str| -> Result<Pattern, Failure> {
                if !args.bool("use_regex") {
                    return Ok(Pattern::Shell(text.into()));
                }
                let regex = pattern::compile(text, Flags::default());
                Ok(Pattern::Expression(regex.map_err(|why| format!("Task failed: Module failed: {why}"))?))
            };
            names.into_iter().map(one).collect()
        };
        let contains = args.opt("contains").map(|text| {
            pattern::compile(text, Flags { multiline: args.bool("read_whole_file"), dotall: false })
        });
        Ok(Filter {
            call,
            patterns: compile(args.list("patterns"))?,
            excludes: compile(args.list("excludes"))?,
            contains: contains.transpose().map_err(|why| format!("Task failed: Module failed: {why}"))?,
            age_s,
            size,
            now: system.epoch(),
            umask: system.identity().umask,
        })
    }

    fn name_fits(&self, name: &str) -> bool {
        let wanted = self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.fits(name));
        wanted && !self.excludes.iter().any(|pattern| pattern.fits(name))
    }

    fn stat_fits(&self, stat: &Stat) -> bool {
        let age = match self.call.args.str("age_stamp") {
            "atime" => stat.atime,
            "ctime" => stat.ctime,
            _ => stat.mtime,
        };
        let age_fits = self.age_s.is_none_or(|wanted| {
            let old = self.now - age;
            if wanted >= 0.0 { old >= wanted } else { old <= wanted.abs() }
        });
        let size = stat.size as i64;
        let size_fits =
            self.size.is_none_or(|wanted| if wanted >= 0 { size >= wanted } else { size <= -wanted });
        let mode_fits = self.call.args.value("mode").is_none_or(|wanted| {
            match mode::wanted(wanted, 0, false, self.umask) {
                Ok(bits) if self.call.args.bool("exact_mode") => stat.mode == bits,
                Ok(bits) => stat.mode & bits == bits,
                Err(_) => false,
            }
        });
        age_fits && mode_fits && (size_fits || stat.kind != Kind::File)
    }

    fn contents_fit(&self, system: &dyn System, path: &Path) -> bool {
        let Some(regex) = &self.contains else { return true };
        let Ok(file) = system.open(path) else { return false };
        let mut reader = BufReader::new(file);
        if self.call.args.bool("read_whole_file") {
            let mut bytes = Vec::new();
            return reader.read_to_end(&mut bytes).is_ok()
                && pattern::found(regex, &String::from_utf8_lossy(&bytes));
        }
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
            // Python matches at the start of the line here.
            if matches!(regex.find(&*String::from_utf8_lossy(&line)), Ok(Some(found)) if found.start() == 0) {
                return true;
            }
            line.clear();
        }
        false
    }
}

/// `-5m` as a number of the smallest unit.
fn number(text: &str, letters: &str, factors: &[f64]) -> Option<f64> {
    let text = text.trim().to_lowercase();
    let unit = text.chars().last().filter(|c| !c.is_ascii_digit());
    let digits = unit.map_or(text.as_str(), |_| &text[..text.len() - 1]);
    let factor = match unit {
        None => 1.0,
        Some(unit) => *factors.get(letters.find(unit)?)?,
    };
    let whole = digits.strip_prefix('-').unwrap_or(digits);
    let valid = !whole.is_empty() && whole.chars().all(|c| c.is_ascii_digit());
    valid.then(|| digits.parse::<f64>().ok().map(|value| value * factor))?
}

struct Walk<'a, 's> {
    filter: Filter<'a>,
    system: &'s dyn System,
    files: Vec<Value>,
    examined: usize,
    skipped: Map<String, Value>,
    full: bool,
}

impl Walk<'_, '_> {
    fn folder(&mut self, folder: &Path, depth: i64) {
        let args = &self.filter.call.args;
        let mut names = match self.system.list(folder) {
            Ok(names) => names,
            Err(error) => {
                let why = crate::attributes::io_text_at(&error, folder);
                self.skipped.insert(folder.to_string_lossy().into(), why.into());
                return;
            }
        };
        names.sort();
        let (hidden, follow) = (args.bool("hidden"), args.bool("follow"));
        let deeper =
            args.bool("recurse") && args.int("depth").is_none_or(|limit| limit <= 0 || depth < limit);
        let limit = args.int("limit").map(|limit| limit as usize);
        let mut folders: Vec<PathBuf> = Vec::new();
        self.examined += names.len();
        for name in names {
            if limit.is_some_and(|limit| self.files.len() >= limit) {
                self.full = true;
                return;
            }
            let path = folder.join(&name);
            let name = name.to_string_lossy();
            if name.starts_with('.') && !hidden {
                continue;
            }
            let Ok(Some(stat)) = self.system.stat(&path, false) else { continue };
            if stat.is_dir() || (follow && stat.is_link() && self.system.is_dir(&path)) {
                folders.push(path.clone());
            }
            if self.fits(&path, &name, &stat) {
                let entry = self.entry(&path, &stat);
                self.files.push(entry);
            }
        }
        if deeper && !self.full {
            for folder in folders {
                self.folder(&folder, depth + 1);
            }
        }
    }

    fn fits(&self, path: &Path, name: &str, stat: &Stat) -> bool {
        let args = &self.filter.call.args;
        let kind_fits = match args.str("file_type") {
            "any" => true,
            "directory" => stat.is_dir(),
            "link" => stat.is_link(),
            _ => stat.is_file(),
        };
        kind_fits
            && self.filter.name_fits(name)
            && self.filter.stat_fits(stat)
            && (!stat.is_file() || self.filter.contents_fit(self.system, path))
    }

    fn entry(&self, path: &Path, stat: &Stat) -> Value {
        let mut all = stat::facts(stat, path, self.system);
        for key in ["device_type", "block_size", "blocks"] {
            all.remove(key);
        }
        let args = &self.filter.call.args;
        if stat.is_file() && args.bool("get_checksum") {
            let algorithm = Algorithm::named(args.str("checksum_algorithm")).unwrap_or(Algorithm::Sha1);
            let sum = self.system.open(path).and_then(|mut file| digest::of_reader(&mut *file, algorithm));
            all.insert("checksum".into(), sum.map_or(Value::Null, Value::from));
        }
        json!(all)
    }
}
