//! Python Prophet's `model.json`.

mod pandas;
mod read;
mod write;
