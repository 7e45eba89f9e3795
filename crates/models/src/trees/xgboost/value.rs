//! The content of a model file, whatever its encoding.

use serde::{Serialize, Serializer};
use std::{
    borrow::Cow,
    io::{self, Write},
};

/// A value of a model file. Lists of numbers have one type throughout, which UBJSON states and JSON does not.
pub(super) enum Value<'a> {
    Object(Vec<(&'a str, Self)>),
    /// The number of items, and each item by its index: a tree is described only while it is written.
    List(usize, Box<dyn Fn(usize) -> Self + 'a>),
    Text(Cow<'a, str>),
    Integer(i32),
    Floats(Vec<f32>),
    Integers(Vec<i32>),
    Bytes(Vec<u8>),
    /// An empty list of 64-bit integers.
    NoLongs,
}

impl<'a> Value<'a> {
    pub(super) fn list(length: usize, item: impl Fn(usize) -> Self + 'a) -> Self {
        Self::List(length, Box::new(item))
    }

    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, ExponentFloats);
        self.serialize(&mut serializer).expect("plain data has a JSON form");
        json
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(members) => serializer.collect_map(members.iter().map(|(key, value)| (key, value))),
            Self::List(length, item) => serializer.collect_seq((0..*length).map(item)),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i32(*number),
            Self::Floats(numbers) => serializer.collect_seq(numbers),
            Self::Integers(numbers) => serializer.collect_seq(numbers),
            Self::Bytes(numbers) => serializer.collect_seq(numbers),
            Self::NoLongs => serializer.collect_seq([0_i64; 0]),
        }
    }
}

/// JSON whose floats have exponents, so that they are never mistaken for integers: `4.2950034E5`, `0E0`.
struct ExponentFloats;

impl serde_json::ser::Formatter for ExponentFloats {
    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        write!(writer, "{value:E}")
    }
}
