//! `data.streaming_event_window`: a schedule and the time of the run in, "is it on?" out.

use jiff::Timestamp;
use provider_framework::cty::{Path, Type};
use provider_framework::schema::{Attribute, Schema, validate};
use provider_framework::{Attr, DataSource, Diagnostics, Outcome, Run, async_trait, model};

use crate::event_attributes::Event;
use crate::event_window::{Window, parse_instant};
use crate::provider::Cloud;
use crate::run_clock;

/// The data source.
pub struct EventWindow;

model! {
    /// What the user writes and gets.
    pub struct EventWindowModel {
        pub start: Attr<String>,
        pub timezone: Attr<String>,
        pub rrule: Attr<String>,
        pub duration: Attr<String>,
        pub lead: Attr<String>,
        pub linger: Attr<String>,
        pub except: Attr<Vec<String>>,
        pub extra: Attr<Vec<String>>,
        pub at: Attr<String>,
        pub active: Attr<bool>,
        pub current: Attr<WindowModel>,
        pub next: Attr<WindowModel>,
    }

    /// One window.
    pub struct WindowModel {
        pub opens_at: Attr<String>,
        pub starts_at: Attr<String>,
        pub ends_at: Attr<String>,
        pub closes_at: Attr<String>,
    }
}

#[async_trait]
impl DataSource for EventWindow {
    type Model = EventWindowModel;
    type Client = Cloud;

    fn name(&self) -> &'static str {
        "streaming_event_window"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Says whether an event is on, from a schedule and the time: feed `active` to `live` of a cluster, and servers \
             exist only around the show.\n\nThe time is the start of the Terraform run, the same for plan and apply and \
             for every event of the run. To decide it elsewhere, set `at`, for instance to `plantimestamp()`.",
        )
        .attribute(Attribute::string("start").required().describe(
            "When the first event starts, on the clock of `timezone`, such as `2026-12-01T20:00:00`. With an offset \
             (`2026-12-01T20:00:00+03:00`) it is moved to that clock.",
        ))
        .attribute(Attribute::string("timezone").default("UTC").describe(
            "The IANA time zone whose clock on the wall counts, such as `Asia/Kuwait`. A time that daylight saving \
             skips is read with the offset before the gap; one that it repeats means the first.",
        ))
        .attribute(Attribute::string("rrule").optional().describe(
            "How the event recurs (RFC 5545), such as `FREQ=WEEKLY;BYDAY=TU,TH`. All parts are known, also `COUNT`, \
             `UNTIL`, `BYSETPOS` and `WKST`. Only starts that match the rule count, so `start` itself should. Without \
             it there is one event.",
        ))
        .attribute(
            Attribute::string("duration")
                .required()
                .validate(validate::positive_duration())
                .describe("How long the event is."),
        )
        .attribute(
            Attribute::string("lead")
                .default("0s")
                .validate(validate::positive_duration())
                .describe("How long before the start the window opens."),
        )
        .attribute(
            Attribute::string("linger")
                .default("0s")
                .validate(validate::positive_duration())
                .describe("How long after the end the window closes."),
        )
        .attribute(Attribute::list("except", Type::String).optional().describe(
            "Events that do not take place: a day (`2026-12-24`, every start on it) or a start (`2026-12-24T20:00:00`).",
        ))
        .attribute(Attribute::list("extra", Type::String).optional().describe("Further starts, written like `start`."))
        .attribute(Attribute::string("at").optional().describe(
            "The time to answer for, with an offset (RFC 3339). Without it, the start of the Terraform run.",
        ))
        .attribute(Attribute::bool("active").computed().describe("Whether a window is open."))
        .attribute(Attribute::object("current", window("The open window")).computed().describe(
            "The window that is open, if one is: that of the running event, else that of the event about to start.",
        ))
        .attribute(
            Attribute::object("next", window("The next window"))
                .computed()
                .describe("The next window to open, if there is one."),
        )
    }

    fn validate(&self, config: &EventWindowModel, diagnostics: &mut Diagnostics) {
        if let Some(at) = config.at.as_str()
            && let Err(error) = parse_instant(at)
        {
            diagnostics.error_at(Path::root().attribute("at"), "Invalid value", format!("at: {error}."));
        }
        let _ = known_part(config).schedule(diagnostics);
    }

    async fn read(&self, _run: &mut Run<Cloud>, config: EventWindowModel) -> Outcome<EventWindowModel> {
        let mut diagnostics = Diagnostics::new();
        let answer = answer(config, run_clock::now(), &mut diagnostics);
        Outcome { state: answer, diagnostics }
    }
}

fn window(what: &str) -> [Attribute; 4] {
    let time = |name: &str, event: &str| {
        Attribute::string(name).computed().describe(format!("{what}: when {event}, in UTC (RFC 3339)."))
    };
    [
        time("opens_at", "it opens, `lead` before the start"),
        time("starts_at", "the event starts"),
        time("ends_at", "the event ends"),
        time("closes_at", "it closes, `linger` after the end"),
    ]
}

/// The answer for one reading of the clock.
fn answer(
    mut model: EventWindowModel,
    run_start: Timestamp,
    diagnostics: &mut Diagnostics,
) -> Option<EventWindowModel> {
    let now = match model.at.as_str().map(parse_instant) {
        None => run_start,
        Some(Ok(at)) => at,
        Some(Err(error)) => {
            diagnostics.error_at(Path::root().attribute("at"), "Invalid value", format!("at: {error}."));
            return None;
        }
    };
    let schedule = known_part(&model).schedule(diagnostics)?;
    if !schedule.start_is_an_occurrence() {
        diagnostics.warning_at(
            Path::root().attribute("start"),
            "The start is not part of the rule",
            "start does not match rrule, so there is no event at that time; the first one is the next that matches.",
        );
    }
    let answer = match schedule.at(now) {
        Ok(answer) => answer,
        Err(error) => {
            diagnostics.error("Cannot tell the window", format!("{error}."));
            return None;
        }
    };
    model.active = Attr::Known(answer.active());
    model.current = answer.current.map(window_model).into();
    model.next = answer.next.map(window_model).into();
    Some(model)
}

fn window_model(window: Window) -> WindowModel {
    WindowModel {
        opens_at: window.opens_at.to_string().into(),
        starts_at: window.starts_at.to_string().into(),
        ends_at: window.ends_at.to_string().into(),
        closes_at: window.closes_at.to_string().into(),
    }
}

/// The event, with harmless stand-ins for what is not known yet: what is known is checked.
fn known_part(model: &EventWindowModel) -> Event {
    let text = |attribute: &Attr<String>, stand_in: &str| {
        let mut text = attribute.as_str().unwrap_or(stand_in).to_owned();
        // Bad durations are the validators' to tell.
        if stand_in == "0s" && provider_framework::duration::parse(&text).is_err() {
            text = stand_in.to_owned();
        }
        text
    };
    Event {
        start: text(&model.start, "2000-01-01T00:00:00"),
        timezone: text(&model.timezone, "UTC"),
        rrule: model.rrule.known().cloned(),
        duration: text(&model.duration, "0s"),
        lead: text(&model.lead, "0s"),
        linger: text(&model.linger, "0s"),
        except: model.except.known().cloned().unwrap_or_default(),
        extra: model.extra.known().cloned().unwrap_or_default(),
    }
}
