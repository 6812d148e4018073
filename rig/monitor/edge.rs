//! Edges: the instants at which something begins, ends or happens. `up(VA=G) and before(VA=R)`.

use super::expr::Expr;
use super::parse::{Cursor, ParseError, Scope};
use super::signal::{Domain, SignalId};

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The expression becomes true.
    Up(Expr),
    /// The expression becomes false.
    Down(Expr),
    /// The event occurs, with this number if one is given.
    Event(SignalId, Option<i64>),
    /// The signal takes another value.
    Change(SignalId),
}

/// What happens, and what must be true beside it (just after it, or with `before(…)` just before it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) kind: Kind,
    pub(super) guard: Option<Expr>,
}

/// An edge, or an expression, where either may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EdgeOrExpr {
    Edge(Edge),
    Expr(Expr),
}

/// Reads a whole text as an edge.
pub(super) fn parse(text: &str, scope: Scope<'_>) -> Result<Edge, ParseError> {
    let mut cursor = Cursor::new(text, scope)?;
    let Some(edge) = cursor.edge()? else {
        return Err(cursor.wanted("an edge: up(…), down(…), at(event) or change(signal)"));
    };
    cursor.end()?;
    Ok(edge)
}

/// Reads a whole text as an edge or, failing that, as an expression.
pub(super) fn parse_either(text: &str, scope: Scope<'_>) -> Result<EdgeOrExpr, ParseError> {
    let mut cursor = Cursor::new(text, scope)?;
    let found = match cursor.edge()? {
        Some(edge) => EdgeOrExpr::Edge(edge),
        None => EdgeOrExpr::Expr(cursor.expression()?),
    };
    cursor.end()?;
    Ok(found)
}

impl Cursor<'_> {
    fn edge(&mut self) -> Result<Option<Edge>, ParseError> {
        let kind = if self.take_call("up") {
            Kind::Up(self.expression()?)
        } else if self.take_call("down") {
            Kind::Down(self.expression()?)
        } else if self.take_call("at") {
            let (name, signal, domain) = self.signal()?;
            if domain != Domain::Event {
                return Err(ParseError::with_hint(
                    format!("`{name}` is no event"),
                    Some(format!("write up({name}=…) or change({name})")),
                ));
            }
            let number = if self.take("=") { Some(self.number()?) } else { None };
            Kind::Event(signal, number)
        } else if self.take_call("change") {
            let (name, signal, domain) = self.signal()?;
            if domain == Domain::Event {
                return Err(ParseError::with_hint(
                    format!("`{name}` is an event"),
                    Some(format!("write at({name})")),
                ));
            }
            Kind::Change(signal)
        } else {
            return Ok(None);
        };
        self.expect(")")?;
        let guard = if self.take("and") { Some(self.conjunction()?) } else { None };
        Ok(Some(Edge { kind, guard }))
    }
}
