//! The billing clock: what everything that exists or existed would have cost.
use crate::clock::{HOUR_MS, Ms, rfc3339};
use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Something paid for over a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// `server`, `backup`, `primary_ip`, `floating_ip`, `volume`, `snapshot` or `load_balancer`.
    pub what: String,
    /// The object.
    pub id: u64,
    /// Its name at the time.
    pub name: String,
    /// Its type, such as `cpx22` or `ipv4`.
    pub product: String,
    /// Its location.
    pub location: String,
    /// Net price of a started hour.
    pub hourly: Decimal,
    /// Net price that a calendar month never exceeds.
    pub monthly: Decimal,
    /// From when.
    pub since: Ms,
    /// Until when; still running when missing.
    pub until: Option<Ms>,
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// See [`Usage::what`].
    pub what: String,
    /// The object.
    pub id: u64,
    /// Its name at the time.
    pub name: String,
    /// Its type.
    pub product: String,
    /// Its location.
    pub location: String,
    /// From when.
    pub since: String,
    /// Until when, if it has ended.
    pub until: Option<String>,
    /// Started hours.
    pub hours: u64,
    /// Net price in the bill's currency.
    pub net: Decimal,
}

/// What everything so far would have cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// ISO 4217.
    pub currency: String,
    /// One line per object and part, in the order of their beginning.
    pub lines: Vec<Line>,
    /// Sum of all lines.
    pub net: Decimal,
    /// With value added tax.
    pub gross: Decimal,
}

impl Usage {
    fn line(&self, now: Ms) -> Line {
        let until = self.until.unwrap_or(now).max(self.since + 1);
        let (mut hours, mut net, mut from) = (0, Decimal::ZERO, self.since);
        while from < until {
            let to = next_month(from).min(until);
            let started = (to - from).div_euclid(HOUR_MS) + Ms::from((to - from) % HOUR_MS != 0);
            hours += started;
            net += (self.hourly * Decimal::from(started)).min(self.monthly);
            from = to;
        }
        Line {
            what: self.what.clone(),
            id: self.id,
            name: self.name.clone(),
            product: self.product.clone(),
            location: self.location.clone(),
            since: rfc3339(self.since),
            until: self.until.map(rfc3339),
            hours: hours.unsigned_abs(),
            net: round(net),
        }
    }
}

fn round(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// The first moment of the next calendar month (UTC).
fn next_month(ms: Ms) -> Ms {
    let next = || {
        let zoned = Timestamp::from_millisecond(ms).ok()?.to_zoned(TimeZone::UTC);
        let first = zoned.first_of_month().ok()?.start_of_day().ok()?;
        let next = first.checked_add(jiff::Span::new().months(1)).ok()?;
        Some(next.timestamp().as_millisecond())
    };
    next().filter(|n| *n > ms).unwrap_or(Ms::MAX)
}

impl Bill {
    /// Adds up.
    pub fn of(usage: &[Usage], currency: &str, vat_percent: Decimal, now: Ms) -> Bill {
        let lines: Vec<Line> = usage.iter().map(|u| u.line(now)).collect();
        let net: Decimal = lines.iter().map(|l| l.net).sum();
        let gross = round(net + net * vat_percent / Decimal::ONE_HUNDRED);
        Bill { currency: currency.to_owned(), lines, net: net.normalize(), gross }
    }
}

#[cfg(test)]
mod tests {
    use super::{HOUR_MS, Usage};
    use crate::clock::parse_rfc3339;
    use rust_decimal::Decimal;

    fn check(from: &str, to: &str, hours: u64, net: &str) {
        let price = |t: &str| t.parse::<Decimal>().expect("a price");
        let time = |t: &str| parse_rfc3339(t).expect("a time");
        let usage = Usage {
            what: "server".into(),
            id: 1,
            name: "a".into(),
            product: "cpx22".into(),
            location: "fsn1".into(),
            hourly: price("0.0312"),
            monthly: price("19.49"),
            since: time(from),
            until: Some(time(to)),
        };
        let line = usage.line(0);
        assert_eq!((line.hours, line.net), (hours, price(net)), "{from} to {to}");
    }

    #[test]
    fn started_hours_count_and_a_month_is_capped() {
        check("2026-11-01T00:00:00Z", "2026-11-01T00:00:01Z", 1, "0.0312");
        check("2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z", 1, "0.0312");
        check("2026-11-01T00:00:00Z", "2026-11-01T01:00:01Z", 2, "0.0624");
        check("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", 720, "19.49");
        check("2026-11-30T23:00:00Z", "2026-12-01T02:00:00Z", 3, "0.0936");
        assert_eq!(HOUR_MS, 3_600_000);
    }
}
