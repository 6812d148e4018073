//! Instants to come back at, one an item. An item that moves its instant later costs nothing until the earlier one
//! has come, so an item has hardly ever more than one entry.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Instants by item.
#[derive(Clone)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(u64, u32)>>,
    /// The earliest entry of each item, `u64::MAX` if it has none.
    armed: Vec<u64>,
    next: u64,
}

impl Timers {
    pub(super) fn new(items: usize) -> Timers {
        Timers { heap: BinaryHeap::new(), armed: vec![u64::MAX; items], next: u64::MAX }
    }

    /// Comes back for `item` at `due` or earlier; `u64::MAX` asks for nothing.
    #[inline]
    pub(super) fn set(&mut self, item: u32, due: u64) {
        if due < self.armed[item as usize] {
            self.armed[item as usize] = due;
            self.heap.push(Reverse((due, item)));
            self.next = self.next.min(due);
        }
    }

    /// The earliest instant, `u64::MAX` if there is none.
    #[inline]
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Takes an item whose instant has come. The item itself knows whether it still cares.
    pub(super) fn pop(&mut self, now: u64) -> Option<u32> {
        while self.next <= now {
            let Reverse((due, item)) = self.heap.pop()?;
            self.next = self.heap.peek().map_or(u64::MAX, |Reverse((due, _))| *due);
            if self.armed[item as usize] == due {
                self.armed[item as usize] = u64::MAX;
                return Some(item);
            }
        }
        None
    }

    /// Entries held, for tests of boundedness.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}
