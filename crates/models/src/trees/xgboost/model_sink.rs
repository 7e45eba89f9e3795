//! What a model file is written to, whatever its encoding.

/// An encoding of model files: JSON or UBJSON. [`Self::end`] closes objects and lists.
pub(super) trait ModelSink {
    fn object(&mut self);
    /// A list of `length` values that follow one by one.
    fn list(&mut self, length: usize);
    fn end(&mut self);
    fn key(&mut self, key: &str);
    fn text(&mut self, text: &str);
    fn integer(&mut self, value: i32);
    fn floats(&mut self, values: impl ExactSizeIterator<Item = f32>);
    fn integers(&mut self, values: impl ExactSizeIterator<Item = i32>);
    fn bytes(&mut self, values: impl ExactSizeIterator<Item = u8>);
    /// An empty list of 64-bit integers.
    fn no_longs(&mut self);
}
