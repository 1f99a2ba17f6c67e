//! The one file that names libyaml: text to events with marks, and events back to text.
//!
//! The library is C turned into Rust, so every call is `unsafe`; this file keeps each parser and emitter on the heap,
//! lets nothing of theirs escape, and copies every string out of an event before the event is deleted.

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

use libyaml_rs as sys;

/// A position as libyaml counts it: from 0, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Lines before it.
    pub line: u32,
    /// Characters before it on its line.
    pub column: u32,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The emitter chooses.
    Any,
    /// Without quotes.
    Plain,
    /// `'…'`.
    SingleQuoted,
    /// `"…"`.
    DoubleQuoted,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

/// One event of a YAML stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The beginning of everything.
    StreamStart,
    /// The end of everything.
    StreamEnd,
    /// The beginning of a document; `implicit` without `---`.
    DocumentStart {
        /// Without `---`.
        implicit: bool,
    },
    /// The end of a document; `implicit` without `...`.
    DocumentEnd {
        /// Without `...`.
        implicit: bool,
    },
    /// `*name`.
    Alias(String),
    /// A scalar.
    Scalar {
        /// `&name`.
        anchor: Option<String>,
        /// The full tag.
        tag: Option<String>,
        /// The characters.
        value: String,
        /// The tag may be left out when written plain; when read: the type follows from the characters.
        plain_implicit: bool,
        /// The tag may be left out when written quoted.
        quoted_implicit: bool,
        /// How it is written.
        style: Style,
    },
    /// The beginning of a list.
    SequenceStart {
        /// `&name`.
        anchor: Option<String>,
        /// The full tag.
        tag: Option<String>,
        /// The tag may be left out.
        implicit: bool,
        /// `[a, b]` rather than lines with dashes.
        flow: bool,
    },
    /// The end of a list.
    SequenceEnd,
    /// The beginning of a mapping.
    MappingStart {
        /// `&name`.
        anchor: Option<String>,
        /// The full tag.
        tag: Option<String>,
        /// The tag may be left out.
        implicit: bool,
        /// `{a: b}` rather than lines.
        flow: bool,
    },
    /// The end of a mapping.
    MappingEnd,
}

/// Why a text is not YAML, in libyaml's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was going on: `while parsing a flow sequence`.
    pub context: Option<String>,
    /// What went wrong: `did not find expected ',' or ']'`.
    pub problem: String,
    /// Where it went wrong.
    pub mark: Mark,
    /// Set when a character or byte cannot be read at all: its value and its offset.
    pub unreadable: Option<(i32, u64)>,
}

/// Reads events from a text.
pub struct Parser<'t> {
    raw: Box<MaybeUninit<sys::yaml_parser_t>>,
    text: PhantomData<&'t [u8]>,
}

impl<'t> Parser<'t> {
    /// A parser at the beginning of a UTF-8 text.
    pub fn new(text: &'t str) -> Self {
        let mut raw = Box::new(MaybeUninit::<sys::yaml_parser_t>::uninit());
        // SAFETY: `raw` is on the heap and outlives every use; the text outlives `Self` by the lifetime.
        unsafe {
            let made = sys::yaml_parser_initialize(raw.as_mut_ptr());
            assert!(made.ok, "initialising a parser only allocates");
            sys::yaml_parser_set_encoding(raw.as_mut_ptr(), sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input_string(raw.as_mut_ptr(), text.as_ptr(), text.len() as u64);
        }
        Self { raw, text: PhantomData }
    }

    /// The next event with the marks of its beginning and end.
    ///
    /// # Errors
    /// When the text is not YAML; the parser must not be used again.
    pub fn next(&mut self) -> Result<(Event, Mark, Mark), Failure> {
        let parser = self.raw.as_mut_ptr();
        let mut event = MaybeUninit::<sys::yaml_event_t>::uninit();
        // SAFETY: the parser was initialised; on success the event is initialised, read once and deleted.
        unsafe {
            if sys::yaml_parser_parse(parser, event.as_mut_ptr()).fail {
                return Err(failure(&*parser));
            }
            let mut event = event.assume_init();
            let read = (read_event(&event), mark(event.start_mark), mark(event.end_mark));
            sys::yaml_event_delete(&raw mut event);
            Ok(read)
        }
    }
}

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        // SAFETY: it was initialised in `new` and is deleted only here.
        unsafe { sys::yaml_parser_delete(self.raw.as_mut_ptr()) }
    }
}

fn mark(mark: sys::yaml_mark_t) -> Mark {
    Mark {
        line: u32::try_from(mark.line).unwrap_or(u32::MAX),
        column: u32::try_from(mark.column).unwrap_or(u32::MAX),
    }
}

/// # Safety
/// The pointer is null or points to a string that ends with a zero byte.
unsafe fn text(pointer: *const u8) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: by the contract above.
    let found = unsafe { CStr::from_ptr(pointer.cast::<c_char>()) };
    Some(found.to_string_lossy().into_owned())
}

/// # Safety
/// The parser has failed.
unsafe fn failure(parser: &sys::yaml_parser_t) -> Failure {
    // SAFETY: the fields are null or static strings.
    unsafe {
        let unreadable =
            (parser.error == sys::YAML_READER_ERROR).then_some((parser.problem_value, parser.problem_offset));
        Failure {
            context: text(parser.context.cast()),
            problem: text(parser.problem.cast()).unwrap_or_else(|| "out of memory".to_owned()),
            mark: mark(parser.problem_mark),
            unreadable,
        }
    }
}

/// # Safety
/// The event was made by the parser and is not yet deleted.
unsafe fn read_event(event: &sys::yaml_event_t) -> Event {
    // SAFETY: the type says which part of the union is valid.
    unsafe {
        let data = &event.data;
        match event.type_ {
            sys::YAML_STREAM_START_EVENT => Event::StreamStart,
            sys::YAML_DOCUMENT_START_EVENT => Event::DocumentStart { implicit: data.document_start.implicit },
            sys::YAML_DOCUMENT_END_EVENT => Event::DocumentEnd { implicit: data.document_end.implicit },
            sys::YAML_ALIAS_EVENT => Event::Alias(text(data.alias.anchor).unwrap_or_default()),
            sys::YAML_SCALAR_EVENT => {
                let scalar = &data.scalar;
                let length = usize::try_from(scalar.length).expect("the text fits into memory");
                let bytes = std::slice::from_raw_parts(scalar.value, length);
                Event::Scalar {
                    anchor: text(scalar.anchor),
                    tag: text(scalar.tag),
                    value: String::from_utf8_lossy(bytes).into_owned(),
                    plain_implicit: scalar.plain_implicit,
                    quoted_implicit: scalar.quoted_implicit,
                    style: read_style(scalar.style),
                }
            }
            sys::YAML_SEQUENCE_START_EVENT => Event::SequenceStart {
                anchor: text(data.sequence_start.anchor),
                tag: text(data.sequence_start.tag),
                implicit: data.sequence_start.implicit,
                flow: data.sequence_start.style == sys::YAML_FLOW_SEQUENCE_STYLE,
            },
            sys::YAML_SEQUENCE_END_EVENT => Event::SequenceEnd,
            sys::YAML_MAPPING_START_EVENT => Event::MappingStart {
                anchor: text(data.mapping_start.anchor),
                tag: text(data.mapping_start.tag),
                implicit: data.mapping_start.implicit,
                flow: data.mapping_start.style == sys::YAML_FLOW_MAPPING_STYLE,
            },
            sys::YAML_MAPPING_END_EVENT => Event::MappingEnd,
            _ => Event::StreamEnd,
        }
    }
}

fn read_style(style: sys::yaml_scalar_style_t) -> Style {
    match style {
        sys::YAML_PLAIN_SCALAR_STYLE => Style::Plain,
        sys::YAML_SINGLE_QUOTED_SCALAR_STYLE => Style::SingleQuoted,
        sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE => Style::DoubleQuoted,
        sys::YAML_LITERAL_SCALAR_STYLE => Style::Literal,
        sys::YAML_FOLDED_SCALAR_STYLE => Style::Folded,
        _ => Style::Any,
    }
}

fn write_style(style: Style) -> sys::yaml_scalar_style_t {
    match style {
        Style::Any => sys::YAML_ANY_SCALAR_STYLE,
        Style::Plain => sys::YAML_PLAIN_SCALAR_STYLE,
        Style::SingleQuoted => sys::YAML_SINGLE_QUOTED_SCALAR_STYLE,
        Style::DoubleQuoted => sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE,
        Style::Literal => sys::YAML_LITERAL_SCALAR_STYLE,
        Style::Folded => sys::YAML_FOLDED_SCALAR_STYLE,
    }
}

/// How text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmitOptions {
    /// Spaces per level (libyaml takes 2 to 9; others mean 2).
    pub indent: i32,
    /// Columns before a line is folded; -1 never folds.
    pub width: i32,
    /// Whether characters outside ASCII are written as they are.
    pub unicode: bool,
    /// Canonical form.
    pub canonical: bool,
}

impl Default for EmitOptions {
    fn default() -> Self {
        Self { indent: 2, width: 80, unicode: false, canonical: false }
    }
}

/// Writes events as text. A stream start and end are added around the events.
///
/// # Errors
/// libyaml's words, when the events are not in an order that makes a document.
pub fn emit(events: &[Event], options: EmitOptions) -> Result<String, String> {
    let mut out: Vec<u8> = Vec::new();
    let mut raw = Box::new(MaybeUninit::<sys::yaml_emitter_t>::uninit());
    let emitter = raw.as_mut_ptr();
    // SAFETY: the emitter and the buffer outlive every call; each event is consumed by the emitter.
    let problem = unsafe {
        assert!(sys::yaml_emitter_initialize(emitter).ok, "initialising an emitter only allocates");
        sys::yaml_emitter_set_output(emitter, append, (&raw mut out).cast::<c_void>());
        sys::yaml_emitter_set_encoding(emitter, sys::YAML_UTF8_ENCODING);
        sys::yaml_emitter_set_indent(emitter, options.indent);
        sys::yaml_emitter_set_width(emitter, options.width);
        sys::yaml_emitter_set_unicode(emitter, options.unicode);
        sys::yaml_emitter_set_canonical(emitter, options.canonical);
        let all =
            std::iter::once(&Event::StreamStart).chain(events).chain(std::iter::once(&Event::StreamEnd));
        let mut problem = None;
        for event in all {
            let mut raw_event = MaybeUninit::<sys::yaml_event_t>::uninit();
            let made = write_event(event, raw_event.as_mut_ptr());
            if !made || sys::yaml_emitter_emit(emitter, raw_event.as_mut_ptr()).fail {
                problem =
                    Some(text((&*emitter).problem.cast()).unwrap_or_else(|| "not valid text".to_owned()));
                break;
            }
        }
        if problem.is_none() && sys::yaml_emitter_flush(emitter).fail {
            problem = Some("the text cannot be written".to_owned());
        }
        sys::yaml_emitter_delete(emitter);
        problem
    };
    match problem {
        Some(problem) => Err(problem),
        None => Ok(String::from_utf8_lossy(&out).into_owned()),
    }
}

/// # Safety
/// `data` is the `Vec<u8>` given to the emitter; `buffer` holds `size` bytes.
unsafe fn append(data: *mut c_void, buffer: *mut u8, size: u64) -> i32 {
    // SAFETY: by the contract above.
    unsafe {
        let out = &mut *data.cast::<Vec<u8>>();
        let size = usize::try_from(size).expect("the text fits into memory");
        out.extend_from_slice(std::slice::from_raw_parts(buffer, size));
    }
    1
}

/// A string with a zero byte at its end, for as long as an event is made from it.
struct Zeroed(Option<Vec<u8>>);

impl Zeroed {
    fn new(text: Option<&String>) -> Self {
        Self(text.map(|text| text.bytes().filter(|byte| *byte != 0).chain([0]).collect()))
    }

    fn pointer(&self) -> *const u8 {
        self.0.as_ref().map_or(ptr::null(), |bytes| bytes.as_ptr())
    }
}

/// # Safety
/// `out` may be written; on true it holds an event.
unsafe fn write_event(event: &Event, out: *mut sys::yaml_event_t) -> bool {
    // SAFETY: every string is alive during the call, which copies it.
    unsafe {
        let made = match event {
            Event::StreamStart => sys::yaml_stream_start_event_initialize(out, sys::YAML_UTF8_ENCODING),
            Event::StreamEnd => sys::yaml_stream_end_event_initialize(out),
            Event::DocumentStart { implicit } => sys::yaml_document_start_event_initialize(
                out,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                *implicit,
            ),
            Event::DocumentEnd { implicit } => sys::yaml_document_end_event_initialize(out, *implicit),
            Event::Alias(name) => {
                let name = Zeroed::new(Some(name));
                sys::yaml_alias_event_initialize(out, name.pointer())
            }
            Event::Scalar { anchor, tag, value, plain_implicit, quoted_implicit, style } => {
                let (anchor, tag) = (Zeroed::new(anchor.as_ref()), Zeroed::new(tag.as_ref()));
                let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
                sys::yaml_scalar_event_initialize(
                    out,
                    anchor.pointer(),
                    tag.pointer(),
                    value.as_ptr(),
                    length,
                    *plain_implicit,
                    *quoted_implicit,
                    write_style(*style),
                )
            }
            Event::SequenceStart { anchor, tag, implicit, flow } => {
                let (anchor, tag) = (Zeroed::new(anchor.as_ref()), Zeroed::new(tag.as_ref()));
                let style =
                    if *flow { sys::YAML_FLOW_SEQUENCE_STYLE } else { sys::YAML_BLOCK_SEQUENCE_STYLE };
                sys::yaml_sequence_start_event_initialize(
                    out,
                    anchor.pointer(),
                    tag.pointer(),
                    *implicit,
                    style,
                )
            }
            Event::SequenceEnd => sys::yaml_sequence_end_event_initialize(out),
            Event::MappingStart { anchor, tag, implicit, flow } => {
                let (anchor, tag) = (Zeroed::new(anchor.as_ref()), Zeroed::new(tag.as_ref()));
                let style = if *flow { sys::YAML_FLOW_MAPPING_STYLE } else { sys::YAML_BLOCK_MAPPING_STYLE };
                sys::yaml_mapping_start_event_initialize(
                    out,
                    anchor.pointer(),
                    tag.pointer(),
                    *implicit,
                    style,
                )
            }
            Event::MappingEnd => sys::yaml_mapping_end_event_initialize(out),
        };
        made.ok
    }
}
