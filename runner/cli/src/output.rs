//! What people and programs see of a run: readers of the engine's events.

pub mod default;
pub mod diff;
pub mod json;
pub mod json_lines;
pub mod junit;
pub mod minimal;
pub mod notice;
pub mod screen;
pub mod timing;

use runner_engine::event::Event;

/// Something that reads all events of a run.
pub trait Reader: Send {
    /// One event.
    fn read(&mut self, event: &Event);

    /// After the last one.
    fn finish(&mut self) {}
}

/// Several readers of the same events, the first of which standard output belongs to.
pub struct Several(pub Vec<Box<dyn Reader>>);

impl Reader for Several {
    fn read(&mut self, event: &Event) {
        self.0.iter_mut().for_each(|reader| reader.read(event));
    }

    fn finish(&mut self) {
        self.0.iter_mut().for_each(|reader| reader.finish());
    }
}

/// How results are shown.
#[derive(Debug, Clone)]
pub struct Look {
    /// The number of `-v`.
    pub verbosity: u8,
    /// `display_skipped_hosts`.
    pub skipped: bool,
    /// `display_ok_hosts`.
    pub ok: bool,
    /// `display_failed_stderr`.
    pub failed_to_stderr: bool,
    /// `show_custom_stats`.
    pub custom_stats: bool,
    /// `check_mode_markers`.
    pub check_markers: bool,
    /// `show_task_path_on_failure`.
    pub path_on_failure: bool,
    /// `show_per_host_start`.
    pub host_start: bool,
    /// `display_args_to_stdout`.
    pub args: bool,
    /// `result_format=yaml`.
    pub yaml: bool,
    /// `format_pretty`; none when not said.
    pub pretty: Option<bool>,
    /// `[diff] context`.
    pub diff_context: usize,
    /// The run as a whole is in check mode.
    pub check: bool,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            verbosity: 0,
            skipped: true,
            ok: true,
            failed_to_stderr: false,
            custom_stats: false,
            check_markers: false,
            path_on_failure: false,
            host_start: false,
            args: false,
            yaml: false,
            pretty: None,
            diff_context: 3,
            check: false,
        }
    }
}
