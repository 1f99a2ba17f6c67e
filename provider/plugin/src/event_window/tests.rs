//! The examples of RFC 5545, daylight saving, margins and exceptions.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::*;

/// The first `n` occurrences as `MM-DD` or, where the year changes, `YYYY-MM-DD`.
fn days(start: &str, zone: &str, rule: &str, n: usize) -> String {
    let zone = time_zone(zone).expect("a known zone");
    let start: DateTime = start.parse().expect("a time");
    let rule = Rule::parse(rule, start, &zone).expect("a rule");
    let mut year = start.year();
    let mut words = Vec::new();
    for time in rule.occurrences(start).take(n) {
        let day = format!("{:02}-{:02}", time.month(), time.day());
        words.push(if time.year() == year { day } else { format!("{}-{day}", time.year()) });
        year = time.year();
    }
    words.join(" ")
}

/// The example of RFC 5545 section 3.8.5.3 with this rule, all of which start at 09:00 in New York.
#[track_caller]
fn check_rfc(start: &str, rule: &str, expected: &str) {
    let n = expected.split(' ').count();
    // One more is asked for where the rule ends, so that a rule that goes on too long is seen.
    let extra = usize::from(rule.contains("COUNT") || rule.contains("UNTIL"));
    assert_eq!(days(&format!("{start}T09:00:00"), "America/New_York", rule, n + extra), expected, "{rule}");
}

#[test]
fn rfc_5545_daily_and_weekly_examples() {
    check_rfc(
        "1997-09-02",
        "FREQ=DAILY;COUNT=10",
        "09-02 09-03 09-04 09-05 09-06 09-07 09-08 09-09 09-10 09-11",
    );
    check_rfc("1997-12-20", "FREQ=DAILY;UNTIL=19971224T000000Z", "12-20 12-21 12-22 12-23");
    check_rfc("1997-09-02", "FREQ=DAILY;INTERVAL=2", "09-02 09-04 09-06 09-08");
    check_rfc("1997-09-02", "FREQ=DAILY;INTERVAL=10;COUNT=5", "09-02 09-12 09-22 10-02 10-12");
    check_rfc(
        "1998-01-29",
        "FREQ=DAILY;UNTIL=19990102T140000Z;BYMONTH=1",
        "01-29 01-30 01-31 1999-01-01 01-02",
    );
    check_rfc(
        "1997-09-02",
        "FREQ=WEEKLY;COUNT=10",
        "09-02 09-09 09-16 09-23 09-30 10-07 10-14 10-21 10-28 11-04",
    );
    check_rfc("1997-09-02", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "09-02 09-16 09-30 10-14 10-28 11-11");
    check_rfc(
        "1997-09-02",
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        "09-02 09-04 09-09 09-11 09-16 09-18 09-23 09-25 09-30 10-02",
    );
    check_rfc(
        "1997-09-01",
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        "09-01 09-03 09-05 09-15 09-17 09-19 09-29 10-01 10-03 10-13 10-15 10-17 10-27 10-29 10-31 11-10 11-12 11-14 11-24 11-26 11-28 12-08 12-10 12-12 12-22",
    );
    check_rfc("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "08-05 08-10 08-19 08-24");
    check_rfc("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "08-05 08-17 08-19 08-31");
}

#[test]
fn rfc_5545_monthly_examples() {
    check_rfc(
        "1997-09-05",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "09-05 10-03 11-07 12-05 1998-01-02 02-06 03-06 04-03 05-01 06-05",
    );
    check_rfc(
        "1997-09-07",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "09-07 09-28 11-02 11-30 1998-01-04 01-25 03-01 03-29 05-03 05-31",
    );
    check_rfc("1997-09-22", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "09-22 10-20 11-17 12-22 1998-01-19 02-16");
    check_rfc("1997-09-28", "FREQ=MONTHLY;BYMONTHDAY=-3", "09-28 10-29 11-28 12-29 1998-01-29 02-26");
    check_rfc(
        "1997-09-30",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "09-30 10-01 10-31 11-01 11-30 12-01 12-31 1998-01-01 01-31 02-01",
    );
    check_rfc(
        "1997-09-02",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "1998-02-13 03-13 11-13 1999-08-13 2000-10-13",
    );
    check_rfc(
        "1997-09-13",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "09-13 10-11 11-08 12-13 1998-01-10 02-07 03-07",
    );
    check_rfc("1997-09-04", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "09-04 10-07 11-06");
    check_rfc(
        "1997-09-29",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "09-29 10-30 11-27 12-30 1998-01-29",
    );
    check_rfc("2007-01-15", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "01-15 01-30 02-15 03-15 03-30");
}

#[test]
fn rfc_5545_yearly_examples() {
    check_rfc("1997-06-10", "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "06-10 07-10 1998-06-10 07-10");
    check_rfc("1997-03-10", "FREQ=YEARLY;INTERVAL=2;COUNT=4;BYMONTH=1,2,3", "03-10 1999-01-10 02-10 03-10");
    check_rfc(
        "1997-01-01",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "01-01 04-10 07-19 2000-01-01 04-09 07-18 2003-01-01 04-10 07-19 2006-01-01",
    );
    check_rfc("1997-05-19", "FREQ=YEARLY;BYDAY=20MO", "05-19 1998-05-18 1999-05-17");
    check_rfc("1997-05-12", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "05-12 1998-05-11 1999-05-17");
    check_rfc(
        "1997-03-13",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "03-13 03-20 03-27 1998-03-05 03-12 03-19 03-26",
    );
    check_rfc(
        "1996-11-05",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "11-05 2000-11-07 2004-11-02",
    );
}

#[test]
fn a_rule_says_what_is_wrong_with_it() {
    let zone = time_zone("UTC").expect("a known zone");
    let start = "2026-12-01T20:00:00".parse().expect("a time");
    let error = |text: &str| Rule::parse(text, start, &zone).expect_err(text).to_string();
    assert!(error("every tuesday").contains("unknown part"), "{}", error("every tuesday"));
    assert!(error("BYDAY=TU").contains("no RFC 5545"), "{}", error("BYDAY=TU"));
    assert!(error("FREQ=WEEKLY;BYDAY=XX").contains("no RFC 5545"));
    assert!(error("FREQ=WEEKLY;FREQ=DAILY").contains("more than one FREQ"));
    assert!(error("FREQ=DAILY;UNTIL=soon").contains("UNTIL=\"soon\""));
    assert!(error("FREQ=DAILY;COUNT=2;UNTIL=20270101").contains("both COUNT and UNTIL"));
    assert!(error("FREQ=DAILY;BYMONTH=13").contains("no RFC 5545"));
    assert!(error("FREQ=DAILY;BYMONTHLY=1").contains("unknown part \"BYMONTHLY\""));
    assert!(error("FREQ=DAILY;INTERVAL=0").contains("INTERVAL=0"));
    assert!(error("FREQ=DAILY;COUNT=0").contains("COUNT=0"));
}

fn schedule(start: &str, zone: &str, rule: &str) -> Schedule {
    let zone = time_zone(zone).expect("a known zone");
    let start = parse_wall_clock(start, &zone).expect("a time");
    Schedule {
        start,
        rule: (!rule.is_empty()).then(|| Rule::parse(rule, start, &zone).expect("a rule")),
        zone,
        duration: SignedDuration::from_mins(45),
        lead: SignedDuration::ZERO,
        linger: SignedDuration::ZERO,
        except: Vec::new(),
        extra: Vec::new(),
    }
}

/// `current / next`, both as the start of the event in UTC.
fn at(schedule: &Schedule, now: &str) -> String {
    let now: Timestamp = now.parse().expect("an instant");
    let answer = schedule.at(now).expect("an answer");
    let text = |window: Option<Window>| window.map_or("-".to_owned(), |window| window.starts_at.to_string());
    format!("{} / {}", text(answer.current), text(answer.next))
}

#[test]
fn margins_open_and_close_the_window() {
    let mut show = schedule("2026-12-01T20:00:00", "Asia/Kuwait", "FREQ=WEEKLY;BYDAY=TU,TH");
    show.lead = SignedDuration::from_mins(45);
    show.linger = SignedDuration::from_mins(15);
    // 20:00 in Kuwait is 17:00 UTC; 16:15 to 18:00 with the margins, the end excluded.
    assert_eq!(at(&show, "2026-12-01T16:14:59Z"), "- / 2026-12-01T17:00:00Z");
    assert_eq!(at(&show, "2026-12-01T16:15:00Z"), "2026-12-01T17:00:00Z / 2026-12-03T17:00:00Z");
    assert_eq!(at(&show, "2026-12-01T17:59:59Z"), "2026-12-01T17:00:00Z / 2026-12-03T17:00:00Z");
    assert_eq!(at(&show, "2026-12-01T18:00:00Z"), "- / 2026-12-03T17:00:00Z");
}

#[test]
fn years_later_the_answer_is_the_same_and_quick() {
    for rule in [
        "FREQ=SECONDLY;INTERVAL=7200",
        "FREQ=MINUTELY;INTERVAL=120",
        "FREQ=HOURLY;INTERVAL=2",
        "FREQ=DAILY;BYHOUR=0,2,4,6,8,10,12,14,16,18,20,22",
    ] {
        let show = schedule("2000-01-01T00:00:00", "UTC", rule);
        assert_eq!(
            at(&show, "2099-07-04T10:10:00Z"),
            "2099-07-04T10:00:00Z / 2099-07-04T12:00:00Z",
            "{rule}"
        );
    }
    let show = schedule("2000-01-03T20:00:00", "UTC", "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,SA");
    let by_walking: Vec<_> = show
        .rule
        .as_ref()
        .expect("given")
        .occurrences(show.start)
        .skip_while(|time| time.year() < 2040)
        .take(4)
        .collect();
    let by_jumping: Vec<_> = show
        .rule
        .as_ref()
        .expect("given")
        .occurrences("2040-01-01T00:00:00".parse().expect("a time"))
        .take(4)
        .collect();
    assert_eq!(by_walking, by_jumping);
}

#[test]
fn a_skipped_hour_uses_the_offset_before_the_gap() {
    // Clocks in New York went from 02:00 to 03:00 on 2007-03-11: 02:30 is read as 03:30 daylight time, 07:30 UTC.
    let show = schedule("2007-03-10T02:30:00", "America/New_York", "FREQ=DAILY");
    assert_eq!(at(&show, "2007-03-11T07:29:00Z"), "- / 2007-03-11T07:30:00Z");
    assert_eq!(at(&show, "2007-03-11T12:00:00Z"), "- / 2007-03-12T06:30:00Z");
}

#[test]
fn a_repeated_hour_means_its_first_appearance() {
    // 01:30 happened twice on 2007-11-04: 05:30 and 06:30 UTC.
    let show = schedule("2007-11-03T01:30:00", "America/New_York", "FREQ=DAILY");
    assert_eq!(at(&show, "2007-11-04T05:00:00Z"), "- / 2007-11-04T05:30:00Z");
    assert_eq!(at(&show, "2007-11-04T06:40:00Z"), "- / 2007-11-05T06:30:00Z");
}

#[test]
fn a_missing_midnight_loses_no_occurrence() {
    // In Beirut clocks went from 00:00 to 01:00 on 2022-03-27.
    let show = schedule("2022-03-26T00:00:00", "Asia/Beirut", "FREQ=DAILY");
    assert_eq!(at(&show, "2022-03-26T21:00:00Z"), "- / 2022-03-26T22:00:00Z");
}

#[test]
fn the_clock_on_the_wall_counts_not_the_offset() {
    let show = schedule("2026-10-22T20:00:00", "Europe/Berlin", "FREQ=WEEKLY");
    assert_eq!(at(&show, "2026-10-22T19:00:00Z"), "- / 2026-10-29T19:00:00Z");
    assert_eq!(at(&show, "2026-10-22T18:10:00Z"), "2026-10-22T18:00:00Z / 2026-10-29T19:00:00Z");
}

#[test]
fn exceptions_and_extra_dates() {
    let mut show = schedule("2026-12-01T20:00:00", "UTC", "FREQ=DAILY;COUNT=4");
    show.except = vec![
        parse_exception("2026-12-02", &show.zone).expect("a day"),
        parse_exception("2026-12-03T20:00:00", &show.zone).expect("a time"),
        parse_exception("2026-12-04T19:00:00", &show.zone).expect("a time at which nothing starts"),
    ];
    show.extra = vec!["2026-12-02T12:00:00".parse().expect("a time")];
    assert_eq!(at(&show, "2026-12-01T21:00:00Z"), "- / 2026-12-02T12:00:00Z");
    assert_eq!(at(&show, "2026-12-02T12:00:00Z"), "2026-12-02T12:00:00Z / 2026-12-04T20:00:00Z");
    assert_eq!(at(&show, "2026-12-05T00:00:00Z"), "- / -");
}

#[test]
fn without_a_rule_there_is_one_occurrence() {
    let show = schedule("2026-12-01T20:00:00+03:00", "UTC", "");
    assert_eq!(at(&show, "2026-12-01T16:00:00Z"), "- / 2026-12-01T17:00:00Z");
    assert_eq!(at(&show, "2026-12-01T17:44:59Z"), "2026-12-01T17:00:00Z / -");
    assert_eq!(at(&show, "2027-01-01T00:00:00Z"), "- / -");
}

#[test]
fn where_windows_overlap_the_running_event_is_current() {
    let mut show = schedule("2026-12-01T20:00:00", "UTC", "FREQ=HOURLY");
    show.lead = SignedDuration::from_mins(30);
    show.linger = SignedDuration::from_mins(90);
    assert_eq!(at(&show, "2026-12-02T10:40:00Z"), "2026-12-02T10:00:00Z / 2026-12-02T12:00:00Z");
    assert_eq!(at(&show, "2026-12-02T10:50:00Z"), "2026-12-02T11:00:00Z / 2026-12-02T12:00:00Z");
}

#[test]
fn a_rule_that_never_matches_ends() {
    let show = schedule("2026-12-01T20:00:00", "UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30");
    assert_eq!(at(&show, "2026-12-01T20:00:00Z"), "- / -");
    assert!(!show.start_is_an_occurrence());
}

#[test]
fn until_may_be_a_day_a_wall_clock_time_or_utc() {
    let last = |until: &str| {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        let zone = time_zone("Asia/Kuwait").expect("a known zone");
        let start: DateTime = "2026-12-01T20:00:00".parse().expect("a time");
        Rule::parse(&rule, start, &zone)
            .expect("a rule")
            .occurrences(start)
            .last()
            .expect("at least one")
            .to_string()
    };
    assert_eq!(last("20261203"), "2026-12-03T20:00:00");
    assert_eq!(last("2026-12-03"), "2026-12-03T20:00:00");
    assert_eq!(last("20261203T200000"), "2026-12-03T20:00:00");
    assert_eq!(last("20261203T170000Z"), "2026-12-03T20:00:00");
    assert_eq!(last("20261203T165959Z"), "2026-12-02T20:00:00");
}

#[test]
fn nonsense_is_refused_with_a_sentence() {
    assert!(time_zone("Mars/Olympus").expect_err("unknown").to_string().contains("no IANA time zone"));
    let zone = time_zone("UTC").expect("a known zone");
    assert!(parse_wall_clock("tomorrow", &zone).is_err());
    assert!(parse_wall_clock("2026-12-01", &zone).is_err(), "a day is no time");
    assert!(parse_exception("christmas", &zone).is_err());
    assert!(parse_instant("2026-12-01T20:00:00").is_err(), "no offset");
    let mut show = schedule("2026-12-01T20:00:00", "UTC", "");
    show.lead = SignedDuration::from_hours(24 * 400);
    assert_eq!(show.at(Timestamp::UNIX_EPOCH), Err(ScheduleError::TooLong));
}
