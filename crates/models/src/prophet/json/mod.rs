//! Python Prophet's own serialisation, `model.json`.

mod model;
mod pandas;
mod read;
mod write;
