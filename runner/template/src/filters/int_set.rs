//! The order in which Python's `set` yields whole numbers: ansible-core's set filters show it, so it can be relied upon.

/// CPython's probing: how many neighbours are tried before jumping.
const LINEAR_PROBES: usize = 9;

/// Beyond this many members a table doubles instead of quadrupling.
const LARGE: usize = 50_000;

/// CPython's smallest table.
const TABLE_MIN: usize = 8;

#[derive(Clone, Copy, PartialEq)]
enum Slot {
    Empty,
    /// A member that was removed.
    Gone,
    Number(i64),
}

/// A set of whole numbers laid out as CPython does.
pub(super) struct IntSet {
    table: Vec<Slot>,
    fill: usize,
    used: usize,
}

fn hash(number: i64) -> u64 {
    const PRIME: u64 = (1 << 61) - 1;
    let rest = number.unsigned_abs() % PRIME;
    let signed = i64::try_from(rest).unwrap_or(0) * number.signum();
    #[expect(clippy::cast_sign_loss, reason = "CPython uses the two's complement bits")]
    if signed == -1 { -2_i64 as u64 } else { signed as u64 }
}

impl IntSet {
    pub(super) fn new() -> Self {
        Self { table: vec![Slot::Empty; TABLE_MIN], fill: 0, used: 0 }
    }

    /// `set(numbers)`.
    pub(super) fn of(numbers: &[i64]) -> Self {
        let mut set = Self::new();
        numbers.iter().for_each(|number| set.add(*number));
        set
    }

    fn mask(&self) -> usize {
        self.table.len() - 1
    }

    /// The slot of a number, or the free one where it belongs.
    fn find(&self, number: i64) -> usize {
        let mask = self.mask();
        let mut perturb = hash(number);
        let mut i = usize::try_from(perturb & mask as u64).unwrap_or(0);
        loop {
            let probes = if i + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 };
            for j in i..=i + probes {
                if self.table[j] == Slot::Empty || self.table[j] == Slot::Number(number) {
                    return j;
                }
            }
            perturb >>= 5;
            let next = (i as u64).wrapping_mul(5).wrapping_add(1).wrapping_add(perturb);
            i = usize::try_from(next & mask as u64).unwrap_or(0);
        }
    }

    pub(super) fn contains(&self, number: i64) -> bool {
        self.table[self.find(number)] == Slot::Number(number)
    }

    pub(super) fn add(&mut self, number: i64) {
        let slot = self.find(number);
        if self.table[slot] != Slot::Empty {
            return;
        }
        self.table[slot] = Slot::Number(number);
        self.fill += 1;
        self.used += 1;
        if self.fill * 5 >= self.mask() * 3 {
            self.resize(if self.used > LARGE { self.used * 2 } else { self.used * 4 });
        }
    }

    fn resize(&mut self, used_min: usize) {
        let mut size = TABLE_MIN;
        while size <= used_min {
            size <<= 1;
        }
        let members = self.members();
        self.table = vec![Slot::Empty; size];
        self.fill = members.len();
        for number in members {
            let slot = self.find(number);
            self.table[slot] = Slot::Number(number);
        }
    }

    /// Adds the members of another set.
    pub(super) fn merge(&mut self, other: &IntSet) {
        if (self.fill + other.used) * 5 >= self.mask() * 3 {
            self.resize((self.used + other.used) * 2);
        }
        if self.fill == 0 && self.mask() == other.mask() && other.fill == other.used {
            self.table.clone_from(&other.table);
            (self.fill, self.used) = (other.fill, other.used);
            return;
        }
        other.members().into_iter().for_each(|number| self.add(number));
    }

    /// Removes a number if it is there, adds it if it is not.
    pub(super) fn toggle(&mut self, number: i64) {
        if self.contains(number) {
            let slot = self.find(number);
            self.table[slot] = Slot::Gone;
            self.used -= 1;
        } else {
            self.add(number);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// The members in the order that Python yields them.
    pub(super) fn members(&self) -> Vec<i64> {
        self.table
            .iter()
            .filter_map(|slot| match slot {
                Slot::Number(number) => Some(*number),
                _ => None,
            })
            .collect()
    }
}
