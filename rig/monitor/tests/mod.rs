//! Tests of the property engine.

mod against_naive;
