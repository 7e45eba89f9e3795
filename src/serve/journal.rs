//! The log: one JSON object a line on the standard output, written by a thread of its own.

use super::background::Background;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{
    io::{self, Write},
    str::FromStr,
    time::Duration,
};

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What went wrong on the server's side.
    Errors,
    /// Loads, unloads, starts and stops as well.
    #[default]
    Events,
    /// Every request as well.
    Requests,
}

impl FromStr for Detail {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "errors" => Ok(Self::Errors),
            "events" => Ok(Self::Events),
            "requests" => Ok(Self::Requests),
            _ => Err(format!("{text:?} is not one of errors, events, requests")),
        }
    }
}

/// Lines that wait to be written; what a reader that stands still costs at most.
const WAITING: usize = 4096;

/// The log.
#[derive(Debug)]
pub(super) struct Journal {
    detail: Detail,
    lines: Background<String>,
}

impl Journal {
    pub(super) fn start(detail: Detail) -> io::Result<Self> {
        let lines = Background::start("journal", WAITING, |line: String| {
            // A log that cannot be written has nobody to be told of it.
            drop(io::stdout().lock().write_all(line.as_bytes()));
        })?;
        Ok(Self { detail, lines })
    }

    /// Logs what happened, if that much is wanted. `fields` is an object.
    pub(super) fn log(&self, detail: Detail, event: &str, fields: Value) {
        if detail > self.detail {
            return;
        }
        let mut line = Map::new();
        line.insert("time".into(), Timestamp::now().to_string().into());
        line.insert("level".into(), if detail == Detail::Errors { "error" } else { "info" }.into());
        line.insert("event".into(), event.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        self.lines.offer(format!("{}\n", Value::Object(line)));
    }

    /// Lines that were dropped because nobody read the log.
    pub(super) fn dropped(&self) -> u64 {
        self.lines.dropped()
    }

    /// Writes what waits, and how much was dropped.
    pub(super) fn close(&self) {
        if self.dropped() > 0 {
            self.log(Detail::Errors, "log lines dropped", json!({"lines": self.dropped()}));
        }
        self.lines.flush(Duration::from_secs(1));
    }
}
