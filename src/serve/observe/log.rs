//! The log: one JSON object per line on standard output, written by a background thread.

use super::background::Background;
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::{
    io::{self, Write},
    time::Duration,
};

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LogLevel {
    /// Errors on the server's side.
    Errors,
    /// Also loads, unloads, start and stop.
    #[default]
    Events,
    /// Also every request.
    Requests,
}

/// The most lines that wait to be written while the log is not read.
const QUEUE: usize = 4096;

/// The log.
#[derive(Debug)]
pub(in crate::serve) struct Log {
    level: LogLevel,
    lines: Background<String>,
}

impl Log {
    pub(in crate::serve) fn start(level: LogLevel) -> io::Result<Self> {
        let lines = Background::start("log", QUEUE, |line: String| io::stdout().lock().write_all(line.as_bytes()))?;
        Ok(Self { level, lines })
    }

    /// Logs an event of this level. `fields` is an object.
    pub(in crate::serve) fn write(&self, level: LogLevel, event: &str, fields: Value) {
        if level > self.level {
            return;
        }
        let mut line = Map::new();
        line.insert("time".into(), Timestamp::now().to_string().into());
        line.insert("level".into(), if level == LogLevel::Errors { "error" } else { "info" }.into());
        line.insert("event".into(), event.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        self.lines.offer(format!("{}\n", Value::Object(line)));
    }

    /// Number of lines that were not written, for example because the log was not read.
    pub(in crate::serve) fn lost(&self) -> u64 {
        self.lines.lost()
    }

    /// Writes the waiting lines, and how many were lost.
    pub(in crate::serve) fn close(&self) {
        if self.lost() > 0 {
            self.write(LogLevel::Errors, "log lines dropped", json!({"lines": self.lost()}));
        }
        self.lines.flush(Duration::from_secs(1));
    }
}
