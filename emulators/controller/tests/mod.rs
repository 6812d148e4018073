//! The controller against a street of bytes.

mod normal_cycle;
mod site;
mod street;
