//! Dates and times of the machine's time zone, as text.

/// A moment in the machine's time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Year, four digits.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 60.
    pub second: u32,
    /// Millionths of a second.
    pub micro: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// 0 is the first of January.
    pub yearday: u32,
    /// Seconds east of Greenwich.
    pub offset_s: i64,
    /// Name of the zone.
    pub zone: String,
    /// Whether summer time is in force.
    pub summer: bool,
}

fn of(broken: &libc::tm, zone: String, epoch: f64) -> Local {
    let number = |value: libc::c_int| u32::try_from(value).unwrap_or_default();
    Local {
        year: i64::from(broken.tm_year) + 1900,
        month: number(broken.tm_mon) + 1,
        day: number(broken.tm_mday),
        hour: number(broken.tm_hour),
        minute: number(broken.tm_min),
        second: number(broken.tm_sec),
        micro: ((epoch - epoch.floor()) * 1e6) as u32,
        weekday: number(broken.tm_wday),
        yearday: number(broken.tm_yday),
        offset_s: broken.tm_gmtoff,
        zone,
        summer: broken.tm_isdst > 0,
    }
}

/// The moment in the machine's time zone. `epoch` is seconds since 1970.
pub fn local(epoch: f64) -> Local {
    let seconds = epoch.floor() as libc::time_t;
    // SAFETY: all-zero is a valid `tm`, and localtime_r fills it.
    let mut broken: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid; the zone's name it points to lives as long as the process.
    let zone = unsafe {
        libc::localtime_r(&seconds, &mut broken);
        if broken.tm_zone.is_null() {
            String::new()
        } else {
            std::ffi::CStr::from_ptr(broken.tm_zone).to_string_lossy().into_owned()
        }
    };
    of(&broken, zone, epoch)
}

/// The moment in UTC.
pub fn utc(epoch: f64) -> Local {
    let seconds = epoch.floor() as libc::time_t;
    // SAFETY: all-zero is a valid `tm`, and gmtime_r fills it.
    let mut broken: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid.
    unsafe { libc::gmtime_r(&seconds, &mut broken) };
    of(&broken, "UTC".into(), epoch)
}

/// Seconds since 1970 of a moment that is written in UTC.
pub fn epoch_of_utc(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> i64 {
    // Days from 1970-01-01, by counting from March so that the leap day is the last of its year.
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let era = y.div_euclid(400);
    let in_era = y.rem_euclid(400);
    let in_year = i64::from((153 * m + 2) / 5 + day - 1);
    let days = era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719_468;
    days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)
}

/// Seconds since 1970 of a moment that is written in the machine's time zone.
pub fn epoch_of_local(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> i64 {
    let guess = epoch_of_utc(year, month, day, hour, minute, second);
    let offset = local(guess as f64).offset_s;
    guess - local((guess - offset) as f64).offset_s
}

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Local {
    /// C's `strftime`, for the directives that Ansible's options use.
    pub fn format(&self, format: &str) -> String {
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('Y') => out.push_str(&self.year.to_string()),
                Some('y') => out.push_str(&format!("{:02}", self.year % 100)),
                Some('m') => out.push_str(&format!("{:02}", self.month)),
                Some('d') => out.push_str(&format!("{:02}", self.day)),
                Some('H') => out.push_str(&format!("{:02}", self.hour)),
                Some('I') => out.push_str(&format!("{:02}", (self.hour + 11) % 12 + 1)),
                Some('p') => out.push_str(if self.hour < 12 { "AM" } else { "PM" }),
                Some('M') => out.push_str(&format!("{:02}", self.minute)),
                Some('S') => out.push_str(&format!("{:02}", self.second)),
                Some('f') => out.push_str(&format!("{:06}", self.micro)),
                Some('j') => out.push_str(&format!("{:03}", self.yearday + 1)),
                Some('w') => out.push_str(&self.weekday.to_string()),
                Some('A') => out.push_str(DAYS[self.weekday as usize % 7]),
                Some('a') => out.push_str(&DAYS[self.weekday as usize % 7][..3]),
                Some('B') => out.push_str(MONTHS[(self.month as usize + 11) % 12]),
                Some('b') => out.push_str(&MONTHS[(self.month as usize + 11) % 12][..3]),
                Some('W') => {
                    let monday_based = (self.weekday + 6) % 7;
                    out.push_str(&format!("{:02}", (self.yearday + 7 - monday_based) / 7));
                }
                Some('Z') => out.push_str(&self.zone),
                Some('z') => {
                    let (sign, offset) =
                        if self.offset_s < 0 { ('-', -self.offset_s) } else { ('+', self.offset_s) };
                    out.push_str(&format!("{sign}{:02}{:02}", offset / 3600, offset % 3600 / 60));
                }
                Some('%') => out.push('%'),
                Some(other) => out.extend(['%', other]),
                None => out.push('%'),
            }
        }
        out
    }
}

/// Reads a moment written in `format` (the directives Y m d H M S and literal text), in the machine's time zone.
pub fn parse_local(text: &str, format: &str) -> Option<i64> {
    let (mut year, mut month, mut day, mut hour, mut minute, mut second) = (1900, 1, 1, 0, 0, 0);
    let (mut rest, mut chars) = (text, format.chars());
    while let Some(c) = chars.next() {
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        let directive = chars.next()?;
        let width = if directive == 'Y' { 4 } else { 2 };
        let digits = rest.get(..width)?;
        let value: u32 = digits.parse().ok()?;
        rest = &rest[width..];
        match directive {
            'Y' => year = i64::from(value),
            'm' => month = value,
            'd' => day = value,
            'H' => hour = value,
            'M' => minute = value,
            'S' => second = value,
            _ => return None,
        }
    }
    let sane =
        rest.is_empty() && (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60;
    sane.then(|| epoch_of_local(year, month, day, hour, minute, second))
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_as_text() {
        let moment = super::utc(1_795_329_950.215489);
        assert_eq!(moment.format("%Y-%m-%dT%H:%M:%SZ %A %W %w %z"), "2026-11-22T06:45:50Z Sunday 46 0 +0000");
        assert_eq!(super::epoch_of_utc(2026, 11, 22, 6, 45, 50), 1_795_329_950);
        assert_eq!(super::epoch_of_utc(2024, 2, 29, 0, 0, 0), 1_709_164_800);
    }
}
