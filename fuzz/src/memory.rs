//! Counts the memory that an input takes.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicIsize, Ordering::Relaxed},
};

/// What any input may take, in bytes: a server's answer may take the most (`src/serve/payload/forecast_limits.rs`).
const BASE: isize = 256 << 20;

/// What each byte of the input may take more.
const PER_BYTE: isize = 4096;

static LIVE: AtomicIsize = AtomicIsize::new(0);
static LIMIT: AtomicIsize = AtomicIsize::new(isize::MAX);

/// Counts live bytes.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

impl Counting {
    fn add(bytes: usize) {
        let live = LIVE.fetch_add(bytes as isize, Relaxed) + bytes as isize;
        if live > LIMIT.load(Relaxed) {
            // The message takes memory, too.
            LIMIT.store(isize::MAX, Relaxed);
            panic!("the input takes more memory than it may: {bytes} bytes at once, {live} in all");
        }
    }
}

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::add(size);
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs a property on an input of this length within its memory.
pub fn within(length: usize, property: impl FnOnce()) {
    LIMIT.store(LIVE.load(Relaxed) + BASE + PER_BYTE * length as isize, Relaxed);
    property();
    LIMIT.store(isize::MAX, Relaxed);
}
