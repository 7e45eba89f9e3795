//! Universal Binary JSON (draft 12), as far as XGBoost uses it.
//!
//! Numbers are big-endian. Objects are `{` key value … `}`, a key being an `L` length and its bytes; lists are `[#L` length
//! and values, or `[$` type `#L` length and bare numbers.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor, value::BorrowedStrDeserializer};

use super::model_sink::ModelSink;

/// Writes UBJSON into memory.
#[derive(Default)]
pub(super) struct UbjWriter {
    bytes: Vec<u8>,
    /// Whether what is open needs a closing mark: objects do, lists of known length do not.
    open: Vec<bool>,
}

impl UbjWriter {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn length(&mut self, length: usize) {
        self.bytes.push(b'L');
        self.bytes.extend_from_slice(&(length as i64).to_be_bytes());
    }

    fn typed(&mut self, mark: u8, length: usize) {
        self.bytes.extend_from_slice(&[b'[', b'$', mark, b'#']);
        self.length(length);
    }
}

impl ModelSink for UbjWriter {
    fn object(&mut self) {
        self.bytes.push(b'{');
        self.open.push(true);
    }

    fn list(&mut self, length: usize) {
        self.bytes.extend_from_slice(b"[#");
        self.length(length);
        self.open.push(false);
    }

    fn end(&mut self) {
        if self.open.pop() == Some(true) {
            self.bytes.push(b'}');
        }
    }

    fn key(&mut self, key: &str) {
        self.length(key.len());
        self.bytes.extend_from_slice(key.as_bytes());
    }

    fn text(&mut self, text: &str) {
        self.bytes.push(b'S');
        self.key(text);
    }

    fn integer(&mut self, value: i32) {
        self.bytes.push(b'l');
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    fn floats(&mut self, values: impl ExactSizeIterator<Item = f32>) {
        self.typed(b'd', values.len());
        self.bytes.extend(values.flat_map(f32::to_be_bytes));
    }

    fn integers(&mut self, values: impl ExactSizeIterator<Item = i32>) {
        self.typed(b'l', values.len());
        self.bytes.extend(values.flat_map(i32::to_be_bytes));
    }

    fn bytes(&mut self, values: impl ExactSizeIterator<Item = u8>) {
        self.typed(b'U', values.len());
        self.bytes.extend(values);
    }

    fn no_longs(&mut self) {
        self.typed(b'L', 0);
    }
}

/// Lists and objects inside each other; XGBoost's files have seven levels.
const MAX_DEPTH: usize = 64;

/// Reads UBJSON from memory.
pub(super) struct UbjReader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: usize,
}

/// What is wrong, and at which byte.
#[derive(Debug)]
pub(super) struct UbjError(String);

impl std::fmt::Display for UbjError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UbjError {}

impl de::Error for UbjError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> UbjReader<'de> {
    pub(super) const fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    fn fault<T>(&self, what: &str) -> Result<T, UbjError> {
        Err(UbjError(format!("byte {}: {what}", self.at)))
    }

    fn take(&mut self, length: usize) -> Result<&'de [u8], UbjError> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..length)) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => self.fault("the file ends too early"),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], UbjError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn integer(&mut self, mark: u8) -> Result<i64, UbjError> {
        Ok(match mark {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' | b'C' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return self.fault("not an integer"),
        })
    }

    /// A length, which can never exceed the bytes that are left.
    fn length(&mut self) -> Result<usize, UbjError> {
        let mark = self.array::<1>()?[0];
        let length = self.integer(mark)?;
        match usize::try_from(length) {
            Ok(length) if length <= self.bytes.len() - self.at => Ok(length),
            _ => self.fault("a length that the file does not have"),
        }
    }

    fn text(&mut self) -> Result<&'de str, UbjError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).or_else(|_| self.fault("text that is not UTF-8"))
    }

    fn value<V: Visitor<'de>>(&mut self, mark: u8, visitor: V) -> Result<V::Value, UbjError> {
        match mark {
            b'{' | b'[' if self.depth >= MAX_DEPTH => self.fault("too many levels"),
            b'{' => {
                self.depth += 1;
                let value = visitor.visit_map(Members(self))?;
                self.depth -= 1;
                Ok(value)
            }
            b'[' => {
                self.depth += 1;
                let (mut mark, mut left) = (None, None);
                if self.peek() == Some(b'$') {
                    self.at += 1;
                    mark = Some(self.array::<1>()?[0]);
                    if self.peek() != Some(b'#') {
                        return self.fault("a typed list without a length");
                    }
                }
                if self.peek() == Some(b'#') {
                    self.at += 1;
                    left = Some(self.length()?);
                }
                let mut items = Items { reader: self, mark, left };
                let value = visitor.visit_seq(&mut items)?;
                // Whatever the visitor left unread.
                while items.next_element::<de::IgnoredAny>()?.is_some() {}
                self.depth -= 1;
                Ok(value)
            }
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            b'S' => visitor.visit_borrowed_str(self.text()?),
            b'i' | b'U' | b'C' | b'I' | b'l' | b'L' => visitor.visit_i64(self.integer(mark)?),
            _ => self.fault("an unknown kind of value"),
        }
    }
}

impl<'de> Deserializer<'de> for &mut UbjReader<'de> {
    type Error = UbjError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjError> {
        let mark = self.array::<1>()?[0];
        self.value(mark, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjError> {
        if self.peek() == Some(b'Z') {
            self.at += 1;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The members of an object.
struct Members<'r, 'de>(&'r mut UbjReader<'de>);

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = UbjError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, UbjError> {
        match self.0.peek() {
            Some(b'}') => {
                self.0.at += 1;
                Ok(None)
            }
            _ => seed.deserialize(BorrowedStrDeserializer::new(self.0.text()?)).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, UbjError> {
        seed.deserialize(&mut *self.0)
    }
}

/// The items of a list.
struct Items<'r, 'de> {
    reader: &'r mut UbjReader<'de>,
    /// The type of every item, if it is given once for all.
    mark: Option<u8>,
    /// The number of items left; `None` if a closing mark follows the last.
    left: Option<usize>,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = UbjError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, UbjError> {
        match &mut self.left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None if self.reader.peek() == Some(b']') => {
                self.reader.at += 1;
                self.left = Some(0);
                return Ok(None);
            }
            None => {}
        }
        match self.mark {
            None => seed.deserialize(&mut *self.reader).map(Some),
            Some(mark) => seed.deserialize(Marked { reader: self.reader, mark }).map(Some),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

/// A value whose type is known already.
struct Marked<'r, 'de> {
    reader: &'r mut UbjReader<'de>,
    mark: u8,
}

impl<'de> Deserializer<'de> for Marked<'_, 'de> {
    type Error = UbjError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UbjError> {
        self.reader.value(self.mark, visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
