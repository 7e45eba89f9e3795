//! Universal Binary JSON (draft 12), as far as XGBoost uses it.
//!
//! Numbers are big-endian. Objects are `{` key value … `}`, a key being an `L` length and its bytes; lists are `[#L` length
//! and values, or `[$` type `#L` length and bare numbers.

use super::value::Value;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
    value::{BorrowedStrDeserializer, Error},
};

/// Writes a value at the end of `bytes`.
pub(super) fn write_value(value: &Value<'_>, bytes: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            bytes.push(b'{');
            for (key, value) in members {
                write_text(key, bytes);
                write_value(value, bytes);
            }
            bytes.push(b'}');
        }
        Value::List(length, item) => {
            bytes.extend_from_slice(b"[#");
            write_length(*length, bytes);
            (0..*length).for_each(|at| write_value(&item(at), bytes));
        }
        Value::Text(text) => {
            bytes.push(b'S');
            write_text(text, bytes);
        }
        Value::Integer(number) => {
            bytes.push(b'l');
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        Value::Floats(numbers) => write_numbers(b'd', numbers.iter().map(|number| number.to_be_bytes()), bytes),
        Value::Integers(numbers) => write_numbers(b'l', numbers.iter().map(|number| number.to_be_bytes()), bytes),
        Value::Bytes(numbers) => write_numbers(b'U', numbers.iter().map(|number| [*number]), bytes),
        Value::NoLongs => write_numbers(b'L', std::iter::empty::<[u8; 8]>(), bytes),
    }
}

fn write_length(length: usize, bytes: &mut Vec<u8>) {
    bytes.push(b'L');
    bytes.extend_from_slice(&(length as i64).to_be_bytes());
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    write_length(text.len(), bytes);
    bytes.extend_from_slice(text.as_bytes());
}

/// A list of numbers of one type, each as its bytes.
fn write_numbers<const N: usize>(mark: u8, numbers: impl ExactSizeIterator<Item = [u8; N]>, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&[b'[', b'$', mark, b'#']);
    write_length(numbers.len(), bytes);
    bytes.extend(numbers.flatten());
}

/// Lists and objects inside each other; XGBoost's files have seven levels.
const MAX_DEPTH: usize = 64;

/// Reads UBJSON from memory.
pub(super) struct UbjReader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: usize,
    /// The type of the next value, if the list that it is in has stated it.
    mark: Option<u8>,
}

impl<'de> UbjReader<'de> {
    pub(super) const fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, mark: None }
    }

    fn fault<T>(&self, what: &str) -> Result<T, Error> {
        Err(Error::custom(format_args!("byte {}: {what}", self.at)))
    }

    fn take(&mut self, length: usize) -> Result<&'de [u8], Error> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..length)) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => self.fault("the file ends too early"),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn integer(&mut self, mark: u8) -> Result<i64, Error> {
        Ok(match mark {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' | b'C' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return self.fault("not an integer"),
        })
    }

    /// A length, which can never exceed the number of bytes that follow.
    fn length(&mut self) -> Result<usize, Error> {
        let mark = self.array::<1>()?[0];
        let length = self.integer(mark)?;
        match usize::try_from(length) {
            Ok(length) if length <= self.bytes.len() - self.at => Ok(length),
            _ => self.fault("a length beyond the end of the file"),
        }
    }

    fn text(&mut self) -> Result<&'de str, Error> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).or_else(|_| self.fault("text that is not UTF-8"))
    }

    fn value<V: Visitor<'de>>(&mut self, mark: u8, visitor: V) -> Result<V::Value, Error> {
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
                    // Such items take no bytes, so that a short file could claim any number of them.
                    if matches!(mark, Some(b'Z' | b'T' | b'F' | b'N')) {
                        return self.fault("a typed list of values without bytes");
                    }
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
                // Skips what the visitor did not read.
                while items.next_element::<IgnoredAny>()?.is_some() {}
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
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mark = match self.mark.take() {
            Some(mark) => mark,
            None => self.array::<1>()?[0],
        };
        self.value(mark, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.mark.is_none() && self.peek() == Some(b'Z') {
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
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match self.0.peek() {
            Some(b'}') => {
                self.0.at += 1;
                Ok(None)
            }
            _ => seed.deserialize(BorrowedStrDeserializer::new(self.0.text()?)).map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(&mut *self.0)
    }
}

/// The items of a list.
struct Items<'r, 'de> {
    reader: &'r mut UbjReader<'de>,
    /// The type of all items, if the list states it.
    mark: Option<u8>,
    /// The number of items that follow; `None` if a closing mark ends the list.
    left: Option<usize>,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
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
        self.reader.mark = self.mark;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}
