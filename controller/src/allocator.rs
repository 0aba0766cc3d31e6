//! The allocator of both programs: it wipes what it frees.
//!
//! A type that wipes itself can't reach the copies that serializers, HTTP clients and growing vectors leave behind;
//! everything that any of them frees passes through here.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, but freed memory is overwritten with zeros first.
///
/// `realloc` stays the default one, which allocates, copies and frees, so that the old place is wiped as well.
#[derive(Debug, Default, Clone, Copy)]
pub struct WipingAllocator;

#[expect(
    unsafe_code,
    reason = "an allocator can't be written without it; this is the only one"
)]
// SAFETY: every call goes to `System` with the caller's own arguments; what is written lies within a block that the
// caller gives back and nobody reads any more.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { block.write_bytes(0, layout.size()) };
        // A compiler that knows what `free` does would leave the writes out.
        std::hint::black_box(block);
        unsafe { System.dealloc(block, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "calls the allocator as the runtime does")]
    fn blocks_can_be_had_and_given_back() {
        let layout = Layout::from_size_align(64, 8).expect("a valid layout");
        // SAFETY: the block is freed once, with the layout that it was allocated with.
        unsafe {
            let block = WipingAllocator.alloc_zeroed(layout);
            assert!(!block.is_null());
            block.write_bytes(7, 64);
            let grown = WipingAllocator.realloc(block, layout, 128);
            assert_eq!(std::slice::from_raw_parts(grown, 64), [7; 64]);
            WipingAllocator.dealloc(
                grown,
                Layout::from_size_align(128, 8).expect("a valid layout"),
            );
        }
    }
}
