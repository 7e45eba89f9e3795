//! Estimates of the memory that collections take on the heap.

/// Overhead of the allocator for each block.
pub(crate) const BLOCK: usize = 16;

pub(crate) fn of_vec<T>(vector: &Vec<T>) -> usize {
    vector.capacity() * size_of::<T>() + BLOCK
}

pub(crate) fn of_text(text: &String) -> usize {
    text.capacity() + BLOCK
}
