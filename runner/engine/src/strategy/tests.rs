//! Strategies over seats written as text: `3` is ready for task 3, `*` is busy, `.` is done.

use super::{Memory, Order, Seat, Strategy, next};

fn seats(text: &str) -> Vec<Seat> {
    text.split_whitespace()
        .map(|word| match word {
            "*" => Seat::Busy,
            "." => Seat::Done,
            id => Seat::Ready(id.parse().expect("a task id")),
        })
        .collect()
}

fn check(strategy: Strategy, slots: usize, memory: &mut Memory, text: &str, want: &[usize]) {
    let order = Order::new(vec![1, 2, 9, 3, 4]);
    assert_eq!(next(strategy, &seats(text), &order, memory, slots), want, "{strategy:?} {slots} {text}");
}

#[test]
fn linear_runs_the_earliest_task_on_all_hosts_that_are_at_it() {
    let memory = &mut Memory::default();
    check(Strategy::Linear, 5, memory, "1 1 1", &[0, 1, 2]);
    check(Strategy::Linear, 5, memory, "3 2 3", &[1]);
    check(Strategy::Linear, 5, memory, "3 9 .", &[1]);
    check(Strategy::Linear, 5, memory, "3 * 2", &[]);
    check(Strategy::Linear, 5, memory, ". .", &[]);
}

#[test]
fn free_takes_turns() {
    let memory = &mut Memory::default();
    check(Strategy::Free, 2, memory, "1 1 1 1", &[0, 1]);
    check(Strategy::Free, 2, memory, "2 2 1 1", &[2, 3]);
    check(Strategy::Free, 1, memory, "2 * 2 2", &[0]);
    check(Strategy::Free, 0, memory, "2 2", &[]);
}

#[test]
fn host_pinned_keeps_its_slots() {
    let memory = &mut Memory::default();
    check(Strategy::HostPinned, 2, memory, "1 1 1", &[0, 1]);
    check(Strategy::HostPinned, 2, memory, "2 2 1", &[0, 1]);
    check(Strategy::HostPinned, 1, memory, "* 3 1", &[1]);
    check(Strategy::HostPinned, 1, memory, "* . 1", &[2]);
}

#[test]
fn inserted_tasks_come_right_after_the_task_that_brought_them() {
    let mut order = Order::new(vec![1, 2, 3]);
    order.insert_after(1, &[10, 11]);
    order.insert_after(10, &[20]);
    let mut ids = vec![1, 2, 3, 10, 11, 20];
    ids.sort_by_key(|id| order.position(*id));
    assert_eq!(ids, [1, 10, 20, 11, 2, 3]);
}
