//! Which hosts a play works on at a time.

use runner_template::Value;

/// Splits hosts into the batches of `serial`; the last size repeats.
///
/// # Errors
/// The item that is neither a number nor a percentage.
pub(crate) fn batches(hosts: Vec<String>, serial: &[Value]) -> Result<Vec<Vec<String>>, String> {
    let total = hosts.len();
    let mut sizes = Vec::new();
    for item in serial {
        let text = item.to_text().unwrap_or_default();
        let size = match text.strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().map_err(|_| text.clone())?;
                // A percentage of a few hosts is rounded down but never to nobody.
                ((percent / 100.0 * total as f64) as usize).max(1)
            }
            None => {
                let number: i64 = text.trim().parse().map_err(|_| text.clone())?;
                usize::try_from(number).unwrap_or(0)
            }
        };
        sizes.push(if size == 0 { total } else { size });
    }
    if sizes.is_empty() {
        return Ok(vec![hosts]);
    }
    let mut rest = hosts;
    let mut batches = Vec::new();
    let mut at = 0;
    while !rest.is_empty() {
        let size = sizes[at.min(sizes.len() - 1)].max(1).min(rest.len());
        let tail = rest.split_off(size);
        batches.push(std::mem::replace(&mut rest, tail));
        at += 1;
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use super::batches;
    use runner_template::Value;

    fn check(hosts: usize, serial: &[Value], want: &[usize]) {
        let hosts = (0..hosts).map(|host| format!("h{host}")).collect();
        let got: Vec<usize> = batches(hosts, serial).expect("good sizes").iter().map(Vec::len).collect();
        assert_eq!(got, want, "{serial:?}");
    }

    #[test]
    fn serial_splits_hosts_into_batches() {
        check(5, &[], &[5]);
        check(5, &[Value::Int(2)], &[2, 2, 1]);
        check(5, &[Value::Int(1), Value::Int(3)], &[1, 3, 1]);
        check(10, &["30%".into()], &[3, 3, 3, 1]);
        check(3, &["10%".into()], &[1, 1, 1]);
        check(3, &[Value::Int(0)], &[3]);
        check(3, &["2".into()], &[2, 1]);
        assert!(batches(vec!["h".to_owned()], &["many".into()]).is_err());
    }
}
